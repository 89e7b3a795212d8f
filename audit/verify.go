package audit

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/google/uuid"
)

// Report is what a verification found. Without Problem the journal is whole.
type Report struct {
	Lines      int64     `json:"lines"`      // sealed lines found and unchanged
	Blocks     int64     `json:"blocks"`     // checked
	Unsealed   int64     `json:"unsealed"`   // lines newer than the last block: nothing can be said of them yet
	Unexported int64     `json:"unexported"` // newest blocks without an export
	Restores   []int64   `json:"restores"`   // blocks that mark a restore
	Abandoned  int64     `json:"abandoned"`  // exported blocks of a database that a restore replaced
	Removed    int64     `json:"removed"`    // sealed lines that are no longer there, and that signed blocks state as removed under retention
	Months     []Removed `json:"months"`     // whose they were
	Problem    *Problem  `json:"problem"`
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
	RemovalFalse  Kind = "removal_false"  // a block states as removed what it may not, or what was not sealed
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
	known := map[string]ed25519.PublicKey{}
	for _, key := range keys {
		known[KeyID(key)] = key
	}
	for try := 1; ; try++ {
		v := &verification{journal: journal, keys: known, began: time.Now()}
		err := v.against(ctx, exported)
		if errors.As(err, &v.report.Problem) {
			err = nil
		}
		if try == 3 || !errors.Is(err, errAgain) {
			return v.report, err
		}
	}
}

type verification struct {
	journal Journal
	exports *exports
	keys    map[string]ed25519.PublicKey
	report  Report
	last    *Block
	began   time.Time
	// statements are those that may count, stated is how many blocks there were that state anything, statedAt the last one passed.
	statements []*statement
	stated     int
	statedAt   *Block
	// gap is the first block since the last export that matched whose own export was not found.
	gap int64
}

func (v *verification) against(ctx context.Context, exported iter.Seq2[*Block, error]) error {
	if exported != nil {
		next, stop := iter.Pull2(exported)
		defer stop()
		v.exports = &exports{next: next}
	}
	return v.run(ctx)
}

func (v *verification) run(ctx context.Context) error {
	if err := v.readStatements(ctx); err != nil {
		return err
	}
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
	if err := v.dated(b); err != nil || b.Removed == nil {
		return err
	}
	return v.settle(b)
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
	about := v.statedIn(b)
	leaves := make([]int, 0, min(step, b.Lines))
	for i := range b.Lines {
		removed, err := takeRemoved(about, b, i)
		if err != nil {
			return err
		}
		if !removed {
			leaves = append(leaves, i)
		}
		if len(leaves) == step || i == b.Lines-1 {
			if err := v.compare(ctx, b, leaves); err != nil {
				return err
			}
			leaves = leaves[:0]
		}
	}
	return nil
}

// lateness is how long a line usually waits to be sealed, at most.
const lateness = 24 * time.Hour

// compare looks for the lines of some leaves: among those written shortly before their block, then among all.
func (v *verification) compare(ctx context.Context, b *Block, leaves []int) error {
	elsewhere, err := v.look(ctx, b, leaves, b.SealedAt.Add(-lateness), b.SealedAt.Add(lateness), func(int, []Stored) error { return nil })
	if err != nil {
		return err
	}
	_, err = v.look(ctx, b, elsewhere, time.Time{}, ever, func(i int, found []Stored) error { return v.unlike(ctx, b, i, found) })
	return err
}

// look gives the leaves without their line, after it said of each what bears its id.
func (v *verification) look(ctx context.Context, b *Block, leaves []int, from, to time.Time, without func(int, []Stored) error) (left []int, err error) {
	if len(leaves) == 0 {
		return nil, nil
	}
	ids := make([]uuid.UUID, len(leaves))
	for i, leaf := range leaves {
		ids[i], _ = b.leaf(leaf)
	}
	lines, err := v.journal.Lines(ctx, ids, from, to)
	if err != nil {
		return nil, err
	}
	byID := make(map[uuid.UUID][]Stored, len(lines))
	for _, line := range lines {
		byID[line.ID] = append(byID[line.ID], line)
	}
	for i, leaf := range leaves {
		found := byID[ids[i]]
		_, sealed := b.leaf(leaf)
		at := slices.IndexFunc(found, func(s Stored) bool { return s.Leaf() == sealed })
		if at < 0 {
			left = append(left, leaf)
			if err := without(leaf, found); err != nil {
				return nil, err
			}
			continue
		}
		if found[at].Xid >= b.ToXid {
			return nil, &Problem{Kind: LineMoved, Block: b.Number, Line: ids[i], Text: "it was given to a later transaction"}
		}
		v.report.Lines++
	}
	return left, nil
}

// unlike names a leaf whose line is not there or is another.
func (v *verification) unlike(ctx context.Context, b *Block, leaf int, found []Stored) error {
	id, _ := b.leaf(leaf)
	if len(found) > 0 {
		return &Problem{Kind: LineChanged, Block: b.Number, Line: id, Text: "it is not what was sealed"}
	}
	if err := v.again(ctx); err != nil {
		return err
	}
	return &Problem{Kind: LineMissing, Block: b.Number, Line: id, Text: "it was sealed and is no longer there"}
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
	if err := v.again(ctx); err != nil {
		return err
	}
	sealed, err := v.sealed(ctx)
	if err != nil {
		return err
	}
	for id, err := range v.journal.IDs(ctx, end) {
		if err != nil {
			return err
		}
		if sealed[id]--; sealed[id] < 0 {
			return &Problem{Kind: LineInserted, Line: id, Text: "no block holds it, or one states that it was removed, though its transaction ended before the last one"}
		}
	}
	return errors.New("verify journal: lines were counted that could not be listed; it changed meanwhile")
}

// sealed counts the lines that are to be there, by id: two months may have the same one.
func (v *verification) sealed(ctx context.Context) (map[uuid.UUID]int, error) {
	count := make(map[uuid.UUID]int, v.report.Lines)
	leaves := make(map[[leafSize]byte]struct{}, v.report.Lines)
	for number := int64(1); v.last != nil && number <= v.last.Number; number++ {
		b, err := v.journal.Block(ctx, number)
		if err != nil {
			return nil, err
		}
		about := v.statedIn(b)
		for i := range b.Lines {
			if slices.ContainsFunc(about, func(s *statement) bool { return s.Removed.covers(position{number, int64(i)}) }) {
				continue
			}
			leaf := [leafSize]byte(b.Leaves[i*leafSize:])
			id, _ := b.leaf(i)
			if _, twice := leaves[leaf]; twice {
				return nil, &Problem{Kind: LineMoved, Block: number, Line: id, Text: "it is sealed twice"}
			}
			leaves[leaf] = struct{}{}
			count[id]++
		}
	}
	return count, nil
}
