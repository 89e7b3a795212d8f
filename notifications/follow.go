package notifications

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"

	"liaison/access"
	"liaison/events"
)

// changes are the circles where somebody's standing changed, or a message was narrowed: an alert must not wait for who may no
// longer answer it.
type changes struct {
	mu     sync.Mutex
	spaces map[uuid.UUID]bool
	some   chan struct{}
}

func newChanges() *changes {
	return &changes{spaces: map[uuid.UUID]bool{}, some: make(chan struct{}, 1)}
}

func (s *Service) hear(e events.Event) {
	if e.Type != events.Membership && e.Type != events.MessageNarrowed {
		return
	}
	c := s.changed
	c.mu.Lock()
	c.spaces[e.Space] = true
	c.mu.Unlock()
	select {
	case c.some <- struct{}{}:
	default:
	}
}

func (c *changes) take() []uuid.UUID {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := make([]uuid.UUID, 0, len(c.spaces))
	for id := range c.spaces {
		out = append(out, id)
	}
	clear(c.spaces)
	return out
}

// follow passes over, at once, whoever loses the right to be asked; a hint that is lost costs the time to the next step. It
// also looks now and then for alerts whose jobs are missing.
func (s *Service) follow(ctx context.Context) {
	again := time.NewTicker(mendEvery)
	defer again.Stop()
	for {
		var err error
		select {
		case <-ctx.Done():
			return
		case <-s.changed.some:
			err = s.passOverIn(ctx, s.changed.take())
		case <-again.C:
			err = s.mend(ctx)
		}
		if err != nil && ctx.Err() == nil {
			s.log.Warn("look after open alerts", "error", err)
		}
	}
}

const mendEvery = 10 * time.Minute

func (s *Service) passOverIn(ctx context.Context, spaces []uuid.UUID) error {
	open, err := s.open(ctx, "a.space_id = any ($1) and a.state = 'open'", spaces)
	for _, a := range open {
		for _, now := range a.waits() {
			if err := s.passOver(ctx, turn{a.ID, a.Message, now.Place}); err != nil {
				return err
			}
		}
	}
	return err
}

func (s *Service) open(ctx context.Context, where string, args ...any) (found []*whole, err error) {
	err = s.watch.Watch(ctx, "", func(sc access.Scope) error {
		found, err = loadWhere(ctx, sc.Tx(), where, args...)
		return err
	})
	return found, err
}

// mend plans again what open alerts wait for: a job that is there is not planned twice, one that is lost (a copy of the
// database brings no jobs back) is.
func (s *Service) mend(ctx context.Context) error {
	err := s.watch.Watch(ctx, "", func(sc access.Scope) error {
		open, err := loadWhere(ctx, sc.Tx(), "a.state = 'open'")
		if err != nil {
			return err
		}
		var jobs []planned
		for _, a := range open {
			jobs = append(jobs, s.missing(a, sc.At())...)
		}
		return s.plan(ctx, sc.Tx(), jobs...)
	})
	if err != nil {
		return fmt.Errorf("plan what open alerts wait for: %w", err)
	}
	return nil
}

func (s *Service) missing(a *whole, at time.Time) (jobs []planned) {
	for _, now := range a.waits() {
		t := turn{a.ID, a.Message, now.Place}
		jobs = append(jobs, s.turnJobs(t, *now.AskedAt)...)
		if round := int(at.Sub(*now.AskedAt)/s.times.Repeat) + 1; round > 1 {
			jobs = append(jobs, s.repetition(t, *now.AskedAt, round)...)
		}
	}
	return jobs
}
