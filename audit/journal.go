package audit

import (
	"context"
	"fmt"
	"iter"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"liaison/storage"
)

// Journal is what Verify asks of the database, or of a copy of it.
type Journal interface {
	// Block gives the block of that number, nil when there is none.
	Block(ctx context.Context, number int64) (*Block, error)
	// Last is the highest number, 0 when nothing was sealed.
	Last(ctx context.Context) (int64, error)
	// Lines gives those of the ids that exist, in any order.
	Lines(ctx context.Context, ids []uuid.UUID) ([]Stored, error)
	// Count tells how many lines were written by transactions before xid, and how many by that one and later ones.
	Count(ctx context.Context, xid uint64) (before, after int64, err error)
	// IDs gives every line written by transactions before xid.
	IDs(ctx context.Context, xid uint64) iter.Seq2[uuid.UUID, error]
}

// Database reads the journal of a live or restored database; the sealer may go on meanwhile.
func Database(q storage.Querier) Journal { return database{q} }

type database struct{ q storage.Querier }

func (d database) Block(ctx context.Context, number int64) (*Block, error) {
	return oneBlock(ctx, d.q, "where number = $1", number)
}

func (d database) Last(ctx context.Context) (number int64, err error) {
	if err = d.q.QueryRow(ctx, "select coalesce(max(number), 0) from audit_blocks").Scan(&number); err != nil {
		return 0, fmt.Errorf("read last block: %w", err)
	}
	return number, nil
}

func (d database) Lines(ctx context.Context, ids []uuid.UUID) ([]Stored, error) {
	return readLines(ctx, d.q, "where id = any ($1)", ids)
}

func (d database) Count(ctx context.Context, xid uint64) (before, after int64, err error) {
	err = d.q.QueryRow(ctx, "select count(*) filter (where xid < $1), count(*) filter (where xid >= $1) from audit_lines", xid).Scan(&before, &after)
	if err != nil {
		return 0, 0, fmt.Errorf("count lines: %w", err)
	}
	return before, after, nil
}

func (d database) IDs(ctx context.Context, xid uint64) iter.Seq2[uuid.UUID, error] {
	const page = 5000
	return func(yield func(uuid.UUID, error) bool) {
		after := uuid.Nil
		for {
			rows, err := d.q.Query(ctx, "select id from audit_lines where id > $1 and xid < $2 order by id limit $3", after, xid, page)
			if err != nil {
				yield(after, fmt.Errorf("list lines: %w", err))
				return
			}
			ids, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
			if err != nil {
				yield(after, fmt.Errorf("list lines: %w", err))
				return
			}
			for _, id := range ids {
				if !yield(id, nil) {
					return
				}
			}
			if len(ids) < page {
				return
			}
			after = ids[page-1]
		}
	}
}
