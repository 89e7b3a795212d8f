package access

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"liaison/audit"
	"liaison/events"
	"liaison/storage"
)

// ErrNotFound answers what the caller may not know: absent and refused look alike. The journal knows the difference.
var ErrNotFound = errors.New("not found, or no access")

// ErrForbidden answers somebody who sees the space and may not do this in it.
var ErrForbidden = errors.New("not allowed here")

// Named system actors: machines act under a name, never by switching the gate off. The database knows them too.
var (
	SystemRecompiler = uuid.MustParse("00000000-0000-7000-8000-000000000001")
	SystemRelay      = uuid.MustParse("00000000-0000-7000-8000-000000000002")
	SystemAlerts     = uuid.MustParse("00000000-0000-7000-8000-000000000003")
)

// Actor is who acts: a person at a workplace, in a session, from an address class.
type Actor struct {
	Person    uuid.UUID
	Session   uuid.UUID
	Workplace uuid.UUID
	Address   string
}

// Line begins the journal line of what the actor does with an object.
func (a Actor) Line(verb string, object uuid.UUID) audit.Line {
	return audit.Line{Actor: a.Person, Session: a.Session, Workplace: a.Workplace, Address: a.Address, Verb: verb, Object: object}
}

// Resource is what the gate is asked for.
type Resource struct {
	kind resourceKind
	id   uuid.UUID
}

type resourceKind int

const (
	spaceKind resourceKind = iota
	channelKind
	messageKind
)

// Space is a care team as a whole.
func Space(id uuid.UUID) Resource { return Resource{spaceKind, id} }

// Channel is one stream of messages of a space.
func Channel(id uuid.UUID) Resource { return Resource{channelKind, id} }

// Message is one message; the gate opens for it only where it is visible.
func Message(id uuid.UUID) Resource { return Resource{messageKind, id} }

// Gate is the only door to care data.
type Gate struct {
	db     *storage.DB
	bus    events.Bus
	matrix matrixCache
}

// NewGate makes the gate of this node. Committed events are told to bus.
func NewGate(db *storage.DB, bus events.Bus) *Gate {
	return &Gate{db: db, bus: bus, matrix: matrixCache{published: make(chan struct{}, 1)}}
}

// Read opens the gate for reading: fn runs in a transaction that sees what actor may see, and one journal line (verb, what
// fn noted) is written with the commit. ErrNotFound when the actor has no standing there.
func (g *Gate) Read(ctx context.Context, actor Actor, res Resource, verb string, fn func(Grant) error) error {
	return g.open(ctx, actor, res, verb, opening{}, fn)
}

// Write opens the gate for changing: the channels of the resource are locked in id order before rights are read, so nothing
// fn does can follow a loss of access. Events appended by fn are told to every node after the commit.
func (g *Gate) Write(ctx context.Context, actor Actor, res Resource, verb string, fn func(Grant) error) error {
	return asked(ctx, func() error { return g.open(ctx, actor, res, verb, opening{lock: true}, fn) })
}

// asked retries as storage does, and once more when row-level security refuses what the gate had let in: a standing may end
// by its date between the two. The gate, asked again, then says so in its own way; if it does not, the rows were right.
func asked(ctx context.Context, fn func() error) error {
	err := storage.Retry(ctx, fn)
	if storage.IsRefused(err) {
		err = storage.Retry(ctx, fn)
	}
	return err
}

// Mark opens the gate for what a person notes for herself (read marks, receipts): no lock, no journal line.
func (g *Gate) Mark(ctx context.Context, actor Actor, res Resource, fn func(Grant) error) error {
	return g.open(ctx, actor, res, "", opening{}, fn)
}

// Download opens the gate for reading what leaves as a file: its journal line is durable before the first byte goes.
func (g *Gate) Download(ctx context.Context, actor Actor, res Resource, verb string, fn func(Grant) error) error {
	return g.open(ctx, actor, res, verb, opening{durable: true}, fn)
}

// Keep opens the gate for what a person puts aside and nobody else sees yet (an upload): durable, without the channels' locks.
// Without a verb there is no journal line: one that ends the work sums up its steps.
func (g *Gate) Keep(ctx context.Context, actor Actor, res Resource, verb string, fn func(Grant) error) error {
	return asked(ctx, func() error { return g.open(ctx, actor, res, verb, opening{durable: true}, fn) })
}

// opening says how a gate is opened. A machine under its name stands nowhere: it is let in to do one thing.
type opening struct {
	lock    bool
	machine bool
	durable bool // its journal line, and what it writes, survive a crash once answered
}

func (g *Gate) open(ctx context.Context, actor Actor, res Resource, verb string, how opening, fn func(Grant) error) error {
	gr := &grant{gate: g, actor: actor, locked: map[uuid.UUID]*lockedChannel{}}
	gr.line = actor.Line(verb, res.id)
	b := &pgx.Batch{}
	queueActor(b, actor.Person, how.lock || how.durable)
	if how.lock {
		gr.queueLock(b, res)
	}
	gr.queueStanding(b, res, actor.Person)
	tx, err := g.db.Begin(ctx, "", b)
	if err != nil {
		return fmt.Errorf("open gate: %w", err)
	}
	defer tx.Rollback(context.WithoutCancel(ctx))
	gr.tx = tx
	gr.admitted = gr.admitted || how.machine && gr.space != uuid.Nil
	if !gr.admitted {
		tx.Rollback(ctx)
		return g.refuse(ctx, gr.line)
	}
	if err := fn(Grant{gr}); err != nil {
		if errors.Is(err, ErrForbidden) || errors.Is(err, ErrNotFound) {
			tx.Rollback(ctx)
			return errors.Join(err, g.journalRefusal(ctx, gr.line))
		}
		return err
	}
	return gr.commit(ctx)
}

