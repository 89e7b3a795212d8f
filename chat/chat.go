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
}

// Service is the chat of one node.
type Service struct {
	gate   *access.Gate
	keys   Keys
	people *names
	// Files brings documents into posts; set before Run. Without it no document is known.
	Files   Files
	cursors *events.Cursors
	lanes   []*lane
	log     *slog.Logger
}

// laneCount spreads channels over writers; posts of one channel always share a lane, hence its order and its batches.
const laneCount = 8

// New makes the service; Run must be running for posts to be written.
func New(gate *access.Gate, keys Keys, cursors *events.Cursors, log *slog.Logger) *Service {
	s := &Service{gate: gate, keys: keys, people: newNames(), cursors: cursors, log: log}
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
