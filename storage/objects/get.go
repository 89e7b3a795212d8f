package objects

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
)

// Info is what the store says of an object.
type Info struct {
	Key    string
	Size   int64
	At     time.Time
	ETag   string
	SHA256 []byte // only from Stat, of what was put with a sum
}

// All asks Get for the rest of the object.
const All = -1

// Get reads length bytes from offset; All for the rest. The reader fails with ErrUnavailable when the store falls silent, and
// must be closed.
func (b *Bucket) Get(ctx context.Context, key string, offset, length int64) (io.ReadCloser, error) {
	if length == 0 || offset < 0 {
		return nil, fmt.Errorf("get %s: %w", key, ErrRange)
	}
	var opts minio.GetObjectOptions
	if err := setRange(&opts, offset, length); err != nil {
		return nil, fmt.Errorf("get %s: %w", key, err)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	silence := time.AfterFunc(quick, func() { cancel(errSlow) })
	core := minio.Core{Client: b.client}
	body, _, _, err := core.GetObject(ctx, b.cfg.Bucket, b.cfg.Prefix+key, opts)
	silence.Stop()
	if err != nil {
		defer cancel(nil)
		return nil, b.said(ctx, "get", key, err)
	}
	said := func(err error) error { return b.said(ctx, "read", key, err) }
	return &content{body: body, silence: silence, cancel: cancel, said: said}, nil
}

func setRange(opts *minio.GetObjectOptions, offset, length int64) error {
	switch {
	case length > 0:
		return opts.SetRange(offset, offset+length-1)
	case offset > 0:
		return opts.SetRange(offset, 0)
	}
	return nil
}

// content gives up when the store sends nothing for a while; how long its reader takes does not count.
type content struct {
	body    io.ReadCloser
	silence *time.Timer
	cancel  context.CancelCauseFunc
	said    func(error) error
}

func (c *content) Read(p []byte) (int, error) {
	c.silence.Reset(quick)
	defer c.silence.Stop()
	n, err := c.body.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = c.said(err)
	}
	return n, err
}

func (c *content) Close() error {
	c.silence.Stop()
	defer c.cancel(nil)
	return c.body.Close()
}

// Stat asks for an object without reading it.
func (b *Bucket) Stat(ctx context.Context, key string) (Info, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, quick, errSlow)
	defer cancel()
	o, err := b.client.StatObject(ctx, b.cfg.Bucket, b.cfg.Prefix+key, minio.StatObjectOptions{Checksum: true})
	if err != nil {
		return Info{}, b.said(ctx, "stat", key, err)
	}
	return b.info(o), nil
}

// Remove removes an object; one that is not there is removed already.
func (b *Bucket) Remove(ctx context.Context, key string) error {
	ctx, cancel := context.WithTimeoutCause(ctx, quick, errSlow)
	defer cancel()
	err := b.client.RemoveObject(ctx, b.cfg.Bucket, b.cfg.Prefix+key, minio.RemoveObjectOptions{})
	if err = b.said(ctx, "remove", key, err); errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}

// List gives the objects whose keys begin so, in the order of their keys.
func (b *Bucket) List(ctx context.Context, prefix string) iter.Seq2[Info, error] {
	return func(yield func(Info, error) bool) {
		// Leaving the loop must end the listing.
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		opts := minio.ListObjectsOptions{Prefix: b.cfg.Prefix + prefix, Recursive: true}
		for o := range b.client.ListObjectsIter(ctx, b.cfg.Bucket, opts) {
			if o.Err != nil {
				yield(Info{}, b.said(ctx, "list", prefix, o.Err))
				return
			}
			if !yield(b.info(o), nil) {
				return
			}
		}
	}
}

func (b *Bucket) info(o minio.ObjectInfo) Info {
	sum, err := base64.StdEncoding.DecodeString(o.ChecksumSHA256)
	if err != nil || len(sum) == 0 {
		sum = nil
	}
	return Info{Key: strings.TrimPrefix(o.Key, b.cfg.Prefix), Size: o.Size, At: o.LastModified, ETag: o.ETag, SHA256: sum}
}
