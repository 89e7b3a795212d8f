package live

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"liaison/access"
	"liaison/events"
)

// process hands out events in the order of each channel.
func (h *Hub) process(ctx context.Context, evs []events.Event) {
	ready := h.ready(ctx, evs)
	for _, e := range evs {
		switch e.Type {
		case events.Receipt:
			h.receipt(ctx, e)
		case events.Read:
			h.toPerson(e.Person, encode(frame{Type: events.Read, ChannelID: e.Channel, Read: &readUpTo{e.Message}}))
		case events.Alert:
			if !e.Kept() {
				h.alertNotice(ctx, e, ready)
				continue
			}
			h.kept(ctx, e, ready)
		case events.SessionRevoked:
			h.CutSessions([]uuid.UUID{e.Session}, SessionRevoked)
		case events.KeyDestroyed:
			h.Forget(e.Space)
		default:
			h.kept(ctx, e, ready)
		}
	}
}

// ready is what was loaded to be handed out, by message. Nil: it could not be.
type ready struct {
	messages map[uuid.UUID]*access.Deliverable
	alerts   map[uuid.UUID]*access.Deliverable
	present  access.Present
}

// asOf is the epoch and time of what an event hands out. What was loaded says what a message says by now, which whoever lost
// access since the event must not be given in its name.
func (r *ready) asOf(e events.Event) (epoch int64, at time.Time) {
	if r == nil || e.Local != nil {
		return e.Epoch, e.At
	}
	return max(e.Epoch, r.present.Epochs[e.Channel]), r.present.At
}

// of gives what an event hands out; false when it could not be loaded. Nothing: gone or unreadable for ever.
func (r *ready) of(e events.Event) (d *access.Deliverable, loaded bool) {
	if local, ok := e.Local.(*access.Deliverable); ok {
		return local, true
	}
	if r == nil {
		return nil, false
	}
	if e.Type == events.Alert {
		return r.alerts[e.Message], true
	}
	return r.messages[e.Message], true
}

// ready loads together the messages and alerts that other nodes committed. One whose load fails is found again by the next
// tick.
func (h *Hub) ready(ctx context.Context, evs []events.Event) *ready {
	var missing []events.Event
	var alerts, channels []uuid.UUID
	for _, e := range evs {
		switch {
		case e.Local != nil || h.watched(e.Channel) == nil:
			continue
		case isMessage(e):
			missing = append(missing, e)
		case e.Type == events.Alert:
			alerts = append(alerts, e.Message)
		}
		channels = append(channels, e.Channel)
	}
	if len(missing)+len(alerts) == 0 {
		return nil
	}
	out := &ready{}
	err := h.Gate.Relay(ctx, func(sc access.Scope) (err error) {
		if len(missing) > 0 {
			if out.messages, err = h.Messages.Deliverables(ctx, sc, missing); err != nil {
				return err
			}
		}
		if len(alerts) > 0 {
			if out.alerts, err = h.Alerts.Deliverables(ctx, sc, alerts); err != nil {
				return err
			}
		}
		out.present, err = sc.Present(ctx, channels)
		return err
	})
	if err != nil {
		if ctx.Err() == nil {
			h.Log.Warn("load what is to be delivered", "count", len(missing)+len(alerts), "error", err)
		}
		return nil
	}
	return out
}

func isMessage(e events.Event) bool { return strings.HasPrefix(e.Type, "message.") }

// kept hands out an event that has a place in its channel: the next one at once, a later one after those in between, an
// older one never again.
func (h *Hub) kept(ctx context.Context, e events.Event, ready *ready) {
	w := h.watched(e.Channel)
	if w == nil {
		if e.Type == events.Membership {
			h.standingChanged(ctx, e)
		}
		return
	}
	switch {
	case e.Position <= w.delivered:
	case e.Position == w.delivered+1:
		if h.deliver(ctx, e, ready) {
			w.delivered = e.Position
		}
	default:
		_ = h.catchUp(ctx, e.Channel, w) // what it could not hand out the next tick tries again
	}
}

// catchUp reads from the database what this node missed of a channel: whoever sees a position sees all before it, for
// they were taken under the channel's lock.
func (h *Hub) catchUp(ctx context.Context, channel uuid.UUID, w *watch) (all bool) {
	for {
		evs, err := h.Gate.EventsAfter(ctx, channel, w.delivered)
		if err != nil {
			if ctx.Err() == nil {
				h.Log.Warn("catch up", "channel", channel, "error", err)
			}
			return false
		}
		ready := h.ready(ctx, evs)
		for _, e := range evs {
			if !h.deliver(ctx, e, ready) {
				return false
			}
			w.delivered = e.Position
		}
		if len(evs) < access.EventsMost {
			return true
		}
	}
}

