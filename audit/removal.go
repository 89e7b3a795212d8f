package audit

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash"
	"sort"
	"time"

	"github.com/google/uuid"
)

// Removal states, in a signed block without lines, which sealed lines were removed under retention: those of one month, by their
// places in the blocks before it. Blocks stay, with their leaves: what is missing and not stated is found as before.
type Removal struct {
	From   time.Time `json:"from"` // first instant of the month, UTC
	To     time.Time `json:"to"`   // that of the next
	Lines  int64     `json:"lines"`
	Digest []byte    `json:"digest"` // SHA-256 of "liaison journal removal v1" and of each leaf (48 bytes), in their order
	Spans  []Span    `json:"spans"`  // in their order
}

// Span is a run of leaves, through one block or several; its end is not part of it.
type Span struct {
	Block   int64 `json:"block"`
	Leaf    int64 `json:"leaf"` // from 0
	ToBlock int64 `json:"to_block"`
	ToLeaf  int64 `json:"to_leaf"`
}

const removalDomain = "liaison journal removal v1"

const (
	// A line is stated as removed this many months after its block was sealed at the earliest: ids and months alone are the word of
	// who writes, and sealing may be late by some weeks.
	sealedMonths = LeastMonths - 1
	// idSlack is how far the clock that made an id may be from the database's.
	idSlack = 24 * time.Hour
)

// append adds what is signed of it: from, to in microseconds, lines, the digest, the number of spans and their four numbers each (8
// bytes big endian).
func (r *Removal) append(p []byte) []byte {
	numbers := []int64{r.From.UnixMicro(), r.To.UnixMicro(), r.Lines}
	for _, n := range numbers {
		p = binary.BigEndian.AppendUint64(p, uint64(n))
	}
	p = append(p, r.Digest...)
	p = binary.BigEndian.AppendUint64(p, uint64(len(r.Spans)))
	for _, s := range r.Spans {
		for _, n := range []int64{s.Block, s.Leaf, s.ToBlock, s.ToLeaf} {
			p = binary.BigEndian.AppendUint64(p, uint64(n))
		}
	}
	return p
}

// wrong says what no block b may state, or nothing.
func (r *Removal) wrong(b *Block) string {
	from := r.From.UTC()
	m := month{time.Date(from.Year(), from.Month(), 1, 0, 0, 0, 0, time.UTC)}
	switch {
	case len(r.Digest) != sha256.Size || r.Lines <= 0 || b.Lines != 0:
		return "it is no statement of removed lines"
	case !m.Equal(r.From) || !m.end().Equal(r.To):
		return "it does not state a whole month"
	case !m.over(LeastMonths, b.SealedAt):
		return fmt.Sprintf("it states a month that was not over for %d months", LeastMonths)
	}
	at := position{1, 0}
	for _, s := range r.Spans {
		if s.start().before(at) || !s.start().before(s.end()) {
			return "its places are not in order"
		}
		at = s.end()
	}
	if (position{b.Number, 0}).before(at) {
		return "it states lines of blocks after it"
	}
	return ""
}

// refuses says why a line may not be stated as removed by a block sealed at that time, or nothing.
func (r *Removal) refuses(in *Block, id uuid.UUID, stated time.Time) string {
	if in.SealedAt.AddDate(0, sealedMonths, 0).After(stated) {
		return fmt.Sprintf("it was sealed less than %d months before", sealedMonths)
	}
	if id.Version() != 7 {
		return ""
	}
	made := time.UnixMilli(int64(binary.BigEndian.Uint64(id[:8]) >> 16))
	if made.Before(r.From.Add(-idSlack)) || made.After(r.To.Add(idSlack)) {
		return fmt.Sprintf("its id was made on %s, not in %s", made.UTC().Format(time.DateOnly), r.name())
	}
	return ""
}

func (r *Removal) name() string { return r.From.UTC().Format("2006-01") }

// covers says whether the leaf at a place is one of those.
func (r *Removal) covers(at position) bool {
	after := sort.Search(len(r.Spans), func(i int) bool { return at.before(r.Spans[i].start()) })
	return after > 0 && at.before(r.Spans[after-1].end())
}

// position is that of a leaf in the chain of blocks.
type position struct{ block, leaf int64 }

func (p position) before(q position) bool {
	return p.block < q.block || p.block == q.block && p.leaf < q.leaf
}

func (s Span) start() position { return position{s.Block, s.Leaf} }

func (s Span) end() position { return position{s.ToBlock, s.ToLeaf} }

// tally counts and hashes leaves as a statement holds them.
type tally struct {
	lines int64
	hash  hash.Hash
}

func newTally() tally {
	t := tally{hash: sha256.New()}
	t.hash.Write([]byte(removalDomain))
	return t
}

func (t *tally) add(b *Block, leaf int) {
	t.lines++
	t.hash.Write(b.Leaves[leaf*leafSize : (leaf+1)*leafSize])
}
