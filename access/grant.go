package access

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"liaison/audit"
	"liaison/events"
	"liaison/storage"
)

// Grant is leave to work in one space, given by the gate and dead with its transaction. The zero Grant reads nothing.
type Grant struct{ g *grant }

type grant struct {
	gate     *Gate
	tx       *storage.Tx
	actor    Actor
	admitted bool
	standing Standing
	space    uuid.UUID
	channel  uuid.UUID
	message  uuid.UUID
	thread   uuid.UUID
	facts    Facts
	at       time.Time
	line     audit.Line

	// What a writing grant holds and will commit.
	locked  map[uuid.UUID]*lockedChannel
	events  []events.Event
	closing pgx.Batch
}

// lockedChannel is a channel whose row this transaction holds.
type lockedChannel struct {
	id, space   uuid.UUID
	head, epoch int64
	changed     bool
}

// in answers a zero Grant with one whose transaction has ended.
func (g Grant) in() *grant {
	if g.g == nil {
		return &grant{tx: &storage.Tx{}}
	}
	return g.g
}

// Allowed says whether the gate opened; in a batch some of its grants may be zero.
func (g Grant) Allowed() bool { return g.g != nil && g.g.admitted }

// Tx is the transaction to read and write with; it answers storage.ErrTxDone after its end.
func (g Grant) Tx() storage.Querier { return g.in().tx }

// Actor is who was let in.
func (g Grant) Actor() Actor { return g.in().actor }

// Space is the space the grant is for.
func (g Grant) Space() uuid.UUID { return g.in().space }

// Channel is the channel asked for, or the channel of the message asked for.
func (g Grant) Channel() uuid.UUID { return g.in().channel }

// Message is the message asked for.
func (g Grant) Message() uuid.UUID { return g.in().message }

// Thread is the root of the message asked for; nil for a root.
func (g Grant) Thread() uuid.UUID { return g.in().thread }

// Facts are those of the message asked for.
func (g Grant) Facts() Facts { return g.in().facts }

// Standing is how the actor stands here.
func (g Grant) Standing() Standing { return g.in().standing }

// Can says whether the actor may do all of the actions.
func (g Grant) Can(a Actions) bool { return g.in().standing.Actions&a == a }

// At is the database's clock when rights were read; after the lock, for a writing grant.
func (g Grant) At() time.Time { return g.in().at }

// Note adds to the journal line what was read or done: counts, ranges, codes; never text.
func (g Grant) Note(key string, value any) {
	gr := g.in()
	if gr.line.Detail == nil {
		gr.line.Detail = map[string]any{}
	}
	gr.line.Detail[key] = value
}

// Quiet leaves the request out of the journal: nothing was done.
func (g Grant) Quiet() { g.in().line.Verb = "" }

// Object names in the journal what the line is about, when it is not the resource asked for.
func (g Grant) Object(id uuid.UUID) { g.in().line.Object = id }

// Queue adds a statement that travels with the commit.
func (g Grant) Queue(sql string, args ...any) { g.in().closing.Queue(sql, args...) }

// Change runs a statement that must change one row. Row-level security hides the row it does not let be changed, and PostgreSQL calls
// that a success: here it is the refusal it is, and the gate asked again says why.
func (g Grant) Change(ctx context.Context, sql string, args ...any) error {
	tag, err := g.Tx().Exec(ctx, sql, args...)
	if err != nil {
		return fmt.Errorf("change a row: %w", err)
	}
	if tag.RowsAffected() != 1 {
		return storage.ErrHidden
	}
	return nil
}

// Tell queues a notice for after the commit that has no place in a channel's order (receipts, read marks).
func (g Grant) Tell(e events.Event) {
	e.Space, e.At = g.Space(), g.At()
	g.in().events = append(g.in().events, e)
}

// Append takes the next position of a locked channel for e and gives the event as it will be committed.
func (g Grant) Append(channel uuid.UUID, e events.Event) (events.Event, error) {
	return g.in().append(channel, e)
}

func (gr *grant) append(channel uuid.UUID, e events.Event) (events.Event, error) {
	c, ok := gr.locked[channel]
	if !ok {
		return e, fmt.Errorf("append to channel %s without its lock", channel)
	}
	c.head++
	c.changed = true
	e.Space, e.Channel, e.Position, e.Epoch, e.At = c.space, c.id, c.head, c.epoch, gr.at
	gr.events = append(gr.events, e)
	return e, nil
}

// SetLocal hands what is already in hand to this node's listeners of the event at position.
func (g Grant) SetLocal(position int64, local any) {
	for i := range g.in().events {
		if g.in().events[i].Position == position {
			g.in().events[i].Local = local
		}
	}
}

// commit sends in one round trip what fn queued, the events, the heads and the journal; then tells the events.
func (gr *grant) commit(ctx context.Context) error {
	kept := gr.queueEvents()
	if gr.line.Verb != "" {
		audit.Queue(&gr.closing, gr.line)
	}
	if err := gr.tx.Commit(ctx, &gr.closing); err != nil {
		return fmt.Errorf("commit %s (%d events): %w", gr.line.Verb, kept, err)
	}
	gr.admitted = false
	if len(gr.events) > 0 {
		gr.gate.bus.Publish(gr.events...)
	}
	return nil
}

func (gr *grant) queueEvents() int {
	var ids []uuid.UUID
	var heads, epochs []int64
	for _, c := range gr.locked {
		if c.changed {
			ids, heads, epochs = append(ids, c.id), append(heads, c.head), append(epochs, c.epoch)
		}
	}
	if len(ids) == 0 {
		return 0
	}
	gr.closing.Queue(`update channels c set head = v.head, epoch = v.epoch, xid = pg_current_xact_id()
		from unnest($1::uuid[], $2::bigint[], $3::bigint[]) v (id, head, epoch) where c.id = v.id`, ids, heads, epochs)
	var kept []events.Event
	for _, e := range gr.events {
		if e.Kept() {
			kept = append(kept, e)
		}
	}
	events.Queue(&gr.closing, kept)
	return len(kept)
}

// VisibleWhere is the rule of Standing.Visible as a condition on a message row m; its arguments are VisibleArgs. PostgreSQL takes any
// « = » of an expression for true of one row in two hundred, and would sort a whole channel rather than walk back through it for a
// page: masks are therefore compared as a boolean, of which it expects two in three.
const VisibleWhere = `(m.author_id = @actor or (m.category & @reads <> 0 and not (m.masks & @mask_class)::boolean
	and (m.only_to is null or @actor = any (m.only_to)) and (m.document_types && @barred) is not true and m.created_at >= @history))`

// VisibleArgs are the named arguments of VisibleWhere, and @space and @channel.
func (g Grant) VisibleArgs() pgx.NamedArgs {
	gr := g.in()
	return pgx.NamedArgs{
		"actor": gr.actor.Person, "reads": int32(gr.standing.Reads), "mask_class": int32(gr.standing.MaskClass),
		"history": gr.standing.History, "space": gr.space, "channel": gr.channel, "message": gr.message, "barred": gr.standing.Barred,
	}
}
