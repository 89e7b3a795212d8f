package audit

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// far is where the transactions of the lost cluster were, far beyond those of any test cluster.
const far = 9_000_000_000

// restored is a journal that came from a cluster with higher transaction numbers: a block of four lines, two lines not sealed
// when the backup was made, and the export of a second block that was sealed after it.
func restored(t *testing.T) (tr *territory, sealed, unsealed []uuid.UUID) {
	t.Helper()
	tr = newTerritory(t)
	sealed, unsealed = tr.write(4), tr.write(2)
	tr.tamper("update audit_lines set xid = $1 where id = any ($2)", uint64(far), sealed)
	tr.tamper("update audit_lines set xid = $1 where id = any ($2)", uint64(far+5), unsealed)
	first := tr.former(nil, far+1, sealed)
	if err := first.insert(t.Context(), tr.owner); err != nil {
		t.Fatal(err)
	}
	tr.former(first, far+9, unsealed)
	return tr, sealed, unsealed
}

// former makes and exports a block as the sealer of the lost cluster did.
func (tr *territory) former(last *Block, to uint64, ids []uuid.UUID) *Block {
	tr.t.Helper()
	lines, err := readLines(tr.t.Context(), tr.owner, "where id = any ($1) order by id", ids)
	if err != nil {
		tr.t.Fatal(err)
	}
	b := last.next(to, time.Now())
	b.bind(lines, tr.key)
	data, err := b.encode()
	if err := errors.Join(err, tr.exports.Put(tr.t.Context(), b.name(), data)); err != nil {
		tr.t.Fatal(err)
	}
	return b
}

func (tr *territory) rebase() {
	tr.t.Helper()
	err := pgx.BeginFunc(tr.t.Context(), tr.owner, func(tx pgx.Tx) error { return Rebase(tr.t.Context(), tx, tr.key) })
	if err != nil {
		tr.t.Fatal(err)
	}
}

func TestSealingGoesOnAfterARestore(t *testing.T) {
	t.Parallel()
	tr, _, _ := restored(t)
	if _, err := tr.sealer.SealOnce(t.Context()); !errors.Is(err, ErrRestored) {
		t.Fatalf("before the rebase: %v", err)
	}
	tr.rebase()
	tr.write(3)
	tr.seal(5)
	r := tr.verify()
	if r.Problem != nil || r.Lines != 9 || r.Unsealed != 0 || r.Unexported != 0 || r.Abandoned != 1 {
		t.Fatalf("%+v %v", r, r.Problem)
	}
	if len(r.Restores) != 1 || r.Restores[0] != 2 {
		t.Fatalf("restores %v", r.Restores)
	}
}

func TestARestoreOfARestore(t *testing.T) {
	t.Parallel()
	tr, _, _ := restored(t)
	tr.rebase()
	tr.rebase()
	tr.seal(2)
	tr.rebase()
	tr.write(1)
	tr.seal(1)
	r := tr.verify()
	if r.Problem != nil || r.Lines != 7 || len(r.Restores) != 3 {
		t.Fatalf("%+v %v", r, r.Problem)
	}
}

func TestARestoreOfAnEmptyJournal(t *testing.T) {
	t.Parallel()
	tr := newTerritory(t)
	tr.write(2)
	tr.rebase()
	tr.seal(2)
	if r := tr.whole(2, 2); len(r.Restores) != 1 {
		t.Fatalf("%+v", r)
	}
}

func TestTamperingIsFoundAfterARestore(t *testing.T) {
	t.Parallel()
	t.Run("inserted", func(t *testing.T) {
		t.Parallel()
		tr, sealed, _ := restored(t)
		tr.rebase()
		tr.seal(2)
		added := uuid.New()
		tr.tamper("insert into audit_lines (id, actor, verb, outcome, xid) select $1, actor, verb, outcome, xid from audit_lines where id = $2",
			added, sealed[0])
		tr.problem(LineInserted, 0, added)
	})
	t.Run("changed", func(t *testing.T) {
		t.Parallel()
		tr, sealed, _ := restored(t)
		tr.rebase()
		tr.seal(2)
		tr.tamper("update audit_lines set verb = 'x' where id = $1", sealed[2])
		tr.problem(LineChanged, 1, sealed[2])
	})
	t.Run("truncated", func(t *testing.T) {
		t.Parallel()
		tr, _, unsealed := restored(t)
		tr.rebase()
		tr.seal(2)
		tr.tamper("delete from audit_blocks where number = 3")
		tr.tamper("delete from audit_lines where id = any ($1)", unsealed)
		tr.problem(Truncated, 3, uuid.Nil)
	})
	t.Run("mark taken away", func(t *testing.T) {
		t.Parallel()
		tr, _, _ := restored(t)
		tr.rebase()
		tr.seal(2)
		tr.tamper("delete from audit_blocks where number >= 2")
		tr.problem(Truncated, 2, uuid.Nil)
	})
}

func TestOnlyTheOwnerRebases(t *testing.T) {
	t.Parallel()
	tr, _, _ := restored(t)
	err := tr.DB.DB.InTx(context.WithoutCancel(t.Context()), func(tx pgx.Tx) error { return Rebase(t.Context(), tx, tr.key) })
	if err == nil {
		t.Fatal("the application rebased the journal")
	}
}

// A restore explains the blocks that were exported after the backup, not others under the numbers before it.
func TestARestoreDoesNotExplainEarlierBlocks(t *testing.T) {
	t.Parallel()
	tr, sealed, _ := restored(t)
	tr.rebase()
	tr.seal(2)
	tr.former(nil, far+2, sealed[:3])
	tr.problem(BlockReplaced, 1, uuid.Nil)
}
