package live_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"liaison/events"
	"liaison/mobile-api/apitest"
)

type fields = map[string]any

// wants sends and wants that status.
func (c circle) wants(t *testing.T, status int, by *apitest.Client, method, path string, body any) {
	t.Helper()
	if a := by.Send(method, path, body, nil); a.Status != status {
		t.Fatalf("%s %s: %d %s", method, path, a.Status, a.Raw)
	}
}

// employed has a structure with a place in the circle, where the carer works; it gives how she leaves it.
func (c circle) employed(t *testing.T, carer *apitest.Client) (leave func()) {
	t.Helper()
	structure, place, belonging := uuid.UUID(apitest.NewID()), apitest.NewID(), apitest.NewID()
	people := "/admin/structures/" + structure.String() + "/people"
	c.wants(t, 201, c.Admin, "POST", "/admin/structures", fields{"id": structure, "kind": "ssiad", "name": "SSIAD"})
	c.wants(t, 201, c.gp, "POST", "/teams/"+c.Circle.ID.String()+"/structures",
		fields{"id": place, "structure_id": structure, "seat": "intervenant", "basis": "care_team_1"})
	c.wants(t, 201, c.Admin, "POST", people, fields{"id": belonging, "professional_id": carer.Person})
	return func() { c.wants(t, 204, c.Admin, "DELETE", people+"/"+belonging.String(), nil) }
}

// Who leaves a structure hears nothing of its circles from then on, connected as she is, on a node that has not heard of it either; her
// screen is told within a second.
func TestWhoLeavesAStructureHearsNothingMore(t *testing.T) {
	t.Parallel()
	c := newCircle(t)
	carer := c.Hire("soignante", apitest.Nurse)
	leave := c.employed(t, carer)
	near, deaf := node(t, c.World, c.Bus), node(t, c.World, events.NewMemory())
	here, there := attach(t, near, c.Actors["soignante"]), attach(t, deaf, c.Actors["soignante"])
	gp, gpThere := attach(t, near, c.Actors["medecin"]), attach(t, deaf, c.Actors["medecin"])
	c.say(t, c.nurse, "organisation", "avant")
	for _, e := range []*ear{here, there, gp, gpThere} {
		if got := e.text(t); got != "avant" {
			t.Fatalf("before she left: %q", got)
		}
	}
	began := time.Now()
	leave()
	if f := here.next(t); f["type"] != "membership" || f["team_id"] != c.Circle.ID.String() {
		t.Errorf("her screen is told %v", f)
	}
	if took := time.Since(began); took > time.Second {
		t.Errorf("told after %s", took)
	}
	c.say(t, c.nurse, "organisation", "après")
	for gp.text(t) != "après" {
	}
	for gpThere.text(t) != "après" {
	}
	for _, e := range []*ear{here, there} {
		for len(e.frames) > 0 {
			if f := e.next(t); f["type"] != "membership" {
				t.Errorf("heard after she left: %v", f)
			}
		}
	}
}

// The journal says through which structure somebody was given a note.
func TestADeliveryNamesTheStructureItWasMadeThrough(t *testing.T) {
	t.Parallel()
	c := newCircle(t)
	carer := c.Hire("soignante", apitest.Nurse)
	c.employed(t, carer)
	here := attach(t, node(t, c.World, c.Bus), c.Actors["soignante"])
	c.say(t, c.nurse, "organisation", "bonjour")
	here.text(t)
	c.journalled(t, `select exists (select from audit_lines l join belongings b on b.person_id::text = $1
		where l.verb = 'message.deliver' and l.detail->'acting'->$1::text ? b.organisation_id::text)`, carer.Person.String())
}