// deliver gives an event to its audience; false when it could not be made ready and must be tried again.
func (h *Hub) deliver(ctx context.Context, e events.Event, ready *ready) bool {
	if e.Type == events.Membership {
		h.standingChanged(ctx, e)
		return true
	}
	epoch, at := ready.asOf(e)
	audience, err := h.Audiences.For(ctx, e.Channel, epoch, at)
	if err != nil {
		if ctx.Err() == nil {
			h.Log.Warn("audience", "channel", e.Channel, "error", err)
		}
		return false
	}
	d, loaded := ready.of(e)
	if !loaded {
		return false
	}
	if d != nil {
		h.send(e, audience, d)
	}
	return true
}

// alertNotice tells who raised an alert how far it got, while she stands where she did.
func (h *Hub) alertNotice(ctx context.Context, e events.Event, ready *ready) {
	if len(h.listeners(e.Person)) == 0 {
		return
	}
	epoch, at := ready.asOf(e)
	audience, err := h.Audiences.For(ctx, e.Channel, epoch, at)
	if err != nil {
		return
	}
	d, _ := ready.of(e)
	standing, stands := audience.Of(e.Person)
	if d != nil && stands && standing.Visible(d.Facts) {
		h.toPerson(e.Person, &Frame{Data: d.Full})
	}
}

func (h *Hub) send(e events.Event, audience *access.Audience, d *access.Deliverable) {
	full, rootless, lost := audience.Deliver(*d, e.Position)
	reached := h.toAll(full, &Frame{Data: d.Full}, nil)
	reached = h.toAll(rootless, &Frame{Data: d.Rootless}, reached)
	h.toAll(lost, &Frame{Data: d.Lost}, nil)
	// A frame of ids reads nothing: only messages are journalled.
	if len(reached) > 0 && isMessage(e) {
		h.journal.add(access.Delivery{Space: e.Space, Message: e.Message, To: reached, Through: audience.Through(reached)})
	}
}

// toAll sends one frame to everybody on this node among people, and gives who was reached.
func (h *Hub) toAll(people []uuid.UUID, f *Frame, reached []uuid.UUID) []uuid.UUID {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, person := range people {
		p := h.people[person]
		if p == nil {
			continue
		}
		for _, l := range p.listeners {
			l.stale.Store(true)
			l.Send(f)
		}
		reached = append(reached, person)
	}
	return reached
}

func (h *Hub) toPerson(person uuid.UUID, f *Frame) {
	for _, l := range h.listeners(person) {
		l.Send(f)
	}
}

// standingChanged tells a person that her standing changed, so that her screen drops or gains the dossier at once, and those
// who manage the circle. Nobody else: that something changed may be the patient's refusal.
func (h *Hub) standingChanged(ctx context.Context, e events.Event) {
	// Of another channel of the space, an event from before the change may still be waiting here.
	h.Audiences.DropSpace(e.Space)
	f := encode(frame{Type: events.Membership, ChannelID: e.Channel, TeamID: &e.Space})
	if len(h.listeners(e.Person)) > 0 {
		changed, err := h.follow(ctx, e.Person)
		if err != nil && ctx.Err() == nil {
			h.Log.Warn("follow", "person", e.Person, "error", err)
		}
		h.toPerson(e.Person, f)
		h.tellStreams(e.Person, slices.DeleteFunc(changed, func(s access.Stream) bool { return s.Channel == e.Channel }))
	}
	audience, err := h.Audiences.For(ctx, e.Channel, e.Epoch, e.At)
	if err != nil {
		return
	}
	for _, s := range audience.Standings {
		if s.Person != e.Person && s.Actions&(access.ManageCircle|access.SeeFullReasons) != 0 {
			h.toPerson(s.Person, f)
		}
	}
}

// receipt tells an author how far a message got, while she stands where she wrote it.
func (h *Hub) receipt(ctx context.Context, e events.Event) {
	if len(h.listeners(e.Person)) == 0 {
		return
	}
	audience, err := h.Audiences.For(ctx, e.Channel, e.Epoch, e.At)
	if err != nil {
		return
	}
	if _, stands := audience.Of(e.Person); !stands {
		return
	}
	by := named{ID: e.By, DisplayName: h.Names(ctx, e.By)}
	h.toPerson(e.Person, encode(frame{
		Type: events.Receipt, ChannelID: e.Channel,
		Receipt: &receiptOf{MessageID: e.Message, Professional: by, State: e.State, At: e.At.UTC()},
	}))
}

// frame is every frame but a message's.
type frame struct {
	Type      string     `json:"type"`
	ChannelID uuid.UUID  `json:"channel_id"`
	TeamID    *uuid.UUID `json:"team_id,omitempty"`
	Receipt   *receiptOf `json:"receipt,omitempty"`
	Read      *readUpTo  `json:"read,omitempty"`
}

type receiptOf struct {
	MessageID    uuid.UUID `json:"message_id"`
	Professional named     `json:"professional"`
	State        string    `json:"state"`
	At           time.Time `json:"at"`
}

type named struct {
	ID          uuid.UUID `json:"id"`
	DisplayName string    `json:"display_name"`
}

type readUpTo struct {
	MessageID uuid.UUID `json:"message_id"`
}

func encode(v any) *Frame {
	data, err := json.Marshal(v)
	if err != nil {
		panic("a frame of ids does not encode: " + err.Error())
	}
	return &Frame{Data: data}
}
