package storage

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Querier is what a feature needs of a transaction. pgx.Tx, *Tx and a pool satisfy it.
type Querier interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
	SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults
}

// ErrTxDone answers a use after the end of a transaction.
var ErrTxDone = errors.New("transaction has ended")

// Tx is a transaction whose first statements travel with its begin and whose last travel with its commit:
// one round trip each. It is not safe for concurrent use.
type Tx struct {
	conn *pgxpool.Conn
}

// Begin opens a transaction and runs the opening batch in the same round trip. mode follows "begin", for example
// "isolation level repeatable read"; the batch's callbacks have run when it returns.
func (db *DB) Begin(ctx context.Context, mode string, opening *pgx.Batch) (*Tx, error) {
	conn, err := db.Pool.Acquire(ctx)
	if err != nil {
		return nil, fmt.Errorf("acquire connection: %w", err)
	}
	b := &pgx.Batch{}
	b.Queue("begin " + mode)
	b.QueuedQueries = append(b.QueuedQueries, opening.QueuedQueries...)
	tx := &Tx{conn: conn}
	if err := conn.SendBatch(ctx, b).Close(); err != nil {
		tx.Rollback(context.WithoutCancel(ctx))
		return nil, err
	}
	return tx, nil
}

// Commit runs the closing batch (which may be nil) and commits, in one round trip.
func (tx *Tx) Commit(ctx context.Context, closing *pgx.Batch) error {
	if tx.conn == nil {
		return ErrTxDone
	}
	b := &pgx.Batch{}
	if closing != nil {
		b.QueuedQueries = append(b.QueuedQueries, closing.QueuedQueries...)
	}
	committed := false
	b.Queue("commit").Exec(func(tag pgconn.CommandTag) error {
		// PostgreSQL answers ROLLBACK to the commit of a transaction that had failed.
		committed = tag.String() == "COMMIT"
		return nil
	})
	if err := tx.conn.SendBatch(ctx, b).Close(); err != nil {
		tx.Rollback(context.WithoutCancel(ctx))
		return err
	}
	tx.conn.Release()
	tx.conn = nil
	if !committed {
		return errors.New("transaction had failed: nothing was committed")
	}
	return nil
}

// Rollback ends the transaction without trace; it does nothing once the transaction has ended.
func (tx *Tx) Rollback(ctx context.Context) {
	if tx.conn == nil {
		return
	}
	conn := tx.conn
	tx.conn = nil
	if _, err := conn.Exec(ctx, "rollback"); err != nil {
		// The pool throws away a connection that was closed under it.
		_ = conn.Conn().Close(ctx)
	}
	conn.Release()
}

// Exec runs a statement.
func (tx *Tx) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	if tx.conn == nil {
		return pgconn.CommandTag{}, ErrTxDone
	}
	return tx.conn.Exec(ctx, sql, args...)
}

// Query runs a query.
func (tx *Tx) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	if tx.conn == nil {
		return nil, ErrTxDone
	}
	return tx.conn.Query(ctx, sql, args...)
}

// QueryRow runs a query for one row.
func (tx *Tx) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	if tx.conn == nil {
		return deadRow{}
	}
	return tx.conn.QueryRow(ctx, sql, args...)
}

// SendBatch pipelines statements.
func (tx *Tx) SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults {
	if tx.conn == nil {
		return pgx.FailedBatchResults(b, ErrTxDone)
	}
	return tx.conn.SendBatch(ctx, b)
}

type deadRow struct{}

func (deadRow) Scan(...any) error { return ErrTxDone }

// OrNull is null for what is not there.
func OrNull[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}
