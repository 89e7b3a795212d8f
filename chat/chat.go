package chat

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/google/uuid"

	"liaison/access"
	"liaison/events"
	"liaison/professions"
)

// Keys seals what a space says under the space's key (the vault).
type Keys interface {
	Seal(ctx context.Context, space, id uuid.UUID, revision int, plain []byte) ([]byte, error)
	Unseal(ctx context.Context, space, id uuid.UUID, revision int, sealed []byte) ([]byte, error)
	Fingerprint(ctx context.Context, space uuid.UUID, data []byte) ([]byte, error)
	SameFingerprint(ctx context.Context, space uuid.UUID, fingerprint, data []byte) (bool, error)
}

// People knows how professionals are shown (the accounts).
type People interface {
	Persons(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]professions.Person, error)
}

// Service is the chat of one node.
type Service struct {
	gate    *access.Gate
	keys    Keys
	people  *names
	cursors *events.Cursors
	lanes   []*lane
	log     *slog.Logger
}

// laneCount spreads channels over writers; posts of one channel always share a lane, hence its order and its batches.
const laneCount = 8

// New makes the service; Run must be running for posts to be written.
func New(gate *access.Gate, keys Keys, people People, cursors *events.Cursors, log *slog.Logger) *Service {
	s := &Service{gate: gate, keys: keys, people: newNames(people), cursors: cursors, log: log}
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

// names keeps how authors are shown, for a minute: a post must not ask the directory again.
type names struct {
	source People
	mu     sync.Mutex
	known  map[uuid.UUID]known
}

type known struct {
	person professions.Person
	at     time.Time
}

const (
	namesKept = time.Minute
	namesMost = 20_000
)

func newNames(source People) *names { return &names{source: source, known: map[uuid.UUID]known{}} }

// of gives the persons of these ids; an unknown id has an empty name.
func (n *names) of(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]professions.Person, error) {
	out := make(map[uuid.UUID]professions.Person, len(ids))
	missing := n.fromMemory(ids, out)
	if len(missing) == 0 {
		return out, nil
	}
	found, err := n.source.Persons(ctx, missing)
	if err != nil {
		return nil, err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.known) > namesMost {
		clear(n.known)
	}
	for id, p := range found {
		out[id] = p
		n.known[id] = known{p, time.Now()}
	}
	return out, nil
}

func (n *names) fromMemory(ids []uuid.UUID, out map[uuid.UUID]professions.Person) (missing []uuid.UUID) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, id := range ids {
		if _, have := out[id]; have {
			continue
		}
		if k, ok := n.known[id]; ok && time.Since(k.at) < namesKept {
			out[id] = k.person
			continue
		}
		missing = append(missing, id)
	}
	return missing
}
