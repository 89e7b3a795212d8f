// Package events says what happened: appended in the transaction that made it happen, in the order of each channel,
// and told to every node after the commit. Ids and codes only; whoever wants content passes the gate for it.
package events

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"liaison/storage"
)

// The types of events. The first ones take a position in their channel and are kept; the others are notices to one
// person's or one session's listeners, found again from their own tables by whoever missed them.
const (
	MessageCreated   = "message.created"
	MessageUpdated   = "message.updated"
	MessageWithdrawn = "message.withdrawn"
	MessageNarrowed  = "message.narrowed"
	Membership       = "membership"
	// Alert: an alert was raised, went on or ended. With a Person and no position, a notice to who raised it.
	Alert = "alert"

	Receipt        = "receipt"
	Read           = "read"
	SessionRevoked = "session.revoked"
	KeyDestroyed   = "key.destroyed"
)

// Event is something that happened. Position and Epoch are those of its channel, taken under its lock.
type Event struct {
	Type     string    `json:"t"`
	Space    uuid.UUID `json:"s"`
	Channel  uuid.UUID `json:"c"`
	Position int64     `json:"p,omitempty"`
	Epoch    int64     `json:"e,omitempty"`
	Message  uuid.UUID `json:"m"`
	// Person: whose standing changed, or whom a notice is for.
	Person uuid.UUID `json:"u"`
	// By: who read or received (a receipt).
	By      uuid.UUID `json:"b"`
	State   string    `json:"st,omitempty"`
	Session uuid.UUID `json:"ss"`
	At      time.Time `json:"at"`
	// Local stays in the process that made the event: what it already has in hand and need not read again.
	Local any `json:"-"`
}

// Alerted is what is told of an alert: where its message is, and how it stands.
type Alerted struct {
	ID      uuid.UUID
	Message uuid.UUID
	Space   uuid.UUID
	Channel uuid.UUID
	State   string
}

// Kept says whether the event has a place in its channel's order.
func (e Event) Kept() bool { return e.Position > 0 }

// Queue appends kept events inside a pipelined transaction that holds their channels' locks.
func Queue(b *pgx.Batch, evs []Event) {
	if len(evs) == 0 {
		return
	}
	n := len(evs)
	channels, positions, spaces, epochs := make([]uuid.UUID, n), make([]int64, n), make([]uuid.UUID, n), make([]int64, n)
	types, messages, persons, ats := make([]string, n), make([]*uuid.UUID, n), make([]*uuid.UUID, n), make([]time.Time, n)
	for i, e := range evs {
		channels[i], positions[i], spaces[i], epochs[i] = e.Channel, e.Position, e.Space, e.Epoch
		types[i], messages[i], persons[i], ats[i] = e.Type, storage.OrNull(e.Message), storage.OrNull(e.Person), e.At
	}
	b.Queue(`insert into events (channel_id, position, space_id, epoch, type, message_id, person_id, at)
		select * from unnest($1::uuid[], $2::bigint[], $3::uuid[], $4::bigint[], $5::text[], $6::uuid[], $7::uuid[], $8::timestamptz[])`,
		channels, positions, spaces, epochs, types, messages, persons, ats)
}

// Bus tells committed events to every node. It is a hint: losing one costs time, never data.
type Bus interface {
	// Publish tells events that are committed. It returns without waiting for other nodes.
	Publish(evs ...Event)
	// Subscribe hands every event of this and other nodes to fn, one call at a time; it returns when events flow.
	Subscribe(ctx context.Context, fn func(Event)) error
	// Healthy says whether other nodes can be told now.
	Healthy() bool
	Close() error
}
