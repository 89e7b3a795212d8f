package audit

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"liaison/storage"
)

const selectLines = "select id, at, actor, session, workplace, verb, outcome, space_id, object, detail::text, address, xid from audit_lines "

// readLines gives the lines of a query that begins with selectLines.
func readLines(ctx context.Context, q storage.Querier, where string, args ...any) ([]Stored, error) {
	rows, err := q.Query(ctx, selectLines+where, args...)
	if err != nil {
		return nil, fmt.Errorf("read journal: %w", err)
	}
	lines, err := pgx.CollectRows(rows, scanLine)
	if err != nil {
		return nil, fmt.Errorf("read journal: %w", err)
	}
	return lines, nil
}

func scanLine(row pgx.CollectableRow) (Stored, error) {
	var s Stored
	var session, workplace, space, object *uuid.UUID
	var detail, address *string
	var outcome string
	err := row.Scan(&s.ID, &s.At, &s.Actor, &session, &workplace, &s.Verb, &outcome, &space, &object, &detail, &address, &s.Xid)
	if err != nil {
		return s, err
	}
	s.Session, s.Workplace, s.Space, s.Object = orNil(session), orNil(workplace), orNil(space), orNil(object)
	s.Refused = outcome == "refused"
	if s.noAddress = address == nil; !s.noAddress {
		s.Address = *address
	}
	if detail != nil {
		s.RawDetail = []byte(*detail)
	}
	return s, nil
}

func orNil(id *uuid.UUID) uuid.UUID {
	if id == nil {
		return uuid.Nil
	}
	return *id
}

const selectBlocks = `select number, from_xid, to_xid, sealed_at, lines, leaves, root, previous, key_id, signature, removed from audit_blocks `

func scanBlock(row pgx.CollectableRow) (*Block, error) {
	b := &Block{}
	err := row.Scan(&b.Number, &b.FromXid, &b.ToXid, &b.SealedAt, &b.Lines, &b.Leaves, &b.Root, &b.Previous, &b.KeyID, &b.Signature, &b.Removed)
	b.SealedAt = b.SealedAt.UTC()
	return b, err
}

// lastBlock is nil while nothing was sealed.
func lastBlock(ctx context.Context, q storage.Querier) (*Block, error) {
	return oneBlock(ctx, q, "order by number desc limit 1")
}

func oneBlock(ctx context.Context, q storage.Querier, where string, args ...any) (*Block, error) {
	blocks, err := someBlocks(ctx, q, where, args...)
	if err != nil || len(blocks) == 0 {
		return nil, err
	}
	return blocks[0], nil
}

func someBlocks(ctx context.Context, q storage.Querier, where string, args ...any) ([]*Block, error) {
	rows, err := q.Query(ctx, selectBlocks+where, args...)
	if err != nil {
		return nil, fmt.Errorf("read blocks: %w", err)
	}
	blocks, err := pgx.CollectRows(rows, scanBlock)
	if err != nil {
		return nil, fmt.Errorf("read blocks: %w", err)
	}
	return blocks, nil
}

func (b *Block) insert(ctx context.Context, q storage.Querier) error {
	columns, values := "number, from_xid, to_xid, sealed_at, lines, leaves, root, previous, key_id, signature", "$1, $2, $3, $4, $5, $6, $7, $8, $9, $10"
	args := []any{b.Number, b.FromXid, b.ToXid, b.SealedAt, b.Lines, b.Leaves, b.Root, b.Previous, b.KeyID, b.Signature}
	if b.Removed != nil { // the sealer's role may not even name this column
		columns, values, args = columns+", removed", values+", $11", append(args, b.Removed)
	}
	if _, err := q.Exec(ctx, "insert into audit_blocks ("+columns+") values ("+values+")", args...); err != nil {
		return fmt.Errorf("write block %d: %w", b.Number, err)
	}
	return nil
}

// horizon is where sealing stands: what is before from is sealed, what is before to can receive no line any more.
type horizon struct {
	last *Block
	from uint64
	to   uint64
	now  time.Time
}

// readHorizon must be the first statement of a repeatable-read transaction: every transaction before the snapshot's xmin has
// ended when the snapshot is taken, so what it sees of them is all there will ever be, in whatever order they committed.
func readHorizon(ctx context.Context, tx pgx.Tx) (h horizon, err error) {
	var begun uint64
	err = tx.QueryRow(ctx, "select pg_snapshot_xmin(s), pg_snapshot_xmax(s), clock_timestamp() from pg_current_snapshot() as s").
		Scan(&h.to, &begun, &h.now)
	if err != nil {
		return h, fmt.Errorf("read transaction horizon: %w", err)
	}
	if h.last, err = lastBlock(ctx, tx); err != nil || h.last == nil {
		return h, err
	}
	h.from = h.last.ToXid
	// Just after a rebase an older transaction may still run, and to be before from: nothing is closed yet.
	if h.from > begun {
		return h, fmt.Errorf("block %d ends at transaction %d, the database is only at %d: %w", h.last.Number, h.from, begun, ErrRestored)
	}
	return h, nil
}
