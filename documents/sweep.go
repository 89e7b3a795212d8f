package documents

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

const (
	sweepEvery = time.Minute
	sweepMost  = 200
	// sweeperLock is the advisory lock of the one sweeper of an instance.
	sweeperLock = 0x6c69616973_02
)

// Run removes, every minute, what nobody attached in time; one node at a time.
func (s *Service) Run(ctx context.Context) {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if _, err := s.Sweep(ctx); err != nil && ctx.Err() == nil {
				s.Log.WarnContext(ctx, "sweep documents", "error", err)
			}
		}
	}
}

// Sweep removes the objects and then the rows of what has expired, unless another node is at it.
func (s *Service) Sweep(ctx context.Context) (removed int, err error) {
	conn, err := s.DB.Pool.Acquire(ctx)
	if err != nil {
		return 0, fmt.Errorf("sweep documents: %w", err)
	}
	defer conn.Release()
	var leads bool
	if err := conn.QueryRow(ctx, "select pg_try_advisory_lock($1)", sweeperLock).Scan(&leads); err != nil || !leads {
		return 0, err
	}
	defer func() { _, _ = conn.Exec(context.WithoutCancel(ctx), "select pg_advisory_unlock($1)", sweeperLock) }()
	for {
		n, err := s.sweepSome(ctx, conn.Conn())
		removed += n
		if err != nil || n < sweepMost {
			return removed, err
		}
	}
}

func (s *Service) sweepSome(ctx context.Context, conn *pgx.Conn) (int, error) {
	rows, err := conn.Query(ctx, "select id, space_id from expired_documents($1)", sweepMost)
	if err != nil {
		return 0, err
	}
	var gone []uuid.UUID
	found, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (at struct{ id, space uuid.UUID }, err error) {
		err = r.Scan(&at.id, &at.space)
		return at, err
	})
	if err != nil {
		return 0, err
	}
	for _, at := range found {
		if err := s.removeAll(ctx, folder(at.space, at.id)); err != nil {
			return 0, err
		}
		gone = append(gone, at.id)
	}
	if len(gone) > 0 {
		_, err = conn.Exec(ctx, "select forget_documents($1)", gone)
	}
	return len(gone), err
}
