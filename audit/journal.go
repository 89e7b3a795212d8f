package audit

import (
	"context"
	"fmt"
	"iter"
	"time"

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
	// Statements are the blocks that state what was removed, by number.
	Statements(ctx context.Context) ([]*Block, error)
	// Lines gives those of the ids that exist and were written from the one time to the other, in any order.
	Lines(ctx context.Context, ids []uuid.UUID, from, to time.Time) ([]Stored, error)
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

func (d database) Statements(ctx context.Context) ([]*Block, error) {
	return someBlocks(ctx, d.q, "where removed is not null order by number")
}

func (d database) Lines(ctx context.Context, ids []uuid.UUID, from, to time.Time) ([]Stored, error) {
	return readLines(ctx, d.q, "where id = any ($1) and at >= $2 and at < $3", ids, from, to)
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
			ids, err := d.someIDs(ctx, after, xid, page)
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
			after = ids[len(ids)-1]
		}
	}
}

// someIDs gives a page and, so that none is cut between two of the same id, those that are like its last one.
func (d database) someIDs(ctx context.Context, after uuid.UUID, xid uint64, page int) ([]uuid.UUID, error) {
	rows, err := d.q.Query(ctx, `select id from audit_lines where id > $1 and xid < $2 order by id fetch first ($3) rows with ties`, after, xid, page)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
}
