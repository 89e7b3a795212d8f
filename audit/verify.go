package audit

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"iter"

	"github.com/google/uuid"
)

// Report is what a verification found. Without Problem the journal is whole.
type Report struct {
	Lines      int64    `json:"lines"`      // sealed lines found and unchanged
	Blocks     int64    `json:"blocks"`     // checked
	Unsealed   int64    `json:"unsealed"`   // lines newer than the last block: nothing can be said of them yet
	Unexported int64    `json:"unexported"` // newest blocks without an export
	Restores   []int64  `json:"restores"`   // blocks that mark a restore
	Abandoned  int64    `json:"abandoned"`  // exported blocks of a database that a restore replaced
	Problem    *Problem `json:"problem"`
}

// Problem is the first thing that does not hold.
type Problem struct {
	Kind  Kind      `json:"kind"`
	Block int64     `json:"block"` // 0 when no block is concerned
	Line  uuid.UUID `json:"line"`  // nil when no single line is concerned
	Text  string    `json:"text"`
}

// Kind is a stable code of a problem.
type Kind string

// What can be found.
const (
	LineChanged   Kind = "line_changed"
	LineMissing   Kind = "line_missing"
	LineInserted  Kind = "line_inserted" // in a range that was closed and sealed
	LineMoved     Kind = "line_moved"    // given to another transaction, or sealed twice
	BlockForged   Kind = "block_forged"  // signature, root or leaves
	BlockMissing  Kind = "block_missing"
	BlockMoved    Kind = "block_moved"    // does not follow the one before it
	BlockReplaced Kind = "block_replaced" // differs from its export, or another was exported under its number
	Truncated     Kind = "truncated"      // exported, and no longer in the database
	ExportMissing Kind = "export_missing" // though a later block was exported
)

func (p *Problem) Error() string {
	if p.Line != uuid.Nil {
		return fmt.Sprintf("%s: block %d, line %s: %s", p.Kind, p.Block, p.Line, p.Text)
	}
	return fmt.Sprintf("%s: block %d: %s", p.Kind, p.Block, p.Text)
}

// Verify checks every block and line of the journal against the public keys, and against the exported blocks unless these are
// nil. The error is for what could not be read; what is wrong with the journal is the report's Problem.
func Verify(ctx context.Context, journal Journal, exported iter.Seq2[*Block, error], keys ...ed25519.PublicKey) (Report, error) {
	v := &verification{journal: journal, keys: map[string]ed25519.PublicKey{}}
	for _, key := range keys {
		v.keys[KeyID(key)] = key
	}
	if exported != nil {
		next, stop := iter.Pull2(exported)
		defer stop()
		v.exports = &exports{next: next}
	}
	err := v.run(ctx)
	if errors.As(err, &v.report.Problem) {
		err = nil
	}
	return v.report, err
}

type verification struct {
	journal Journal
	exports *exports
	keys    map[string]ed25519.PublicKey
	report  Report
	last    *Block
	// gap is the first block since the last export that matched whose own export was not found.
	gap int64
}

func (v *verification) run(ctx context.Context) error {
	for number := int64(1); ; number++ {
		b, err := v.block(ctx, number)
		if err != nil {
			return err
		}
		if b == nil {
			break
		}
		if err := v.take(ctx, b); err != nil {
			return err
		}
	}
	if err := v.tail(ctx); err != nil {
		return err
	}
	return v.nothingElse(ctx)
}

func (v *verification) take(ctx context.Context, b *Block) error {
	if err := v.chained(b); err != nil {
		return err
	}
	if err := v.matchesExport(b); err != nil {
		return err
	}
	if err := v.lines(ctx, b); err != nil {
		return err
	}
	v.report.Blocks++
	v.last = b
	return nil
}