// queueActor tells the database who asks. Pure reads may commit their journal line asynchronously; what writes may not.
func queueActor(b *pgx.Batch, person uuid.UUID, durable bool) {
	sync := "off"
	if durable {
		sync = "on"
	}
	actor := ""
	if person != uuid.Nil {
		actor = person.String()
	}
	b.Queue("select set_config('liaison.actor', $1, true), set_config('synchronous_commit', $2, true)", actor, sync)
}

func (gr *grant) queueLock(b *pgx.Batch, res Resource) {
	where := map[resourceKind]string{
		spaceKind:   "space_id = $1",
		channelKind: "id = $1",
		messageKind: "id = (select channel_id from locate_messages(array[$1::uuid]))",
	}[res.kind]
	gr.queueLockWhere(b, where, res.id)
}

func (gr *grant) queueLockWhere(b *pgx.Batch, where string, arg any) {
	b.Queue("select id, space_id, head, epoch from channels where "+where+" order by id for update", arg).
		Query(func(rows pgx.Rows) error {
			for rows.Next() {
				var c lockedChannel
				if err := rows.Scan(&c.id, &c.space, &c.head, &c.epoch); err != nil {
					return err
				}
				gr.locked[c.id] = &c
			}
			return rows.Err()
		})
}

const standingColumns = `s.person_id, s.valid_from, s.valid_until, s.reads, s.writes, s.alerts, s.mask_class, s.actions, s.seats, s.history_from, s.acting_for, s.barred_types`

// queueStanding asks in one statement where the resource lives and how the actor stands there now. It must follow the lock
// in a statement of its own: only then does its snapshot hold every change of standing that came before the lock.
func (gr *grant) queueStanding(b *pgx.Batch, res Resource, person uuid.UUID) {
	where := map[resourceKind]string{
		spaceKind: `(select id as space_id, null::uuid as channel_id, null::uuid as author_id, 0 as category, 0 as masks, null::uuid[] as only_to,
			now() as created_at, null::uuid as thread_id, null::text[] as document_types from spaces where id = $1) r`,
		channelKind: `(select space_id, id as channel_id, null::uuid as author_id, 0 as category, 0 as masks, null::uuid[] as only_to,
			now() as created_at, null::uuid as thread_id, null::text[] as document_types from channels where id = $1) r`,
		messageKind: `locate_messages(array[$1::uuid]) r`,
	}[res.kind]
	b.Queue(`select clock_timestamp(), r.space_id, r.channel_id, r.author_id, r.category, r.masks, r.only_to, r.created_at, r.thread_id, r.document_types, `+
		standingColumns+` from `+where+`
		left join standings s on s.space_id = r.space_id and s.person_id = $2
			and s.valid_from <= clock_timestamp() and clock_timestamp() < s.valid_until`, res.id, person).
		Query(func(rows pgx.Rows) error {
			for rows.Next() {
				if err := gr.scan(rows, res); err != nil {
					return err
				}
			}
			return rows.Err()
		})
}

func (gr *grant) scan(rows pgx.Rows, res Resource) error {
	var (
		channel, author, thread, person *uuid.UUID
		from, until, history            *time.Time
		reads, writes, alerts, mask, ac *int32
		seats, barred                   []string
		actingFor                       []uuid.UUID
	)
	err := rows.Scan(&gr.at, &gr.space, &channel, &author, &gr.facts.Category, &gr.facts.Masks, &gr.facts.OnlyTo, &gr.facts.CreatedAt, &thread, &gr.facts.Types,
		&person, &from, &until, &reads, &writes, &alerts, &mask, &ac, &seats, &history, &actingFor, &barred)
	if err != nil {
		return err
	}
	gr.channel, gr.facts.Author, gr.thread = idOf(channel), idOf(author), idOf(thread)
	gr.line.Space = gr.space
	if res.kind == messageKind {
		gr.message = res.id
	}
	if person == nil {
		return nil
	}
	gr.standing = Standing{
		Person: *person, From: *from, Until: *until, Reads: Categories(*reads), Writes: Categories(*writes), Alerts: Categories(*alerts),
		MaskClass: Masks(*mask), Actions: Actions(*ac), Seats: seats, History: *history,
		ActingFor: actingFor, Barred: barred,
	}
	gr.noteActing()
	if res.kind == messageKind {
		gr.admitted = gr.standing.Visible(gr.facts)
		return nil
	}
	gr.admitted = true
	return nil
}

// noteActing names in the journal through whom the actor is here.
func (gr *grant) noteActing() {
	if len(gr.standing.ActingFor) > 0 {
		Grant{gr}.Note("acting_for", gr.standing.ActingFor)
	}
}

func idOf(id *uuid.UUID) uuid.UUID {
	if id == nil {
		return uuid.Nil
	}
	return *id
}

// refuse journals a refusal, durably, and answers as if the thing were absent.
func (g *Gate) refuse(ctx context.Context, line audit.Line) error {
	return errors.Join(ErrNotFound, g.journalRefusal(ctx, line))
}

func (g *Gate) journalRefusal(ctx context.Context, line audit.Line) error {
	line.Refused = true
	if line.Verb == "" {
		line.Verb = "mark"
	}
	if err := audit.Write(ctx, g.db.Pool, line); err != nil {
		return fmt.Errorf("journal refusal: %w", err)
	}
	return nil
}

// Refuse journals a refusal found before the gate could be asked (an id that belongs elsewhere) and answers ErrNotFound.
func (g *Gate) Refuse(ctx context.Context, actor Actor, verb string, object uuid.UUID) error {
	return g.refuse(ctx, actor.Line(verb, object))
}
