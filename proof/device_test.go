package proof

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/gorilla/websocket"
)

// shown is a message as any face of the product shows it.
type shown struct {
	ID        string `json:"id"`
	ChannelID string `json:"channel_id"`
	Author    struct{ ID string }
	Category  string   `json:"category"`
	Text      string   `json:"text"`
	ThreadID  *string  `json:"thread_id"`
	Masks     []string `json:"masks"`
	OnlyTo    []string `json:"only_to"`
	Revision  int      `json:"revision"`
	State     string   `json:"state"`
	Documents []enclosed
	Replies   *struct{ Count, Unread int }
	Receipts  *struct{ Delivered, Seen, Of int }
}

type list[T any] struct {
	Items []T     `json:"items"`
	Next  *string `json:"next"`
}

// told is a live frame or an event of a sync.
type told struct {
	Type      string `json:"type"`
	ChannelID string `json:"channel_id"`
	Message   *shown `json:"message"`
	MessageID string `json:"message_id"` // of one that was narrowed, and is no longer hers
	Receipt   *struct {
		MessageID string `json:"message_id"`
	} `json:"receipt"`
	Alert *struct {
		MessageID string `json:"message_id"`
	} `json:"alert"`
}

type caughtUp struct {
	Cursor   string
	More     bool
	Channels []struct {
		ID     string
		Unread int
		LastAt *string `json:"last_at"`
	}
	Events []told
	Resets []struct {
		ChannelID string `json:"channel_id"`
		Reason    string
	}
}

// heard is one message that reached a person, by whatever way.
type heard struct {
	id       string
	revision int
	by       string
}

// device is a client of one person, with what it holds of each channel. A live one applies frames; both catch up by sync.
type device struct {
	*world
	*person
	node int
	conn *websocket.Conn

	mu     sync.Mutex
	cursor string
	holds  map[string]map[string]shown
	heard  []heard
	alerts []string // messages whose alert was told, by whatever way
	lost   []string // messages told to be no longer hers
	frames []told
	broken string
	waits  map[string]chan struct{}
	ended  chan struct{}
}

func (w *world) device(p *person, node int) *device {
	return &device{world: w, person: p, node: node, holds: map[string]map[string]shown{}, waits: map[string]chan struct{}{}, ended: make(chan struct{})}
}

// start reads everything once, as a client does at its first start.
func (d *device) start() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.sync()
}

// connect opens the socket, waits until it says hello, then starts: what came before the socket is in the lists.
func (d *device) connect() {
	address := strings.Replace(d.nodes[d.node].URL, "http://", "ws://", 1) + "/api/v1/live"
	conn, _, err := websocket.DefaultDialer.DialContext(d.Context(), address, http.Header{"Authorization": {"Bearer " + d.token}})
	d.must(err)
	d.conn = conn
	_, _, err = conn.ReadMessage()
	d.must(err)
	go d.read()
	d.start()
}

func (d *device) read() {
	defer close(d.ended)
	for {
		_, data, err := d.conn.ReadMessage()
		if err != nil {
			return
		}
		var f told
		if err := json.Unmarshal(data, &f); err != nil {
			f.Type = "unreadable: " + string(data)
		}
		d.mu.Lock()
		d.apply(f)
		d.mu.Unlock()
	}
}

func (d *device) apply(f told) {
	d.frames = append(d.frames, f)
	switch {
	case f.Alert != nil:
		d.alerts = append(d.alerts, f.Alert.MessageID)
	case f.Message != nil:
		d.hear(*f.Message, "live")
		d.keep(*f.Message)
		if done := d.waits[f.Message.ID]; done != nil {
			delete(d.waits, f.Message.ID)
			close(done)
		}
	case f.Type == "message.narrowed":
		d.forget(f.ChannelID, f.MessageID)
	case f.Type == "membership":
		// A sync may have run ahead of this socket: what it had already reset, frames from before the change brought back.
		delete(d.holds, f.ChannelID)
		d.list(f.ChannelID)
		d.sync()
	}
}

// keep applies a message by id and revision.
func (d *device) keep(m shown) {
	channel := d.holds[m.ChannelID]
	if channel == nil {
		channel = map[string]shown{}
		d.holds[m.ChannelID] = channel
	}
	if was, have := channel[m.ID]; !have || was.Revision < m.Revision {
		channel[m.ID] = m
	}
}

// forget drops a message; replies to it that remain stand alone.
func (d *device) forget(channel, id string) {
	d.lost = append(d.lost, id)
	delete(d.holds[channel], id)
	for reply, m := range d.holds[channel] {
		if m.ThreadID != nil && *m.ThreadID == id {
			m.ThreadID = nil
			d.holds[channel][reply] = m
		}
	}
}

func (d *device) hear(m shown, by string) {
	d.heard = append(d.heard, heard{m.ID, m.Revision, by})
}

func (d *device) fail(what string, r answer) {
	if d.broken == "" {
		d.broken = what + ": " + r.String()
	}
}

