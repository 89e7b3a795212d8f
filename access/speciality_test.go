package access

import (
	"strings"
	"testing"

	"github.com/google/uuid"
)

// withRows is the default matrix with a column of specialities, rows that use it, and exceptions.
func withRows(t *testing.T, rows, exceptions string) *Matrix {
	t.Helper()
	categories, actions := DefaultMatrix()
	lines := strings.Split(strings.TrimSpace(categories), "\n")
	text := lines[0] + ",speciality\n" + strings.Join(lines[1:], ",\n") + ",\n" + rows
	m, err := ParseMatrix(1, Tables{Categories: text, Actions: actions, Exceptions: "document_type,system,code,seat\n" + exceptions})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

const (
	psychiatrist        = "TRE_G15,10,*,Psychiatre,ps,-,-,-,rwa,-,-,-,-,-,SM42\n"
	psychiatristTreater = "TRE_G15,10,medecin_traitant,Psychiatre traitant,ps,r,-,-,-,-,-,-,-,-,SM42\n"
	nurseOfMinds        = "TRE_G15,60,secretariat,IPA,ps,-,-,-,-,-,-,-,r,-,SI04\n"
)

// Seat before speciality, and at the same seat the speciality's own row first.
func TestTheRowOfASpeciality(t *testing.T) {
	t.Parallel()
	m := withRows(t, psychiatrist, "")
	both := withRows(t, psychiatrist+psychiatristTreater+nurseOfMinds, "")
	any, _ := m.Row(Physician, "", SeatIntervenant)
	treater, _ := m.Row(Physician, "", SeatMedecinTraitant)
	for name, c := range map[string]struct {
		m                *Matrix
		speciality, seat string
		reads            Categories
	}{
		"any seat with the speciality":         {m, "SM42", SeatIntervenant, Psychological},
		"any seat with another":                {m, "SM18", SeatIntervenant, any.Reads},
		"any seat with none":                   {m, "", SeatReferent, any.Reads},
		"a seat's own row before a speciality": {m, "SM42", SeatMedecinTraitant, treater.Reads},
		"the seat's row of the speciality":     {both, "SM42", SeatMedecinTraitant, Medical},
		"the seat's row of another":            {both, "SM18", SeatMedecinTraitant, treater.Reads},
		"a seat that nobody knows":             {both, "SM42", "expert", 0},
	} {
		if row, _ := c.m.Row(Physician, c.speciality, c.seat); row.Reads != c.reads {
			t.Errorf("%s: reads %v, want %v", name, row.Reads, c.reads)
		}
	}
	if row, _ := both.secretarial(nurseCode, "SI04"); row.Reads != Administrative {
		t.Errorf("as a secretary: %v", row.Reads)
	}
	if row, _ := both.secretarial(nurseCode, ""); row.Reads != Administration {
		t.Errorf("as a secretary without speciality: %v", row.Reads)
	}
}

// Who replaces a specialist has what both have: each by the own row.
func TestAReplacementByRowsOfSpecialities(t *testing.T) {
	t.Parallel()
	c := circleOf(map[uuid.UUID]Profession{ana: Physician, ben: Physician}, Membership{Person: ana})
	c.StandIns = []StandIn{{How: ThroughReplacement, For: ana, By: ben, From: longAgo, Until: Forever}}
	m := withRows(t, psychiatrist, "")
	for _, who := range []uuid.UUID{ana, ben} {
		c.Specialities = map[uuid.UUID]string{who: "SM42"}
		if s := compiledFor(t, m, c, ben); s.Reads != Psychological {
			t.Errorf("reads %v", s.Reads)
		}
	}
	c.Specialities = nil
	if s := compiledFor(t, m, c, ben); s.Reads == Psychological {
		t.Error("a speciality that nobody has")
	}
}

func TestSpecialitiesInATable(t *testing.T) {
	t.Parallel()
	categories, actions := DefaultMatrix()
	lines := strings.Split(strings.TrimSpace(categories), "\n")
	head := lines[0] + ",speciality\n"
	for rows, code := range map[string]string{
		psychiatrist + psychiatrist:                                                    "twice",
		strings.Replace(psychiatrist, "SM42", "SM999", 1):                              "unknown_speciality",
		strings.Replace(psychiatrist, "TRE_G15,10", "TRE_G15,60", 1):                   "unknown_speciality",
		psychiatrist + strings.Replace(psychiatrist, "SM42", "", 1):                    "",
		psychiatrist + strings.Replace(psychiatrist, "SM42", "SM18", 1) + nurseOfMinds: "",
	} {
		_, err := ParseMatrix(1, Tables{Categories: head + rows, Actions: actions})
		fault, _ := err.(*TableFault)
		if (err == nil) != (code == "") || fault != nil && fault.Code != code {
			t.Errorf("%q: %v, want %q", rows, err, code)
		}
	}
}
