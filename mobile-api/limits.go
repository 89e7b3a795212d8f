package mobileapi

import (
	"sync"
	"time"

	"github.com/google/uuid"
	"golang.org/x/time/rate"
)

// Rate is how many requests a second, and how many at once.
type Rate struct {
	PerSecond float64
	Burst     int
}

// RateLimit bounds what one person and one address may ask; zero values are the defaults. A whole hospital may share an
// address.
type RateLimit struct {
	Off     bool
	Person  Rate
	Address Rate
	Search  Rate // of one person; each goes through all of hers
}

var (
	personRate  = Rate{PerSecond: 50, Burst: 200}
	addressRate = Rate{PerSecond: 500, Burst: 2000}
	searchRate  = Rate{PerSecond: 5, Burst: 40}
)

// limits are this node's; behind several nodes a person has as many times more.
type limits struct {
	off       bool
	persons   *buckets[uuid.UUID]
	addresses *buckets[string]
	searches  *buckets[uuid.UUID]
}

func newLimits(cfg RateLimit) *limits {
	return &limits{
		off:       cfg.Off,
		persons:   newBuckets[uuid.UUID](orRate(cfg.Person, personRate)),
		addresses: newBuckets[string](orRate(cfg.Address, addressRate)),
		searches:  newBuckets[uuid.UUID](orRate(cfg.Search, searchRate)),
	}
}

func orRate(r, otherwise Rate) Rate {
	if r == (Rate{}) {
		return otherwise
	}
	return r
}

func (l *limits) person(id uuid.UUID) time.Duration {
	if l.off {
		return 0
	}
	return l.persons.take(id)
}

func (l *limits) search(person uuid.UUID) time.Duration {
	if l.off {
		return 0
	}
	return l.searches.take(person)
}

func (l *limits) address(from string) time.Duration {
	if l.off {
		return 0
	}
	return l.addresses.take(from)
}

// buckets holds a bounded number of limiters: two generations, the older dropped when the younger is full. Whoever was
// dropped had not asked for long, and has a full bucket again.
type buckets[K comparable] struct {
	rate  Rate
	mu    sync.Mutex
	young map[K]*rate.Limiter
	old   map[K]*rate.Limiter
}

const mostBuckets = 20_000

func newBuckets[K comparable](r Rate) *buckets[K] {
	return &buckets[K]{rate: r, young: map[K]*rate.Limiter{}}
}

// take says how long to wait; zero lets the request through.
func (b *buckets[K]) take(key K) time.Duration {
	at := now()
	reservation := b.of(key).ReserveN(at, 1)
	if !reservation.OK() {
		return time.Minute
	}
	wait := reservation.DelayFrom(at)
	if wait > 0 {
		reservation.CancelAt(at)
	}
	return wait
}

func (b *buckets[K]) of(key K) *rate.Limiter {
	b.mu.Lock()
	defer b.mu.Unlock()
	if l, ok := b.young[key]; ok {
		return l
	}
	l, ok := b.old[key]
	if !ok {
		l = rate.NewLimiter(rate.Limit(b.rate.PerSecond), b.rate.Burst)
	}
	if len(b.young) >= mostBuckets {
		b.old, b.young = b.young, map[K]*rate.Limiter{}
	}
	b.young[key] = l
	return l
}