// block gives nil past the end; a hole is a problem.
func (v *verification) block(ctx context.Context, number int64) (*Block, error) {
	b, err := v.journal.Block(ctx, number)
	if b != nil || err != nil {
		return b, err
	}
	last, err := v.journal.Last(ctx)
	if err != nil || last < number {
		return nil, err
	}
	// Either it was sealed just now, or it is not there.
	if b, err = v.journal.Block(ctx, number); b == nil && err == nil {
		return nil, &Problem{Kind: BlockMissing, Block: number, Text: "later blocks exist"}
	}
	return b, err
}

func (v *verification) chained(b *Block) error {
	if wrong := b.check(v.keys); wrong != "" {
		return &Problem{Kind: BlockForged, Block: b.Number, Text: wrong}
	}
	if !bytes.Equal(b.Previous, v.tip()) {
		return &Problem{Kind: BlockMoved, Block: b.Number, Text: "it does not follow the block before it"}
	}
	if b.restored() {
		v.report.Restores = append(v.report.Restores, b.Number)
	} else if v.last != nil && b.FromXid != v.last.ToXid {
		return &Problem{Kind: BlockMoved, Block: b.Number, Text: "its range does not begin where the one before ends"}
	}
	return nil
}

// tip is what the next block must hold as previous.
func (v *verification) tip() []byte {
	if v.last == nil {
		return make([]byte, 32)
	}
	hash := v.last.Hash()
	return hash[:]
}

func (v *verification) lines(ctx context.Context, b *Block) error {
	const step = 1000
	for from := 0; from < b.Lines; from += step {
		to := min(from+step, b.Lines)
		ids := make([]uuid.UUID, 0, step)
		for i := from; i < to; i++ {
			id, _ := b.leaf(i)
			ids = append(ids, id)
		}
		found, err := v.journal.Lines(ctx, ids)
		if err != nil {
			return err
		}
		if err := v.compare(b, from, to, found); err != nil {
			return err
		}
	}
	return nil
}

func (v *verification) compare(b *Block, from, to int, found []Stored) error {
	byID := make(map[uuid.UUID]*Stored, len(found))
	for i := range found {
		byID[found[i].ID] = &found[i]
	}
	for i := from; i < to; i++ {
		id, sealed := b.leaf(i)
		line := byID[id]
		if line == nil {
			return &Problem{Kind: LineMissing, Block: b.Number, Line: id, Text: "it was sealed and is no longer there"}
		}
		if line.Leaf() != sealed {
			return &Problem{Kind: LineChanged, Block: b.Number, Line: id, Text: "it is not what was sealed"}
		}
		if line.Xid >= b.ToXid {
			return &Problem{Kind: LineMoved, Block: b.Number, Line: id, Text: "it was given to a later transaction"}
		}
		v.report.Lines++
	}
	return nil
}

// nothingElse looks for lines slipped into ranges that were closed: every sealed line was found, so counting tells.
func (v *verification) nothingElse(ctx context.Context) error {
	end := uint64(0)
	if v.last != nil {
		end = v.last.ToXid
	}
	before, after, err := v.journal.Count(ctx, end)
	if err != nil {
		return err
	}
	v.report.Unsealed = after
	if before == v.report.Lines {
		return nil
	}
	return v.findOther(ctx, end)
}

// findOther names the line; only a journal with a problem pays for holding every id in memory.
func (v *verification) findOther(ctx context.Context, end uint64) error {
	sealed := make(map[uuid.UUID]struct{}, v.report.Lines)
	for number := int64(1); number <= v.last.Number; number++ {
		b, err := v.journal.Block(ctx, number)
		if err != nil {
			return err
		}
		for i := range b.Lines {
			id, _ := b.leaf(i)
			if _, twice := sealed[id]; twice {
				return &Problem{Kind: LineMoved, Block: number, Line: id, Text: "it is sealed twice"}
			}
			sealed[id] = struct{}{}
		}
	}
	for id, err := range v.journal.IDs(ctx, end) {
		if err != nil {
			return err
		}
		if _, ok := sealed[id]; !ok {
			return &Problem{Kind: LineInserted, Line: id, Text: "no block holds it, though its transaction ended before the last one"}
		}
	}
	return errors.New("verify journal: lines were counted that could not be listed; it changed meanwhile")
}
