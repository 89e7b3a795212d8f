package audit

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"
)

// Exporter keeps blocks out of reach of whoever holds the database. A nil answer of Put means the block is durable; it never
// replaces: when the very same bytes are already there it may answer an error that is fs.ErrExist. Names hold slashes.
type Exporter interface {
	Put(ctx context.Context, name string, data []byte) error
	Has(ctx context.Context, name string) (bool, error)
}

// exportPatiently leaves a place that hangs alone for a while, so that sealing goes on beside it.
func (s *Sealer) exportPatiently(ctx context.Context) error {
	began := time.Now()
	if began.Before(s.exportAfter) {
		return nil
	}
	err := s.export(ctx)
	if took := time.Since(began); err != nil && took > s.exportWithin/5 {
		s.exportAfter = time.Now().Add(5 * took)
	}
	return err
}

// All exports every block to several places; it is exported once it is in all of them.
type All []Exporter

// Put tries every place even when one fails.
func (a All) Put(ctx context.Context, name string, data []byte) error {
	var failed []error
	for _, e := range a {
		if err := e.Put(ctx, name, data); err != nil && !errors.Is(err, fs.ErrExist) {
			failed = append(failed, err)
		}
	}
	return errors.Join(failed...)
}

// Has says whether every place has it.
func (a All) Has(ctx context.Context, name string) (bool, error) {
	for _, e := range a {
		if has, err := e.Has(ctx, name); err != nil || !has {
			return false, err
		}
	}
	return true, nil
}

// export sends what was sealed and not yet exported, in order. A new leader first walks back to the newest block it finds there.
func (s *Sealer) export(ctx context.Context) error {
	if s.exports == nil {
		return nil
	}
	last, err := lastBlock(ctx, s.conn)
	if err != nil || last == nil {
		return err
	}
	if s.exported < 0 {
		if s.exported, err = s.findExported(ctx, last); err != nil {
			return err
		}
	}
	for s.exported < last.Number {
		if err := s.exportBlock(ctx, s.exported+1); err != nil && !errors.Is(err, fs.ErrExist) {
			s.countUnexported(last.Number - s.exported)
			return err
		}
		s.exported++
	}
	s.countUnexported(0)
	return nil
}

// findExported looks back from the newest block for one that is there already: exports are made in order.
func (s *Sealer) findExported(ctx context.Context, last *Block) (int64, error) {
	for b := last; b != nil; {
		found, err := s.exports.Has(ctx, b.name())
		if err != nil {
			return -1, fmt.Errorf("look for export of block %d: %w", b.Number, err)
		}
		if found {
			return b.Number, nil
		}
		if b, err = oneBlock(ctx, s.conn, "where number = $1", b.Number-1); err != nil {
			return -1, err
		}
	}
	return 0, nil
}

func (s *Sealer) countUnexported(n int64) {
	s.counting.Lock()
	s.stats.Unexported = n
	s.counting.Unlock()
}

func (s *Sealer) exportBlock(ctx context.Context, number int64) error {
	b, err := oneBlock(ctx, s.conn, "where number = $1", number)
	if err != nil {
		return err
	}
	if b == nil {
		return fmt.Errorf("export block %d: not in the database", number)
	}
	data, err := b.encode()
	if err != nil {
		return fmt.Errorf("export block %d: %w", number, err)
	}
	ctx, cancel := context.WithTimeout(ctx, s.exportWithin)
	defer cancel()
	if err := s.exports.Put(ctx, b.name(), data); err != nil {
		return fmt.Errorf("export block %d: %w", number, err)
	}
	return nil
}
