package audit

import (
	"bytes"
	"context"
	"errors"
	"time"
)

// errAgain asks for another verification: a month was removed while this one went on.
var errAgain = errors.New("the journal changed while it was verified")

// Removed is a month whose lines were removed, as a block states.
type Removed struct {
	Block int64  `json:"block"`
	Month string `json:"month"` // 2006-01
	Lines int64  `json:"lines"`
}

// statement is a block that states removed lines, and those of its leaves that were met.
type statement struct {
	*Block
	tally
}

// readStatements gives the statements that may count. What is wrong with the others is told when the chain comes to them.
func (v *verification) readStatements(ctx context.Context) error {
	blocks, err := v.journal.Statements(ctx)
	if err != nil {
		return err
	}
	v.stated = len(blocks)
	for _, b := range blocks {
		if b.check(v.keys) == "" && v.states(b) == "" {
			v.statements = append(v.statements, &statement{b, newTally()})
		}
	}
	return nil
}

// states says what is wrong with a statement by itself, or nothing.
func (v *verification) states(b *Block) string {
	if b.SealedAt.After(v.began.Add(idSlack)) {
		return "it is dated in the future"
	}
	return b.Removed.wrong(b)
}

// again asks for another verification if there are more statements than at the beginning.
func (v *verification) again(ctx context.Context) error {
	blocks, err := v.journal.Statements(ctx)
	if err == nil && len(blocks) != v.stated {
		return errAgain
	}
	return err
}

// statedIn gives the statements about lines of a block.
func (v *verification) statedIn(b *Block) (about []*statement) {
	for _, s := range v.statements {
		if spans := s.Removed.Spans; len(spans) > 0 && spans[0].Block <= b.Number && b.Number <= spans[len(spans)-1].ToBlock {
			about = append(about, s)
		}
	}
	return about
}

// takeRemoved says whether a leaf is stated as removed, by the first block that does; then it is not looked for.
func takeRemoved(about []*statement, b *Block, leaf int) (bool, error) {
	for _, s := range about {
		if !s.Removed.covers(position{b.Number, int64(leaf)}) {
			continue
		}
		id, _ := b.leaf(leaf)
		if wrong := s.Removed.refuses(b, id, s.SealedAt); wrong != "" {
			return true, &Problem{Kind: RemovalFalse, Block: s.Number, Line: id, Text: wrong}
		}
		s.add(b, leaf)
		return true, nil
	}
	return false, nil
}

// settle checks a statement when the chain comes to it: every leaf it may speak of was met.
func (v *verification) settle(b *Block) error {
	if wrong := v.states(b); wrong != "" {
		return &Problem{Kind: RemovalFalse, Block: b.Number, Text: wrong}
	}
	for _, s := range v.statements {
		if s.Hash() != b.Hash() {
			continue
		}
		if s.lines != b.Removed.Lines || !bytes.Equal(s.hash.Sum(nil), b.Removed.Digest) {
			return &Problem{Kind: RemovalFalse, Block: b.Number, Text: "it states other lines than those sealed in these places"}
		}
		v.report.Removed += s.lines
		v.report.Months = append(v.report.Months, Removed{Block: b.Number, Month: b.Removed.name(), Lines: s.lines})
		v.statedAt = b
		return nil
	}
	return errAgain
}

// dated refuses a statement that dates itself after what follows it: its month would seem older than it is.
func (v *verification) dated(b *Block) error {
	if v.statedAt != nil && b.SealedAt.Before(v.statedAt.SealedAt.Add(-idSlack)) {
		return &Problem{Kind: RemovalFalse, Block: v.statedAt.Number, Text: "the block after it was sealed before, on " + b.SealedAt.Format(time.DateOnly)}
	}
	return nil
}
