package access

import (
	"testing"
	"time"

	"github.com/google/uuid"
)

func brokenBy(person uuid.UUID, more ...Membership) Circle {
	c := circleOf(map[uuid.UUID]Profession{ana: Physician, ben: nurseCode, cleo: nurseCode},
		append([]Membership{{Person: ben}, {Person: person, Basis: BasisEmergency, From: noon, Until: noon.Add(4 * time.Hour)}}, more...)...)
	return c
}

func TestAnEmergencyGivesTheRowAndNothingBesides(t *testing.T) {
	s := standsAt(t, brokenBy(cleo), cleo, noon, noon)
	row, _ := defaultMatrix(t).Row(nurseCode, "", SeatIntervenant)
	if s == nil || s.Reads != row.Reads || s.Writes != row.Writes || s.MaskClass != row.MaskClass {
		t.Fatalf("stands %+v, the row is %+v", s, row)
	}
	if s.Alerts != 0 || s.Actions != EndOwnMembership {
		t.Errorf("alerts %s, actions %v", s.Alerts, s.Actions.Codes())
	}
	if !s.Until.Equal(noon.Add(4 * time.Hour)) {
		t.Errorf("until %s", s.Until)
	}
}

func TestAnEmergencyHoldsWhatThePatientRefuses(t *testing.T) {
	c := brokenBy(cleo).with(Will{Kind: WillOpposition, Profession: nurseCode, Category: Medication})
	if s := standsAt(t, c, cleo, noon, noon); s == nil || s.Reads&Medication != 0 {
		t.Errorf("stands %+v", s)
	}
	if s := standsAt(t, c.with(Will{Kind: WillOpposition, Person: cleo}), cleo, noon, noon); s != nil {
		t.Errorf("stands %+v", s)
	}
}

// Who opened the dossier years ago and left does not come back as its manager by breaking the glass.
func TestAFounderInAnEmergencyManagesNothing(t *testing.T) {
	c := brokenBy(ana)
	if s := standsAt(t, c, ana, noon, noon); s == nil || s.Actions != EndOwnMembership {
		t.Errorf("stands %+v", s)
	}
	c = brokenBy(ana, Membership{Person: ana})
	if s := standsAt(t, c, ana, noon, noon); s.Actions&ManageCircle == 0 || s.Alerts != standsAt(t, c, ana, noon, noon.Add(5*time.Hour)).Alerts {
		t.Errorf("beside a place of her own: %+v", s)
	}
}
