package teams

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"liaison/access"
)

func TestOpenMakesAWholeCircle(t *testing.T) {
	w := newWorld(t)
	req := marcillac()
	opened := w.open(w.nurse, req)
	if opened.ID != req.ID || opened.TeamID.Version() != 7 {
		t.Errorf("opened %+v", opened)
	}
	if !slices.Contains(w.keys.made, opened.TeamID) {
		t.Error("the circle has no key")
	}
	team := w.get(w.nurse, opened.TeamID)
	p := team.Patient
	if p.ID != req.ID || *p.UsedName != "Marcillac" || p.BirthDate != "1939-03-12" || p.IdentityStatus != "PROV" || p.INS != nil || p.BirthPlace != nil {
		t.Errorf("patient %+v", p)
	}
	if p.Information == nil || p.Information.GivenBy != "Dr Hélène Baudry" || !p.Information.GivenAt.Equal(moment(req.Information.GivenAt)) {
		t.Errorf("information %+v", p.Information)
	}
	if len(p.Telephones) != 1 || len(p.Carers) != 1 || p.Carers[0].Relation != "fille" {
		t.Errorf("reached at %+v, %+v", p.Telephones, p.Carers)
	}
	kinds := []string{}
	for _, c := range team.Channels {
		kinds = append(kinds, c.Kind)
	}
	if !slices.Equal(kinds, []string{"discussion", "notebook"}) || !slices.Equal(team.MySeats, []string{"intervenant"}) {
		t.Errorf("channels %v, seats %v", kinds, team.MySeats)
	}
	if !slices.Contains(team.My.Actions, "manage_circle") || *team.My.DefaultCategory != "nursing" {
		t.Errorf("founder's rights %+v", team.My)
	}
	if w.journalled(w.nurse, "patient.open", "done") != 1 || w.journalled(w.nurse, "team.read", "done") != 1 {
		t.Error("opening or reading left no line")
	}
}

func TestOpenIsForThoseWhoMay(t *testing.T) {
	w := newWorld(t)
	w.open(w.nurse, marcillac())
	for _, who := range []access.Actor{w.pharmacist, w.help, w.driver} {
		// The look-alike of the dossier just opened must not be told to them either.
		_, _, err := w.Open(t.Context(), who, marcillac())
		w.refused(err, access.ErrForbidden)
		if errors.As(err, new(*LookAlike)) || w.journalled(who, "patient.open", "refused") != 1 {
			t.Error("a refusal must be journalled and tell nothing")
		}
	}
	if n := w.count("select count(*) from spaces"); n != 1 {
		t.Errorf("%d spaces", n)
	}
}

func TestOpenWritesNothingWithoutAKey(t *testing.T) {
	w := newWorld(t)
	w.keys.fail = errors.New("no keys today")
	_, _, err := w.Open(t.Context(), w.nurse, marcillac())
	w.refused(err, w.keys.fail)
	if n := w.count("select count(*) from spaces"); n != 0 {
		t.Errorf("%d spaces", n)
	}
}

func TestOpenReplays(t *testing.T) {
	w := newWorld(t)
	req := marcillac()
	first := w.open(w.nurse, req)
	req.UsedName, req.NotADouble = "  Marcillac ", []string{"something else"}
	again, created, err := w.Open(t.Context(), w.nurse, req)
	w.ok(err)
	if created || again != first {
		t.Errorf("replay made %+v, %v", again, created)
	}
	_, err = w.Correct(t.Context(), w.nurse, first.TeamID, Patch{UsedName: ptr("Marcilhac")})
	w.ok(err)
	if again, created, err = w.Open(t.Context(), w.nurse, req); err != nil || created || again != first {
		t.Errorf("replay after a correction: %+v, %v, %v", again, created, err)
	}
	other := req
	other.GivenNames = "Odile"
	_, _, err = w.Open(t.Context(), w.nurse, other)
	w.refused(err, ErrConflict)
	stranger := patient("Autre", "Nom", "1950-01-20")
	stranger.ID = req.ID
	_, _, err = w.Open(t.Context(), w.gp2, stranger)
	w.refused(err, ErrConflict)

	w.add(w.nurse, first.TeamID, w.gp, access.SeatMedecinTraitant)
	w.ok(w.EndMember(t.Context(), w.gp, first.TeamID, w.nurse.Person))
	_, _, err = w.Open(t.Context(), w.nurse, req)
	w.refused(err, access.ErrNotFound)
}

