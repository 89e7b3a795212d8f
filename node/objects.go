package node

import (
	"context"
	"errors"
	"fmt"
	"time"

	"liaison/audit"
	"liaison/storage/objects"
)

// openObjects makes sure of the bucket. A store that does not answer is waited for: messages do not need it.
func (n *Node) openObjects(ctx context.Context) (err error) {
	if !n.S3.Set() {
		n.Log.Info("no object store (LIAISON_S3_ENDPOINT names one)")
		return nil
	}
	if n.Objects, err = objects.Open(n.S3); err != nil {
		return fmt.Errorf("LIAISON_S3_ENDPOINT: %w", err)
	}
	err = n.Objects.Ensure(ctx)
	if errors.Is(err, objects.ErrUnavailable) {
		n.Log.Warn("serving without the object store until it answers", "error", err)
		n.background(n.awaitObjects)
		return nil
	}
	if err != nil {
		return fmt.Errorf("object store (LIAISON_S3_*): %w", err)
	}
	return nil
}

func (n *Node) awaitObjects(ctx context.Context) {
	again := time.NewTicker(5 * time.Second)
	defer again.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-again.C:
		}
		if n.Objects.Ensure(ctx) == nil {
			n.Log.Info("the object store answers", "bucket", n.Objects.Name())
			return
		}
	}
}

func (n *Node) objectsReady() float64 {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	return boolToFloat(n.Objects.Ready(ctx) == nil)
}

// exports are the places of the journal's signed blocks.
func (n *Node) exports() (audit.Exporter, error) {
	var all audit.All
	if n.JournalDir != "" {
		all = append(all, audit.Directory(n.JournalDir))
	}
	bucket, err := n.JournalExports()
	if err != nil {
		return nil, err
	}
	if bucket != nil {
		all = append(all, bucket)
	}
	if len(all) == 0 {
		return nil, nil
	}
	return all, nil
}

// JournalExports is the bucket of the journal's signed blocks, or nil when there is none.
func (c Config) JournalExports() (*audit.Bucket, error) {
	if !c.S3.Set() {
		return nil, nil
	}
	at := c.S3
	if c.JournalBucket != "" {
		at.Bucket, at.Lock = c.JournalBucket, c.JournalRetention > 0
	}
	in, err := objects.Open(at)
	if err != nil {
		return nil, fmt.Errorf("the journal's bucket: %w", err)
	}
	return audit.NewBucket(in.Under("journal/"), c.JournalRetention, c.withDefaults().Log), nil
}
