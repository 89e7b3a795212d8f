package live

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"liaison/access"
	"liaison/events"
)

// Messages makes committed messages ready for their listeners (chat).
type Messages interface {
	Deliverables(ctx context.Context, sc access.Scope, evs []events.Event) (map[uuid.UUID]*access.Deliverable, error)
}

// Alerts makes alerts ready for their listeners, by message (notifications).
type Alerts interface {
	Deliverables(ctx context.Context, sc access.Scope, messages []uuid.UUID) (map[uuid.UUID]*access.Deliverable, error)
}

// Sessions tells which sessions have ended (accounts).
type Sessions interface {
	RevokedAmong(ctx context.Context, sessions []uuid.UUID) ([]uuid.UUID, error)
}

// Names says how a person is shown (accounts).
type Names func(ctx context.Context, person uuid.UUID) string

// Config is what a hub works with.
type Config struct {
	Gate      *access.Gate
	Audiences *access.Audiences
	Bus       events.Bus
	Messages  Messages
	Alerts    Alerts
	Sessions  Sessions
	Names     Names
	Cursors   *events.Cursors
	Forget    func(space uuid.UUID) // a key was destroyed elsewhere
	Node      string
	Log       *slog.Logger
}

// Hub delivers what happened to the sockets of this node.
type Hub struct {
	Config
	mu       sync.Mutex
	people   map[uuid.UUID]*presence
	channels map[uuid.UUID]*watch
	inbox    chan struct{}
	waiting  []events.Event
	journal  *journal

	// Of the worker alone.
	horizon events.Horizon
	healthy bool
	ticks   int
	ticked  atomic.Int64 // unix nanoseconds of the last comparison with the database
}

// presence is a person with sockets on this node.
type presence struct {
	following sync.Mutex // held while channels are read and taken up: what was read first must not be taken up last
	listeners []*Listener
	channels  []uuid.UUID
}

// watch is a channel somebody on this node stands in. delivered is the position up to which this node has handed out.
type watch struct {
	space     uuid.UUID
	delivered int64
	people    int
}

// NewHub makes a hub; Run must be running for anything to be delivered.
func NewHub(cfg Config) *Hub {
	return &Hub{
		Config: cfg, people: map[uuid.UUID]*presence{}, channels: map[uuid.UUID]*watch{}, inbox: make(chan struct{}, 1),
		journal: newJournal(cfg.Gate, cfg.Node, cfg.Log),
	}
}

// Run delivers until ctx ends; then what waits is written to the journal.
func (h *Hub) Run(ctx context.Context) error {
	h.ticked.Store(time.Now().UnixNano())
	if err := h.Bus.Subscribe(ctx, h.hear); err != nil {
		return fmt.Errorf("subscribe to events: %w", err)
	}
	var writing sync.WaitGroup
	writing.Go(func() { h.journal.run(ctx) })
	writing.Go(func() { h.heartbeat(ctx) })
	defer writing.Wait()
	tick := time.NewTicker(tickPause)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-h.inbox:
			h.process(ctx, h.take())
		case <-tick.C:
			if err := h.tick(ctx); err != nil && ctx.Err() == nil {
				h.Log.Warn("compare with the database", "error", err)
			}
		}
	}
}

func (h *Hub) hear(e events.Event) {
	h.mu.Lock()
	h.waiting = append(h.waiting, e)
	h.mu.Unlock()
	select {
	case h.inbox <- struct{}{}:
	default:
	}
}

func (h *Hub) take() []events.Event {
	h.mu.Lock()
	defer h.mu.Unlock()
	evs := h.waiting
	h.waiting = nil
	return evs
}

// Attach begins to deliver to a listener. What was committed before it returns is found by the client's next sync.
func (h *Hub) Attach(ctx context.Context, l *Listener) error {
	h.mu.Lock()
	p := h.people[l.Person]
	if p == nil {
		p = &presence{}
		h.people[l.Person] = p
	}
	p.listeners = append(p.listeners, l)
	h.mu.Unlock()
	// Also for a second socket: the first one's channels may not be watched yet.
	_, err := h.follow(ctx, l.Person)
	return err
}

