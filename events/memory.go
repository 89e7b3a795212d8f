package events

import (
	"context"
	"sync"
)

// Memory is the bus of a single node.
type Memory struct {
	mu        sync.Mutex
	listeners map[int]*listener
	next      int
}

// NewMemory makes a bus for one process.
func NewMemory() *Memory { return &Memory{listeners: map[int]*listener{}} }

// Publish hands the events to every subscriber's queue.
func (m *Memory) Publish(evs ...Event) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, l := range m.listeners {
		l.push(evs)
	}
}

// Subscribe calls fn from one goroutine, in the order of publication, until ctx ends.
func (m *Memory) Subscribe(ctx context.Context, fn func(Event)) error {
	l := newListener()
	m.mu.Lock()
	id := m.next
	m.next++
	m.listeners[id] = l
	m.mu.Unlock()
	go func() {
		l.run(ctx, fn)
		m.mu.Lock()
		delete(m.listeners, id)
		m.mu.Unlock()
	}()
	return nil
}

// Healthy is always true: there are no other nodes.
func (m *Memory) Healthy() bool { return true }

// Close does nothing: subscribers end with their contexts.
func (m *Memory) Close() error { return nil }

// maxWaiting bounds a subscriber's queue. Beyond it events are dropped: they are hints, and what was missed is found from
// the database.
const maxWaiting = 65536

type listener struct {
	mu      sync.Mutex
	waiting []Event
	wake    chan struct{}
}

func newListener() *listener { return &listener{wake: make(chan struct{}, 1)} }

func (l *listener) push(evs []Event) {
	l.mu.Lock()
	if len(l.waiting)+len(evs) <= maxWaiting {
		l.waiting = append(l.waiting, evs...)
	}
	l.mu.Unlock()
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

func (l *listener) take() []Event {
	l.mu.Lock()
	defer l.mu.Unlock()
	evs := l.waiting
	l.waiting = nil
	return evs
}

func (l *listener) run(ctx context.Context, fn func(Event)) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-l.wake:
			for _, e := range l.take() {
				fn(e)
			}
		}
	}
}
