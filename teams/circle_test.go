package teams

import (
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"liaison/access"
)

func TestOutsidersSeeNothingAndAreJournalled(t *testing.T) {
	w := newWorld(t)
	team := w.circle(w.nurse)
	ctx, id := t.Context(), w.nurse.Person
	for verb, try := range map[string]func(access.Actor, uuid.UUID) error{
		"team.read":       func(a access.Actor, team uuid.UUID) error { _, err := w.Get(ctx, a, team); return err },
		"patient.correct": func(a access.Actor, team uuid.UUID) error { _, err := w.Correct(ctx, a, team, Patch{}); return err },
		"member.add": func(a access.Actor, team uuid.UUID) error {
			_, _, err := w.AddMember(ctx, a, team, placeFor(a, access.SeatReferent))
			return err
		},
		"member.end": func(a access.Actor, team uuid.UUID) error { return w.EndMember(ctx, a, team, id) },
		"will.read":  func(a access.Actor, team uuid.UUID) error { _, err := w.Will(ctx, a, team); return err },
		"will.record": func(a access.Actor, team uuid.UUID) error {
			_, _, err := w.RecordWill(ctx, a, team, NewWill{ID: newID(), Kind: access.WillConsent})
			return err
		},
		"circle.audience": func(a access.Actor, team uuid.UUID) error {
			_, err := w.Audience(ctx, a, team, AudienceQuery{Category: "nursing"})
			return err
		},
	} {
		w.refused(try(w.gp2, team), access.ErrNotFound)
		w.refused(try(w.gp2, newID()), access.ErrNotFound)
		if n := w.journalled(w.gp2, verb, "refused"); n != 2 {
			t.Errorf("%s: %d refusals in the journal", verb, n)
		}
	}
	items, err := w.List(ctx, w.gp2)
	w.ok(err)
	found, err := w.Suggest(ctx, w.gp2, "1939-03-12", "Marcillac")
	w.ok(err)
	if items == nil || len(items) != 0 || len(found) != 0 {
		t.Errorf("an outsider lists %v, finds %v", items, found)
	}
}

func TestMembersWhoMayNotAreRefusedOpenly(t *testing.T) {
	w := newWorld(t)
	team := w.circle(w.nurse, w.help)
	_, err := w.Correct(t.Context(), w.help, team, Patch{Town: ptr("Ailleurs")})
	w.refused(err, access.ErrForbidden)
	_, _, err = w.AddMember(t.Context(), w.help, team, placeFor(w.physio, access.SeatIntervenant))
	w.refused(err, access.ErrForbidden)
	w.refused(w.EndMember(t.Context(), w.help, team, w.nurse.Person), access.ErrForbidden)
	_, _, err = w.RecordWill(t.Context(), w.help, team, NewWill{ID: newID(), Kind: access.WillOpposition, ProfessionalID: &w.nurse.Person})
	w.refused(err, access.ErrForbidden)
	if w.journalled(w.help, "member.end", "refused") != 1 || w.journalled(w.help, "will.record", "refused") != 1 {
		t.Error("refusals are journalled")
	}
}

func TestList(t *testing.T) {
	w := newWorld(t)
	team := w.circle(w.nurse, w.help)
	other := w.open(w.nurse, patient("Aubertin", "Lucas", "1992-06-20")).TeamID
	items, err := w.List(t.Context(), w.nurse)
	w.ok(err)
	if len(items) != 2 || items[0].ID != other || items[1].ID != team {
		t.Fatalf("list %+v", items)
	}
	if items[1].OpenAlerts != 0 || items[1].Unread != 0 || items[1].LastAt != nil || len(items[1].Channels) != 2 || len(items[1].MySeats) != 1 {
		t.Errorf("item %+v", items[1])
	}
	if mine, err := w.List(t.Context(), w.help); err != nil || len(mine) != 1 || mine[0].ID != team {
		t.Errorf("the help lists %+v, %v", mine, err)
	}
	if w.journalled(w.nurse, "teams.list", "done") != 1 {
		t.Error("the list left no line")
	}
	later := time.Now()
	sooner := later.Add(-time.Hour)
	chat := map[uuid.UUID]Count{
		items[1].Channels[0].ID: {2, &sooner}, items[1].Channels[1].ID: {1, &later}, items[0].Channels[0].ID: {0, &later},
	}
	Arrange(items, func(c uuid.UUID) Count { return chat[c] })
	if items[0].ID != team || items[0].Unread != 3 || !items[0].LastAt.Equal(later) || items[0].Channels[0].Unread != 2 {
		t.Errorf("arranged %+v", items[0])
	}
}

