package storage

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// errForeignTx refuses to a library what only the transaction's owner does.
var errForeignTx = errors.New("this transaction is begun and ended by its owner")

// PgxTx shows a transaction to a library that wants pgx's own form, to write in it. It can neither end it nor nest in it.
func PgxTx(q Querier) (pgx.Tx, error) {
	switch tx := q.(type) {
	case pgx.Tx:
		return tx, nil
	case *Tx:
		return lent{tx}, nil
	}
	return nil, fmt.Errorf("%T is no transaction", q)
}

type lent struct{ *Tx }

func (lent) Begin(context.Context) (pgx.Tx, error) { return nil, errForeignTx }

func (lent) Commit(context.Context) error { return errForeignTx }

func (lent) Rollback(context.Context) error { return errForeignTx }

func (lent) CopyFrom(context.Context, pgx.Identifier, []string, pgx.CopyFromSource) (int64, error) {
	return 0, errForeignTx
}

func (lent) LargeObjects() pgx.LargeObjects { return pgx.LargeObjects{} }

func (lent) Prepare(context.Context, string, string) (*pgconn.StatementDescription, error) {
	return nil, errForeignTx
}

// Conn is nil after the transaction's end.
func (l lent) Conn() *pgx.Conn {
	if l.conn == nil {
		return nil
	}
	return l.conn.Conn()
}
