package access

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// Found opens the gate on a space that does not exist yet: fn makes it, its channels and the founder's own membership,
// calls Founded, and goes on under the standing that gives. ErrForbidden when the actor's profession opens no dossier.
func (g *Gate) Found(ctx context.Context, actor Actor, space uuid.UUID, verb string, fn func(Grant) error) error {
	gr := &grant{gate: g, actor: actor, space: space, locked: map[uuid.UUID]*lockedChannel{}}
	gr.line = actor.Line(verb, space)
	gr.line.Space = space
	var p Profession
	b := &pgx.Batch{}
	queueActor(b, actor.Person, true)
	b.Queue("select clock_timestamp(), profession_system, profession_code from professionals where id = $1", actor.Person).
		QueryRow(func(r pgx.Row) error { return r.Scan(&gr.at, &p.System, &p.Code) })
	tx, err := g.db.Begin(ctx, "", b)
	if err != nil {
		return fmt.Errorf("open gate: %w", err)
	}
	defer tx.Rollback(context.WithoutCancel(ctx))
	gr.tx, gr.admitted = tx, true
	matrix, err := g.Matrix(ctx, tx)
	if err != nil {
		return err
	}
	if matrix.Actions(p, nil)&OpenDossier == 0 {
		tx.Rollback(ctx)
		return errors.Join(ErrForbidden, g.journalRefusal(ctx, gr.line))
	}
	if err := fn(Grant{gr}); err != nil {
		return err
	}
	return gr.commit(ctx)
}

// Founded compiles the first standings of a space whose rows and channels fn has just inserted.
func (g Grant) Founded(ctx context.Context) error {
	gr := g.in()
	b := &pgx.Batch{}
	gr.queueLockWhere(b, "space_id = $1", gr.space)
	if err := gr.tx.SendBatch(ctx, b).Close(); err != nil {
		return fmt.Errorf("lock channels: %w", err)
	}
	return g.Recompile(ctx)
}
