package audit

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"liaison/storage"
)

// ErrRestored answers when the journal comes from another database cluster: see Rebase.
var ErrRestored = errors.New("the journal was restored from another cluster: rebase it")

const (
	sealEvery = time.Second
	// A block stays small enough to be read, signed and exported within a fraction of a second.
	blockLines = 10_000
	// sealerLock is the advisory lock of the one sealer of a territory.
	sealerLock = 0x6c69616973_01
)

// Sealer binds the lines into signed blocks. Every node runs one; the one that holds the lock works, the others wait for it to go.
type Sealer struct {
	db      *storage.DB
	key     ed25519.PrivateKey
	exports Exporter
	log     *slog.Logger
	limit   int
	nudge   chan struct{}
	// exportWithin bounds one export: nothing is sealed meanwhile.
	exportWithin time.Duration

	retaining sync.Mutex // one at a time looks for what retention removes, while sealing goes on

	working sync.Mutex // guards what follows: one pass at a time
	conn    *pgx.Conn  // holds the lock, and everything is done through it: no lock, no sealing
	leads   bool
	// exported is the number of the newest block known to be exported; -1 until the exports were looked at.
	exported    int64
	exportAfter time.Time // not before: a place hangs

	counting sync.Mutex
	stats    Stats
}

// Stats is what a metric shows. Lag is the age of the oldest line not yet sealed, growing when it cannot be measured.
type Stats struct {
	Leads      bool
	Blocks     int64 // sealed by this node
	Lines      int64
	Failures   int64 // passes that failed
	Unexported int64 // blocks sealed and not yet exported
	Lag        time.Duration
	MeasuredAt time.Time
}

// NewSealer prepares a sealer; exports may be nil, then blocks stay in the database only.
func NewSealer(db *storage.DB, key ed25519.PrivateKey, exports Exporter, log *slog.Logger) *Sealer {
	return &Sealer{
		db: db, key: key, exports: exports, log: log, limit: blockLines,
		nudge: make(chan struct{}, 1), exportWithin: 5 * time.Second, exported: -1, stats: Stats{MeasuredAt: time.Now()},
	}
}

