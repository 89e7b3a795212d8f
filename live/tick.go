package live

import (
	"context"
	"time"

	"github.com/google/uuid"

	"liaison/access"
	"liaison/events"
)

// tickPause is how often a node compares what it handed out with the database. What a lost hint would have told is found
// within five seconds.
const tickPause = 2 * time.Second

// markEvery is how many ticks lie between two marks of a listener that was told something.
const markEvery = 5

// tick finds what hints did not tell, cuts sockets whose session ended, and marks how far each listener was given everything.
func (h *Hub) tick(ctx context.Context) error {
	people, sessions, channels := h.present()
	if len(people) == 0 {
		h.horizon = ""
		h.ticked.Store(time.Now().UnixNano())
		return nil
	}
	news, err := h.Gate.NewsFor(ctx, access.Interest{People: people, Channels: channels, Since: h.horizon, Notices: !h.healthy})
	if err != nil {
		return err
	}
	h.healthy = h.Bus.Healthy()
	all := h.catchUpAll(ctx, news)
	if err := h.cutEnded(ctx, sessions); err != nil {
		return err
	}
	h.horizon = news.Horizon
	h.ticked.Store(time.Now().UnixNano())
	if all {
		h.mark(news.Horizon)
	}
	return nil
}

// present lists who and what this node serves.
func (h *Hub) present() (people, sessions []uuid.UUID, channels map[uuid.UUID]int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for id, p := range h.people {
		people = append(people, id)
		for _, l := range p.listeners {
			sessions = append(sessions, l.Session)
		}
	}
	channels = make(map[uuid.UUID]int64, len(h.channels))
	for id, w := range h.channels {
		channels[id] = w.delivered
	}
	return people, sessions, channels
}

// catchUpAll hands out what is new; false when some of it could not be, and no mark may cover it.
func (h *Hub) catchUpAll(ctx context.Context, news access.News) bool {
	for _, person := range news.Standings {
		h.found(ctx, person)
	}
	// Taken together first: the loss told by one channel of a space ends the watch on the others, which have it to tell too.
	behind := map[uuid.UUID]*watch{}
	for _, channel := range news.Behind {
		if w := h.watched(channel); w != nil {
			behind[channel] = w
		}
	}
	all := true
	for channel, w := range behind {
		all = h.catchUp(ctx, channel, w) && all
	}
	h.process(ctx, news.Notices)
	return all
}

// found tells a person of spaces she came to stand in, or no longer does, without this node having heard.
func (h *Hub) found(ctx context.Context, person uuid.UUID) {
	changed, err := h.follow(ctx, person)
	if err != nil {
		return
	}
	h.tellStreams(person, changed)
}

func (h *Hub) tellStreams(person uuid.UUID, streams []access.Stream) {
	for _, s := range streams {
		space := s.Space
		h.Audiences.DropSpace(space)
		h.toPerson(person, encode(frame{Type: events.Membership, ChannelID: s.Channel, TeamID: &space}))
	}
}

func (h *Hub) cutEnded(ctx context.Context, sessions []uuid.UUID) error {
	ended, err := h.Sessions.RevokedAmong(ctx, sessions)
	if err != nil {
		return err
	}
	if len(ended) > 0 {
		h.CutSessions(ended, SessionRevoked)
	}
	return nil
}

// mark gives each listener that was told something a cursor: everything older was queued to it before.
func (h *Hub) mark(horizon events.Horizon) {
	h.ticks++
	if h.ticks%markEvery != 0 {
		return
	}
	for _, l := range h.all() {
		if l.stale.Swap(false) {
			l.Send(encode(struct {
				Type   string `json:"type"`
				Cursor string `json:"cursor"`
			}{"mark", h.Cursors.Seal(events.Cursor{Person: l.Person, Since: horizon})}))
		}
	}
}
