package matrices

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"liaison/access"
)

var (
	nurse     = access.Profession{System: "TRE_G15", Code: "60"}
	physician = access.Profession{System: "TRE_G15", Code: "10"}
)

// matrix is the default one with the nurses' row replaced.
func matrix(t *testing.T, row string) *access.Matrix {
	t.Helper()
	categories, actions := access.DefaultMatrix()
	lines := strings.Split(categories, "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, "TRE_G15,60,*,") && row != "" {
			lines[i] = row
		}
	}
	m, err := access.ParseMatrix(1, access.Tables{Categories: strings.Join(lines, "\n"), Actions: actions})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func circle(at time.Time, places map[uuid.UUID]access.Profession) access.Circle {
	c := access.Circle{Space: uuid.New(), Professions: places}
	for person := range places {
		c.Memberships = append(c.Memberships, access.Membership{Person: person, Seat: access.SeatIntervenant, Basis: "care_team_1", From: at.Add(-time.Hour), Until: access.Forever})
	}
	return c
}

// One nurse in two circles and a physician in both: who changes is counted once as a person and once a circle.
func TestWhatADraftWouldChangeIsCounted(t *testing.T) {
	at := time.Now()
	who, doctor := uuid.New(), uuid.New()
	after := matrix(t, "TRE_G15,60,*,Infirmier,psocial,r,-,rwa,r,r,r,r,r,rwa")
	tally := newTally(matrix(t, "TRE_G15,60,*,Infirmier,ps,-,rw,rwa,r,r,r,r,r,rwa"), after, at)
	for range 2 {
		tally.add(circle(at, map[uuid.UUID]access.Profession{who: nurse, doctor: physician}))
	}
	tally.add(circle(at, map[uuid.UUID]access.Profession{doctor: physician}))
	got := tally.simulation()
	if got.Teams != 3 || got.Memberships != 5 || got.ChangedTeams != 2 || got.ChangedPeople != 1 || got.UnmanagedTeams != 0 || len(got.Professions) != 1 {
		t.Fatalf("got %+v", got)
	}
	change := got.Professions[0]
	gain, losses := Right{"medical", "read"}, []Right{{"medication", "read"}, {"medication", "write"}}
	if change.Profession != nurse || change.Count != (Count{1, 2}) || !change.Masks || len(change.Gains) != 1 || change.Gains[0] != (RightChange{gain, Count{1, 2}}) ||
		len(change.Losses) != 2 || change.Losses[0].Right != losses[0] || change.Losses[1].Right != losses[1] {
		t.Fatalf("got %+v", change)
	}
	if len(got.Examples) != 1 || got.Examples[0].Person != who || got.Examples[0].Teams != 2 {
		t.Errorf("got %+v", got.Examples)
	}
	if none := newTally(after, after, at).simulation(); none.Professions == nil || none.Actions == nil || none.Examples == nil {
		t.Error("an empty list is a list")
	}
}

// A circle that somebody manages now and nobody afterwards is counted: before it is published, not after.
func TestCirclesLeftWithoutAManagerAreCounted(t *testing.T) {
	at := time.Now()
	categories, actions := access.DefaultMatrix()
	var kept []string
	for _, line := range strings.Split(actions, "\n") {
		if !strings.HasPrefix(line, "manage_circle,") {
			kept = append(kept, line)
		}
	}
	after, err := access.ParseMatrix(2, access.Tables{Categories: categories, Actions: strings.Join(kept, "\n")})
	if err != nil {
		t.Fatal(err)
	}
	tally := newTally(matrix(t, ""), after, at)
	doctor := uuid.New()
	managed := circle(at, map[uuid.UUID]access.Profession{doctor: physician})
	managed.Memberships[0].Seat = access.SeatMedecinTraitant
	founded := managed
	founded.Founder = doctor // manages while nobody else does
	tally.add(managed)
	tally.add(founded)
	got := tally.simulation()
	if got.UnmanagedTeams != 1 || len(got.Actions) == 0 || got.Actions[0].Action != "manage_circle" || got.Actions[0].Losses != (Count{1, 1}) {
		t.Errorf("got %+v", got)
	}
}
