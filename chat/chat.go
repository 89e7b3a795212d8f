package chat

import (
	"context"
	"log/slog"
	"sync"

	"github.com/google/uuid"

	"liaison/access"
	"liaison/events"
)

// Keys seals what a space says under the space's key (the vault).
type Keys interface {
	Seal(ctx context.Context, space, id uuid.UUID, revision int, plain []byte) ([]byte, error)
	Unseal(ctx context.Context, space, id uuid.UUID, revision int, sealed []byte) ([]byte, error)
	Fingerprint(ctx context.Context, space uuid.UUID, data []byte) ([]byte, error)
	SameFingerprint(ctx context.Context, space uuid.UUID, fingerprint, data []byte) (bool, error)
	// Terms gives the blind index terms of words in each space; a space without key is left out.
	Terms(ctx context.Context, spaces []uuid.UUID, words []string) (map[uuid.UUID][]int64, error)
}

// Alerts sees to it that somebody answers an urgent message (notifications). Raise and Cancel belong to the transaction that
// posts or withdraws it; Settle waits, after it, for what was under way; News is part of a sync.
type Alerts interface {
	Raise(ctx context.Context, t access.Together, g access.Grant, message uuid.UUID, f access.Facts, everybody bool) error
	Cancel(ctx context.Context, g access.Grant) error
	Settle(ctx context.Context, message uuid.UUID)
	News(ctx context.Context, sc access.Scope, since events.Horizon) ([]events.Alerted, error)
}

// noAlerts is for what runs without them (tests of this room).
type noAlerts struct{}

func (noAlerts) Raise(context.Context, access.Together, access.Grant, uuid.UUID, access.Facts, bool) error {
	return nil
}
func (noAlerts) Cancel(context.Context, access.Grant) error { return nil }
func (noAlerts) Settle(context.Context, uuid.UUID)          {}
func (noAlerts) News(context.Context, access.Scope, events.Horizon) ([]events.Alerted, error) {
	return nil, nil
}

// Service is the chat of one node.
type Service struct {
	// Alerts hears of urgent messages. Set it before serving.
	Alerts Alerts
	// Files brings documents into posts; set before Run. Without it no document is known.
	Files Files

	gate    *access.Gate
	keys    Keys
	people  *names
	cursors *events.Cursors
	lanes   []*lane
	index   *index
	effort  effort
	log     *slog.Logger
}

// laneCount spreads channels over writers; posts of one channel always share a lane, hence its order and its batches.
const laneCount = 8

// New makes the service; Run must be running for posts to be written.
func New(gate *access.Gate, keys Keys, cursors *events.Cursors, log *slog.Logger) *Service {
	s := &Service{Alerts: noAlerts{}, gate: gate, keys: keys, people: newNames(), cursors: cursors, index: newIndex(), effort: usual, log: log}
	for range laneCount {
		s.lanes = append(s.lanes, newLane())
	}
	return s
}

// Run writes what is posted until ctx ends; posts that wait by then are still written.
func (s *Service) Run(ctx context.Context) {
	var wg sync.WaitGroup
	for _, l := range s.lanes {
		wg.Go(func() { s.work(ctx, l) })
	}
	wg.Wait()
}