func TestHomonyms(t *testing.T) {
	w := newWorld(t)
	odette := w.circle(w.nurse)
	odile := w.open(w.nurse, patient("Marsillac", "Odile", "1948-02-02")).TeamID
	w.open(w.gp2, patient("Marcillac", "Olga", "1950-02-03")) // not seen by the nurse
	w.open(w.nurse, patient("Lestrade", "Yvonne", "1944-02-04"))
	items, err := w.List(t.Context(), w.nurse)
	w.ok(err)
	marks := map[uuid.UUID][]Homonym{}
	for _, item := range items {
		marks[item.ID] = item.Patient.Homonyms
	}
	want := []Homonym{{odile, "MARSILLAC Odile", "1948-02-02"}}
	if !slices.Equal(marks[odette], want) || len(marks[odile]) != 1 || marks[odile][0].Name != "MARCILLAC Odette" {
		t.Errorf("marked %+v", marks)
	}
	if got := w.get(w.nurse, odette).Patient.Homonyms; !slices.Equal(got, want) {
		t.Errorf("in the dossier %+v", got)
	}
	if got := w.get(w.gp, odette).Patient.Homonyms; len(got) != 0 {
		t.Errorf("to who sees only one: %+v", got)
	}
	found, err := w.Suggest(t.Context(), w.nurse, "1939-03-12", "mars")
	w.ok(err)
	if len(found) != 1 || found[0].TeamID != odette {
		t.Errorf("three letters beside a birth date find %+v", found)
	}
}

func TestNearHomonymRule(t *testing.T) {
	t.Parallel()
	odette := named{birth: "dufour", used: "marcillac", given: "odette marie", sex: "F", born: "1939-03-12"}
	for name, c := range map[string]struct {
		other named
		near  bool
	}{
		"one letter, same initial":     {named{birth: "marsillac", given: "odile", born: "1948-01-01"}, true},
		"one letter, other given name": {named{birth: "marsillac", given: "jeanne", born: "1948-01-01"}, false},
		"one letter, same birth date":  {named{birth: "marsillac", given: "jeanne", born: "1939-03-12"}, true},
		"letters exchanged":            {named{birth: "macrillac", given: "odette", born: "1948-01-01"}, true},
		"two letters":                  {named{birth: "marsilac", given: "odette", born: "1948-01-01"}, false},
		"same name, other given name":  {named{birth: "marcillac", given: "jean", born: "1948-01-01"}, true},
		"same birth name":              {named{birth: "dufour", used: "petit", given: "jean", born: "1948-01-01"}, true},
		"short names, one letter":      {named{birth: "dufou", used: "roux", given: "jean", born: "1948-01-01"}, false},
		"others":                       {named{birth: "lestrade", given: "odette", born: "1939-03-12"}, false},
	} {
		if odette.nearHomonym(c.other) != c.near || c.other.nearHomonym(odette) != c.near {
			t.Errorf("%s: want %v", name, c.near)
		}
		// The index must find whatever the rule finds.
		all := []likeness{{odette, uuid.UUID{1}, "A"}, {c.other, uuid.UUID{2}, "B"}}
		if got := len(newNeighbours(all).of(all[0])); got != map[bool]int{true: 1}[c.near] {
			t.Errorf("%s: the index finds %d", name, got)
		}
	}
	if (named{birth: "roux"}).nearHomonym(named{birth: "rou"}) || (named{}).nearHomonym(named{}) {
		t.Error("names too short to slip, or none")
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"Le Gall": "legall", "LE-GALL": "legall", "d’Arc": "darc", "Œuvrard": "oeuvrard", "Ünal": "unal", "Łukasz": "lukasz", "": "",
	} {
		if got := familyKey(in); got != want {
			t.Errorf("%q is %q", in, got)
		}
	}
	if got := givenKey("Marie-Thérèse  Josèphe"); got != "marie therese josephe" {
		t.Error(got)
	}
	for _, c := range []struct {
		a, b string
		n    int
	}{{"", "", 0}, {"a", "", 1}, {"marcillac", "marsillac", 1}, {"marc", "macr", 1}, {"petit", "petite", 1}, {"dupont", "durand", 3}, {"é", "e", 1}} {
		if apart(c.a, c.b) != c.n || apart(c.b, c.a) != c.n {
			t.Errorf("%q and %q are %d apart", c.a, c.b, apart(c.a, c.b))
		}
	}
	if swapped("1939-03-12") != "1939-12-03" || swapped("1939-03-13") != "" || swapped("1939-03-03") != "" || swapped("x") != "" {
		t.Error("swapped")
	}
}

