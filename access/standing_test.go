package access

import (
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
)

var (
	noon    = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	longAgo = noon.AddDate(-1, 0, 0)

	ana, ben, cleo = uuid.UUID{1}, uuid.UUID{2}, uuid.UUID{3}

	nurseCode       = Profession{"TRE_G15", "60"}
	helpCode        = Profession{"TRE_R85", "372"}
	coordinatorCode = Profession{"TRE_R85", "330"}
)

// circleOf seats people of these professions; ana opened the dossier.
func circleOf(professions map[uuid.UUID]Profession, memberships ...Membership) Circle {
	for i := range memberships {
		if memberships[i].From.IsZero() {
			memberships[i].From = longAgo
		}
		if memberships[i].Until.IsZero() {
			memberships[i].Until = Forever
		}
		if memberships[i].Seat == "" {
			memberships[i].Seat = SeatIntervenant
		}
	}
	return Circle{Founder: ana, Professions: professions, Memberships: memberships}
}

func (c Circle) with(wills ...Will) Circle {
	for i := range wills {
		if wills[i].From.IsZero() {
			wills[i].From = longAgo
		}
		if wills[i].Until.IsZero() {
			wills[i].Until = Forever
		}
	}
	c.Wills = append(slices.Clone(c.Wills), wills...)
	return c
}

// standsAt gives how somebody stands at t, as compiled at now; nil for not at all. Two at one instant is always a fault.
func standsAt(t *testing.T, c Circle, person uuid.UUID, now, at time.Time) *Standing {
	t.Helper()
	var found *Standing
	for _, s := range Compile(defaultMatrix(t), c, now) {
		if s.Person != person || !s.Current(at) {
			continue
		}
		if found != nil {
			t.Fatalf("two standings of one person at %s", at)
		}
		found = &s
	}
	return found
}

func reads(s *Standing) Categories {
	if s == nil {
		return 0
	}
	return s.Reads
}

func TestStandingIsTheMatrixRow(t *testing.T) {
	t.Parallel()
	c := circleOf(map[uuid.UUID]Profession{ana: Physician, ben: nurseCode},
		Membership{Person: ana, Seat: SeatMedecinTraitant}, Membership{Person: ben})
	m := defaultMatrix(t)
	for person, seat := range map[uuid.UUID]string{ana: SeatMedecinTraitant, ben: SeatIntervenant} {
		row, _ := m.Row(c.Professions[person], "", seat)
		s := standsAt(t, c, person, noon, noon)
		if s == nil || s.Reads != row.Reads || s.Writes != row.Writes || s.Alerts != row.Alerts || s.MaskClass != row.MaskClass ||
			s.Actions != m.Actions(c.Professions[person], []string{seat}) || !slices.Equal(s.Seats, []string{seat}) || !s.History.IsZero() {
			t.Errorf("%s stands as %+v", seat, s)
		}
	}
}

func TestUnknownCodesDoNotStand(t *testing.T) {
	t.Parallel()
	for _, p := range []Profession{{}, {"TRE_G15", "999"}, {"TRE_R85", "303"}, {"*", "*"}} {
		c := circleOf(map[uuid.UUID]Profession{ana: p}, Membership{Person: ana, Seat: SeatReferent})
		if s := standsAt(t, c, ana, noon, noon); s != nil {
			t.Errorf("%v stands as %+v, though the founder", p, s)
		}
	}
	// A code whose profession is not even told.
	if s := standsAt(t, circleOf(nil, Membership{Person: ben}), ben, noon, noon); s != nil {
		t.Errorf("stands as %+v", s)
	}
}

