package audit

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// Rebase makes sealing go on after the journal was restored into a cluster that numbers its transactions differently: lines not
// yet sealed get this transaction's number, sealed ones get 0 where the new numbers could meet them again, and a signed block
// without lines marks the restore; lines of months that this database had not made get theirs. It needs the owner of the tables, and tx must be read committed, alone in the database.
func Rebase(ctx context.Context, tx pgx.Tx, key ed25519.PrivateKey) error {
	last, err := lastBlock(ctx, tx)
	if err != nil {
		return fmt.Errorf("rebase journal: %w", err)
	}
	var xid, sealed uint64
	var now time.Time
	if err := tx.QueryRow(ctx, "select pg_current_xact_id(), clock_timestamp()").Scan(&xid, &now); err != nil {
		return fmt.Errorf("rebase journal: %w", err)
	}
	if last != nil {
		sealed = last.ToXid
	}
	_, err = tx.Exec(ctx, `update audit_lines set xid = case when xid >= $1 then $2 else '0'::xid8 end
		where xid >= $1 or xid >= $2`, sealed, xid)
	if err != nil {
		return fmt.Errorf("rebase journal: %w", err)
	}
	mark := last.next(xid, now)
	mark.bind(nil, key)
	if err := mark.insert(ctx, tx); err != nil {
		return fmt.Errorf("rebase journal: %w", err)
	}
	return MakeMonths(ctx, tx)
}
