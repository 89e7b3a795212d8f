package events_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/google/uuid"

	"liaison/events"
	"liaison/storage/storagetest"
)

// patience bounds how long a test waits for a signal; nothing waits that long when it works.
const patience = 20 * time.Second

// TestBuses asks the same of every bus.
func TestBuses(t *testing.T) {
	t.Parallel()
	for name, pair := range map[string]func(*testing.T) (near, far events.Bus){
		"memory": func(*testing.T) (events.Bus, events.Bus) { b := events.NewMemory(); return b, b },
		"redis": func(t *testing.T) (events.Bus, events.Bus) {
			server, instance := storagetest.Redis(t), uuid.New()
			return redisBus(t, server.URL, instance), redisBus(t, server.URL, instance)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			near, far := pair(t)
			t.Run("what one node publishes every node hears once, in order", func(t *testing.T) { hearsInOrder(t, near, far) })
			t.Run("a subscriber that leaves hears no more", func(t *testing.T) { leaves(t, near) })
			t.Run("what is local stays in its process", func(t *testing.T) { keepsLocal(t, near, far) })
		})
	}
}

func redisBus(t *testing.T, url string, instance uuid.UUID) events.Bus {
	t.Helper()
	b, err := events.NewRedis(url, instance, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	return b
}

func listen(t *testing.T, b events.Bus) <-chan events.Event {
	t.Helper()
	heard := make(chan events.Event, 4096)
	if err := b.Subscribe(t.Context(), func(e events.Event) { heard <- e }); err != nil {
		t.Fatal(err)
	}
	return heard
}

func next(t *testing.T, heard <-chan events.Event) events.Event {
	t.Helper()
	select {
	case e := <-heard:
		return e
	case <-time.After(patience):
		t.Fatal("nothing heard")
		return events.Event{}
	}
}

func hearsInOrder(t *testing.T, near, far events.Bus) {
	here, there := listen(t, near), listen(t, far)
	channel := uuid.New()
	for i := range 500 {
		near.Publish(events.Event{Type: events.MessageCreated, Channel: channel, Position: int64(i + 1), Epoch: 3, Message: uuid.New()})
	}
	for _, heard := range []<-chan events.Event{here, there} {
		for i := range 500 {
			if e := next(t, heard); e.Position != int64(i+1) || e.Channel != channel || e.Epoch != 3 {
				t.Fatalf("heard %+v, want position %d", e, i+1)
			}
		}
	}
}

func leaves(t *testing.T, b events.Bus) {
	ctx, leave := context.WithCancel(t.Context())
	gone := make(chan events.Event, 16)
	if err := b.Subscribe(ctx, func(e events.Event) { gone <- e }); err != nil {
		t.Fatal(err)
	}
	b.Publish(events.Event{Type: events.Read})
	next(t, gone)
	leave()
	stays := listen(t, b)
	b.Publish(events.Event{Type: events.Read}, events.Event{Type: events.Receipt})
	next(t, stays)
	next(t, stays)
	// One may have been on its way; not both.
	if len(gone) > 1 {
		t.Errorf("heard %d after leaving", len(gone))
	}
}

func keepsLocal(t *testing.T, near, far events.Bus) {
	here, there := listen(t, near), listen(t, far)
	near.Publish(events.Event{Type: events.MessageCreated, Position: 1, Local: "clear text"})
	if e := next(t, here); e.Local != "clear text" {
		t.Errorf("here %v", e.Local)
	}
	if e := next(t, there); near != far && e.Local != nil {
		t.Errorf("there %v", e.Local)
	}
}

func TestRedisComesBack(t *testing.T) {
	t.Parallel()
	server, instance := storagetest.Redis(t), uuid.New()
	near, far := redisBus(t, server.URL, instance), redisBus(t, server.URL, instance)
	here, there := listen(t, near), listen(t, far)
	server.Kill()
	near.Publish(events.Event{Type: events.Read, Position: 1})
	if e := next(t, here); e.Position != 1 {
		t.Errorf("this node heard %+v without Redis", e)
	}
	server.Restart()
	until(t, func() bool { return near.Healthy() && far.Healthy() })
	near.Publish(events.Event{Type: events.Read, Position: 2})
	for e := next(t, there); e.Position != 2; e = next(t, there) {
		t.Logf("heard %+v first", e)
	}
}

// until polls a condition that has no signal of its own.
func until(t *testing.T, ok func() bool) {
	t.Helper()
	poll := time.NewTicker(5 * time.Millisecond)
	defer poll.Stop()
	deadline := time.After(patience)
	for !ok() {
		select {
		case <-poll.C:
		case <-deadline:
			t.Fatal("the condition does not come")
		}
	}
}

func TestCursorsAreSealedToTheirPerson(t *testing.T) {
	t.Parallel()
	person, incarnation := uuid.New(), uuid.New()
	c, err := events.NewCursors(make([]byte, 32), incarnation)
	if err != nil {
		t.Fatal(err)
	}
	one, two := c.Seal(events.Cursor{Person: person, Since: "5:9:7"}), c.Seal(events.Cursor{Person: person, Since: "5:9:7"})
	if one == two {
		t.Error("two cursors of the same place look alike: they tell that nothing happened")
	}
	back, err := c.Open(one, person)
	if err != nil || back.Since != "5:9:7" {
		t.Errorf("%+v, %v", back, err)
	}
	restored, err := events.NewCursors(make([]byte, 32), uuid.New())
	if err != nil {
		t.Fatal(err)
	}
	for name, try := range map[string]func() (events.Cursor, error){
		"somebody else's":        func() (events.Cursor, error) { return c.Open(one, uuid.New()) },
		"of another incarnation": func() (events.Cursor, error) { return restored.Open(one, person) },
		"changed":                func() (events.Cursor, error) { return c.Open("A"+one[1:], person) },
		"nonsense":               func() (events.Cursor, error) { return c.Open("é", person) },
	} {
		if _, err := try(); err == nil {
			t.Errorf("a cursor %s opens", name)
		}
	}
}