func TestOpenTwiceAtOnce(t *testing.T) {
	w := newWorld(t)
	req := marcillac()
	var wg sync.WaitGroup
	made := make([]bool, 6)
	for i := range made {
		wg.Go(func() {
			opened, created, err := w.Open(t.Context(), w.nurse, req)
			made[i] = created
			if err != nil || opened.ID != req.ID {
				t.Errorf("%+v, %v", opened, err)
			}
		})
	}
	wg.Wait()
	if firsts := len(slices.DeleteFunc(made, func(created bool) bool { return !created })); firsts != 1 {
		t.Errorf("created %d times", firsts)
	}
}

// Two who open the same person's dossier at once under different ids: one opens, the other is told.
func TestDoublesAtOnce(t *testing.T) {
	w := newWorld(t)
	var wg sync.WaitGroup
	var mu sync.Mutex
	opened, alike := 0, 0
	for _, who := range []access.Actor{w.nurse, w.nurse2, w.gp, w.gp2} {
		wg.Go(func() {
			_, _, err := w.Open(t.Context(), who, marcillac())
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				opened++
			case errors.As(err, new(*LookAlike)):
				alike++
			default:
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if opened != 1 || alike != 3 {
		t.Errorf("%d opened, %d told", opened, alike)
	}
}

func (w *world) looksAlike(actor access.Actor, req OpenRequest) []Candidate {
	w.t.Helper()
	_, _, err := w.Open(w.t.Context(), actor, req)
	var alike *LookAlike
	if !errors.As(err, &alike) {
		w.t.Fatalf("got %v, want a look-alike", err)
	}
	return alike.Candidates
}

func TestLookAlikes(t *testing.T) {
	w := newWorld(t)
	first := w.open(w.nurse, marcillac())
	w.open(w.nurse2, patient("Dupont", "Jeanne", "1939-03-12"))

	second := marcillac()
	second.UsedName = "Marsillac"
	named := w.looksAlike(w.nurse, second)
	if len(named) != 1 || *named[0].Name != "MARCILLAC Odette" || *named[0].BirthDate != "1939-03-12" || *named[0].TeamID != first.TeamID {
		t.Errorf("to a member: %+v", named)
	}
	hidden := w.looksAlike(w.gp, second)
	if len(hidden) != 1 || hidden[0].Name != nil || hidden[0].BirthDate != nil || hidden[0].Town != nil || hidden[0].TeamID != nil {
		t.Errorf("to a stranger: %+v", hidden)
	}
	if n := w.count("select count(*) from audit_lines where verb = 'patient.look_alike' and outcome = 'refused' and space_id = $1", first.TeamID); n != 2 {
		t.Errorf("%d lines in the circle met", n)
	}

	for name, stolen := range map[string]struct {
		by  access.Actor
		req func(*OpenRequest)
	}{
		"by another caller": {w.gp2, func(*OpenRequest) {}},
		"of another body":   {w.gp, func(r *OpenRequest) { r.Town = "Ailleurs" }},
		"of another id":     {w.gp, func(r *OpenRequest) { r.ID = newID() }},
	} {
		req := second
		req.NotADouble = []string{hidden[0].Token}
		stolen.req(&req)
		if got := w.looksAlike(stolen.by, req); got[0].Token == hidden[0].Token {
			t.Errorf("token %s", name)
		}
	}
	second.NotADouble = []string{named[0].Token, hidden[0].Token}
	w.open(w.gp, second)
}

// Only a demo tells of a circle that began before its dossier was opened.
func TestAPlaceOfAFounderIsDatedBackInADemoOnly(t *testing.T) {
	w := newWorld(t)
	req, since := marcillac(), time.Now().AddDate(0, -1, 0)
	_, err := w.OpenPast(t.Context(), w.nurse, req, since)
	w.refused(err, ErrNotDemo)
	w.exec("insert into instance (id, incarnation, territory, demo) values (gen_random_uuid(), gen_random_uuid(), 'Essai', false)")
	_, err = w.OpenPast(t.Context(), w.nurse, req, since)
	w.refused(err, ErrNotDemo)
	w.exec("update instance set demo = true")
	for field, at := range map[string]time.Time{"from_too_far": time.Now().Add(time.Hour), "from_too_old": {}} {
		_, err = w.OpenPast(t.Context(), w.nurse, req, at)
		w.invalid(err, "from", field)
	}
	if n := w.count("select count(*) from spaces"); n != 0 {
		t.Error("what was refused left a circle")
	}
	opened, err := w.OpenPast(t.Context(), w.nurse, req, since)
	w.ok(err)
	if m := w.get(w.nurse, opened.TeamID).member(w.nurse); !m.From.Equal(moment(since)) {
		t.Errorf("dated from %s, want %s", m.From, since)
	}
	if again, created, err := w.Open(t.Context(), w.nurse, req); err != nil || created || again != opened {
		t.Errorf("the same request again: %+v, %v, %v", again, created, err)
	}
}

// On a birth date that stands for an unknown day there are thousands: the one that is the same person is met among them all,
// wherever its row lies, and those answered are the likest.
func TestNoLookAlikeIsLostInACrowd(t *testing.T) {
	w := newWorld(t)
	w.crowd(1200, "petit", "jeanne")
	w.crowd(maxLookAlikes+20, "petit", "odette")
	real := w.open(w.nurse, patient("Marcillac", "Sylvette", "1939-01-01"))
	if got := w.looksAlike(w.nurse, patient("Marsillac", "Henriette", "1939-01-01")); len(got) != 1 || got[0].patient != real.ID {
		t.Errorf("one of %d alike", len(got))
	}
	req := patient("Marsillac", "Odette", "1939-01-01")
	got := w.looksAlike(w.nurse, req)
	if len(got) != maxLookAlikes || !slices.ContainsFunc(got, func(c Candidate) bool { return c.patient == real.ID }) {
		t.Fatalf("%d alike, without the likest", len(got))
	}
	for _, c := range got {
		req.NotADouble = append(req.NotADouble, c.Token)
	}
	w.open(w.nurse, req)
}

// crowd fills a birth date with that many people of one name.
func (w *world) crowd(n int, family, given string) {
	w.t.Helper()
	w.exec(`with s as (insert into spaces (id, kind, created_by) select gen_random_uuid(), 'team', $2 from generate_series(1, $1) returning id)
		insert into patients (id, space_id, birth_name, given_names, sex, birth_date, identity_status, birth_name_key, used_name_key, given_names_key, created_by)
		select gen_random_uuid(), id, $3, $4, 'F', '1939-01-01', 'PROV', $3, '', $4, $2 from s`, n, w.gp.Person, family, given)
}

func TestLookAlikeRules(t *testing.T) {
	t.Parallel()
	odette := named{birth: "dufour", used: "marcillac", given: "odette marie", sex: "F", born: "1939-03-12"}
	for name, c := range map[string]struct {
		other named
		alike bool
	}{
		"same":                           {odette, true},
		"birth name used":                {named{birth: "marcillac", given: "jeanne", sex: "F", born: "1939-03-12"}, true},
		"one letter":                     {named{birth: "marsillac", given: "jeanne", sex: "F", born: "1939-03-12"}, true},
		"two letters of a long name":     {named{birth: "marsilac", given: "jeanne", sex: "F", born: "1939-03-12"}, true},
		"same given name":                {named{birth: "petit", given: "odette", sex: "F", born: "1939-03-12"}, true},
		"same given name, other sex":     {named{birth: "petit", given: "odette", sex: "M", born: "1939-03-12"}, false},
		"same given name, sex not known": {named{birth: "petit", given: "odette", sex: "U", born: "1939-03-12"}, true},
		"other names":                    {named{birth: "petit", given: "jeanne", sex: "F", born: "1939-03-12"}, false},
		"day and month":                  {named{birth: "dufour", given: "jeanne", sex: "F", born: "1939-12-03"}, true},
		"day and month, other family":    {named{birth: "petit", given: "odette", sex: "F", born: "1939-12-03"}, false},
		"other date":                     {named{birth: "dufour", given: "odette", sex: "F", born: "1940-03-12"}, false},
	} {
		if odette.lookAlike(c.other) != c.alike || c.other.lookAlike(odette) != c.alike {
			t.Errorf("%s: want %v", name, c.alike)
		}
	}
}

func TestLookAlikeWithDayAndMonthExchanged(t *testing.T) {
	w := newWorld(t)
	w.open(w.nurse, patient("Marcillac", "Odette", "1939-03-12"))
	if got := w.looksAlike(w.gp, patient("Marcillac", "Odile", "1939-12-03")); len(got) != 1 {
		t.Errorf("%+v", got)
	}
	w.open(w.gp, patient("Marcillac", "Odette", "1939-03-13"))
}

func TestLookAlikeAnswersAreRationed(t *testing.T) {
	w := newWorld(t)
	w.open(w.nurse, marcillac())
	for range probesAtOnce {
		w.looksAlike(w.gp, marcillac())
	}
	_, _, err := w.Open(t.Context(), w.gp, patient("Inconnue", "Vraiment", "1971-05-05"))
	var wait ErrTooMany
	if !errors.As(err, &wait) || wait.RetryAfter <= 0 || wait.RetryAfter > probesEvery {
		t.Fatalf("got %v", err)
	}
	w.open(w.gp2, patient("Inconnue", "Vraiment", "1971-05-05"))
	w.now = func() time.Time { return time.Now().Add(2 * probesEvery) }
	w.looksAlike(w.gp, marcillac())
}

func TestProbesAreBounded(t *testing.T) {
	t.Parallel()
	p, now := newProbes(), time.Now()
	for range probesKept + 50 {
		p.answered(newID(), now)
	}
	if len(p.by) > probesKept {
		t.Errorf("%d kept", len(p.by))
	}
	p.answered(newID(), now.Add(time.Hour*24))
	if len(p.by) != 1 {
		t.Errorf("%d kept of those who wait for nothing", len(p.by))
	}
}

func TestOpenBadInput(t *testing.T) {
	w := newWorld(t)
	tomorrow := time.Now().AddDate(0, 0, 2).Format(time.DateOnly)
	for name, c := range map[string]struct {
		change      func(*OpenRequest)
		field, code string
	}{
		"id":                    {func(r *OpenRequest) { r.ID = uuid.New() }, "id", "invalid_id"},
		"no id":                 {func(r *OpenRequest) { r.ID = uuid.Nil }, "id", "invalid_id"},
		"no birth name":         {func(r *OpenRequest) { r.BirthName = "  " }, "birth_name", "name_missing"},
		"no letter":             {func(r *OpenRequest) { r.BirthName = "--" }, "birth_name", "name_invalid"},
		"no given name":         {func(r *OpenRequest) { r.GivenNames = "" }, "given_names", "name_missing"},
		"long name":             {func(r *OpenRequest) { r.UsedName = strings.Repeat("a", 101) }, "used_name", "name_too_long"},
		"100 KB":                {func(r *OpenRequest) { r.BirthName = strings.Repeat("é", 100<<10) }, "birth_name", "name_too_long"},
		"not UTF-8":             {func(r *OpenRequest) { r.BirthName = "Dufour\xff" }, "birth_name", "invalid_utf8"},
		"long not UTF-8":        {func(r *OpenRequest) { r.BirthName = strings.Repeat("\xff", 200) }, "birth_name", "invalid_utf8"},
		"NUL":                   {func(r *OpenRequest) { r.GivenNames = "Odette\x00" }, "given_names", "text_forbidden_character"},
		"bidi":                  {func(r *OpenRequest) { r.UsedName = "Mar\u202ecillac" }, "used_name", "text_forbidden_character"},
		"bidi isolate":          {func(r *OpenRequest) { r.Town = "\u2066Brévigny" }, "town", "text_forbidden_character"},
		"zero width":            {func(r *OpenRequest) { r.BirthName = "Du\u200bfour" }, "birth_name", "text_forbidden_character"},
		"newline in a name":     {func(r *OpenRequest) { r.BirthName = "Du\nfour" }, "birth_name", "text_forbidden_character"},
		"long address":          {func(r *OpenRequest) { r.Address = strings.Repeat("a", 401) }, "address", "text_too_long"},
		"bidi in how":           {func(r *OpenRequest) { r.Information.How = "oral\u202d" }, "information", "text_forbidden_character"},
		"sex":                   {func(r *OpenRequest) { r.Sex = "X" }, "sex", "sex_unknown"},
		"birth in the future":   {func(r *OpenRequest) { r.BirthDate = tomorrow }, "birth_date", "birth_date_future"},
		"birth on no day":       {func(r *OpenRequest) { r.BirthDate = "1939-02-30" }, "birth_date", "birth_date_impossible"},
		"birth long ago":        {func(r *OpenRequest) { r.BirthDate = "1839-02-20" }, "birth_date", "birth_date_impossible"},
		"birth date in French":  {func(r *OpenRequest) { r.BirthDate = "12/03/1939" }, "birth_date", "birth_date_impossible"},
		"birth place code":      {func(r *OpenRequest) { r.BirthPlaceCode = "2C004" }, "birth_place_code", "birth_place_code_invalid"},
		"status":                {func(r *OpenRequest) { r.IdentityStatus = "SURE" }, "identity_status", "identity_status_unknown"},
		"matricule key":         {func(r *OpenRequest) { r.INSMatricule = "239037512345600" }, "ins_matricule", "ins_invalid"},
		"qualified without INS": {func(r *OpenRequest) { r.IdentityStatus = "QUAL" }, "ins_matricule", "ins_missing"},
		"qualified without OID": {func(r *OpenRequest) { r.IdentityStatus, r.INSMatricule = "QUAL", withKey("2390375123456") }, "ins_oid", "ins_missing"},
		"OID":                   {func(r *OpenRequest) { r.INSOID = "1.2.3" }, "ins_oid", "ins_oid_unknown"},
		"telephone":             {func(r *OpenRequest) { r.Telephones = []Telephone{{"", "zéro six"}} }, "telephones", "telephone_invalid"},
		"too many telephones":   {func(r *OpenRequest) { r.Telephones = make([]Telephone, 11) }, "telephones", "too_many"},
		"carer without name":    {func(r *OpenRequest) { r.Carers = []Carer{{"", "fille", ""}} }, "carers", "name_missing"},
		"carer's telephone":     {func(r *OpenRequest) { r.Carers = []Carer{{"Sylvie", "fille", "06 39 98 12 34 56 78 90 12"}} }, "carers", "telephone_invalid"},
		"no information":        {func(r *OpenRequest) { r.Information = Information{} }, "information", "information_missing"},
		"information by nobody": {func(r *OpenRequest) { r.Information.GivenBy = " " }, "information", "information_missing"},
		"information to come":   {func(r *OpenRequest) { r.Information.GivenAt = time.Now().Add(time.Hour) }, "information", "given_at_future"},
		"seat":                  {func(r *OpenRequest) { r.Seat = "roi" }, "seat", "unknown_seat"},
		"closed seat":           {func(r *OpenRequest) { r.Seat = "expert" }, "seat", "seat_not_open"},
		"seat by oneself":       {func(r *OpenRequest) { r.Seat = "referent" }, "seat", "seat_not_open"},
		"a nurse's seat":        {func(r *OpenRequest) { r.Seat = "medecin_traitant" }, "seat", "seat_needs_physician"},
	} {
		req := marcillac()
		c.change(&req)
		_, _, err := w.Open(t.Context(), w.nurse, req)
		w.invalid(err, c.field, c.code, name)
	}
	if n := w.count("select count(*) from spaces"); n != 0 {
		t.Errorf("%d spaces after bad input", n)
	}
}

// withKey completes 13 digits with their key.
func withKey(body string) string {
	for key := range 98 {
		m := body + string([]byte{byte('0' + key/10), byte('0' + key%10)})
		if isMatricule(m) {
			return m
		}
	}
	return ""
}

func TestMatricule(t *testing.T) {
	t.Parallel()
	for m, ok := range map[string]bool{
		"255081416802538": true, // the form's own example, published by the health insurance
		"255081416802539": false,
		"25508141680253":  false,
		"":                false,
		"25508141680253A": false,
		"255082C16802538": false,
	} {
		if isMatricule(m) != ok {
			t.Errorf("%q: want %v", m, ok)
		}
	}
	a, b := withKey("255082A168025"), withKey("255082B168025")
	if a == "" || b == "" || a[13:] == b[13:] {
		t.Errorf("Corsica: %q, %q", a, b)
	}
	if number := uint64(2550819168025); !strings.HasSuffix(a, twoDigits(97-number%97)) {
		t.Errorf("2A counts as 19: %q", a)
	}
	if number := uint64(2550818168025); !strings.HasSuffix(b, twoDigits(97-number%97)) {
		t.Errorf("2B counts as 18: %q", b)
	}
}

func twoDigits(n uint64) string { return string([]byte{byte('0' + n/10), byte('0' + n%10)}) }

func TestOnlyAQualifiedIdentityCarriesItsMatricule(t *testing.T) {
	w := newWorld(t)
	req := marcillac()
	req.INSMatricule, req.INSOID, req.IdentityStatus = withKey("2390375123456"), "1.2.250.1.213.1.4.11", "RECUP"
	opened := w.open(w.nurse, req)
	if n := w.count("select count(*) from patients where ins_matricule is not null"); n != 0 || w.get(w.nurse, opened.TeamID).Patient.INS != nil {
		t.Error("a recovered identity kept its matricule")
	}
	spaced := req.INSMatricule[:1] + " " + req.INSMatricule[1:]
	p, err := w.Correct(t.Context(), w.nurse, opened.TeamID, Patch{IdentityStatus: ptr("QUAL"), INSMatricule: &spaced, INSOID: &req.INSOID})
	w.ok(err)
	if p.INS == nil || p.INS.Matricule != req.INSMatricule || p.INS.OID != req.INSOID {
		t.Errorf("qualified: %+v", p.INS)
	}
	p, err = w.Correct(t.Context(), w.nurse, opened.TeamID, Patch{IdentityStatus: ptr("PROV")})
	w.ok(err)
	if p.INS != nil {
		t.Error("a provisional identity shows its matricule")
	}
	_, err = w.Correct(t.Context(), w.nurse, opened.TeamID, Patch{IdentityStatus: ptr("QUAL")})
	w.invalid(err, "ins_matricule", "ins_missing")
}