// Detach ends delivery to a listener.
func (h *Hub) Detach(l *Listener) {
	h.mu.Lock()
	defer h.mu.Unlock()
	p := h.people[l.Person]
	if p == nil {
		return
	}
	for i, other := range p.listeners {
		if other == l {
			p.listeners = append(p.listeners[:i:i], p.listeners[i+1:]...)
			break
		}
	}
	if len(p.listeners) == 0 {
		h.unwatch(p.channels)
		delete(h.people, l.Person)
	}
}

// follow brings the channels watched for a person to those she stands in, or will. It gives the new ones and those that are no
// longer hers: nothing else will tell her of a loss once nobody here watches the channel.
func (h *Hub) follow(ctx context.Context, person uuid.UUID) ([]access.Stream, error) {
	h.mu.Lock()
	p := h.people[person]
	h.mu.Unlock()
	if p == nil {
		return nil, nil
	}
	p.following.Lock()
	defer p.following.Unlock()
	streams, err := h.Gate.StreamsOf(ctx, person)
	if err != nil {
		return nil, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.people[person] != p {
		return nil, nil
	}
	held := map[uuid.UUID]bool{}
	for _, id := range p.channels {
		held[id] = true
	}
	var changed []access.Stream
	ids := make([]uuid.UUID, 0, len(streams))
	for _, s := range streams {
		ids = append(ids, s.Channel)
		h.watch(s)
		if !held[s.Channel] {
			changed = append(changed, s)
		}
		delete(held, s.Channel)
	}
	for id := range held {
		if w := h.channels[id]; w != nil {
			changed = append(changed, access.Stream{Channel: id, Space: w.space})
		}
	}
	h.unwatch(p.channels)
	p.channels = ids
	return changed, nil
}

func (h *Hub) watch(s access.Stream) {
	w := h.channels[s.Channel]
	if w == nil {
		w = &watch{space: s.Space, delivered: s.Head}
		h.channels[s.Channel] = w
	}
	w.people++
}

func (h *Hub) unwatch(channels []uuid.UUID) {
	for _, id := range channels {
		w := h.channels[id]
		if w == nil {
			continue
		}
		if w.people--; w.people == 0 {
			delete(h.channels, id)
			h.Audiences.Drop(id)
		}
	}
}

// listeners gives the sockets of a person on this node.
func (h *Hub) listeners(person uuid.UUID) []*Listener {
	h.mu.Lock()
	defer h.mu.Unlock()
	if p := h.people[person]; p != nil {
		return append([]*Listener(nil), p.listeners...)
	}
	return nil
}

func (h *Hub) watched(channel uuid.UUID) *watch {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.channels[channel]
}

// Lag is how long ago this node last compared what it handed out with the database.
func (h *Hub) Lag() time.Duration { return time.Since(time.Unix(0, h.ticked.Load())) }

// Sockets counts the connected sockets.
func (h *Hub) Sockets() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	n := 0
	for _, p := range h.people {
		n += len(p.listeners)
	}
	return n
}

// SocketsOf counts the sockets of one person.
func (h *Hub) SocketsOf(person uuid.UUID) int { return len(h.listeners(person)) }

// CutSessions closes the sockets of ended sessions.
func (h *Hub) CutSessions(ended []uuid.UUID, c Close) {
	gone := map[uuid.UUID]bool{}
	for _, id := range ended {
		gone[id] = true
	}
	for _, l := range h.all() {
		if gone[l.Session] {
			l.Cut(c)
		}
	}
}

// CutAll closes every socket: the node stops.
func (h *Hub) CutAll(c Close) {
	for _, l := range h.all() {
		l.Cut(c)
	}
}

func (h *Hub) all() []*Listener {
	h.mu.Lock()
	defer h.mu.Unlock()
	var out []*Listener
	for _, p := range h.people {
		out = append(out, p.listeners...)
	}
	return out
}
