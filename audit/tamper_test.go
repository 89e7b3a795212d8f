package audit

import (
	"crypto/ed25519"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/uuid"
)

// sealedBlocks writes and seals three blocks of two lines.
func sealedBlocks(t *testing.T) (tr *territory, ids []uuid.UUID) {
	t.Helper()
	tr = newTerritory(t)
	tr.sealer.limit = 2
	for range 3 {
		ids = append(ids, tr.write(2)...)
		tr.seal(2)
	}
	tr.whole(6, 3)
	return tr, ids
}

func TestAChangedLineIsFound(t *testing.T) {
	t.Parallel()
	for name, sql := range map[string]string{
		"at":        "at = at + interval '1 microsecond'",
		"actor":     "actor = gen_random_uuid()",
		"session":   "session = null",
		"workplace": "workplace = gen_random_uuid()",
		"verb":      "verb = 'messages.count'",
		"outcome":   "outcome = 'refused'",
		"space":     "space_id = object, object = space_id",
		"detail":    `detail = '{"count": 7}'`,
		"no detail": "detail = null",
		"address":   "address = null",
		"empty":     "address = ''",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tr, ids := sealedBlocks(t)
			tr.tamper("update audit_lines set "+sql+" where id = $1", ids[3])
			tr.problem(LineChanged, 2, ids[3])
		})
	}
}

func TestADeletedLineIsFound(t *testing.T) {
	t.Parallel()
	tr, ids := sealedBlocks(t)
	tr.tamper("delete from audit_lines where id = $1", ids[2])
	tr.problem(LineMissing, 2, ids[2])
}

func TestAnInsertedLineIsFound(t *testing.T) {
	t.Parallel()
	tr, ids := sealedBlocks(t)
	added := uuid.New()
	tr.tamper("insert into audit_lines (id, actor, verb, outcome, xid) select $1, actor, verb, outcome, xid from audit_lines where id = $2",
		added, ids[0])
	tr.problem(LineInserted, 0, added)
}

func TestALineGivenToALaterTransactionIsFound(t *testing.T) {
	t.Parallel()
	tr, ids := sealedBlocks(t)
	tr.tamper("update audit_lines set xid = '9000000000' where id = $1", ids[1])
	tr.problem(LineMoved, 1, ids[1])
}

func TestReorderedLeavesAreFound(t *testing.T) {
	t.Parallel()
	tr, _ := sealedBlocks(t)
	tr.tamper("update audit_blocks set leaves = substring(leaves from 49 for 48) || substring(leaves from 1 for 48) where number = 2")
	tr.problem(BlockForged, 2, uuid.Nil)
}

func TestExchangedIDsAreFound(t *testing.T) {
	t.Parallel()
	tr, ids := sealedBlocks(t)
	tr.tamper(`update audit_blocks set leaves = overlay(overlay(leaves placing substring(leaves from 49 for 16) from 1)
		placing substring(leaves from 1 for 16) from 49) where number = 2`)
	// The exported block tells it first differs; the database alone names the line.
	tr.exports = Directory(t.TempDir())
	tr.problem(LineChanged, 2, ids[3])
}

func TestForgedSignaturesAreFound(t *testing.T) {
	t.Parallel()
	for name, sql := range map[string]string{
		"signature": "signature = set_byte(signature, 3, get_byte(signature, 3) # 1)",
		"root":      "root = set_byte(root, 3, get_byte(root, 3) # 1)",
		"range":     "to_xid = (to_xid::text::bigint + 1)::text::xid8",
		"time":      "sealed_at = sealed_at + interval '1 day'",
		"key":       "key_id = '0000000000000000'",
		"cut":       "leaves = substring(leaves from 1 for 48)",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tr, _ := sealedBlocks(t)
			tr.tamper("update audit_blocks set " + sql + " where number = 2")
			tr.problem(BlockForged, 2, uuid.Nil)
		})
	}
}

func TestABlockSignedByAnotherKeyIsFound(t *testing.T) {
	t.Parallel()
	tr, _ := sealedBlocks(t)
	other, _ := sealedBlocks(t)
	report, err := Verify(t.Context(), Database(tr.owner), nil, other.public())
	if err != nil || report.Problem == nil || report.Problem.Kind != BlockForged {
		t.Fatalf("%+v %v", report, err)
	}
}

func TestRenumberedBlocksAreFound(t *testing.T) {
	t.Parallel()
	tr, _ := sealedBlocks(t)
	tr.tamper("update audit_blocks set number = case number when 2 then 13 else 12 end where number > 1")
	tr.tamper("update audit_blocks set number = number - 10 where number > 10")
	tr.problem(BlockForged, 2, uuid.Nil) // the number is signed
}

func TestAMissingBlockIsFound(t *testing.T) {
	t.Parallel()
	tr, _ := sealedBlocks(t)
	tr.tamper("delete from audit_blocks where number = 2")
	tr.problem(BlockMissing, 2, uuid.Nil)
}

func TestATruncatedTailIsFound(t *testing.T) {
	t.Parallel()
	tr, ids := sealedBlocks(t)
	tr.tamper("delete from audit_blocks where number = 3")
	tr.tamper("delete from audit_lines where id = any ($1)", ids[4:])
	tr.problem(Truncated, 3, uuid.Nil)
	// Sealing over the hole does not hide it.
	tr.sealer.exported = -1
	tr.write(1)
	tr.seal(1)
	tr.problem(BlockReplaced, 3, uuid.Nil)
}

func TestAJournalEmptiedIsFound(t *testing.T) {
	t.Parallel()
	tr, _ := sealedBlocks(t)
	tr.tamper("delete from audit_blocks")
	tr.tamper("delete from audit_lines")
	tr.problem(Truncated, 1, uuid.Nil)
}

func TestAMissingExportIsFound(t *testing.T) {
	t.Parallel()
	tr, _ := sealedBlocks(t)
	b, err := Database(tr.owner).Block(t.Context(), 2)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(string(tr.exports), filepath.FromSlash(b.name()))); err != nil {
		t.Fatal(err)
	}
	tr.problem(ExportMissing, 2, uuid.Nil)
}

func TestADamagedExportIsSaid(t *testing.T) {
	t.Parallel()
	tr, _ := sealedBlocks(t)
	if err := os.WriteFile(filepath.Join(string(tr.exports), "00000000", "zz.json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Verify(t.Context(), Database(tr.owner), tr.exports.Blocks(tr.t.Context()), tr.public()); err == nil {
		t.Fatal("not said")
	}
}

// The key alone does not allow a block that does not follow the one before it.
func TestABlockThatDoesNotFollowIsFound(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*Block){
		"previous": func(b *Block) { b.Previous = make([]byte, 32) },
		"range":    func(b *Block) { b.FromXid++ },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tr, _ := sealedBlocks(t)
			tr.exports = Directory(t.TempDir())
			tr.resign(3, change)
			tr.problem(BlockMoved, 3, uuid.Nil)
		})
	}
}

func (tr *territory) resign(number int64, change func(*Block)) {
	tr.t.Helper()
	b, err := Database(tr.owner).Block(tr.t.Context(), number)
	if err != nil {
		tr.t.Fatal(err)
	}
	change(b)
	b.Signature = ed25519.Sign(tr.key, b.payload())
	tr.tamper("delete from audit_blocks where number = $1", number)
	if err := b.insert(tr.t.Context(), tr.owner); err != nil {
		tr.t.Fatal(err)
	}
}
