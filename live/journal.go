package live

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"liaison/access"
)

// journal writes who was given what, after the delivery, many lines at a time.
type journal struct {
	gate *access.Gate
	node string
	log  *slog.Logger

	mu      sync.Mutex
	waiting []access.Delivery
	wake    chan struct{}
}

const (
	journalPause = 200 * time.Millisecond
	// journalMost bounds what waits while the database is away. Lines beyond it are lost, and that is logged: delivery was
	// never acknowledged to anybody.
	journalMost = 100_000
)

func newJournal(gate *access.Gate, node string, log *slog.Logger) *journal {
	return &journal{gate: gate, node: node, log: log, wake: make(chan struct{}, 1)}
}

func (j *journal) add(d access.Delivery) {
	j.mu.Lock()
	if len(j.waiting) < journalMost {
		j.waiting = append(j.waiting, d)
	}
	j.mu.Unlock()
	select {
	case j.wake <- struct{}{}:
	default:
	}
}

// run writes soon after a delivery, but not once per delivery; at the end it writes what waits.
func (j *journal) run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
			j.write(last)
			cancel()
			return
		case <-j.wake:
			j.write(ctx)
		}
		select {
		case <-ctx.Done():
		case <-time.After(journalPause):
		}
	}
}

func (j *journal) write(ctx context.Context) {
	j.mu.Lock()
	deliveries := j.waiting
	j.waiting = nil
	j.mu.Unlock()
	if len(deliveries) == 0 {
		return
	}
	if err := j.gate.JournalDeliveries(ctx, j.node, deliveries); err != nil {
		j.log.Error("journal deliveries", "count", len(deliveries), "error", err)
		j.mu.Lock()
		if len(j.waiting)+len(deliveries) <= journalMost {
			j.waiting = append(deliveries, j.waiting...)
		}
		j.mu.Unlock()
	}
}
