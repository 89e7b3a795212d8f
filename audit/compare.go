package audit

import (
	"bytes"
	"context"
	"fmt"
)

// exports reads exported blocks one number at a time.
type exports struct {
	next  func() (*Block, error, bool)
	ahead *Block
}

// peek gives the next exported block without taking it, nil at the end.
func (e *exports) peek() (*Block, error) {
	if e.ahead != nil {
		return e.ahead, nil
	}
	b, err, ok := e.next()
	if !ok || err != nil {
		return nil, err
	}
	e.ahead = b
	return b, nil
}

// of takes every exported block with that number or a lower one.
func (e *exports) of(number int64) (blocks []*Block, err error) {
	for {
		b, err := e.peek()
		if err != nil || b == nil || b.Number > number {
			return blocks, err
		}
		blocks = append(blocks, b)
		e.ahead = nil
	}
}

func (v *verification) matchesExport(b *Block) error {
	if v.exports == nil {
		return nil
	}
	blocks, err := v.exports.of(b.Number)
	if err != nil {
		return err
	}
	matched := false
	for _, e := range blocks {
		if b.same(e) {
			matched = true
			continue
		}
		if err := v.abandoned(e); err != nil {
			return err
		}
	}
	if !matched {
		v.unexported(b.Number)
		return nil
	}
	if v.gap != 0 {
		return &Problem{Kind: ExportMissing, Block: v.gap, Text: "later blocks were exported"}
	}
	return nil
}

func (v *verification) unexported(number int64) {
	v.report.Unexported++
	if v.gap == 0 {
		v.gap = number
	}
}

// abandoned accepts an exported block that is not of this chain only if a restore explains it: blocks come by number, so the
// marks met so far are those at or before it.
func (v *verification) abandoned(e *Block) error {
	if wrong := e.check(v.keys); wrong != "" {
		return &Problem{Kind: BlockForged, Block: e.Number, Text: "its export: " + wrong}
	}
	if len(v.report.Restores) == 0 {
		return &Problem{Kind: BlockReplaced, Block: e.Number, Text: "another block was exported under this number"}
	}
	v.report.Abandoned++
	return nil
}

// tail looks at what was exported beyond the last block of the database.
func (v *verification) tail(ctx context.Context) error {
	if v.exports == nil {
		return nil
	}
	for {
		e, err := v.exports.peek()
		if err != nil || e == nil {
			return err
		}
		v.exports.ahead = nil
		if err := v.beyond(ctx, e); err != nil {
			return err
		}
	}
}

func (v *verification) beyond(ctx context.Context, e *Block) error {
	end := int64(0)
	if v.last != nil {
		end = v.last.Number
	}
	follows := e.Number == end+1 && bytes.Equal(e.Previous, v.tip())
	if !follows && len(v.report.Restores) > 0 {
		return v.abandoned(e)
	}
	// It may have been sealed since the end was reached.
	now, err := v.journal.Block(ctx, e.Number)
	if err != nil || (now != nil && now.same(e)) {
		return err
	}
	return &Problem{Kind: Truncated, Block: e.Number, Text: fmt.Sprintf("it was exported and the database ends at block %d", end)}
}

// same compares all there is in a block.
func (b *Block) same(e *Block) bool {
	return b.Hash() == e.Hash() && bytes.Equal(b.Leaves, e.Leaves) && bytes.Equal(b.Signature, e.Signature)
}
