package teams

import (
	"sync"
	"time"

	"github.com/google/uuid"
	"golang.org/x/time/rate"
)

// A look-alike answer tells that somebody is cared for here: a person gets some at once, then one every few minutes.
const (
	probesAtOnce = 20
	probesEvery  = 3 * time.Minute
	probesKept   = 10_000
)

// probes counts the look-alike answers each person was given by this node.
type probes struct {
	mu sync.Mutex
	by map[uuid.UUID]*rate.Limiter
}

func newProbes() *probes { return &probes{by: map[uuid.UUID]*rate.Limiter{}} }

// wait says how long a person waits before she may ask, whatever the answer would be: it must not tell that there is one.
func (p *probes) wait(person uuid.UUID, now time.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	l, known := p.by[person]
	if !known {
		return 0
	}
	missing := 1 - l.TokensAt(now)
	if missing <= 0 {
		return 0
	}
	return time.Duration(missing * float64(probesEvery))
}

func (p *probes) answered(person uuid.UUID, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	l, known := p.by[person]
	if !known {
		p.makeRoom(now)
		l = rate.NewLimiter(rate.Every(probesEvery), probesAtOnce)
		p.by[person] = l
	}
	l.AllowN(now, 1)
}

// makeRoom forgets those who have nothing to wait for; only if that is not enough, anybody.
func (p *probes) makeRoom(now time.Time) {
	if len(p.by) < probesKept {
		return
	}
	for id, l := range p.by {
		if l.TokensAt(now) >= probesAtOnce {
			delete(p.by, id)
		}
	}
	for id := range p.by {
		if len(p.by) < probesKept {
			return
		}
		delete(p.by, id)
	}
}