// A slip is found without counting how far two names are; it must be what counting says.
func TestASlipIsADistanceOfOne(t *testing.T) {
	t.Parallel()
	words := []string{""}
	for from := 0; len(words) < 1365; from++ { // every word of at most five letters out of four
		for _, letter := range []string{"a", "b", "é", "e"} {
			words = append(words, words[from]+letter)
		}
	}
	for _, a := range words {
		for _, b := range words[:400] {
			if slipApart(a, b) != (apart(a, b) <= 1) || slipApart(b, a) != slipApart(a, b) {
				t.Fatalf("%q and %q are %d apart", a, b, apart(a, b))
			}
		}
	}
}

func TestSuggest(t *testing.T) {
	w := newWorld(t)
	team := w.circle(w.nurse)
	w.open(w.nurse, patient("Le Gall", "Anne-Marie", "1939-03-12"))
	for _, c := range []struct {
		born, name string
		n          int
	}{
		{"1939-03-12", "", 2},
		{"1939-03-12", "MARCILLAC", 2},
		/* Anne-Marie too */ {"1939-03-12", "dufour", 1},
		{"1939-03-12", "mar", 2},
		{"1939-03-12", "xyz", 0},
		{"1939-03-13", "marc", 0},
		{"", "marc", 1},
		{"", "marcillac odette", 1},
		{"", "le gall", 1},
		{"", "ode du", 1},
		{"", "marcillan", 0},
		{"", "", 0},
	} {
		got, err := w.Suggest(t.Context(), w.nurse, c.born, c.name)
		w.ok(err)
		if len(got) != c.n {
			t.Errorf("%q %q finds %d, want %d", c.born, c.name, len(got), c.n)
		}
	}
	got, err := w.Suggest(t.Context(), w.gp, "1939-03-12", "")
	w.ok(err)
	if len(got) != 1 || got[0].TeamID != team || got[0].Patient.BirthName != "Dufour" {
		t.Errorf("the physician finds %+v", got)
	}
	_, err = w.Suggest(t.Context(), w.gp, "1939-13-12", "")
	w.invalid(err, "birth_date", "birth_date_impossible")
	_, err = w.Suggest(t.Context(), w.gp, "", "mar\u202ec")
	w.invalid(err, "name", "text_forbidden_character")
}

func TestCircleAsEachSeesIt(t *testing.T) {
	w := newWorld(t)
	team := w.circle(w.nurse, w.help, w.driver)
	asNurse := w.get(w.nurse, team)
	if len(asNurse.Members) != 4 || asNurse.Members[0].Professional.FamilyName != "Baudry" || asNurse.Ended == nil {
		t.Fatalf("members %+v", asNurse.Members)
	}
	help := asNurse.member(w.help)
	if help.Reads != nil || help.Writes != nil || !slices.Equal(help.ProfessionReads, []string{"functional", "daily_life", "organisation"}) {
		t.Errorf("a colleague sees %+v", help)
	}
	if me := asNurse.member(w.nurse); len(me.Reads) != 9 || len(me.Writes) == 0 {
		t.Errorf("of herself she sees %+v", me)
	}
	asGP := w.get(w.gp, team)
	if help := asGP.member(w.help); !slices.Equal(help.Reads, []string{"functional", "daily_life", "organisation"}) || !slices.Contains(help.Writes, "medication") {
		t.Errorf("who sees full reasons sees %+v", help)
	}
	if driver := asGP.member(w.driver); driver == nil || driver.Reads == nil || len(driver.Reads) != 0 || len(driver.ProfessionReads) != 0 {
		t.Errorf("a code without a row: %+v", driver)
	}
	if my := w.get(w.help, team).My; *my.DefaultCategory != "daily_life" || !slices.Equal(my.Actions, []string{"end_own_membership"}) || !slices.Equal(my.Alerts, []string{"daily_life"}) {
		t.Errorf("the help's rights %+v", my)
	}
	if my := asGP.My; *my.DefaultCategory != "medical" || len(my.Reads) != 9 || !slices.Contains(my.Actions, "see_full_reasons") {
		t.Errorf("the physician's rights %+v", my)
	}
	// The ambulance driver has a place and no right: the circle does not exist for him.
	_, err := w.Get(t.Context(), w.driver, team)
	w.refused(err, access.ErrNotFound)
}

