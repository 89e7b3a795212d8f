package access

import (
	"slices"
	"testing"

	"github.com/google/uuid"
)

const psychiatric = "68599-0"

// exceptional is the default matrix with other exceptions.
func exceptional(t *testing.T, rows string) *Matrix {
	t.Helper()
	categories, actions := DefaultMatrix()
	m, err := ParseMatrix(1, Tables{Categories: categories, Actions: actions, Exceptions: "document_type,system,code,seat\n" + rows})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func compiledFor(t *testing.T, m *Matrix, c Circle, person uuid.UUID) Standing {
	t.Helper()
	for _, s := range Compile(m, c, noon) {
		if s.Person == person && s.Current(noon) {
			return s
		}
	}
	t.Fatal("does not stand")
	return Standing{}
}

// Whoever of the default does not read « psychologie » and is no clinician is refused the two types, and only those.
func TestDefaultExceptions(t *testing.T) {
	t.Parallel()
	m := defaultMatrix(t)
	want := []string{psychiatric, "83901-9"}
	for _, row := range m.Rows() {
		refused := slices.Equal(m.Barred(row.Profession, []string{SeatIntervenant}), want)
		if refused && row.Reads&Psychological != 0 {
			t.Errorf("%v reads psychology, and no psychiatric summary", row.Profession)
		}
		if (row.MaskClass != MaskPS) && !refused {
			t.Errorf("%v is not refused psychiatric summaries", row.Profession)
		}
	}
	for _, p := range []Profession{Physician, nurseCode, {"TRE_R95", "93"}, {"TRE_G15", "21"}} {
		if got := m.Barred(p, []string{SeatIntervenant}); len(got) > 0 {
			t.Errorf("%v is refused %v", p, got)
		}
	}
}

func TestAnExceptionTakesAndNeverGives(t *testing.T) {
	t.Parallel()
	c := circleOf(map[uuid.UUID]Profession{ana: Physician, ben: helpCode}, Membership{Person: ana}, Membership{Person: ben})
	m := exceptional(t, psychiatric+",TRE_R85,372,*\n")
	s := compiledFor(t, m, c, ben)
	f := Facts{Category: DailyLife, Author: ana, CreatedAt: noon}
	if !s.Visible(f) {
		t.Error("without a document she reads it")
	}
	f.Types = []string{"11488-4", psychiatric}
	if s.Visible(f) {
		t.Error("she reads a message that carries the type")
	}
	if f.Author = ben; !s.Visible(f) {
		t.Error("her own she reads")
	}
	f = Facts{Category: Medical, Author: ana, CreatedAt: noon, Types: []string{"11488-4"}}
	if s.Visible(f) {
		t.Error("a type that no exception names gives a category")
	}
	if s := compiledFor(t, m, c, ana); len(s.Barred) > 0 {
		t.Errorf("somebody else is refused %v", s.Barred)
	}
}

// Of several places, any one refuses; of who stands in for somebody, both professions do; former codes and everybody count.
func TestExceptionsAddUp(t *testing.T) {
	t.Parallel()
	c := circleOf(map[uuid.UUID]Profession{ana: Physician, ben: Physician, cleo: {"TRE_R85", "331"}},
		Membership{Person: ana, Seat: SeatReferent}, Membership{Person: ben}, Membership{Person: ben, Seat: SeatCoordonnateur})
	c.StandIns = []StandIn{
		{How: ThroughReplacement, For: ana, By: ben, From: longAgo, Until: Forever},
		{How: ThroughSecretariat, For: ana, By: cleo, From: longAgo, Until: Forever},
	}
	for rows, want := range map[string][2]bool{
		psychiatric + ",TRE_G15,10,coordonnateur\n": {true, false},
		psychiatric + ",TRE_G15,10,referent\n":      {true, true},
		psychiatric + ",TRE_G15,10,remplacant\n":    {true, false},
		psychiatric + ",TRE_R85,331,secretariat\n":  {false, true},
		psychiatric + ",TRE_R85,331,referent\n":     {false, false},
		psychiatric + ",*,*,*\n":                    {true, true},
		psychiatric + ",TRE_G15,21,*\n":             {false, false},
	} {
		m := exceptional(t, rows)
		for i, person := range []uuid.UUID{ben, cleo} {
			if got := len(compiledFor(t, m, c, person).Barred) == 1; got != want[i] {
				t.Errorf("%s: person %d is refused: %v", rows, i, got)
			}
		}
	}
	m := exceptional(t, psychiatric+",TRE_G15,35,*\n")
	if len(m.Barred(Profession{"TRE_R85", "313"}, nil)) != 1 {
		t.Error("a former code does not count as the one in force")
	}
}

func TestExceptionsRefuseWhatTheyDoNotKnow(t *testing.T) {
	t.Parallel()
	categories, actions := DefaultMatrix()
	for text, code := range map[string]string{
		"document_type,system,code,seat\nx,*,*,*\n":         "unknown_document_type",
		"document_type,system,code,seat\n68599-0,*,,*\n":    "missing",
		"document_type,system,code\n68599-0,*,*\n":          "missing_column",
		"document_type,system,code,seat,why\n68599-0,,,,\n": "unknown_column",
		"\ufeff": "no_table",
		"document_type,system,code,seat\n68599-0,*,*,*\n68599-0,*,*,*\n": "twice",
	} {
		_, err := ParseMatrix(1, Tables{Categories: categories, Actions: actions, Exceptions: text})
		if fault, ok := err.(*TableFault); !ok || fault.Code != code || fault.Table != TableExceptions {
			t.Errorf("%q: %v, want %s", text, err, code)
		}
	}
}

// The reason is the profession, with the types; unless it does not read the category anyway.
func TestReasonOfAnException(t *testing.T) {
	t.Parallel()
	m := defaultMatrix(t)
	help := Seated{Person: ben, Profession: helpCode, Seats: []string{SeatIntervenant}}
	f := Facts{Category: DailyLife, Author: ana, Types: []string{psychiatric, "11488-4"}, Masks: MaskPSocial}
	if why, types := m.Reason(help, f); why != ByProfession || !slices.Equal(types, []string{psychiatric}) {
		t.Errorf("%s %v", why, types)
	}
	f.Category = Medical
	if why, types := m.Reason(help, f); why != ByProfession || types != nil {
		t.Errorf("%s %v", why, types)
	}
	f.Category, f.Types = DailyLife, nil
	if why, _ := m.Reason(help, f); why != ByNarrowing {
		t.Error(why)
	}
}

func TestChainNamesTheTypeAndTheSpeciality(t *testing.T) {
	t.Parallel()
	c := circleOf(map[uuid.UUID]Profession{ana: Physician, ben: Physician}, Membership{Person: ana}, Membership{Person: ben})
	c.Specialities = map[uuid.UUID]string{ben: "SM42"}
	m := withRows(t, "TRE_G15,10,*,Psychiatre,ps,-,-,-,rwa,-,-,-,-,-,SM42\n", psychiatric+",TRE_G15,10,*\n")
	f := Facts{Category: Psychological, Author: ana, CreatedAt: noon, Types: []string{psychiatric, "11488-4"}}
	links := c.Chain(m, ben, f, noon).Links
	if last := links[len(links)-1]; last.Code != LinkTypes || last.OK || !slices.Equal(last.Types, []string{psychiatric}) {
		t.Errorf("%+v", last)
	}
	if i := slices.IndexFunc(links, func(l Link) bool { return l.Code == LinkRule }); links[i].Speciality != "SM42" || !links[i].OK {
		t.Errorf("%+v", links[i])
	}
}
