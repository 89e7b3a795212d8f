package access

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"liaison/audit"
	"liaison/storage"
)

// matrixCache keeps the parsed matrix of the newest version seen.
type matrixCache struct {
	mu        sync.Mutex
	m         *Matrix
	published chan struct{}
}

// Matrix gives the published matrix; the default one is published at the first start.
func (g *Gate) Matrix(ctx context.Context, q storage.Querier) (*Matrix, error) {
	var version int
	if err := q.QueryRow(ctx, "select coalesce(max(version), 0) from matrices").Scan(&version); err != nil {
		return nil, fmt.Errorf("version of the matrix: %w", err)
	}
	g.matrix.mu.Lock()
	defer g.matrix.mu.Unlock()
	if g.matrix.m != nil && g.matrix.m.Version == version {
		return g.matrix.m, nil
	}
	var t Tables
	err := q.QueryRow(ctx, "select categories, actions, exceptions, policy from matrices where version = $1", version).
		Scan(&t.Categories, &t.Actions, &t.Exceptions, &t.Policy)
	if err != nil {
		return nil, fmt.Errorf("read matrix %d: %w", version, err)
	}
	m, err := ParseMatrix(version, t)
	if err != nil {
		return nil, err
	}
	g.matrix.m = m
	return m, nil
}

// PublishDefault publishes the default matrix on an instance that has none.
func (g *Gate) PublishDefault(ctx context.Context) error {
	t := DefaultTables()
	_, err := g.db.Pool.Exec(ctx, `insert into matrices (version, categories, actions, exceptions, policy, comment) values (1, $1, $2, $3, $4, 'default')
		on conflict do nothing`, t.Categories, t.Actions, t.Exceptions, t.Policy)
	return err
}

// Published tells this node, at once, that another version of the matrix was published; other nodes look for it.
func (g *Gate) Published() {
	select {
	case g.matrix.published <- struct{}{}:
	default:
	}
}

// publishedPause is how often another node's publishing is looked for.
const publishedPause = time.Second

// RunRecompiler brings the standings of every space to the published matrix, until ctx ends. Every node may run it: one works at
// a time, and another goes on where it stopped.
func (g *Gate) RunRecompiler(ctx context.Context, log *slog.Logger) {
	tick := time.NewTicker(publishedPause)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-g.matrix.published:
		}
		if err := g.RecompileBehind(ctx); err != nil && ctx.Err() == nil {
			log.Warn("recompile standings", "error", err)
		}
	}
}

// RecompileBehind recompiles the spaces that are behind the published matrix, batch by batch, and returns when none is left
// or another node is at it.
func (g *Gate) RecompileBehind(ctx context.Context) error {
	for {
		var more bool
		err := storage.Retry(ctx, func() (err error) {
			more, err = g.recompileBatch(ctx)
			return err
		})
		if err != nil || !more {
			return err
		}
	}
}

// recompiledTogether bounds how long a post waits for a lock that a batch holds.
const recompiledTogether = 20

// recompileLock is the advisory lock of whichever node recompiles.
const recompileLock = 7_340_021

const behind = "matrix_version < (select max(version) from matrices)"

// recompileBatch answers whether there may be more to do.
func (g *Gate) recompileBatch(ctx context.Context) (bool, error) {
	gr := &grant{gate: g, actor: Actor{Person: SystemRecompiler}, locked: map[uuid.UUID]*lockedChannel{}}
	var mine bool
	var spaces []uuid.UUID
	b := &pgx.Batch{}
	queueActor(b, SystemRecompiler, true)
	b.Queue("select pg_try_advisory_xact_lock($1)", recompileLock).QueryRow(func(r pgx.Row) error { return r.Scan(&mine) })
	b.Queue("select id from spaces where "+behind+" order by id limit $1", recompiledTogether).Query(collect(&spaces, pgx.RowTo[uuid.UUID]))
	tx, err := g.db.Begin(ctx, "", b)
	if err != nil {
		return false, err
	}
	defer tx.Rollback(context.WithoutCancel(ctx))
	if !mine || len(spaces) == 0 {
		return false, nil
	}
	gr.tx = tx
	return true, gr.recompileLocked(ctx, spaces)
}

// recompileLocked takes the locks of the spaces' channels in id order, as a post does, before it reads.
func (gr *grant) recompileLocked(ctx context.Context, spaces []uuid.UUID) error {
	b := &pgx.Batch{}
	gr.queueLockWhere(b, "space_id = any ($1)", spaces)
	b.Queue("select clock_timestamp()").QueryRow(func(r pgx.Row) error { return r.Scan(&gr.at) })
	if err := gr.tx.SendBatch(ctx, b).Close(); err != nil {
		return fmt.Errorf("lock channels: %w", err)
	}
	if err := gr.recompile(ctx, spaces); err != nil {
		return err
	}
	gr.line = audit.Line{Actor: SystemRecompiler, Verb: "matrix.recompile", Detail: map[string]any{"spaces": spaces, "people": gr.told()}}
	return gr.commit(ctx)
}

// told counts the people whose standing the grant's events say has changed.
func (gr *grant) told() int {
	people := map[uuid.UUID]bool{}
	for _, e := range gr.events {
		people[e.Person] = true
	}
	return len(people)
}

// Progress says how far the published matrix has come.
type Progress struct {
	Version int // the published one
	Spaces  int
	Done    int
}

// Progress counts the spaces whose standings are those of the published matrix.
func (g *Gate) Progress(ctx context.Context) (Progress, error) {
	var p Progress
	err := g.db.Pool.QueryRow(ctx, `select coalesce((select max(version) from matrices), 0), count(*), count(*) filter (where not `+behind+`) from spaces`).
		Scan(&p.Version, &p.Spaces, &p.Done)
	if err != nil {
		return p, fmt.Errorf("progress of the matrix: %w", err)
	}
	return p, nil
}
