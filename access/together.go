package access

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"liaison/audit"
	"liaison/storage"
)

// Claim is one author's wish to write in one channel, for a batch that mixes authors and channels.
type Claim struct {
	Actor   Actor
	Channel uuid.UUID
	Verb    string
	Object  uuid.UUID
}

// Together is one transaction of several claims. It is the write path's: channels are locked in id order, rights are read
// after the lock, everything commits in one round trip.
type Together struct {
	batch  *grant
	Grants []Grant // one a claim, in their order; not Allowed where the gate stayed shut
}

// Tx is the batch's transaction. No actor is set in it: row-level security shows it no message, and checks every inserted
// row's own author.
func (t Together) Tx() storage.Querier { return t.batch.tx }

// Queue adds a statement that travels with the commit.
func (t Together) Queue(sql string, args ...any) { t.batch.closing.Queue(sql, args...) }

// WriteTogether opens the gate for several claims in one transaction. look adds questions to the opening round trip (asked
// under the locks); fn decides and queues what to write. Refusals are journalled in the same transaction.
func (g *Gate) WriteTogether(ctx context.Context, claims []Claim, look func(*pgx.Batch), fn func(Together) error) error {
	return asked(ctx, func() error { return g.writeTogether(ctx, claims, look, fn) })
}

func (g *Gate) writeTogether(ctx context.Context, claims []Claim, look func(*pgx.Batch), fn func(Together) error) error {
	t := Together{batch: &grant{gate: g, locked: map[uuid.UUID]*lockedChannel{}}, Grants: make([]Grant, len(claims))}
	b := &pgx.Batch{}
	queueActor(b, uuid.Nil, true)
	t.batch.queueLockWhere(b, "id = any ($1)", channelsOf(claims))
	t.queueStandings(b, claims)
	look(b)
	tx, err := g.db.Begin(ctx, "", b)
	if err != nil {
		return fmt.Errorf("open gate: %w", err)
	}
	defer tx.Rollback(context.WithoutCancel(ctx))
	t.batch.tx = tx
	for i := range t.Grants {
		if t.Grants[i].g != nil {
			t.Grants[i].g.tx = tx
		}
	}
	if err := fn(t); err != nil {
		return err
	}
	return t.commit(ctx, claims)
}

func channelsOf(claims []Claim) []uuid.UUID {
	ids := make([]uuid.UUID, len(claims))
	for i, c := range claims {
		ids[i] = c.Channel
	}
	return ids
}

func (t Together) queueStandings(b *pgx.Batch, claims []Claim) {
	persons := make([]uuid.UUID, len(claims))
	for i, c := range claims {
		persons[i] = c.Actor.Person
	}
	b.Queue(`select i.n, clock_timestamp(), c.space_id, `+standingColumns+`
		from unnest($1::uuid[], $2::uuid[]) with ordinality i (person, channel, n)
		join channels c on c.id = i.channel
		join standings s on s.space_id = c.space_id and s.person_id = i.person
			and s.valid_from <= clock_timestamp() and clock_timestamp() < s.valid_until`, persons, channelsOf(claims)).
		Query(func(rows pgx.Rows) error {
			for rows.Next() {
				if err := t.scan(rows, claims); err != nil {
					return err
				}
			}
			return rows.Err()
		})
}

func (t Together) scan(rows pgx.Rows, claims []Claim) error {
	var n int64
	gr := &grant{gate: t.batch.gate, admitted: true, locked: t.batch.locked}
	s := &gr.standing
	if err := rows.Scan(&n, &gr.at, &gr.space, &s.Person, &s.From, &s.Until, &s.Reads, &s.Writes, &s.Alerts, &s.MaskClass, &s.Actions,
		&s.Seats, &s.History, &s.ActingFor, &s.Barred); err != nil {
		return err
	}
	claim := claims[n-1]
	gr.actor, gr.channel = claim.Actor, claim.Channel
	gr.line = lineOf(claim)
	gr.line.Space = gr.space
	gr.noteActing()
	t.Grants[n-1] = Grant{gr}
	return nil
}

func lineOf(c Claim) audit.Line { return c.Actor.Line(c.Verb, c.Object) }

// Refused marks in the journal that what the i-th claim asked was not done; nothing of it is to be written.
func (t Together) Refused(i int, code string) {
	if g := t.Grants[i].g; g != nil {
		g.line.Refused = true
		t.Grants[i].Note("code", code)
	}
}

// Quiet leaves the i-th claim out of the journal: a replay did nothing new.
func (t Together) Quiet(i int) {
	if g := t.Grants[i].g; g != nil {
		g.line.Verb = ""
	}
}

func (t Together) commit(ctx context.Context, claims []Claim) error {
	var lines []audit.Line
	for i, g := range t.Grants {
		if g.g == nil {
			refused := lineOf(claims[i])
			refused.Refused = true
			lines = append(lines, refused)
			continue
		}
		t.batch.events = append(t.batch.events, g.g.events...)
		if g.g.line.Verb != "" {
			lines = append(lines, g.g.line)
		}
	}
	t.batch.queueEvents()
	audit.Queue(&t.batch.closing, lines...)
	if err := t.batch.tx.Commit(ctx, &t.batch.closing); err != nil {
		return fmt.Errorf("commit %d writes: %w", len(claims), err)
	}
	t.publish()
	return nil
}

func (t Together) publish() {
	for _, g := range t.Grants {
		if g.g != nil {
			g.g.admitted = false
		}
	}
	if len(t.batch.events) > 0 {
		t.batch.gate.bus.Publish(t.batch.events...)
	}
}
