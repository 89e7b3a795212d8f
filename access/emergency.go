package access

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"liaison/storage"
)

// ErrStands answers somebody who stands in the circle already: there is no glass to break.
var ErrStands = errors.New("the actor stands here already")

// BreakGlass opens the gate for a bris de glace on a space where the actor does not stand: fn writes the emergency and its place,
// calls Recompile, and goes on under the standing that gives. What it does is durable, and so is its journal line. ErrForbidden when
// the matrix lets the profession open none; ErrStands; ErrNotFound where the space is not.
func (g *Gate) BreakGlass(ctx context.Context, actor Actor, space uuid.UUID, fn func(Grant) error) error {
	return asked(ctx, func() error { return g.breakGlass(ctx, actor, space, fn) })
}

func (g *Gate) breakGlass(ctx context.Context, actor Actor, space uuid.UUID, fn func(Grant) error) error {
	gr := &grant{gate: g, actor: actor, space: space, locked: map[uuid.UUID]*lockedChannel{}}
	gr.line = actor.Line("emergency.open", space)
	gr.line.Space = space
	b := &pgx.Batch{}
	queueActor(b, actor.Person, true)
	gr.queueLock(b, Space(space))
	gr.queueStanding(b, Space(space), actor.Person)
	tx, err := g.db.Begin(ctx, "", b)
	if err != nil {
		return fmt.Errorf("open gate: %w", err)
	}
	defer tx.Rollback(context.WithoutCancel(ctx))
	gr.tx = tx
	refused := ErrNotFound
	switch {
	case len(gr.locked) == 0:
	case gr.admitted:
		return ErrStands
	default:
		gr.admitted = true
		if refused, err = g.glass(ctx, gr, fn); refused == nil || err != nil {
			return err
		}
	}
	tx.Rollback(ctx)
	return errors.Join(refused, g.journalRefusal(ctx, gr.line))
}

// glass does fn and commits, or says what is refused.
func (g *Gate) glass(ctx context.Context, gr *grant, fn func(Grant) error) (refused, err error) {
	may, err := g.mayBreakGlass(ctx, gr.tx, gr.actor.Person)
	if err != nil || !may {
		return ErrForbidden, err
	}
	if err := fn(Grant{gr}); err != nil {
		if errors.Is(err, ErrForbidden) || errors.Is(err, ErrNotFound) {
			return err, nil
		}
		return nil, err
	}
	return nil, gr.commit(ctx)
}

// MayBreakGlass says whether the matrix lets a person's profession open an emergency access.
func (g *Gate) MayBreakGlass(ctx context.Context, person uuid.UUID) (bool, error) {
	return g.mayBreakGlass(ctx, g.db.Pool, person)
}

func (g *Gate) mayBreakGlass(ctx context.Context, q storage.Querier, person uuid.UUID) (bool, error) {
	matrix, err := g.Matrix(ctx, q)
	if err != nil {
		return false, err
	}
	var p Profession
	err = q.QueryRow(ctx, "select profession_system, profession_code from professionals where id = $1", person).Scan(&p.System, &p.Code)
	if err != nil {
		return false, fmt.Errorf("profession: %w", err)
	}
	return matrix.Actions(p, nil)&BreakGlass != 0, nil
}
