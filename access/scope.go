package access

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"liaison/audit"
	"liaison/events"
	"liaison/storage"
)

// Scope is leave to read in every space where a person stands now: the team list, sync, search. It is given by the gate
// and dies with its transaction.
type Scope struct{ s *scope }

type scope struct {
	tx        *storage.Tx
	actor     Actor
	standings map[uuid.UUID]Standing
	at        time.Time
	horizon   events.Horizon
	line      audit.Line
	shown     map[uuid.UUID]bool
	notices   []events.Event
}

func (s Scope) in() *scope {
	if s.s == nil {
		return &scope{tx: &storage.Tx{}}
	}
	return s.s
}

// Tx is the transaction to read with.
func (s Scope) Tx() storage.Querier { return s.in().tx }

// Actor is who was let in.
func (s Scope) Actor() Actor { return s.in().actor }

// At is the database's clock when the scope was opened.
func (s Scope) At() time.Time { return s.in().at }

// Horizon is the scope's snapshot: what later ones see beyond it is what happened since.
func (s Scope) Horizon() events.Horizon { return s.in().horizon }

// Standing is how the person stands in a space now.
func (s Scope) Standing(space uuid.UUID) (Standing, bool) {
	st, ok := s.in().standings[space]
	return st, ok
}

// Spaces lists where the person stands.
func (s Scope) Spaces() []uuid.UUID {
	ids := make([]uuid.UUID, 0, len(s.in().standings))
	for id := range s.in().standings {
		ids = append(ids, id)
	}
	return ids
}

// Note adds to the journal line what was read.
func (s Scope) Note(key string, value any) {
	in := s.in()
	if in.line.Detail == nil {
		in.line.Detail = map[string]any{}
	}
	in.line.Detail[key] = value
}

// Shown notes whose spaces' care data the answer holds: the history of accesses of each of them tells of it.
func (s Scope) Shown(spaces ...uuid.UUID) {
	in := s.in()
	if in.shown == nil {
		in.shown = map[uuid.UUID]bool{}
	}
	for _, space := range spaces {
		in.shown[space] = true
	}
}

// Tell queues a notice for after the commit (receipts).
func (s Scope) Tell(e events.Event) {
	e.At = s.At()
	s.in().notices = append(s.in().notices, e)
}

// Quiet leaves the request out of the journal: it read no care data (an idle sync).
func (s Scope) Quiet() { s.in().line.Verb = "" }

// VisibleByStanding is the rule of visibility on a message row m joined with the actor's current standing s (StandingNow). Masks are
// compared as in VisibleWhere, and for the same reason.
const VisibleByStanding = `(m.author_id = s.person_id or (m.category & s.reads <> 0 and not (m.masks & s.mask_class)::boolean
	and (m.only_to is null or s.person_id = any (m.only_to)) and (m.document_types && s.barred_types) is not true and m.created_at >= s.history_from))`

// StandingNow joins the actor's current standing s in the space of a row.
const StandingNow = `s.person_id = @actor and s.valid_from <= statement_timestamp() and statement_timestamp() < s.valid_until`

// ReadMany opens a scope over every space where the actor stands, in one snapshot (repeatable read).
func (g *Gate) ReadMany(ctx context.Context, actor Actor, verb string, fn func(Scope) error) error {
	sc := &scope{actor: actor, standings: map[uuid.UUID]Standing{}}
	sc.line = actor.Line(verb, uuid.Nil)
	b := &pgx.Batch{}
	queueActor(b, actor.Person, false)
	b.Queue("select clock_timestamp(), pg_current_snapshot()::text").
		QueryRow(func(row pgx.Row) error { return row.Scan(&sc.at, &sc.horizon) })
	b.Queue("select s.space_id, "+standingColumns+" from standings s where "+
		"s.person_id = $1 and s.valid_from <= statement_timestamp() and statement_timestamp() < s.valid_until", actor.Person).
		Query(sc.scan)
	tx, err := g.db.Begin(ctx, "isolation level repeatable read", b)
	if err != nil {
		return fmt.Errorf("open scope: %w", err)
	}
	defer tx.Rollback(context.WithoutCancel(ctx))
	sc.tx = tx
	if err := fn(Scope{sc}); err != nil {
		return err
	}
	if err := sc.commit(ctx); err != nil {
		return err
	}
	if len(sc.notices) > 0 {
		g.bus.Publish(sc.notices...)
	}
	return nil
}

func (sc *scope) scan(rows pgx.Rows) error {
	for rows.Next() {
		var space uuid.UUID
		var s Standing
		if err := rows.Scan(&space, &s.Person, &s.From, &s.Until, &s.Reads, &s.Writes, &s.Alerts, &s.MaskClass, &s.Actions,
			&s.Seats, &s.History, &s.ActingFor, &s.Barred); err != nil {
			return err
		}
		sc.standings[space] = s
	}
	return rows.Err()
}

func (sc *scope) commit(ctx context.Context) error {
	b := &pgx.Batch{}
	if sc.line.Verb != "" {
		if len(sc.shown) > 0 {
			Scope{sc}.Note("spaces", slices.Collect(maps.Keys(sc.shown)))
			sc.noteActing()
		}
		audit.Queue(b, sc.line)
	}
	return sc.tx.Commit(ctx, b)
}

// noteActing names in the journal through whom the actor saw which of the spaces shown.
func (sc *scope) noteActing() {
	acting := map[uuid.UUID][]uuid.UUID{}
	for space := range sc.shown {
		if through := sc.standings[space].ActingFor; len(through) > 0 {
			acting[space] = through
		}
	}
	if len(acting) > 0 {
		Scope{sc}.Note("acting_in", acting)
	}
}

// About names in the journal what the line is about.
func (s Scope) About(space, object uuid.UUID) { s.in().line.Space, s.in().line.Object = space, object }

// Relay opens a scope for the machine that brings committed messages to their listeners: it sees every message, and hands
// each only to those its audience (Audiences) admits. Its deliveries are journalled one by one by live.
func (g *Gate) Relay(ctx context.Context, fn func(Scope) error) error {
	return g.machine(ctx, SystemRelay, "", fn)
}

// machine opens a scope under a machine's name; what it journals is written durably.
func (g *Gate) machine(ctx context.Context, name uuid.UUID, verb string, fn func(Scope) error) error {
	sc := &scope{actor: Actor{Person: name}, line: audit.Line{Actor: name, Verb: verb}}
	b := &pgx.Batch{}
	queueActor(b, name, verb != "")
	b.Queue("select clock_timestamp(), pg_current_snapshot()::text").
		QueryRow(func(row pgx.Row) error { return row.Scan(&sc.at, &sc.horizon) })
	tx, err := g.db.Begin(ctx, "", b)
	if err != nil {
		return fmt.Errorf("open scope of %s: %w", name, err)
	}
	defer tx.Rollback(context.WithoutCancel(ctx))
	sc.tx = tx
	if err := fn(Scope{sc}); err != nil {
		return err
	}
	return sc.commit(ctx)
}
