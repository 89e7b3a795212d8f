package live_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"testing"
	"time"

	"github.com/google/uuid"

	"liaison/access"
	"liaison/events"
	"liaison/live"
	"liaison/mobile-api/apitest"
)

const patience = 20 * time.Second

// ear is a socket that a test listens at.
type ear struct {
	frames chan map[string]any
	closed chan live.Close
}

func newEar() *ear { return &ear{make(chan map[string]any, 4096), make(chan live.Close, 4)} }

func (e *ear) Write(frames []*live.Frame) error {
	for _, f := range frames {
		var m map[string]any
		if err := json.Unmarshal(f.Data, &m); err != nil {
			return err
		}
		if m["type"] != "ping" && m["type"] != "mark" {
			e.frames <- m
		}
	}
	return nil
}
func (e *ear) Ping()              {}
func (e *ear) Close(c live.Close) { e.closed <- c }

func (e *ear) next(t *testing.T) map[string]any {
	t.Helper()
	select {
	case f := <-e.frames:
		return f
	case <-time.After(patience):
		t.Fatal("nothing heard")
		return nil
	}
}

// text waits for the next message's text.
func (e *ear) text(t *testing.T) string {
	t.Helper()
	for {
		if m, ok := e.next(t)["message"].(map[string]any); ok {
			return fmt.Sprint(m["text"])
		}
	}
}

// node is a hub on a world's database, with a bus of its own choosing.
func node(t *testing.T, w *apitest.World, bus events.Bus) *live.Hub {
	t.Helper()
	cursors, err := events.NewCursors(make([]byte, 32), uuid.New())
	if err != nil {
		t.Fatal(err)
	}
	hub := live.NewHub(live.Config{
		Gate: w.Gate, Audiences: access.NewAudiences(w.DB.DB), Bus: bus, Messages: w.Chat, Sessions: w.Accounts,
		Names: func(context.Context, uuid.UUID) string { return "" }, Cursors: cursors, Forget: w.Vault.Forget, Node: "test",
		Log: slog.New(slog.NewTextHandler(t.Output(), nil)),
	})
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := hub.Run(ctx); err != nil {
			t.Error(err)
		}
	}()
	t.Cleanup(func() { stop(); <-done })
	return hub
}

func attach(t *testing.T, hub *live.Hub, a access.Actor) *ear {
	t.Helper()
	e := newEar()
	l := live.NewListener(a.Person, a.Session, e)
	if err := hub.Attach(t.Context(), l); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { hub.Detach(l) })
	return e
}

// circle is a physician, a nurse and a home help round one patient.
type circle struct {
	*apitest.World
	apitest.Circle
	gp, nurse, help *apitest.Client
}

func newCircle(t *testing.T) circle {
	t.Helper()
	w := apitest.New(t)
	c := circle{World: w}
	c.gp = w.Hire("medecin", access.Profession{System: "TRE_G15", Code: "10"})
	c.nurse = w.Hire("infirmiere", access.Profession{System: "TRE_G15", Code: "60"})
	c.help = w.Hire("aide", access.Profession{System: "TRE_R85", Code: "372"})
	c.Circle = w.Open("MARCILLAC", c.gp, c.nurse, c.help)
	return c
}

func (c circle) say(t *testing.T, from *apitest.Client, category, text string) {
	t.Helper()
	status, answer := from.Do("POST", "/channels/"+c.Notebook.String()+"/messages", map[string]any{
		"id": apitest.NewID(), "category": category, "text": text,
	})
	if status != 201 {
		t.Fatalf("post: %d %v", status, answer)
	}
}

func TestEachHearsWhatTheMatrixAllows(t *testing.T) {
	t.Parallel()
	c := newCircle(t)
	hub := node(t, c.World, c.Bus)
	gp, help := attach(t, hub, c.Actors["medecin"]), attach(t, hub, c.Actors["aide"])
	c.say(t, c.nurse, "nursing", "soins")
	c.say(t, c.nurse, "daily_life", "repas")
	if a, b := gp.text(t), gp.text(t); a != "soins" || b != "repas" {
		t.Errorf("physician heard %q, %q", a, b)
	}
	if got := help.text(t); got != "repas" {
		t.Errorf("home help heard %q", got)
	}
}

// A node that hears no hint at all finds everything from the database within five seconds.
func TestADeafNodeFindsEverythingWithinFiveSeconds(t *testing.T) {
	t.Parallel()
	c := newCircle(t)
	deaf := node(t, c.World, events.NewMemory())
	gp := attach(t, deaf, c.Actors["medecin"])
	for i := range 5 {
		c.say(t, c.nurse, "nursing", fmt.Sprint(i))
	}
	began := time.Now()
	for i := range 5 {
		if got := gp.text(t); got != fmt.Sprint(i) {
			t.Fatalf("heard %q, want %d", got, i)
		}
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("found after %s", took)
	}
}

