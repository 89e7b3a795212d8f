package live_test

import (
	"testing"

	"github.com/google/uuid"

	"liaison/events"
)

// Two channels of a space are told apart from each other: the loss may be told by one while the other still waits to say
// something from before it. That must not come afterwards, to a screen that has just dropped the patient.
func TestNothingFromBeforeALossComesAfterItWasTold(t *testing.T) {
	t.Parallel()
	c := newCircle(t)
	bus := events.NewMemory() // of this node alone: what it hears, and in which order, is the test's to say
	hub := node(t, c.World, bus)
	gp, help := attach(t, hub, c.Actors["medecin"]), attach(t, hub, c.Actors["aide"])
	c.say(t, c.nurse, "organisation", "avant")
	if a, b := gp.text(t), help.text(t); a != "avant" || b != "avant" {
		t.Fatalf("before the loss %q, %q", a, b)
	}
	c.say(t, c.nurse, "organisation", "entre deux")
	c.Leave(c.Circle, c.gp, c.help)
	var late []events.Event
	for _, channel := range []uuid.UUID{c.Discussion, c.Notebook} {
		evs, err := c.Gate.EventsAfter(t.Context(), channel, 0)
		if err != nil {
			t.Fatal(err)
		}
		late = append(late, evs...)
	}
	bus.Publish(late...)
	if got := gp.text(t); got != "entre deux" {
		t.Errorf("physician heard %q", got)
	}
	// The first channel tells of the loss on both, the second once more, after its message.
	for told := 0; told < 3; {
		f := help.next(t)
		if f["type"] == "membership" {
			told++
		} else if told > 0 {
			t.Errorf("heard after the loss was told: %v", f)
		}
	}
}
