package access

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
)

func underPolicy(t *testing.T, rows ...string) *Matrix {
	t.Helper()
	tables := DefaultTables()
	tables.Policy = strings.Join(append([]string{strings.Join(PolicyColumns, ",")}, rows...), "\n") + "\n"
	m, err := ParseMatrix(1, tables)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// placedOn is the standing of somebody with one place on a basis, when these facts are recorded.
func placedOn(m *Matrix, p Profession, basis string, facts ...string) (Standing, bool) {
	person, begin := uuid.Must(uuid.NewV7()), time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	c := Circle{
		Professions: map[uuid.UUID]Profession{person: p},
		Memberships: []Membership{{Person: person, Seat: SeatIntervenant, Basis: basis, From: begin, Until: Forever}},
	}
	for _, kind := range facts {
		c.Wills = append(c.Wills, Will{Kind: kind, From: begin, Until: Forever})
	}
	return c.at(m, person, begin.Add(time.Hour))
}

var (
	theNurse    = Profession{"TRE_G15", "60"}
	coordinator = Profession{"TRE_R85", "330"}
)

func TestAPlaceWaitsForTheFactsOfThePolicy(t *testing.T) {
	m := underPolicy(t, "care_team_3,TRE_G15,60,information,medical nursing", "care_team_3,TRE_G15,60,non_opposition,nursing")
	for _, c := range []struct {
		basis string
		facts []string
		want  Categories // of medical and nursing
	}{
		{"care_team_3", nil, 0},
		{"care_team_3", []string{WillInformation}, Medical},
		{"care_team_3", []string{WillInformation, WillNonOpposition}, Medical | Nursing},
		{"care_team_3", []string{WillConsent}, 0},
		{"care_team_1", nil, Medical | Nursing},
	} {
		s, ok := placedOn(m, theNurse, c.basis, c.facts...)
		if got := s.Reads & (Medical | Nursing); got != c.want || !ok {
			t.Errorf("%s with %v reads %s, want %s", c.basis, c.facts, got, c.want)
		}
		if s.Alerts&^s.Reads != 0 || s.Reads&Organisation == 0 {
			t.Errorf("%s with %v: alerted of %s, reads %s", c.basis, c.facts, s.Alerts, s.Reads)
		}
	}
}

// What the law asks holds whatever a territory publishes: consent where the place is founded on it, and an emergency waits for nothing.
func TestThePolicyHasAFloor(t *testing.T) {
	none := underPolicy(t)
	if _, stands := placedOn(none, theNurse, BasisConsent); stands {
		t.Error("a place founded on consent gives rights before any consent")
	}
	if _, stands := placedOn(none, theNurse, BasisConsent, WillConsent); !stands {
		t.Error("with the consent it gives nothing")
	}
	everything := underPolicy(t, "*,*,*,information,*")
	if _, stands := placedOn(everything, theNurse, "care_team_1"); stands {
		t.Error("a place gives rights before the information that everything waits for")
	}
	if s, _ := placedOn(everything, theNurse, BasisEmergency); s.Reads&Medical == 0 {
		t.Error("an emergency access waits for information")
	}
}

func TestTheDefaultPolicyAsksConsentOfCoordinators(t *testing.T) {
	tables := DefaultTables()
	for _, policy := range []string{tables.Policy, ""} {
		tables.Policy = policy
		m, err := ParseMatrix(1, tables)
		if err != nil {
			t.Fatal(err)
		}
		before, _ := placedOn(m, coordinator, "care_team_3", WillInformation)
		after, _ := placedOn(m, coordinator, "care_team_3", WillConsent)
		if before.Reads&(Medical|Medication|Nursing) != 0 || before.Reads == 0 || after.Reads&Medical == 0 {
			t.Errorf("before %s, after %s", before.Reads, after.Reads)
		}
	}
}

func TestAPolicyThatIsNotUnderstoodIsRefused(t *testing.T) {
	tables := DefaultTables()
	for row, code := range map[string]string{
		"emergency,*,*,consent,*":                      "unknown_basis",
		"*,*,*,opposition,*":                           "unknown_fact",
		"*,*,*,consent,medical secrets":                "unknown_category",
		"*,*,*,consent,":                               "missing",
		"*,*,*,consent,medical\n*,*,*,consent,medical": "twice",
		"care_team_3,TRE_G15,,information,medical ":    "missing",
	} {
		tables.Policy = strings.Join(PolicyColumns, ",") + "\n" + row + "\n"
		_, err := ParseMatrix(1, tables)
		var fault *TableFault
		if !errors.As(err, &fault) || fault.Code != code || fault.Line != 1+strings.Count(row, "\n")+1 || fault.Table != TablePolicy {
			t.Errorf("%q: %v", row, err)
		}
	}
}

func TestTheExplanationNamesTheMissingFact(t *testing.T) {
	m := underPolicy(t, "*,TRE_G15,60,information,medical")
	person, begin := uuid.Must(uuid.NewV7()), time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	c := Circle{
		Professions: map[uuid.UUID]Profession{person: theNurse},
		Memberships: []Membership{{Person: person, Seat: SeatIntervenant, Basis: "care_team_3", From: begin, Until: Forever}},
	}
	links := c.Chain(m, person, Facts{Category: Medical, CreatedAt: begin.Add(time.Minute)}, begin.Add(time.Hour)).Links
	last := links[len(links)-1]
	if last.Code != LinkConsent || last.OK || last.Needs != WillInformation {
		t.Errorf("%+v", last)
	}
	if slices.ContainsFunc(c.Chain(m, person, Facts{Category: Nursing, CreatedAt: begin.Add(time.Minute)}, begin.Add(time.Hour)).Links, func(l Link) bool { return !l.OK }) {
		t.Error("what waits for nothing is refused")
	}
}
