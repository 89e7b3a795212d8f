package documents

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"

	"github.com/google/uuid"

	"liaison/storage/objects"
)

// chunkSize is what is sealed and kept as one object; every chunk of a file but its last is that long.
const chunkSize = 1 << 20

// sealedMost is above the length of a sealed chunk.
const sealedMost = chunkSize + 256

// Keys of objects hold ids and numbers only.
func folder(space, id uuid.UUID) string { return space.String() + "/" + id.String() + "/" }

func (r record) folder() string              { return folder(r.Space, r.ID) }
func (r record) chunkKey(n int64) string     { return fmt.Sprintf("%s%06d", r.folder(), n) }
func (r record) tailKey(offset int64) string { return fmt.Sprintf("%stail-%d", r.folder(), offset) }
func (r record) thumbnailKey() string        { return r.folder() + "thumbnail" }
func (r record) chunkPlace(n int64) int      { return place(chunkPart, n, n == r.lastChunk()) }
func (r record) lastChunk() int64            { return (r.Size - 1) / chunkSize }
func (r record) chunkLength(n int64) int     { return int(min(chunkSize, r.Size-n*chunkSize)) }
func tailPlace(offset int64) int             { return place(tailPart, offset, false) }

// storageFault puts what the object store answers into words a caller can act on.
func storageFault(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, objects.ErrFull):
		return fmt.Errorf("%w (%w)", ErrFull, err)
	case errors.Is(err, objects.ErrUnavailable), errors.Is(err, objects.ErrRefused), errors.Is(err, objects.ErrUnexpected):
		return fmt.Errorf("%w (%w)", ErrStorage, err)
	case errors.Is(err, objects.ErrNotFound):
		return fmt.Errorf("%w (%w)", ErrDamaged, err)
	}
	return err
}

// keep seals a part and puts it where nothing is. What is there already must be the same: an object, once put, never changes,
// so that what was checked is what is served. A leftover that no longer opens is of an upload that died, and gives way.
func (s *Service) keep(ctx context.Context, r record, key string, at int, plain []byte) error {
	sealed, err := s.Keys.Seal(ctx, r.Space, r.ID, at, plain)
	if err != nil {
		return err
	}
	refused := s.put(ctx, key, sealed)
	// A store that has the key may hang up on the body before it says so; one that died may have kept what it did not answer.
	if !errors.Is(refused, objects.ErrExists) && !errors.Is(refused, objects.ErrUnavailable) {
		return storageFault(refused)
	}
	there, err := s.fetch(ctx, r, key, at, len(plain))
	switch {
	case errors.Is(err, objects.ErrNotFound):
		return storageFault(refused)
	case errors.Is(err, ErrDamaged):
		if err := s.Bucket.Remove(ctx, key); err != nil {
			return storageFault(err)
		}
		return storageFault(s.put(ctx, key, sealed))
	case err != nil:
		return err
	case !bytes.Equal(there, plain):
		return &Refused{"document_checksum"}
	}
	return nil
}

func (s *Service) put(ctx context.Context, key string, sealed []byte) error {
	sum := sha256.Sum256(sealed)
	return s.Bucket.Put(ctx, key, bytes.NewReader(sealed), objects.Put{Size: int64(len(sealed)), SHA256: sum[:], Once: true})
}

// fetch reads a sealed part and opens it; ErrDamaged when it is not what was put there, in that place, at that length.
func (s *Service) fetch(ctx context.Context, r record, key string, at, length int) ([]byte, error) {
	if s.Bucket == nil {
		return nil, ErrStorage
	}
	body, err := s.Bucket.Get(ctx, key, 0, objects.All)
	if err != nil {
		return nil, storageFault(err)
	}
	defer body.Close()
	sealed := bytes.NewBuffer(make([]byte, 0, length+512))
	if _, err := io.Copy(sealed, io.LimitReader(body, sealedMost)); err != nil {
		return nil, storageFault(err)
	}
	plain, err := s.Keys.Unseal(ctx, r.Space, r.ID, at, sealed.Bytes())
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", key, asDamage(err))
	}
	if len(plain) != length {
		return nil, fmt.Errorf("%s: %w: %d bytes instead of %d", key, ErrDamaged, len(plain), length)
	}
	return plain, nil
}

// asDamage marks sealed bytes that will never open: damaged, of another place, or their key was destroyed.
func asDamage(err error) error {
	var forEver interface{ Gone() bool }
	if errors.As(err, &forEver) && forEver.Gone() {
		return fmt.Errorf("%w (%w)", ErrDamaged, err)
	}
	return err
}

func (s *Service) chunk(ctx context.Context, r record, n int64) ([]byte, error) {
	return s.fetch(ctx, r, r.chunkKey(n), r.chunkPlace(n), r.chunkLength(n))
}

// removeAll removes what a document has in the store, or only what begins so.
func (s *Service) removeAll(ctx context.Context, prefix string) error {
	if s.Bucket == nil {
		return ErrStorage
	}
	var keys []string
	for o, err := range s.Bucket.List(ctx, prefix) {
		if err != nil {
			return storageFault(err)
		}
		keys = append(keys, o.Key)
	}
	for _, key := range keys {
		if err := s.Bucket.Remove(ctx, key); err != nil {
			return storageFault(err)
		}
	}
	return nil
}
