// Package documents holds the files of a circle: resumable upload, what may be a document and what may not, sealed storage,
// reading by ranges, thumbnails, expiry. It knows no transport. Who may read what is decided by access: an attached document
// stands and falls with its message, an unattached one is its uploader's alone.
package documents

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/semaphore"

	"liaison/access"
	"liaison/professions"
	"liaison/storage"
	"liaison/storage/objects"
)

// What an uploader or reader can be told. Absent and refused by the gate: access.ErrNotFound.
var (
	// ErrConflict answers an id that was used for something else.
	ErrConflict = errors.New("id already used for something else")
	// ErrStorage answers while the object store is out of reach: nothing is lost, come back.
	ErrStorage = errors.New("the object store is out of reach")
	// ErrFull answers when the object store takes no more.
	ErrFull = errors.New("the object store is full")
	// ErrScanner answers while the scanner that is configured does not answer: nothing passes unscanned.
	ErrScanner = errors.New("the scanner is out of reach")
	// ErrCut answers an upload whose body ended before its time; what came is kept.
	ErrCut = errors.New("the upload was cut")
	// ErrBusy answers when this node takes as many uploads as it can.
	ErrBusy = errors.New("too many uploads at once")
	// ErrDamaged is what was stored and no longer is as it was: swapped, cut, or never there.
	ErrDamaged = errors.New("stored document is damaged")
	// ErrAttached answers who would remove a document that a message holds.
	ErrAttached = errors.New("the document is in a message")
	// ErrNotReady answers who would read a document that is not wholly there, or was refused.
	ErrNotReady = errors.New("the document is not ready")
)

// Invalid says which field of a request is wrong and how; Code is stable and becomes a sentence at the edge.
type Invalid struct {
	Field string
	Code  string
}

func (e *Invalid) Error() string { return fmt.Sprintf("%s: %s", e.Field, e.Code) }

// Refused says why a whole file is not taken; it stays so.
type Refused struct{ Code string }

func (e *Refused) Error() string { return "document refused: " + e.Code }

// OffsetMismatch tells where an upload really stands.
type OffsetMismatch struct{ Offset int64 }

func (e *OffsetMismatch) Error() string { return fmt.Sprintf("the upload stands at %d", e.Offset) }

// The states of a document.
const (
	Receiving = "receiving"
	Ready     = "ready"
	Rejected  = "refused"
)

// Keys seals what a space holds under the space's key (the vault).
type Keys interface {
	Seal(ctx context.Context, space, id uuid.UUID, revision int, plain []byte) ([]byte, error)
	Unseal(ctx context.Context, space, id uuid.UUID, revision int, sealed []byte) ([]byte, error)
	Fingerprint(ctx context.Context, space uuid.UUID, data []byte) ([]byte, error)
	SameFingerprint(ctx context.Context, space uuid.UUID, fingerprint, data []byte) (bool, error)
}

// People says how professionals are shown.
type People interface {
	Persons(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]professions.Person, error)
}

// Scanner looks for malware in a file; found names nothing to users.
type Scanner interface {
	Scan(ctx context.Context, file Stream) (found bool, err error)
}

// Config is what the service works with.
type Config struct {
	Gate    *access.Gate
	DB      *storage.DB
	Keys    Keys
	People  People
	Bucket  *objects.Bucket // nil: no object store, every transfer answers ErrStorage
	Scanner Scanner         // nil: none is configured
	MaxSize int64           // default DefaultMax
	Log     *slog.Logger
}

// DefaultMax is the largest document, in bytes, unless the operator says otherwise.
const DefaultMax = 250 << 20

// Bounds of what one node does at once: they bound its memory.
const (
	uploadsMost   = 64       // each holds the chunk it fills
	chunksMost    = 16       // being sealed and put, over all uploads
	pixelsAtOnce  = pixelCap // being decoded
	pendingMost   = 50       // unattached documents of one person
	unattachedFor = 7 * 24 * time.Hour
)

// Service is the documents of one node.
type Service struct {
	Config
	uploads *semaphore.Weighted
	chunks  *semaphore.Weighted
	pixels  *semaphore.Weighted
}

// New makes the service; Run sweeps.
func New(cfg Config) *Service {
	if cfg.MaxSize <= 0 {
		cfg.MaxSize = DefaultMax
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return &Service{
		Config: cfg, uploads: semaphore.NewWeighted(uploadsMost), chunks: semaphore.NewWeighted(chunksMost),
		pixels: semaphore.NewWeighted(pixelsAtOnce),
	}
}
