package live_test

import (
	"net/http"
	"testing"

	"github.com/google/uuid"

	"liaison/events"
	"liaison/mobile-api/apitest"
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
	// As the node that commits them tells them, with what it has in hand: nothing is loaded anew.
	heard := make(chan events.Event, 16)
	if err := c.Bus.Subscribe(t.Context(), func(e events.Event) { heard <- e }); err != nil {
		t.Fatal(err)
	}
	c.say(t, c.nurse, "organisation", "entre deux")
	c.Leave(c.Circle, c.gp, c.help)
	waiting := map[uuid.UUID][]events.Event{}
	for losses := 0; losses < 2; {
		e := <-heard
		waiting[e.Channel] = append(waiting[e.Channel], e)
		if e.Type == events.Membership {
			losses++
		}
	}
	bus.Publish(append(waiting[c.Discussion], waiting[c.Notebook]...)...)
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

// A node that is late hands out what a message says by now. Who lost access between its post and its correction was in the audience of
// the post, and is not given the correction in its name.
func TestALateNodeGivesNoCorrectionToWhoLeftBeforeIt(t *testing.T) {
	t.Parallel()
	c := newCircle(t)
	bus := events.NewMemory()
	hub := node(t, c.World, bus)
	gp, help := attach(t, hub, c.Actors["medecin"]), attach(t, hub, c.Actors["aide"])
	c.say(t, c.nurse, "organisation", "avant") // both audiences are known to the node from now on
	if a, b := gp.text(t), help.text(t); a != "avant" || b != "avant" {
		t.Fatalf("before the loss %q, %q", a, b)
	}
	id := apitest.NewID().String()
	posted := c.nurse.Send("POST", "/channels/"+c.Notebook.String()+"/messages", map[string]any{"id": id, "category": "organisation", "text": "visite à 9 h"}, nil)
	c.Leave(c.Circle, c.gp, c.help)
	amended := c.nurse.Send("PATCH", "/messages/"+id, map[string]any{"text": "visite à 10 h", "reason": "faute"}, http.Header{"If-Match": {"1"}})
	if posted.Status != 201 || amended.Status != 200 {
		t.Fatalf("posted %s, amended %s", posted.Raw, amended.Raw)
	}
	late, err := c.Gate.EventsAfter(t.Context(), c.Notebook, 0)
	if err != nil {
		t.Fatal(err)
	}
	bus.Publish(late...)
	if got := gp.text(t); got != "visite à 10 h" {
		t.Errorf("physician heard %q", got)
	}
	for told := 0; told < 2; { // of the loss: on both channels
		if f := help.next(t); f["type"] == "membership" {
			told++
		} else {
			t.Errorf("the home help who left heard %v", f)
		}
	}
}