// Run seals every second, and at each Nudge, until ctx ends; then it gives the lock to another node.
func (s *Sealer) Run(ctx context.Context) error {
	defer s.Close()
	tick := time.NewTicker(sealEvery)
	defer tick.Stop()
	for {
		if _, err := s.SealOnce(ctx); err != nil && ctx.Err() == nil {
			s.log.Error("seal journal", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		case <-s.nudge:
		}
	}
}

// Nudge asks Run for a pass now.
func (s *Sealer) Nudge() {
	select {
	case s.nudge <- struct{}{}:
	default:
	}
}

// Close gives up the lock.
func (s *Sealer) Close() {
	s.working.Lock()
	defer s.working.Unlock()
	s.resign()
}

// SealOnce seals every line of the transactions that are over and exports the blocks. It does nothing while another node leads.
func (s *Sealer) SealOnce(ctx context.Context) (sealed int, err error) {
	s.working.Lock()
	defer s.working.Unlock()
	sealed, err = s.pass(ctx)
	s.counting.Lock()
	s.stats.Leads = s.leads
	if err != nil {
		s.stats.Failures++
	}
	s.counting.Unlock()
	if err != nil && s.conn != nil && s.conn.IsClosed() {
		s.resign()
	}
	return sealed, err
}

// Stats says how sealing goes on this node.
func (s *Sealer) Stats() Stats {
	s.counting.Lock()
	defer s.counting.Unlock()
	st := s.stats
	if silent := time.Since(st.MeasuredAt); silent > 2*sealEvery {
		st.Lag += silent
	}
	return st
}

func (s *Sealer) pass(ctx context.Context) (sealed int, err error) {
	if err := s.campaign(ctx); err != nil {
		return 0, err
	}
	for s.leads {
		n, more, err := s.sealBlock(ctx)
		sealed += n
		if err != nil {
			return sealed, errors.Join(err, s.measure(ctx))
		}
		if !more {
			err = s.exportPatiently(ctx)
			return sealed, errors.Join(err, s.measure(ctx))
		}
	}
	return 0, s.measure(ctx)
}

// campaign connects if needed and tries to become the one who seals.
func (s *Sealer) campaign(ctx context.Context) error {
	if s.leads {
		return nil
	}
	if s.conn == nil {
		pooled, err := s.db.Pool.Acquire(ctx)
		if err != nil {
			return fmt.Errorf("connect sealer: %w", err)
		}
		// The pool may not take it back nor count it: it is held for as long as the process lives.
		s.conn = pooled.Hijack()
	}
	if err := s.conn.QueryRow(ctx, "select pg_try_advisory_lock($1)", int64(sealerLock)).Scan(&s.leads); err != nil {
		return fmt.Errorf("ask for the sealer's lock: %w", err)
	}
	return nil
}

func (s *Sealer) resign() {
	if s.conn != nil {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		// The server notices a closed connection when it can; another node should not wait for that.
		_, _ = s.conn.Exec(ctx, "select pg_advisory_unlock_all()")
		_ = s.conn.Close(ctx)
	}
	s.conn, s.leads, s.exported = nil, false, -1
	s.counting.Lock()
	s.stats.Leads = false
	s.counting.Unlock()
}

// sealBlock seals one block; more says that lines of closed transactions remain.
func (s *Sealer) sealBlock(ctx context.Context) (sealed int, more bool, err error) {
	err = pgx.BeginTxFunc(ctx, s.conn, pgx.TxOptions{IsoLevel: pgx.RepeatableRead}, func(tx pgx.Tx) error {
		h, err := readHorizon(ctx, tx)
		if err != nil {
			return err
		}
		to, err := s.cut(ctx, tx, h)
		if err != nil {
			return err
		}
		lines, err := readLines(ctx, tx, "where xid >= $1 and xid < $2 order by xid, id", h.from, to)
		if err != nil || len(lines) == 0 {
			return err
		}
		block := h.last.next(to, h.now)
		block.bind(lines, s.key)
		sealed, more = block.Lines, to < h.to
		return block.insert(ctx, tx)
	})
	if err != nil {
		return 0, false, err
	}
	s.count(sealed)
	return sealed, more, nil
}

// cut ends the block between two transactions, so that it holds about limit lines: all of one transaction, whatever their number.
func (s *Sealer) cut(ctx context.Context, tx pgx.Tx, h horizon) (to uint64, err error) {
	const nth = "select xid from audit_lines where xid >= $1 and xid < $2 order by xid offset $3 limit 1"
	var first uint64
	err = tx.QueryRow(ctx, nth, h.from, h.to, s.limit).Scan(&to)
	if errors.Is(err, pgx.ErrNoRows) {
		return h.to, nil
	}
	if err != nil {
		return 0, fmt.Errorf("cut block: %w", err)
	}
	if err = tx.QueryRow(ctx, nth, h.from, h.to, 0).Scan(&first); err != nil {
		return 0, fmt.Errorf("cut block: %w", err)
	}
	return max(to, first+1), nil
}

func (s *Sealer) count(lines int) {
	if lines == 0 {
		return
	}
	s.counting.Lock()
	s.stats.Blocks++
	s.stats.Lines += int64(lines)
	s.counting.Unlock()
}

// measure finds the oldest line that no block holds; every node does, so that a sealer that died is noticed.
func (s *Sealer) measure(ctx context.Context) error {
	if s.conn == nil || s.conn.IsClosed() {
		return nil
	}
	var seconds float64
	err := s.conn.QueryRow(ctx, `select coalesce(extract(epoch from clock_timestamp() - (
		select at from audit_lines
		where xid >= coalesce((select to_xid from audit_blocks order by number desc limit 1), '0') order by xid limit 1)), 0)::float8`).Scan(&seconds)
	if err != nil {
		return fmt.Errorf("measure journal lag: %w", err)
	}
	s.counting.Lock()
	defer s.counting.Unlock()
	s.stats.Lag, s.stats.MeasuredAt = max(0, time.Duration(seconds*float64(time.Second))), time.Now()
	return nil
}
