package notifications

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivertype"

	"liaison/storage"
)

// turn is the turn of one person in an alert. Jobs hold ids and numbers only.
type turn struct {
	Alert   uuid.UUID `json:"alert"`
	Message uuid.UUID `json:"message"`
	Place   int       `json:"place"`
}

// The jobs of a turn, each done once: ring after the grace, repeat, pass on. A push is one device of one ringing.
type (
	ringJob struct {
		turn
		Round int `json:"round"`
	}
	repeatJob struct {
		turn
		Round int `json:"round"`
	}
	nextJob struct{ turn }
	pushJob struct {
		turn
		Round  int       `json:"round"`
		Device uuid.UUID `json:"device"`
	}
)

// Kind names the job.
func (ringJob) Kind() string { return "alert_ring" }

// Kind names the job.
func (repeatJob) Kind() string { return "alert_repeat" }

// Kind names the job.
func (nextJob) Kind() string { return "alert_next" }

// Kind names the job.
func (pushJob) Kind() string { return "alert_push" }

const (
	alertsQueue = "alerts"
	pushQueue   = "push"
	// Attempts are bounded by the alert's own end, not by their number.
	attempts = 10_000
	// A job of a node that died is taken up by another after this.
	jobMost, rescueAfter = 20 * time.Second, 45 * time.Second
	// nearby jobs wait among the available: what is scheduled is looked at every five seconds only.
	nearby = 10 * time.Second
)

func (s *Service) client() (*river.Client[pgx.Tx], error) {
	workers := river.NewWorkers()
	river.AddWorker(workers, river.WorkFunc(func(ctx context.Context, j *river.Job[ringJob]) error { return s.ring(ctx, j.Args) }))
	river.AddWorker(workers, river.WorkFunc(func(ctx context.Context, j *river.Job[repeatJob]) error { return s.repeat(ctx, j.Args) }))
	river.AddWorker(workers, river.WorkFunc(func(ctx context.Context, j *river.Job[nextJob]) error { return s.next(ctx, j.Args) }))
	river.AddWorker(workers, river.WorkFunc(func(ctx context.Context, j *river.Job[pushJob]) error { return s.deliver(ctx, j.Args, j.CreatedAt) }))
	return river.NewClient(riverpgxv5.New(s.cfg.Jobs.Pool), &river.Config{
		Queues:  map[string]river.QueueConfig{alertsQueue: {MaxWorkers: 2}, pushQueue: {MaxWorkers: 3}},
		Workers: workers,
		// No LISTEN: it would hold a connection, and NOTIFY locks at commit.
		PollOnly: true, FetchPollInterval: s.cfg.Poll, FetchCooldown: min(s.cfg.Poll, river.FetchCooldownDefault),
		JobTimeout: jobMost, RescueStuckJobsAfter: rescueAfter, RetryPolicy: soon{}, ReindexerSchedule: river.NeverSchedule(),
		Logger: slog.New(quiet{s.log.Handler()}),
	})
}

// soon tries again after one second, then two, up to half a minute: an alert does not wait for hours.
type soon struct{}

func (soon) NextRetry(job *rivertype.JobRow) time.Time {
	return time.Now().Add(min(time.Second<<min(job.Attempt, 10), 30*time.Second))
}

// quiet keeps the library's daily talk out of the log.
type quiet struct{ slog.Handler }

func (q quiet) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn && q.Handler.Enabled(ctx, level)
}

func (q quiet) WithAttrs(attrs []slog.Attr) slog.Handler { return quiet{q.Handler.WithAttrs(attrs)} }

func (q quiet) WithGroup(name string) slog.Handler { return quiet{q.Handler.WithGroup(name)} }

// planned is a job and the moment from which it is to be done.
type planned struct {
	job river.JobArgs
	due time.Time
}

// plan adds jobs to a transaction; what was planned before is planned once.
func (s *Service) plan(ctx context.Context, q storage.Querier, jobs ...planned) error {
	if len(jobs) == 0 {
		return nil
	}
	tx, err := storage.PgxTx(q)
	if err != nil {
		return err
	}
	params := make([]river.InsertManyParams, len(jobs))
	for i, p := range jobs {
		opts := &river.InsertOpts{Queue: alertsQueue, MaxAttempts: attempts, UniqueOpts: river.UniqueOpts{ByArgs: true}}
		if _, push := p.job.(pushJob); push {
			opts.Queue = pushQueue
		}
		if time.Until(p.due) > nearby {
			opts.ScheduledAt = p.due
		}
		params[i] = river.InsertManyParams{Args: p.job, InsertOpts: opts}
	}
	if _, err := s.jobs.InsertManyTx(ctx, tx, params); err != nil {
		return fmt.Errorf("plan jobs: %w", err)
	}
	return nil
}

// turnJobs are what a turn plans when somebody is asked.
func (s *Service) turnJobs(t turn, asked time.Time) []planned {
	jobs := []planned{{ringJob{t, 0}, asked.Add(s.times.Grace)}, {nextJob{t}, asked.Add(s.times.Next)}}
	return append(jobs, s.repetition(t, asked, 1)...)
}

// repetition is the round-th repetition of a turn, if it comes before the next person's turn.
func (s *Service) repetition(t turn, asked time.Time, round int) []planned {
	after := time.Duration(round) * s.times.Repeat
	if after >= s.times.Next {
		return nil
	}
	return []planned{{repeatJob{t, round}, asked.Add(after)}}
}

// notBefore puts a job off that was taken up too early; the clock is the database's.
func notBefore(due, now time.Time) error {
	if wait := due.Sub(now); wait > 0 {
		return river.JobSnooze(wait)
	}
	return nil
}
