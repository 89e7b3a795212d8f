package audit

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"liaison/storage"
)

var (
	errNoExports = errors.New("blocks are exported nowhere: no month of the journal is removed")
	errNotSealed = errors.New("not every line is, unchanged, in an exported block")
)

// Retain removes the months that ended more than so many months ago, oldest first, each with a signed block that states it; on the
// node that seals, and there only what is whole, sealed and exported. Tables are the owner's to remove: ownerURL is his, and is not
// used as long as no month is due. A month in trouble stays; the others go on.
func (s *Sealer) Retain(ctx context.Context, ownerURL string, months int) error {
	s.retaining.Lock()
	defer s.retaining.Unlock()
	exported, leads := s.standing()
	if months == 0 || !leads {
		return nil
	}
	now, err := agreedTime(ctx, s.db.Pool)
	if err != nil {
		return err
	}
	due, err := monthsOver(ctx, s.db.Pool, months, now)
	if err != nil || len(due) == 0 {
		return err
	}
	if s.exports == nil {
		return errNoExports
	}
	owner, err := pgx.Connect(ctx, ownerURL)
	if err != nil {
		return fmt.Errorf("connect as owner of the journal: %w", err)
	}
	defer owner.Close(context.WithoutCancel(ctx))
	var failed []error
	for _, m := range due {
		if err := s.retire(ctx, owner, m, survey{q: s.db.Pool, upTo: exported, now: now}); err != nil {
			failed = append(failed, fmt.Errorf("month %s of the journal stays: %w", m.Format("2006-01"), err))
		}
	}
	return errors.Join(failed...)
}

// standing gives the newest block known to be exported, and whether this node seals.
func (s *Sealer) standing() (exported int64, leads bool) {
	s.working.Lock()
	defer s.working.Unlock()
	return s.exported, s.leads
}

// retire looks through the month while sealing goes on, then removes it between two blocks.
func (s *Sealer) retire(ctx context.Context, owner *pgx.Conn, m month, look survey) error {
	r, err := look.month(ctx, m)
	if err != nil {
		return err
	}
	s.working.Lock()
	defer s.working.Unlock()
	if !s.leads {
		return errors.New("another node seals now")
	}
	if err := pgx.BeginFunc(ctx, owner, func(tx pgx.Tx) error { return s.remove(ctx, tx, m, r) }); err != nil {
		return err
	}
	s.log.Info("a month of the journal was removed under retention", "month", m.Format("2006-01"), "lines", r.Lines)
	return nil
}

// remove drops the month's table in the transaction that states it.
func (s *Sealer) remove(ctx context.Context, tx pgx.Tx, m month, r *Removal) error {
	table := pgx.Identifier{m.table()}.Sanitize()
	var there int64
	// No reader is held up while the lines are counted, and nobody for long.
	if _, err := tx.Exec(ctx, "set local lock_timeout = '2s'; lock table "+table+" in share row exclusive mode"); err != nil {
		return fmt.Errorf("lock its table: %w", err)
	}
	if err := tx.QueryRow(ctx, "select count(*) from "+table).Scan(&there); err != nil {
		return fmt.Errorf("count its lines: %w", err)
	}
	if there != r.Lines {
		return fmt.Errorf("%w: %d were looked at, %d are there", errNotSealed, r.Lines, there)
	}
	if r.Lines > 0 {
		if err := s.state(ctx, tx, r); err != nil {
			return err
		}
	}
	if _, err := tx.Exec(ctx, "drop table "+table); err != nil {
		return fmt.Errorf("drop its table: %w", err)
	}
	return nil
}

// state adds the block that says so: it closes no transactions.
func (s *Sealer) state(ctx context.Context, tx pgx.Tx, r *Removal) error {
	last, err := lastBlock(ctx, tx)
	if err != nil {
		return err
	}
	now, err := agreedTime(ctx, tx)
	if err != nil {
		return err
	}
	b := last.next(last.ToXid, now)
	b.Removed = r
	b.bind(nil, s.key)
	if wrong := r.wrong(b); wrong != "" {
		return errors.New(wrong)
	}
	return b.insert(ctx, tx)
}

// survey finds the leaves of a month's lines in the blocks, and that every line is what was sealed.
type survey struct {
	q    storage.Querier
	upTo int64 // the newest block that counts
	now  time.Time
}

// blocksTogether are looked at in one question.
const blocksTogether = 64

func (y survey) month(ctx context.Context, m month) (*Removal, error) {
	r := &Removal{From: m.Time, To: m.end()}
	found := newTally()
	var lines int64
	if err := y.q.QueryRow(ctx, "select count(*) from audit_lines where at >= $1 and at < $2", r.From, r.To).Scan(&lines); err != nil {
		return nil, fmt.Errorf("count its lines: %w", err)
	}
	for after := int64(0); found.lines < lines; {
		blocks, err := someBlocks(ctx, y.q, "where number > $1 and number <= $2 and sealed_at >= $3 order by number limit $4",
			after, y.upTo, m.Add(-lateness), blocksTogether)
		if err != nil {
			return nil, err
		}
		if len(blocks) == 0 {
			return nil, fmt.Errorf("%w: %d of %d are", errNotSealed, found.lines, lines)
		}
		after = blocks[len(blocks)-1].Number
		if err := y.blocks(ctx, r, &found, blocks); err != nil {
			return nil, err
		}
	}
	r.Lines, r.Digest = found.lines, found.hash.Sum(nil)
	return r, nil
}

// blocks adds the leaves whose very lines are in the month.
func (y survey) blocks(ctx context.Context, r *Removal, found *tally, blocks []*Block) error {
	there, err := y.lines(ctx, r, blocks)
	if err != nil {
		return err
	}
	for _, b := range blocks {
		for i := range b.Lines {
			id, sealed := b.leaf(i)
			if there[id] != sealed {
				continue
			}
			if wrong := r.refuses(b, id, y.now); wrong != "" {
				return fmt.Errorf("line %s of block %d: %s", id, b.Number, wrong)
			}
			found.add(b, i)
			r.extend(b.Number, int64(i))
		}
		r.goOn(b)
	}
	return nil
}

func (y survey) lines(ctx context.Context, r *Removal, blocks []*Block) (map[uuid.UUID][32]byte, error) {
	const step = 1000
	var ids []uuid.UUID
	for _, b := range blocks {
		for i := range b.Lines {
			id, _ := b.leaf(i)
			ids = append(ids, id)
		}
	}
	there := map[uuid.UUID][32]byte{}
	for from := 0; from < len(ids); from += step {
		lines, err := Database(y.q).Lines(ctx, ids[from:min(from+step, len(ids))], r.From, r.To)
		if err != nil {
			return nil, err
		}
		for i := range lines {
			there[lines[i].ID] = lines[i].Leaf()
		}
	}
	return there, nil
}

// extend adds a leaf after the last one.
func (r *Removal) extend(block, leaf int64) {
	if n := len(r.Spans); n > 0 && r.Spans[n-1].end() == (position{block, leaf}) {
		r.Spans[n-1].ToLeaf++
		return
	}
	r.Spans = append(r.Spans, Span{block, leaf, block, leaf + 1})
}

// goOn lets a span that reaches the end of a block begin the next one: a month is usually one span.
func (r *Removal) goOn(b *Block) {
	if n := len(r.Spans); n > 0 && r.Spans[n-1].end() == (position{b.Number, int64(b.Lines)}) {
		r.Spans[n-1].ToBlock, r.Spans[n-1].ToLeaf = b.Number+1, 0
	}
}