// What was said after somebody lost access never reaches her, on a node that has not heard of the loss either; others go on.
func TestNothingIsHeardAfterALossOfAccess(t *testing.T) {
	t.Parallel()
	c := newCircle(t)
	for name, bus := range map[string]events.Bus{"near": c.Bus, "deaf": events.NewMemory()} {
		hub := node(t, c.World, bus)
		gp, help := attach(t, hub, c.Actors["medecin"]), attach(t, hub, c.Actors["aide"])
		c.say(t, c.nurse, "organisation", "avant")
		if a, b := gp.text(t), help.text(t); a != "avant" || b != "avant" {
			t.Fatalf("%s: before the loss %q, %q", name, a, b)
		}
		c.Leave(c.Circle, c.gp, c.help)
		c.say(t, c.nurse, "organisation", "après")
		for gp.text(t) != "après" {
		}
		// The loss itself is told, at least once, and nothing but it.
		for first := true; first || len(help.frames) > 0; first = false {
			if f := help.next(t); f["type"] != "membership" || f["team_id"] != c.Circle.ID.String() {
				t.Errorf("%s: heard after the loss: %v", name, f)
			}
		}
		c.Join(c.Circle, c.gp, c.help)
	}
}

func TestARevokedSessionIsCut(t *testing.T) {
	t.Parallel()
	c := newCircle(t)
	deaf := node(t, c.World, events.NewMemory())
	gp := attach(t, deaf, c.Actors["medecin"])
	if err := c.Accounts.SignOut(t.Context(), c.Actors["medecin"]); err != nil {
		t.Fatal(err)
	}
	select {
	case code := <-gp.closed:
		if code != live.SessionRevoked {
			t.Errorf("closed with %v", code)
		}
	case <-time.After(5 * time.Second):
		t.Error("still open after five seconds")
	}
}

// stuck never finishes writing.
type stuck struct {
	*ear
	hold chan struct{}
}

func (s stuck) Write([]*live.Frame) error { <-s.hold; return nil }

func TestASlowReaderIsCutAndNeverWaitedFor(t *testing.T) {
	t.Parallel()
	s := stuck{newEar(), make(chan struct{})}
	t.Cleanup(func() { close(s.hold) })
	l := live.NewListener(uuid.New(), uuid.New(), s)
	for range 1000 {
		l.Send(&live.Frame{Data: []byte("{}")})
	}
	select {
	case code := <-s.closed:
		if code != live.SlowReader {
			t.Errorf("closed with %v", code)
		}
	case <-time.After(patience):
		t.Error("not cut")
	}
}

func TestDeliveriesAreJournalledWithWhoGotThem(t *testing.T) {
	t.Parallel()
	c := newCircle(t)
	hub := node(t, c.World, c.Bus)
	gp := attach(t, hub, c.Actors["medecin"])
	c.say(t, c.nurse, "nursing", "soins")
	gp.text(t)
	c.journalled(t, `select exists (select from audit_lines where verb = 'message.deliver' and detail->'to' ? $1)`, c.Actors["medecin"].Person.String())
}

// journalled waits for the line that a question finds: it is written after the delivery.
func (c circle) journalled(t *testing.T, question string, args ...any) {
	t.Helper()
	poll := time.NewTicker(20 * time.Millisecond)
	defer poll.Stop()
	deadline := time.After(patience)
	for {
		var found bool
		if err := c.DB.DB.Pool.QueryRow(t.Context(), question, args...).Scan(&found); err != nil {
			t.Fatal(err)
		}
		if found {
			return
		}
		select {
		case <-poll.C:
		case <-deadline:
			t.Fatal("no line")
		}
	}
}

// A screen that shows a message loses it when it is narrowed away from its reader, and hears nothing of what it says; who never read it
// hears nothing at all.
func TestWhoLosesANarrowedMessageHearsItsIDOnly(t *testing.T) {
	t.Parallel()
	c := newCircle(t)
	hub := node(t, c.World, c.Bus)
	gp, help := attach(t, hub, c.Actors["medecin"]), attach(t, hub, c.Actors["aide"])
	id := apitest.NewID().String()
	posted := c.nurse.Send("POST", "/channels/"+c.Notebook.String()+"/messages", map[string]any{"id": id, "category": "nursing", "text": "photo"}, nil)
	if gp.text(t) != "photo" || posted.Status != 201 {
		t.Fatalf("not posted: %s", posted.Raw)
	}
	to := map[string]any{"only_to": []any{c.nurse.Person}, "reason": "adressée trop largement"}
	if done := c.nurse.Send("POST", "/messages/"+id+"/narrow", to, http.Header{"If-Match": {"1"}}); done.Status != 200 {
		t.Fatalf("not narrowed: %s", done.Raw)
	}
	c.say(t, c.nurse, "daily_life", "après")
	want := map[string]any{"type": "message.narrowed", "channel_id": c.Notebook.String(), "message_id": id}
	if got := gp.next(t); !maps.Equal(got, want) {
		t.Errorf("the physician heard %v", got)
	}
	if got := help.text(t); got != "après" || len(help.frames) > 0 {
		t.Errorf("the home help heard %q", got)
	}
}