func TestSeatsAddUp(t *testing.T) {
	t.Parallel()
	c := circleOf(map[uuid.UUID]Profession{ana: nurseCode, ben: Physician},
		Membership{Person: ben}, Membership{Person: ben, Seat: SeatMedecinTraitant, From: noon, Until: noon.Add(time.Hour)})
	before, during := standsAt(t, c, ben, noon.Add(-time.Hour), noon.Add(-time.Microsecond)), standsAt(t, c, ben, noon, noon)
	after := standsAt(t, c, ben, noon, noon.Add(time.Hour))
	if before.Writes.String() != after.Writes.String() || before.Writes&Nursing != 0 || during.Writes != AllCategories {
		t.Errorf("writes %v, then %v, then %v", before.Writes, during.Writes, after.Writes)
	}
	if !slices.Equal(during.Seats, []string{SeatIntervenant, SeatMedecinTraitant}) || during.Actions&ManageCircle == 0 || after.Actions&ManageCircle != 0 {
		t.Errorf("during: %v %v", during.Seats, during.Actions.Codes())
	}
}

func TestEdgesOfDates(t *testing.T) {
	t.Parallel()
	until := noon.Add(time.Hour)
	c := circleOf(map[uuid.UUID]Profession{ana: Physician, ben: nurseCode},
		Membership{Person: ana, Seat: SeatMedecinTraitant}, Membership{Person: ben, From: noon, Until: until})
	for at, stands := range map[time.Time]bool{
		noon.Add(-time.Microsecond):  false,
		noon:                         true,
		until.Add(-time.Microsecond): true,
		until:                        false,
	} {
		if got := standsAt(t, c, ben, noon.Add(-time.Hour), at) != nil; got != stands {
			t.Errorf("at %s: stands %v", at, got)
		}
	}
	// What has ended when it is compiled leaves nothing; its very end counts as ended.
	if got := Compile(defaultMatrix(t), c, until); slices.ContainsFunc(got, func(s Standing) bool { return s.Person == ben }) {
		t.Error("a membership that ended now still stands")
	}
	if got := Compile(defaultMatrix(t), c, until.Add(-time.Microsecond)); !slices.ContainsFunc(got, func(s Standing) bool { return s.Person == ben }) {
		t.Error("a membership that ends in a moment does not stand")
	}
	never := circleOf(map[uuid.UUID]Profession{ben: nurseCode}, Membership{Person: ben, From: noon, Until: noon})
	if got := Compile(defaultMatrix(t), never, longAgo); len(got) != 0 {
		t.Errorf("a place that ended as it began gives %+v", got)
	}
	inverted := circleOf(map[uuid.UUID]Profession{ben: nurseCode}, Membership{Person: ben, From: until, Until: noon})
	if got := Compile(defaultMatrix(t), inverted, longAgo); len(got) != 0 {
		t.Errorf("a place that ended before it began gives %+v", got)
	}
}

func TestOthersEdgesDoNotCutAStanding(t *testing.T) {
	t.Parallel()
	c := circleOf(map[uuid.UUID]Profession{ana: Physician, ben: nurseCode, cleo: helpCode},
		Membership{Person: ana, Seat: SeatMedecinTraitant}, Membership{Person: ben},
		Membership{Person: cleo, From: noon.Add(-time.Hour), Until: noon.Add(time.Hour)})
	for _, s := range Compile(defaultMatrix(t), c, noon) {
		if s.Person != cleo && (!s.From.Equal(longAgo) || !s.Until.Equal(Forever)) {
			t.Errorf("%v stands from %s to %s", s.Person, s.From, s.Until)
		}
	}
}

func TestTwoPlacesInARowAreOneStanding(t *testing.T) {
	t.Parallel()
	c := circleOf(map[uuid.UUID]Profession{ana: Physician, ben: nurseCode},
		Membership{Person: ana, Seat: SeatMedecinTraitant},
		Membership{Person: ben, Until: noon}, Membership{Person: ben, From: noon}, Membership{Person: ben, From: noon.Add(-time.Hour), Until: noon.Add(time.Hour)})
	n := 0
	for _, s := range Compile(defaultMatrix(t), c, longAgo) {
		if s.Person == ben {
			n++
		}
	}
	if n != 1 {
		t.Errorf("%d standings", n)
	}
}

