// Package storage is the plumbing to PostgreSQL and Redis and the embedded services: pools, transactions, migrations.
// It knows no notion of the product; each feature keeps its own SQL.
package storage

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// AppRole is the role every feature works under: it owns nothing and row-level security binds it.
const AppRole = "liaison_app"

// ErrNoFsync refuses a server that would acknowledge what it has not written.
var ErrNoFsync = errors.New("PostgreSQL runs with fsync off: an acknowledged message could be lost")

// Config says which database to use. OwnerURL migrates (default: URL); MaxConns 0 is the pool's default.
type Config struct {
	URL      string
	OwnerURL string
	MaxConns int32
	// AllowNoFsync is for tests only.
	AllowNoFsync bool
}

// DB is the pool of the application role.
type DB struct {
	Pool *pgxpool.Pool
}

// Open connects as the application role and refuses a server that is not durable.
func Open(ctx context.Context, cfg Config) (*DB, error) {
	pc, err := pgxpool.ParseConfig(cfg.URL)
	if err != nil {
		return nil, fmt.Errorf("database address: %w", err)
	}
	if cfg.MaxConns > 0 {
		pc.MaxConns = cfg.MaxConns
	}
	// No transaction may hold the sync horizon for long.
	pc.ConnConfig.RuntimeParams["idle_in_transaction_session_timeout"] = "10000"
	pc.ConnConfig.RuntimeParams["timezone"] = "UTC"
	// Compiling a statement takes longer than any of ours runs.
	pc.ConnConfig.RuntimeParams["jit"] = "off"
	pc.AfterConnect = func(ctx context.Context, c *pgx.Conn) error {
		registerUUIDs(c.TypeMap())
		return assumeAppRole(ctx, c)
	}
	pool, err := pgxpool.NewWithConfig(ctx, pc)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	db := &DB{Pool: pool}
	if err := db.check(ctx, cfg.AllowNoFsync); err != nil {
		pool.Close()
		return nil, err
	}
	return db, nil
}

// assumeAppRole drops the rights of an owner's connection; a connection that is the application role keeps its own.
func assumeAppRole(ctx context.Context, c *pgx.Conn) error {
	var user string
	if err := c.QueryRow(ctx, "select session_user").Scan(&user); err != nil {
		return err
	}
	if user == AppRole {
		return nil
	}
	_, err := c.Exec(ctx, "set role "+AppRole)
	return err
}

func (db *DB) check(ctx context.Context, allowNoFsync bool) error {
	var fsync string
	if err := db.Pool.QueryRow(ctx, "show fsync").Scan(&fsync); err != nil {
		return fmt.Errorf("reach database: %w", err)
	}
	if fsync != "on" && !allowNoFsync {
		return ErrNoFsync
	}
	return nil
}

// Close ends every connection.
func (db *DB) Close() { db.Pool.Close() }

// InTx runs fn in a transaction and commits it; a serialization failure or a deadlock is tried again, up to five times.
func (db *DB) InTx(ctx context.Context, fn func(pgx.Tx) error) error {
	return Retry(ctx, func() error { return pgx.BeginFunc(ctx, db.Pool, fn) })
}

// Retry runs fn again while PostgreSQL asks for it (40001, 40P01), five times at most with a growing pause.
func Retry(ctx context.Context, fn func() error) error {
	pause := 2 * time.Millisecond
	for try := 1; ; try++ {
		err := fn()
		if err == nil || try == 5 || !worthRetry(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(pause):
			pause *= 2
		}
	}
}

func worthRetry(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (pg.Code == "40001" || pg.Code == "40P01")
}

// ErrHidden answers a change of a row that row-level security does not let be changed: PostgreSQL changes none and says nothing.
var ErrHidden = errors.New("the row is not there to be changed")

// IsRefused says whether err is a refusal by rights or row-level security.
func IsRefused(err error) bool {
	var pg *pgconn.PgError
	return errors.Is(err, ErrHidden) || errors.As(err, &pg) && pg.Code == "42501"
}

// IsUnique says whether err is a violation of a unique constraint, and of which.
func IsUnique(err error) (constraint string, ok bool) {
	var pg *pgconn.PgError
	if errors.As(err, &pg) && pg.Code == "23505" {
		return pg.ConstraintName, true
	}
	return "", false
}
