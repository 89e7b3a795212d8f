package access

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// timerPause is how often due boundaries are looked for; access that ends by date is cut within a second.
const timerPause = 250 * time.Millisecond

// RunTimer bumps the epoch of spaces in which a standing begins or ends by itself, until ctx ends. Every node may run it:
// a boundary is passed once.
func (g *Gate) RunTimer(ctx context.Context, log *slog.Logger) {
	tick := time.NewTicker(timerPause)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if err := g.PassBoundaries(ctx); err != nil && ctx.Err() == nil {
				log.Warn("pass boundaries", "error", err)
			}
		}
	}
}

// PassBoundaries passes every boundary that is due.
func (g *Gate) PassBoundaries(ctx context.Context) error {
	rows, err := g.db.Pool.Query(ctx, "select distinct space_id from boundaries where at <= clock_timestamp() limit 200")
	if err != nil {
		return err
	}
	spaces, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	if err != nil {
		return err
	}
	for _, space := range spaces {
		if err := g.passBoundary(ctx, space); err != nil {
			return fmt.Errorf("space %s: %w", space, err)
		}
	}
	return nil
}

func (g *Gate) passBoundary(ctx context.Context, space uuid.UUID) error {
	gr := &grant{gate: g, space: space, locked: map[uuid.UUID]*lockedChannel{}}
	var people []uuid.UUID
	b := &pgx.Batch{}
	queueActor(b, SystemRecompiler, true)
	gr.queueLockWhere(b, "space_id = $1", space)
	b.Queue("select clock_timestamp()").QueryRow(func(r pgx.Row) error { return r.Scan(&gr.at) })
	b.Queue(`with due as (delete from boundaries where space_id = $1 and at <= clock_timestamp() returning at)
		select distinct s.person_id from due join standings s on s.space_id = $1 and (s.valid_from = due.at or s.valid_until = due.at)`, space).
		Query(func(rows pgx.Rows) (err error) {
			people, err = pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
			return err
		})
	// The new transaction id tells nodes that tail standings (a beginning has no other trace for them).
	b.Queue("update standings set xid = pg_current_xact_id() where space_id = $1 and valid_from <= clock_timestamp() and valid_from > clock_timestamp() - interval '1 day'", space)
	tx, err := g.db.Begin(ctx, "", b)
	if err != nil {
		return err
	}
	defer tx.Rollback(context.WithoutCancel(ctx))
	gr.tx = tx
	if err := gr.bump(space, people); err != nil {
		return err
	}
	return gr.commit(ctx)
}