func TestFounderManagesUntilSomebodyIsNamed(t *testing.T) {
	t.Parallel()
	professions := map[uuid.UUID]Profession{ana: nurseCode, ben: Physician, cleo: coordinatorCode}
	alone := circleOf(professions, Membership{Person: ana}, Membership{Person: cleo})
	s := standsAt(t, alone, ana, noon, noon)
	if s.Actions&(ManageCircle|RecordWill) != ManageCircle|RecordWill || s.Actions&SeeFullReasons != 0 {
		t.Errorf("alone the founder may %v", s.Actions.Codes())
	}
	if other := standsAt(t, alone, cleo, noon, noon); other.Actions&ManageCircle != 0 {
		t.Error("an intervenant manages")
	}
	named := circleOf(professions, Membership{Person: ana}, Membership{Person: ben, Seat: SeatMedecinTraitant, From: noon, Until: noon.Add(time.Hour)})
	for at, manages := range map[time.Time]bool{noon.Add(-1): true, noon: false, noon.Add(time.Hour - 1): false, noon.Add(time.Hour): true} {
		if got := standsAt(t, named, ana, longAgo, at).Actions&ManageCircle != 0; got != manages {
			t.Errorf("at %s the founder manages: %v", at, got)
		}
	}
	// Who is named and has no right here (unknown code, opposed) does not take the circle from its founder.
	unknown := circleOf(map[uuid.UUID]Profession{ana: nurseCode, ben: {"TRE_R85", "303"}}, Membership{Person: ana}, Membership{Person: ben, Seat: SeatReferent})
	opposed := circleOf(professions, Membership{Person: ana}, Membership{Person: ben, Seat: SeatReferent}).with(Will{Kind: WillOpposition, Person: ben})
	for _, c := range []Circle{unknown, opposed} {
		if s := standsAt(t, c, ana, noon, noon); s.Actions&ManageCircle == 0 {
			t.Error("nobody manages")
		}
	}
	// A founder who left manages nothing.
	left := circleOf(professions, Membership{Person: ana, Until: noon}, Membership{Person: cleo})
	if s := standsAt(t, left, ana, noon, noon); s != nil {
		t.Errorf("who left stands as %+v", s)
	}
}

func TestConsent(t *testing.T) {
	t.Parallel()
	needed := Medical | Medication | Nursing
	for _, p := range []Profession{coordinatorCode, {"TRE_R85", "309"}} {
		c := circleOf(map[uuid.UUID]Profession{ana: Physician, ben: p}, Membership{Person: ana, Seat: SeatMedecinTraitant}, Membership{Person: ben})
		without := standsAt(t, c, ben, noon, noon)
		if without.Reads&needed != 0 || without.Alerts&needed != 0 || without.Reads&Social == 0 {
			t.Errorf("%v without consent reads %v", p, without.Reads)
		}
		given := c.with(Will{Kind: WillConsent, From: noon, Until: noon.Add(time.Hour)})
		for at, has := range map[time.Time]bool{noon.Add(-1): false, noon: true, noon.Add(time.Hour - 1): true, noon.Add(time.Hour): false} {
			if got := standsAt(t, given, ben, longAgo, at).Reads&needed == needed; got != has {
				t.Errorf("%v at %s reads with consent: %v", p, at, got)
			}
		}
	}
	// Other facts are no consent, and nobody else waits for one.
	c := circleOf(map[uuid.UUID]Profession{ana: Physician, ben: coordinatorCode}, Membership{Person: ana, Seat: SeatMedecinTraitant}, Membership{Person: ben}).
		with(Will{Kind: WillInformation}, Will{Kind: WillNonOpposition})
	if standsAt(t, c, ben, noon, noon).Reads&needed != 0 || standsAt(t, c, ana, noon, noon).Reads != AllCategories {
		t.Error("consent was taken from another fact, or asked of a physician")
	}
}