func TestSeveralPlacesOfOnePerson(t *testing.T) {
	w := newWorld(t)
	team := w.circle(w.nurse)
	req := placeFor(w.nurse, access.SeatReferent)
	req.Until = ptr(time.Now().Add(48 * time.Hour))
	_, _, err := w.AddMember(t.Context(), w.gp, team, req)
	w.ok(err)
	got := w.get(w.nurse, team)
	me := got.member(w.nurse)
	if !slices.Equal(me.Seats, []string{"intervenant", "referent"}) || me.Until != nil || len(me.Periods) != 2 || me.Periods[1].Until == nil {
		t.Errorf("member %+v", me)
	}
	if !slices.Equal(got.MySeats, []string{"intervenant", "referent"}) || !slices.Contains(got.My.Actions, "manage_circle") {
		t.Errorf("seats %v, actions %v", got.MySeats, got.My.Actions)
	}
}

func TestDefaultCategoryIsWritable(t *testing.T) {
	t.Parallel()
	categories, actions := access.DefaultMatrix()
	m, err := access.ParseMatrix(1, access.Tables{Categories: categories, Actions: actions})
	if err != nil {
		t.Fatal(err)
	}
	for p, category := range mostly {
		row, known := m.Row(p, "", access.SeatIntervenant)
		if !known || row.Writes&category == 0 {
			t.Errorf("%v does not write %v", p, category)
		}
	}
	nurse := access.Profession{System: "TRE_G15", Code: "60"}
	if got := defaultCategory(nurse, access.Medical|access.Organisation); *got != "organisation" {
		t.Error(*got)
	}
	if got := defaultCategory(nurse, access.DailyLife|access.Social); *got != "daily_life" {
		t.Error(*got)
	}
	if got := defaultCategory(nurse, 0); got != nil {
		t.Error(*got)
	}
}

func TestCorrect(t *testing.T) {
	w := newWorld(t)
	team := w.circle(w.nurse)
	p, err := w.Correct(t.Context(), w.gp, team, Patch{
		UsedName: ptr(""), Address: ptr("3 rue du Lavoir\n2e étage"), Telephones: &[]Telephone{}, BirthPlaceCode: ptr("2b033"), DoorCode: ptr("1425B"),
	})
	w.ok(err)
	if p.UsedName != nil || *p.Address != "3 rue du Lavoir\n2e étage" || len(p.Telephones) != 0 || *p.BirthPlaceCode != "2B033" || len(p.Carers) != 1 {
		t.Errorf("corrected %+v", p)
	}
	if got, err := w.Suggest(t.Context(), w.nurse, "", "dufour"); err != nil || len(got) != 1 {
		t.Errorf("found by the new name: %v, %v", got, err)
	}
	if got, err := w.Suggest(t.Context(), w.nurse, "", "marcillac"); err != nil || len(got) != 0 {
		t.Errorf("found by the former name: %v, %v", got, err)
	}
	for field, c := range map[string]struct {
		patch Patch
		code  string
	}{
		"birth_name": {Patch{BirthName: ptr(" ")}, "name_missing"},
		"birth_date": {Patch{BirthDate: ptr("2199-01-01")}, "birth_date_future"},
		"sex":        {Patch{Sex: ptr("")}, "sex_unknown"},
		"town":       {Patch{Town: ptr("Bré\u202evigny")}, "text_forbidden_character"},
		"door_code":  {Patch{DoorCode: ptr("1\x00")}, "text_forbidden_character"},
	} {
		_, err := w.Correct(t.Context(), w.gp, team, c.patch)
		w.invalid(err, field, c.code)
	}
	if n := w.count(`select count(*) from audit_lines where verb = 'patient.correct' and outcome = 'done' and detail ? 'fields' and detail::text not like '%Lavoir%'`); n != 1 {
		t.Errorf("%d lines name the fields, and no text", n)
	}
}