// sync catches up from the cursor; without one it reads every channel. A reset channel is read again from nothing.
func (d *device) sync() {
	for more := true; more; {
		r := d.ask(d.node, d.person, "GET", "/sync?cursor="+url.QueryEscape(d.cursor), nil)
		var s caughtUp
		if r.status != http.StatusOK || json.Unmarshal(r.raw, &s) != nil {
			d.fail("sync", r)
			return
		}
		first := d.cursor == ""
		for _, reset := range s.Resets {
			delete(d.holds, reset.ChannelID)
			if reset.Reason != "access_lost" {
				d.list(reset.ChannelID)
			}
		}
		for _, e := range s.Events {
			if e.Alert != nil {
				d.alerts = append(d.alerts, e.Alert.MessageID)
			}
			if e.Message != nil {
				d.hear(*e.Message, "sync")
				d.keep(*e.Message)
			} else if e.Type == "message.narrowed" {
				d.forget(e.ChannelID, e.MessageID)
			}
		}
		if first {
			for _, c := range s.Channels {
				d.list(c.ID)
			}
		}
		d.cursor, more = s.Cursor, s.More
	}
}

// list reads a channel page by page.
func (d *device) list(channel string) {
	for next := "?limit=9"; next != ""; {
		r := d.ask(d.node, d.person, "GET", "/channels/"+channel+"/messages"+next, nil)
		var page list[shown]
		if r.status == http.StatusNotFound {
			delete(d.holds, channel) // lost meanwhile: a later reset says so
			return
		}
		if r.status != http.StatusOK || json.Unmarshal(r.raw, &page) != nil {
			d.fail("list", r)
			return
		}
		for _, m := range page.Items {
			d.hear(m, "list")
			d.keep(m)
		}
		next = ""
		if page.Next != nil {
			next = "?limit=9&cursor=" + url.QueryEscape(*page.Next)
		}
	}
}

// expects gives a channel that closes when the message comes by the socket.
func (d *device) expects(id string) chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	done := make(chan struct{})
	d.waits[id] = done
	return done
}

func (d *device) close() {
	if d.conn != nil {
		_ = d.conn.Close()
		<-d.ended
	}
}

// agree compares what the device holds, and everything it ever heard, with the model.
func (d *device) agree(what string, all []*truth) {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := d.now()
	d.check(d.broken == "", "%s of %s: %s", what, d.id, d.broken)
	for _, t := range all {
		r := t.At(d.id, now)
		for _, channel := range t.channels {
			d.agreeOn(what, t, r, channel)
		}
		for _, id := range d.alerts {
			if k := t.byID[id]; k != nil {
				d.check(t.mayHave(d.id, k, 1, now), "%s of %s (%v): told of the alert of %s, which was never hers to see", what, d.id, d.profession, id)
				d.meet("alert told")
			}
		}
		for _, id := range d.lost {
			if k := t.byID[id]; k != nil {
				d.check(t.lost(d.id, k, now), "%s of %s (%v): told that %s is no longer hers", what, d.id, d.profession, id)
				d.meet("narrowed: told who lost it")
			}
		}
		for _, h := range d.heard {
			if k := t.byID[h.id]; k != nil {
				d.check(t.mayHave(d.id, k, h.revision, now), "%s of %s (%v): heard %s revision %d of %s by %s, which was never hers to see (%s)",
					what, d.id, d.profession, h.id, h.revision, k.Category, h.by, t.Why(r, k.Message, now))
			}
		}
	}
}

func (d *device) agreeOn(what string, t *truth, r Rights, channel string) {
	held := d.holds[channel]
	seen := t.seenBy(r, channel)
	for _, k := range seen {
		m, have := held[k.ID]
		d.check(have, "%s of %s (%v, node %d): %s of %s at position %d is missing", what, d.id, d.profession, d.node, k.ID, k.Category, k.position)
		if !have {
			continue
		}
		d.check(m.Revision == k.revision && m.State == k.state, "%s of %s: holds %s at revision %d %s, it is at %d %s",
			what, d.id, k.ID, m.Revision, m.State, k.revision, k.state)
		d.check((m.ThreadID == nil) == (t.root(r, k) == nil), "%s of %s: thread of %s is %v", what, d.id, k.ID, m.ThreadID)
		d.check(k.state == "withdrawn" || d.saidLast(k.ID, m.Text), "%s of %s: %s says %q", what, d.id, k.ID, m.Text)
		full := k.state != "withdrawn" || k.Author == d.id || slices.Contains(r.Actions, "see_full_reasons")
		d.check(full || len(m.Documents) == 0, "%s of %s: withdrawn %s still holds documents", what, d.id, k.ID)
		d.check(k.state == "withdrawn" || d.sameEnclosed(t, k, m.Documents), "%s of %s: %s holds %+v", what, d.id, k.ID, m.Documents)
	}
	if len(held) > len(seen) {
		for id := range held {
			if k := t.byID[id]; k == nil || !r.Sees(k.Message) {
				d.fault("%s of %s (%v, node %d): still holds %s", what, d.id, d.profession, d.node, id)
			}
		}
	}
}

// saidLast says whether the text is the last one acknowledged.
func (w *world) saidLast(id, text string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	texts := w.said[id]
	return len(texts) > 0 && texts[len(texts)-1] == text
}