func TestAPlaceByConsentWaitsForIt(t *testing.T) {
	t.Parallel()
	c := circleOf(map[uuid.UUID]Profession{ana: Physician, ben: nurseCode},
		Membership{Person: ana, Seat: SeatMedecinTraitant}, Membership{Person: ben, Basis: BasisConsent})
	if s := standsAt(t, c, ben, noon, noon); s != nil {
		t.Errorf("stands without consent: %+v", s)
	}
	c = c.with(Will{Kind: WillConsent, From: noon})
	if standsAt(t, c, ben, longAgo, noon.Add(-1)) != nil || standsAt(t, c, ben, longAgo, noon) == nil {
		t.Error("consent gives the place from its own date")
	}
}

func TestOppositions(t *testing.T) {
	t.Parallel()
	base := circleOf(map[uuid.UUID]Profession{ana: Physician, ben: nurseCode, cleo: nurseCode},
		Membership{Person: ana, Seat: SeatMedecinTraitant}, Membership{Person: ben}, Membership{Person: cleo})
	row, _ := defaultMatrix(t).Row(nurseCode, "", SeatIntervenant)
	for name, o := range map[string]struct {
		will          Will
		forBen, other Categories
		physician     Categories
	}{
		"a person, a category":     {Will{Person: ben, Category: Medical}, row.Reads &^ Medical, row.Reads, AllCategories},
		"a person, everything":     {Will{Person: ben}, 0, row.Reads, AllCategories},
		"a profession":             {Will{Profession: nurseCode, Category: Nursing}, row.Reads &^ Nursing, row.Reads &^ Nursing, AllCategories},
		"another profession":       {Will{Profession: helpCode}, row.Reads, row.Reads, AllCategories},
		"a category, to anybody":   {Will{Category: Psychological}, row.Reads &^ Psychological, row.Reads &^ Psychological, AllCategories &^ Psychological},
		"a person of a profession": {Will{Person: ben, Profession: helpCode}, row.Reads, row.Reads, AllCategories},
		"not an opposition":        {Will{Kind: WillNonOpposition, Person: ben}, row.Reads, row.Reads, AllCategories},
	} {
		if o.will.Kind == "" {
			o.will.Kind = WillOpposition
		}
		c := base.with(o.will)
		got := []Categories{reads(standsAt(t, c, ben, noon, noon)), reads(standsAt(t, c, cleo, noon, noon)), reads(standsAt(t, c, ana, noon, noon))}
		if !slices.Equal(got, []Categories{o.forBen, o.other, o.physician}) {
			t.Errorf("%s: reads %v", name, got)
		}
	}
}

func TestOppositionTakesWritesAndAlertsAndIsDated(t *testing.T) {
	t.Parallel()
	c := circleOf(map[uuid.UUID]Profession{ana: Physician, ben: nurseCode}, Membership{Person: ana, Seat: SeatMedecinTraitant}, Membership{Person: ben}).
		with(Will{Kind: WillOpposition, Person: ben, Category: Nursing, From: noon, Until: noon.Add(time.Hour)},
			Will{Kind: WillOpposition, Person: ben, Category: Medical, From: noon.Add(30 * time.Minute)})
	s := standsAt(t, c, ben, longAgo, noon)
	if (s.Reads|s.Writes|s.Alerts)&Nursing != 0 || s.Reads&Medical == 0 {
		t.Errorf("opposed: %+v", s)
	}
	if both := standsAt(t, c, ben, longAgo, noon.Add(30*time.Minute)); both.Reads&(Nursing|Medical) != 0 {
		t.Errorf("two oppositions: %v", both.Reads)
	}
	if standsAt(t, c, ben, longAgo, noon.Add(-1)).Reads&Nursing == 0 || standsAt(t, c, ben, longAgo, noon.Add(time.Hour)).Reads&Nursing == 0 {
		t.Error("an opposition holds outside its dates")
	}
}

