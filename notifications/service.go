package notifications

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"liaison/access"
	"liaison/events"
	"liaison/professions"
	"liaison/storage"
)

// People shows professionals (accounts).
type People interface {
	Persons(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]professions.Person, error)
}

// Times are how long an alert waits. Grace is what a visible page has to show it before the devices ring.
type Times struct {
	Grace  time.Duration
	Repeat time.Duration
	Next   time.Duration
}

func (t Times) orDefault() Times {
	if t.Grace == 0 {
		t.Grace = 5 * time.Second
	}
	if t.Repeat == 0 {
		t.Repeat = 5 * time.Minute
	}
	if t.Next == 0 {
		t.Next = 15 * time.Minute
	}
	return t
}

// Config is what the service works with. Jobs is a pool of its own: a slow push service must not keep people waiting.
type Config struct {
	DB     *storage.DB
	Jobs   *storage.DB
	Gate   *access.Gate
	Bus    events.Bus
	People People
	Push   Pusher
	Secret []byte // 32 bytes, the same on every node
	Times  Times
	Poll   time.Duration // how often due jobs are looked for; default 1 s
	Log    *slog.Logger
}

// Service is the notifications of one node.
type Service struct {
	cfg      Config
	gate     *access.Gate
	watch    *access.Gate // over the pool of jobs
	people   People
	push     Pusher
	seals    seals
	times    Times
	jobs     *river.Client[pgx.Tx]
	address  atomic.Pointer[string]
	changed  *changes
	failures atomic.Int64
	log      *slog.Logger

	// beforeSend is a test's: between the last look and the sending.
	beforeSend func()
}

// New makes the service; Run must be running for alerts to go on.
func New(cfg Config) (*Service, error) {
	if cfg.Poll == 0 {
		cfg.Poll = time.Second
	}
	s := &Service{
		cfg: cfg, gate: cfg.Gate, watch: access.NewGate(cfg.Jobs, cfg.Bus), people: cfg.People, push: cfg.Push, times: cfg.Times.orDefault(),
		changed: newChanges(), log: cfg.Log, beforeSend: func() {},
	}
	var err error
	if s.seals, err = newSeals(cfg.Secret); err != nil {
		return nil, err
	}
	s.SetAddress("")
	if s.jobs, err = s.client(); err != nil {
		return nil, fmt.Errorf("durable jobs: %w", err)
	}
	return s, nil
}

// SetAddress says where people reach this instance: a notification opens a page there.
func (s *Service) SetAddress(url string) { s.address.Store(&url) }

// Run sees alerts through until ctx ends. What is being done by then is finished, here or after the next start.
func (s *Service) Run(ctx context.Context) error {
	if err := s.cfg.Bus.Subscribe(ctx, s.hear); err != nil {
		return fmt.Errorf("subscribe to events: %w", err)
	}
	if err := s.mend(ctx); err != nil && ctx.Err() == nil {
		s.log.Warn("look after open alerts", "error", err) // and again before long
	}
	if err := s.jobs.Start(context.WithoutCancel(ctx)); err != nil {
		return fmt.Errorf("start jobs: %w", err)
	}
	s.follow(ctx)
	stop, cancel := context.WithTimeout(context.Background(), stopPatience)
	defer cancel()
	return s.jobs.StopAndCancel(stop)
}

// stopPatience is how long a stop waits for jobs that were told to end.
const stopPatience = 5 * time.Second

// Figures are what an operator watches.
type Figures struct {
	Open         int
	Oldest       time.Duration // of those open
	PushFailures int64         // of this node
}

// Figures counts.
func (s *Service) Figures(ctx context.Context) (f Figures, err error) {
	f.PushFailures = s.failures.Load()
	var seconds float64
	err = s.watch.Watch(ctx, "", func(sc access.Scope) error {
		return sc.Tx().QueryRow(ctx, `select count(*), coalesce(extract(epoch from clock_timestamp() - min(raised_at)), 0)::float8
			from alerts where state = 'open'`).Scan(&f.Open, &seconds)
	})
	f.Oldest = time.Duration(seconds * float64(time.Second))
	return f, err
}
