package bench

import (
	"encoding/binary"
	"encoding/hex"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
)

// ledger keeps what was posted and who was given it, apart from the server's own word. A post's number stands in its id.
type ledger struct {
	next  atomic.Int64
	posts []entry
	boxes []*inbox
	// comesBack has a reader who was too slow open another socket: what she missed is not asked for, and counts as lost.
	comesBack bool
}

// entry is one post. Times are nanoseconds of this process's clock.
type entry struct {
	team  *team
	due   int64        // when it was to be posted
	acked atomic.Int64 // when it was acknowledged; 0: it was not
}

// inbox is what one member's socket was given.
type inbox struct {
	member  *member
	mu      sync.Mutex
	seen    []uint8
	arrived []arrival
	unknown int // frames about nothing that was posted here
	err     error
}

type arrival struct {
	number int64
	after  time.Duration // since the post was due
}

// ledgerMost bounds the posts of a run.
const ledgerMost = 1 << 20

func newLedger(members []*member) *ledger {
	l := &ledger{posts: make([]entry, ledgerMost)}
	for _, m := range members {
		l.boxes = append(l.boxes, &inbox{member: m})
	}
	return l
}

var clock = time.Now()

func ticks() int64 { return int64(time.Since(clock)) }

// post takes a number for a post of a team that is due at a time, and makes its id; false when the ledger is full.
func (l *ledger) post(t *team, due int64) (n int64, id uuid.UUID, ok bool) {
	n = l.next.Add(1) - 1
	if n >= ledgerMost {
		return 0, id, false
	}
	l.posts[n].team, l.posts[n].due = t, due
	id = newID()
	var number [8]byte
	binary.BigEndian.PutUint64(number[:], uint64(n))
	copy(id[10:], number[2:])
	return n, id, true
}

// numberOf reads the number back from the text of an id.
func numberOf(id []byte) (int64, bool) {
	if len(id) != 36 {
		return 0, false
	}
	var number [8]byte
	if _, err := hex.Decode(number[2:], id[24:]); err != nil {
		return 0, false
	}
	return int64(binary.BigEndian.Uint64(number[:])), true
}

// take notes that a member was given a post.
func (l *ledger) take(b *inbox, n int64) {
	now := ticks()
	b.mu.Lock()
	defer b.mu.Unlock()
	if n < 0 || n >= min(l.next.Load(), ledgerMost) {
		b.unknown++
		return
	}
	for int64(len(b.seen)) <= n {
		b.seen = append(b.seen, make([]uint8, n+1024)...)
	}
	if b.seen[n] < 255 {
		b.seen[n]++
	}
	b.arrived = append(b.arrived, arrival{n, time.Duration(now - l.posts[n].due)})
}

// Delivered is the account of a range of posts.
type Delivered struct {
	Deliveries int `json:"deliveries"`
	Lost       int `json:"lost"`      // acknowledged, and not given to somebody who reads it
	Doubled    int `json:"doubled"`   // given twice on one socket
	Forbidden  int `json:"forbidden"` // given to somebody who does not read it, or is of another team
}

// account compares what sockets were given with what their members read.
func (l *ledger) account(from, to int64) (d Delivered) {
	for _, b := range l.boxes {
		b.mu.Lock()
		for n := from; n < to; n++ {
			d.add(b, &l.posts[n], b.count(n))
		}
		b.mu.Unlock()
	}
	return d
}

func (d *Delivered) add(b *inbox, e *entry, count int) {
	entitled := b.member.reads && b.member.team == e.team
	switch {
	case !entitled:
		d.Forbidden += count
	case count > 0:
		d.Deliveries++
		d.Doubled += count - 1
	case e.acked.Load() != 0:
		d.Lost++
	}
}

func (b *inbox) count(n int64) int {
	if n >= int64(len(b.seen)) {
		return 0
	}
	return int(b.seen[n])
}

// delays are how long deliveries of a range took, counted from when each post was due.
func (l *ledger) delays(from, to int64) (out []time.Duration) {
	for _, b := range l.boxes {
		b.mu.Lock()
		for _, a := range b.arrived {
			if a.number >= from && a.number < to {
				out = append(out, a.after)
			}
		}
		b.mu.Unlock()
	}
	return out
}

// acknowledged counts the acknowledged posts of a range.
func (l *ledger) acknowledged(from, to int64) (n int) {
	for i := from; i < to; i++ {
		if l.posts[i].acked.Load() != 0 {
			n++
		}
	}
	return n
}

// upTo is the number after the last post.
func (l *ledger) upTo() int64 { return min(l.next.Load(), ledgerMost) }

// strangers counts frames about nothing that was posted here.
func (l *ledger) strangers() (n int) {
	for _, b := range l.boxes {
		b.mu.Lock()
		n += b.unknown
		b.mu.Unlock()
	}
	return n
}

// arrivals counts every frame of a message that came.
func (l *ledger) arrivals() (n int) {
	for _, b := range l.boxes {
		b.mu.Lock()
		n += len(b.arrived) + b.unknown
		b.mu.Unlock()
	}
	return n
}