func TestHistoryIsTheShorter(t *testing.T) {
	t.Parallel()
	c := circleOf(map[uuid.UUID]Profession{ana: Physician, ben: nurseCode}, Membership{Person: ana, Seat: SeatMedecinTraitant},
		Membership{Person: ben}, Membership{Person: ben, Seat: SeatReferent, From: noon, Until: noon.Add(time.Hour), FromNowOn: true})
	if before := standsAt(t, c, ben, longAgo, noon.Add(-1)); !before.History.IsZero() {
		t.Errorf("history begins at %s", before.History)
	}
	if during := standsAt(t, c, ben, longAgo, noon); !during.History.Equal(noon) {
		t.Errorf("history begins at %s", during.History)
	}
}

func TestVisible(t *testing.T) {
	t.Parallel()
	s := Standing{Person: ben, Reads: Medical | Nursing, Writes: Medication, MaskClass: MaskPSocial, History: noon}
	fact := func(change func(*Facts)) Facts {
		f := Facts{Category: Medical, Author: ana, CreatedAt: noon}
		change(&f)
		return f
	}
	for name, c := range map[string]struct {
		facts   Facts
		visible bool
	}{
		"read":                   {fact(func(*Facts) {}), true},
		"not read":               {fact(func(f *Facts) { f.Category = Social }), false},
		"written is not read":    {fact(func(f *Facts) { f.Category = Medication }), false},
		"no category":            {fact(func(f *Facts) { f.Category = 0 }), false},
		"masked to my class":     {fact(func(f *Facts) { f.Masks = MaskPS | MaskPSocial }), false},
		"masked to others":       {fact(func(f *Facts) { f.Masks = MaskPS | MaskPatient | MaskRepresentatives }), true},
		"named":                  {fact(func(f *Facts) { f.OnlyTo = []uuid.UUID{cleo, ben} }), true},
		"named others":           {fact(func(f *Facts) { f.OnlyTo = []uuid.UUID{cleo} }), false},
		"named nobody":           {fact(func(f *Facts) { f.OnlyTo = []uuid.UUID{} }), false},
		"named without reading":  {fact(func(f *Facts) { f.OnlyTo, f.Category = []uuid.UUID{ben}, Social }), false},
		"before my history":      {fact(func(f *Facts) { f.CreatedAt = noon.Add(-time.Microsecond) }), false},
		"my own, whatever it is": {Facts{Category: Social, Masks: MaskPSocial, OnlyTo: []uuid.UUID{cleo}, Author: ben, CreatedAt: longAgo}, true},
	} {
		if s.Visible(c.facts) != c.visible {
			t.Errorf("%s: want %v", name, c.visible)
		}
	}
}

func TestCompileIsOrderedAndNeverOverlaps(t *testing.T) {
	t.Parallel()
	c := circleOf(map[uuid.UUID]Profession{ana: nurseCode, ben: Physician, cleo: coordinatorCode},
		Membership{Person: ana}, Membership{Person: ana, Seat: SeatReferent, From: noon.Add(time.Hour), Until: noon.Add(3 * time.Hour)},
		Membership{Person: ben, Until: noon.Add(2 * time.Hour)}, Membership{Person: ben, Seat: SeatMedecinTraitant, From: noon.Add(90 * time.Minute)},
		Membership{Person: cleo, Basis: BasisConsent, From: noon}).
		with(Will{Kind: WillConsent, From: noon.Add(time.Hour), Until: noon.Add(4 * time.Hour)},
			Will{Kind: WillOpposition, Profession: Physician, Category: Social, From: noon.Add(-time.Hour), Until: noon.Add(time.Hour)})
	var last Standing
	for _, s := range Compile(defaultMatrix(t), c, noon) {
		if !s.From.Before(s.Until) || !s.Until.After(noon) || (s.Person == last.Person && s.From.Before(last.Until)) {
			t.Errorf("%v from %s to %s after %s", s.Person, s.From, s.Until, last.Until)
		}
		if s.Reads|s.Writes == 0 || s.Alerts&^s.Reads != 0 {
			t.Errorf("%v reads %v, writes %v, alerted of %v", s.Person, s.Reads, s.Writes, s.Alerts)
		}
		last = s
	}
}
