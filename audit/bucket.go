package audit

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"log/slog"
	"time"

	"liaison/storage/objects"
)

// Bucket exports blocks as objects: better in a store whose owner is not the database's.
type Bucket struct {
	objects *objects.Bucket
	retain  time.Duration
	log     *slog.Logger
	ready   bool
	locked  bool
}

// NewBucket prepares exports to a bucket, which is made when it is not there. With retain above 0, and object lock on the
// bucket, nobody can change or remove a block for that long, whatever keys he holds.
func NewBucket(in *objects.Bucket, retain time.Duration, log *slog.Logger) *Bucket {
	return &Bucket{objects: in, retain: retain, log: log}
}

// Put never replaces.
func (b *Bucket) Put(ctx context.Context, name string, data []byte) error {
	if err := b.prepare(ctx); err != nil {
		return err
	}
	put := objects.Put{Size: int64(len(data)), Once: true}
	if b.locked {
		put.RetainUntil = time.Now().Add(b.retain)
	}
	err := b.objects.Put(ctx, name, bytes.NewReader(data), put)
	if !errors.Is(err, objects.ErrExists) {
		return err
	}
	// Ours, perhaps: the answer to a first try may have been lost.
	there, err := b.read(ctx, name)
	if err != nil {
		return err
	}
	if !bytes.Equal(there, data) {
		return fmt.Errorf("object %s holds something else", name)
	}
	return fmt.Errorf("object %s: %w", name, fs.ErrExist)
}

// prepare asks once what the bucket can do; until it answers, nothing is exported.
func (b *Bucket) prepare(ctx context.Context) (err error) {
	if b.ready {
		return nil
	}
	if err := b.objects.Ensure(ctx); err != nil {
		return err
	}
	if b.retain > 0 {
		if b.locked, err = b.objects.Locked(ctx); err != nil {
			return err
		}
		if !b.locked {
			b.log.Warn("the journal's bucket has no object lock: exported blocks are not retained against their removal",
				"bucket", b.objects.Name())
		}
	}
	b.ready = true
	return nil
}

// Has says whether a block of that name was exported.
func (b *Bucket) Has(ctx context.Context, name string) (bool, error) {
	_, err := b.objects.Stat(ctx, name)
	if errors.Is(err, objects.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// Blocks reads every exported block, by number; several may bear the same after a restore.
func (b *Bucket) Blocks(ctx context.Context) iter.Seq2[*Block, error] {
	return func(yield func(*Block, error) bool) {
		for o, err := range b.objects.List(ctx, "") {
			var block *Block
			if err == nil {
				block, err = b.block(ctx, o.Key)
			}
			if err != nil {
				yield(nil, fmt.Errorf("read exported blocks: %w", err))
				return
			}
			if !yield(block, nil) {
				return
			}
		}
	}
}

func (b *Bucket) block(ctx context.Context, name string) (*Block, error) {
	data, err := b.read(ctx, name)
	if err != nil {
		return nil, err
	}
	block := &Block{}
	if err := json.Unmarshal(data, block); err != nil {
		return nil, fmt.Errorf("object %s: %w", name, err)
	}
	return block, nil
}

func (b *Bucket) read(ctx context.Context, name string) ([]byte, error) {
	r, err := b.objects.Get(ctx, name, 0, objects.All)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}
