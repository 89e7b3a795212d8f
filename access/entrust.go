package access

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// Entrust opens a transaction for what a person decides of her own places in many circles at once: fn writes or ends the stand-in of that
// id. The circles it reaches are marked in the same transaction and have followed when this answers: every standing it gave or took is as
// it says. ErrNotFound and ErrForbidden of fn are journalled as refusals.
func (g *Gate) Entrust(ctx context.Context, actor Actor, verb string, id uuid.UUID, fn func(Scope) error) error {
	var spaces []uuid.UUID
	err := asked(ctx, func() (err error) {
		spaces, err = g.entrusted(ctx, actor, verb, id, fn)
		return err
	})
	if errors.Is(err, ErrNotFound) || errors.Is(err, ErrForbidden) {
		return errors.Join(err, g.journalRefusal(ctx, actor.Line(verb, id)))
	}
	if err != nil {
		return err
	}
	return g.Follow(ctx, spaces)
}

func (g *Gate) entrusted(ctx context.Context, actor Actor, verb string, id uuid.UUID, fn func(Scope) error) ([]uuid.UUID, error) {
	sc := &scope{actor: actor, line: actor.Line(verb, id)}
	b := &pgx.Batch{}
	queueActor(b, actor.Person, true)
	b.Queue("select clock_timestamp()").QueryRow(func(r pgx.Row) error { return r.Scan(&sc.at) })
	tx, err := g.db.Begin(ctx, "", b)
	if err != nil {
		return nil, fmt.Errorf("open scope: %w", err)
	}
	defer tx.Rollback(context.WithoutCancel(ctx))
	sc.tx = tx
	if err := fn(Scope{sc}); err != nil {
		return nil, err
	}
	if sc.line.Verb == "" {
		return nil, nil
	}
	spaces, err := sc.reached(ctx, id)
	if err != nil {
		return nil, err
	}
	Scope{sc}.Shown(spaces...)
	return spaces, sc.commit(ctx)
}

// reached are the circles in which the stand-in changes something, now or later: the actor may not see all of them.
func (sc *scope) reached(ctx context.Context, id uuid.UUID) (spaces []uuid.UUID, err error) {
	b := &pgx.Batch{}
	b.Queue("select set_config('liaison.actor', $1, true)", SystemRecompiler.String())
	b.Queue(`select distinct m.space_id from stand_ins s join memberships m on m.person_id = s.for_id
		and (s.space_ids is null or m.space_id = any (s.space_ids)) where s.id = $1 and m.valid_until > s.valid_from`, id).
		Query(collect(&spaces, pgx.RowTo[uuid.UUID]))
	if err := sc.tx.SendBatch(ctx, b).Close(); err != nil {
		return nil, fmt.Errorf("circles of a stand-in: %w", err)
	}
	marks := &pgx.Batch{}
	queueBehind(marks, spaces)
	marks.Queue("select set_config('liaison.actor', $1, true)", sc.actor.Person.String())
	return spaces, sc.tx.SendBatch(ctx, marks).Close()
}
