package objects

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/minio/minio-go/v7"
)

// Put says how an object is put.
type Put struct {
	Size   int64
	SHA256 []byte // of the body, when it is known: the store refuses anything else
	Once   bool   // ErrExists when the key is taken
	// RetainUntil keeps everybody, the store's owner included, from changing the object before that time.
	RetainUntil time.Time
}

// Put stores a body in one request and in constant memory. Without SHA256, a body that can seek is read twice, any other is
// protected on its way only. An answer lost on the way may leave the object there: who puts Once and repeats must expect
// ErrExists.
func (b *Bucket) Put(ctx context.Context, key string, body io.Reader, p Put) error {
	ctx, cancel := context.WithTimeoutCause(ctx, patience(p.Size), errSlow)
	defer cancel()
	client, opts := b.client, p.options()
	if p.SHA256 == nil {
		sum, err := rewoundSum(body, p.Size)
		if err != nil {
			return fmt.Errorf("put %s: %w", key, err)
		}
		p.SHA256 = sum
	}
	if p.SHA256 != nil {
		opts.UserMetadata = map[string]string{"X-Amz-Checksum-Sha256": base64.StdEncoding.EncodeToString(p.SHA256)}
		opts.DisableContentSha256 = true
	} else {
		client = b.streams
	}
	watched := &watchedBody{body: body, left: p.Size}
	_, err := client.PutObject(ctx, b.cfg.Bucket, b.cfg.Prefix+key, watched.reader(), p.Size, opts)
	if watched.err != nil {
		return fmt.Errorf("put %s: %w", key, watched.err)
	}
	if err != nil {
		return b.said(ctx, "put", key, err)
	}
	return b.flush(key)
}

func (p Put) options() minio.PutObjectOptions {
	opts := minio.PutObjectOptions{DisableMultipart: true}
	if p.Once {
		opts.SetMatchETagExcept("*")
	}
	if !p.RetainUntil.IsZero() {
		opts.Mode, opts.RetainUntilDate = minio.Compliance, p.RetainUntil
	}
	return opts
}

func patience(size int64) time.Duration {
	return 30*time.Second + time.Duration(size/slowest)*time.Second
}

// rewoundSum is the sum of a body that can be read again, or nothing.
func rewoundSum(body io.Reader, size int64) ([]byte, error) {
	seeker, ok := body.(io.Seeker)
	if !ok {
		return nil, nil
	}
	start, err := seeker.Seek(0, io.SeekCurrent)
	if err != nil {
		return nil, nil // a pipe, say, which is an *os.File too
	}
	hash := sha256.New()
	n, err := io.Copy(hash, io.LimitReader(body, size))
	if err != nil {
		return nil, fmt.Errorf("read the body: %w", err)
	}
	if n < size {
		return nil, fmt.Errorf("the body ends after %d of %d bytes: %w", n, size, io.ErrUnexpectedEOF)
	}
	_, err = seeker.Seek(start, io.SeekStart)
	return hash.Sum(nil), err
}

// watchedBody tells a body that fails from a store that does.
type watchedBody struct {
	body io.Reader
	left int64
	err  error
}

// reader is the body itself when it can be sent again, which the client then does by itself.
func (w *watchedBody) reader() io.Reader {
	if again, ok := w.body.(interface {
		io.ReadSeeker
		io.ReaderAt
	}); ok {
		if _, err := again.Seek(0, io.SeekCurrent); err == nil {
			return again
		}
	}
	return w
}

func (w *watchedBody) Read(p []byte) (int, error) {
	n, err := w.body.Read(p)
	w.left -= int64(n)
	switch {
	case errors.Is(err, io.EOF) && w.left > 0:
		w.err = fmt.Errorf("the body ends %d bytes early: %w", w.left, io.ErrUnexpectedEOF)
		return n, w.err
	case err != nil && !errors.Is(err, io.EOF):
		w.err = fmt.Errorf("read the body: %w", err)
	}
	return n, err
}
