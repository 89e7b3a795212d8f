package node

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"liaison/storage"
)

// Instance is which service this is: one territory, one database, in its present incarnation (new after a restore).
type Instance struct {
	ID          uuid.UUID
	Incarnation uuid.UUID
	Territory   string
	Demo        bool
}

// identify reads the instance, or names it at the first start. An instance that was started without the demo never becomes one.
func identify(ctx context.Context, db *storage.DB, territory string, demo bool) (Instance, error) {
	if territory == "" {
		territory = "Liaison"
	}
	_, err := db.Pool.Exec(ctx, "insert into instance (id, incarnation, territory, demo) values ($1, $2, $3, $4) on conflict do nothing",
		uuid.New(), uuid.New(), territory, demo)
	if err != nil {
		return Instance{}, fmt.Errorf("name the instance: %w", err)
	}
	var i Instance
	err = db.Pool.QueryRow(ctx, "select id, incarnation, territory, demo from instance").Scan(&i.ID, &i.Incarnation, &i.Territory, &i.Demo)
	if err != nil {
		return Instance{}, fmt.Errorf("read the instance: %w", err)
	}
	return i, nil
}

// NewIncarnation follows a restore: transaction ids of the former cluster mean nothing in this one, so whatever was written
// counts as long past, and every cursor out there is refused.
func NewIncarnation(ctx context.Context, tx pgx.Tx) error {
	if _, err := tx.Exec(ctx, "update instance set incarnation = $1", uuid.New()); err != nil {
		return fmt.Errorf("new incarnation: %w", err)
	}
	for _, table := range []string{"channels", "standings", "events", "read_marks", "receipts", "documents"} {
		if _, err := tx.Exec(ctx, "update "+table+" set xid = '0'"); err != nil {
			return fmt.Errorf("past of %s: %w", table, err)
		}
	}
	// What was indexed up to that horizon is no longer known: everything is indexed again.
	if _, err := tx.Exec(ctx, "update search_progress set version = 0"); err != nil {
		return fmt.Errorf("past of search: %w", err)
	}
	return nil
}
