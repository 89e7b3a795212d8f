package access

import (
	"strings"
	"testing"

	"github.com/google/uuid"

	"liaison/professions"
)

// Every code that was replaced leads to one in force, whatever tables say it through.
func TestEveryFormerCodeStandsForOneInForce(t *testing.T) {
	t.Parallel()
	for p, now := range map[Profession]Profession{
		{"TRE_G15", "35"}: {"TRE_R85", "313"}, {"TRE_G15", "93"}: {"TRE_R95", "93"}, {"TRE_R94", "42"}: {"TRE_R85", "318"},
		{"TRE_R85", "350"}: helpCode, nurseCode: nurseCode, {"TRE_X", "1"}: {"TRE_X", "1"}, {}: {},
	} {
		if got := p.InForce(); got != now {
			t.Errorf("%v stands for %v, want %v", p, got, now)
		}
	}
	for _, p := range professions.All() {
		if in := (Profession{p.System, p.Code}).InForce(); in.System != p.System || in.Code != p.Code {
			t.Errorf("%v, in force, stands for %v", p, in)
		}
	}
}

func TestAFormerCodeHasTheRightsOfTheOneInForce(t *testing.T) {
	t.Parallel()
	assistant, former := Profession{"TRE_R85", "313"}, Profession{"TRE_G15", "35"}
	m := defaultMatrix(t)
	want, _ := m.Row(assistant, "", SeatIntervenant)
	c := circleOf(map[uuid.UUID]Profession{ben: former}, Membership{Person: ben})
	if s := standsAt(t, c, ben, noon, noon); s == nil || s.Reads != want.Reads || s.Writes != want.Writes || s.MaskClass != want.MaskClass {
		t.Errorf("by its former code: %+v", s)
	}
	// A refusal names either code.
	for _, refused := range []Profession{assistant, former} {
		for _, hers := range []Profession{assistant, former} {
			c := circleOf(map[uuid.UUID]Profession{ben: hers}, Membership{Person: ben}).with(Will{Kind: WillOpposition, Profession: refused, Category: Nursing})
			if s := standsAt(t, c, ben, noon, noon); s == nil || s.Reads != want.Reads&^Nursing {
				t.Errorf("a refusal of %v reaches %v: %+v", refused, hers, s)
			}
		}
	}
}

// A territory's own tables may be older than the national ones.
func TestAMatrixMayBeWrittenOfFormerCodes(t *testing.T) {
	t.Parallel()
	categories, actions := DefaultMatrix()
	older := strings.Replace(categories, "TRE_R85,313,*", "TRE_G15,35,*", 1)
	m, err := ParseMatrix(1, Tables{Categories: older, Actions: actions})
	if err != nil {
		t.Fatal(err)
	}
	was, _ := defaultMatrix(t).Row(Profession{"TRE_R85", "313"}, "", SeatIntervenant)
	for _, p := range []Profession{{"TRE_R85", "313"}, {"TRE_G15", "35"}} {
		row, ok := m.Row(p, "", SeatIntervenant)
		if !ok || row.Reads != was.Reads || !m.Knows(p) {
			t.Errorf("%v: %+v", p, row)
		}
	}
	both := strings.Replace(categories, "TRE_R85,313,*", "TRE_G15,35,*,Ancien code,ps,-,-,-,-,-,-,-,-,r\nTRE_R85,313,*", 1)
	if m, err = ParseMatrix(1, Tables{Categories: both, Actions: actions}); err != nil {
		t.Fatal(err)
	}
	if row, _ := m.Row(Profession{"TRE_G15", "35"}, "", SeatIntervenant); row.Reads != was.Reads {
		t.Errorf("the row of the code in force is not the one that counts: %+v", row)
	}
}
