package audit

import (
	"context"
	"crypto/ed25519"
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// ago is the middle of a month that began so many months ago.
func ago(months int) time.Time {
	now := time.Now().UTC()
	return time.Date(now.Year(), now.Month(), 15, 12, 0, 0, 0, time.UTC).AddDate(0, -months, 0)
}

// idOf is a UUIDv7 made at a time.
func idOf(at time.Time) uuid.UUID {
	id := uuid.New()
	binary.BigEndian.PutUint64(id[:8], uint64(at.UnixMilli())<<16|uint64(id[6])<<8|uint64(id[7]))
	id[6] = id[6]&0x0f | 0x70
	return id
}

// wrote makes lines as if they had been written at a time.
func (tr *territory) wrote(at time.Time, n int) (ids []uuid.UUID) {
	tr.t.Helper()
	for range n {
		ids = append(ids, idOf(at))
	}
	return tr.wroteAs(at, ids...)
}

func (tr *territory) wroteAs(at time.Time, ids ...uuid.UUID) []uuid.UUID {
	tr.t.Helper()
	tr.tamper("insert into audit_lines (id, at, actor, verb, outcome) select unnest($1::uuid[]), $2, gen_random_uuid(), 'message.read', 'done'", ids, at)
	if err := MakeMonths(tr.t.Context(), tr.DB.DB.Pool); err != nil {
		tr.t.Fatal(err)
	}
	return ids
}

// sealed seals n lines in one block and exports it, as if at a time.
func (tr *territory) sealed(at time.Time, n int) *Block {
	tr.t.Helper()
	tick, late := time.NewTicker(5*time.Millisecond), time.After(time.Minute)
	defer tick.Stop()
	for {
		b, err := tr.sealedOnce(at, n)
		if err != nil {
			tr.t.Fatal(err)
		}
		if b != nil {
			tr.export(b)
			return b
		}
		select {
		case <-tick.C: // transactions of other tests hold the horizon back for a moment
		case <-late:
			tr.t.Fatal("not sealed")
		}
	}
}

func (tr *territory) sealedOnce(at time.Time, n int) (b *Block, err error) {
	err = pgx.BeginTxFunc(tr.t.Context(), tr.owner, pgx.TxOptions{IsoLevel: pgx.RepeatableRead}, func(tx pgx.Tx) error {
		h, err := readHorizon(tr.t.Context(), tx)
		if err != nil {
			return err
		}
		lines, err := readLines(tr.t.Context(), tx, "where xid >= $1 and xid < $2 order by xid, id", h.from, h.to)
		if err != nil || len(lines) < n {
			return err
		}
		b = h.last.next(h.to, at)
		b.bind(lines, tr.key)
		return b.insert(tr.t.Context(), tx)
	})
	return b, err
}

func (tr *territory) export(b *Block) {
	tr.t.Helper()
	data, err := b.encode()
	if err := errors.Join(err, tr.exports.Put(tr.t.Context(), b.name(), data)); err != nil {
		tr.t.Fatal(err)
	}
}

// aged is a journal with lines of fourteen and thirteen months ago, one block of them holding both, and of last month.
func aged(t *testing.T) (tr *territory, older, old, recent []uuid.UUID) {
	t.Helper()
	tr = newTerritory(t)
	older = tr.wrote(ago(14), 3)
	tr.sealed(ago(14), 3)
	older = append(older, tr.wrote(ago(14), 1)...)
	old = tr.wrote(ago(13), 2)
	older = append(older, tr.wrote(ago(14), 1)...)
	tr.sealed(ago(13), 4)
	recent = tr.wroteAs(ago(1), uuid.New(), uuid.New()) // ids that tell no time
	tr.sealed(ago(1), 2)
	if _, err := tr.sealer.SealOnce(t.Context()); err != nil { // leads from now on
		t.Fatal(err)
	}
	tr.whole(9, 3)
	return tr, older, old, recent
}

func (tr *territory) retain(months int) {
	tr.t.Helper()
	if err := tr.sealer.Retain(tr.t.Context(), tr.OwnerURL, months); err != nil {
		tr.t.Fatal(err)
	}
	if _, err := tr.sealer.SealOnce(tr.t.Context()); err != nil {
		tr.t.Fatal(err)
	}
}

func (tr *territory) there(ids []uuid.UUID) (n int) {
	tr.t.Helper()
	if err := tr.owner.QueryRow(tr.t.Context(), "select count(*) from audit_lines where id = any ($1)", ids).Scan(&n); err != nil {
		tr.t.Fatal(err)
	}
	return n
}

func nameOf(at time.Time) string { return at.Format("2006-01") }

func TestMonthsPastTheirRetentionAreRemovedAndStated(t *testing.T) {
	t.Parallel()
	tr, older, old, recent := aged(t)
	tr.retain(0)
	tr.retain(14)
	tr.whole(9, 3)

	tr.retain(13)
	if tr.there(older) != 0 || tr.there(old) != 2 || tr.there(recent) != 2 {
		t.Fatalf("there are %d, %d and %d", tr.there(older), tr.there(old), tr.there(recent))
	}
	r := tr.whole(4, 4)
	want := []Removed{{Block: 4, Month: nameOf(ago(14)), Lines: 5}}
	if r.Removed != 5 || !slices.Equal(r.Months, want) || r.Unexported != 0 || len(r.Restores) != 0 {
		t.Fatalf("%+v", r)
	}
	tr.retain(13)
	tr.whole(4, 4)

	// Sealing goes on, and so does retention.
	tr.write(2)
	tr.seal(2)
	tr.retain(6)
	r = tr.verify()
	want = append(want, Removed{Block: r.Blocks, Month: nameOf(ago(13)), Lines: 2})
	if r.Problem != nil || r.Lines != 4 || r.Removed != 7 || !slices.Equal(r.Months, want) || r.Unsealed != 0 || r.Unexported != 0 {
		t.Fatalf("%+v %v", r, r.Problem)
	}
}

func TestAMonthIsOneSpanThroughManyBlocks(t *testing.T) {
	t.Parallel()
	tr := newTerritory(t)
	for range 3 {
		tr.wrote(ago(8), 2)
		tr.sealed(ago(8), 2)
	}
	tr.rebase() // a block without lines lies between
	mark, err := lastBlock(t.Context(), tr.owner)
	if err != nil {
		t.Fatal(err)
	}
	tr.export(mark)
	tr.wrote(ago(8), 2)
	tr.sealed(ago(7), 2)
	if _, err := tr.sealer.SealOnce(t.Context()); err != nil {
		t.Fatal(err)
	}
	tr.retain(6)
	b, err := Database(tr.owner).Block(t.Context(), 6)
	if err != nil || b == nil || b.Removed == nil || b.Removed.Lines != 8 || len(b.Removed.Spans) != 1 {
		t.Fatalf("%+v, %v", b, err)
	}
	if r := tr.whole(0, 6); r.Removed != 8 {
		t.Fatalf("%+v", r)
	}
}

// What is not whole, sealed and exported stays, and the month with it.
func TestAMonthInTroubleStays(t *testing.T) {
	t.Parallel()
	for name, trouble := range map[string]func(tr *territory, older []uuid.UUID){
		"changed": func(tr *territory, older []uuid.UUID) {
			tr.tamper("update audit_lines set verb = 'x' where id = $1", older[0])
		},
		"inserted": func(tr *territory, older []uuid.UUID) {
			tr.tamper("insert into audit_lines select gen_random_uuid(), at, actor, session, workplace, verb, outcome, space_id, object, detail, address, '3' from audit_lines where id = $1", older[0])
		},
		"not yet sealed":   func(tr *territory, _ []uuid.UUID) { tr.wrote(ago(14), 1) },
		"not yet exported": func(tr *territory, _ []uuid.UUID) { tr.sealer.exported = 1 },
		"exported nowhere": func(tr *territory, _ []uuid.UUID) { tr.sealer.exports = nil },
		"an id of another time": func(tr *territory, older []uuid.UUID) {
			tr.tamper("insert into audit_lines select $2, at, actor, session, workplace, verb, outcome, space_id, object, detail, address from audit_lines where id = $1",
				older[0], idOf(ago(3)))
			tr.sealer.Close()
			tr.sealed(ago(1), 1)
			tr.sealer = tr.newSealer(tr.exports)
			if _, err := tr.sealer.SealOnce(tr.t.Context()); err != nil {
				tr.t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tr, older, _, _ := aged(t)
			trouble(tr, older)
			if err := tr.sealer.Retain(t.Context(), tr.OwnerURL, 13); err == nil {
				t.Error("removed, or not said")
			}
			if n := tr.there(older); n != 5 {
				t.Errorf("%d lines are left", n)
			}
			if last, err := lastBlock(t.Context(), tr.owner); err != nil || last.Removed != nil {
				t.Errorf("it was stated: %v", err)
			}
		})
	}
}

// A month that stays holds the others back no more than a node that does not seal.
func TestAMonthInTroubleHoldsNoOtherBack(t *testing.T) {
	t.Parallel()
	tr, older, old, _ := aged(t)
	tr.tamper("update audit_lines set verb = 'x' where id = $1", older[0])
	other := tr.newSealer(tr.exports)
	if _, err := other.SealOnce(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := other.Retain(t.Context(), tr.OwnerURL, 6); err != nil || tr.there(old) != 2 {
		t.Fatalf("a node that does not seal: %v", err)
	}
	if err := tr.sealer.Retain(t.Context(), tr.OwnerURL, 6); !errors.Is(err, errNotSealed) {
		t.Fatal(err)
	}
	if tr.there(older) != 5 || tr.there(old) != 0 {
		t.Fatalf("%d and %d are left", tr.there(older), tr.there(old))
	}
	tr.problem(LineChanged, 1, older[0])
}

func TestAMonthDroppedUnsaidIsFound(t *testing.T) {
	t.Parallel()
	tr, older, _, _ := aged(t)
	table := month{ago(14)}.table()
	if _, err := tr.owner.Exec(t.Context(), "drop table "+table); err != nil {
		t.Fatal(err)
	}
	p := tr.verify().Problem
	if p == nil || p.Kind != LineMissing || p.Block != 1 || !slices.Contains(older[:3], p.Line) {
		t.Fatalf("%v", p)
	}
	// Nor does retention state afterwards what it did not remove.
	tr.retain(6)
	if p := tr.verify().Problem; p == nil || p.Kind != LineMissing || p.Block != 1 {
		t.Fatalf("%v", p)
	}
}

func TestAStatementExcusesNoOtherLine(t *testing.T) {
	t.Parallel()
	t.Run("missing", func(t *testing.T) {
		t.Parallel()
		tr, _, old, _ := aged(t)
		tr.retain(13)
		tr.tamper("delete from audit_lines where id = $1", old[1])
		tr.problem(LineMissing, 2, old[1])
	})
	t.Run("changed", func(t *testing.T) {
		t.Parallel()
		tr, _, old, _ := aged(t)
		tr.retain(13)
		tr.tamper("update audit_lines set verb = 'x' where id = $1", old[0])
		tr.problem(LineChanged, 2, old[0])
	})
	t.Run("there again", func(t *testing.T) {
		t.Parallel()
		tr, older, _, _ := aged(t)
		tr.retain(13)
		tr.tamper("insert into audit_lines (id, at, actor, verb, outcome, xid) values ($1, $2, gen_random_uuid(), 'x', 'done', '3')", older[0], ago(14))
		tr.problem(LineInserted, 0, older[0])
	})
	t.Run("changed in the database", func(t *testing.T) {
		t.Parallel()
		tr, _, old, _ := aged(t)
		tr.retain(13)
		tr.tamper("delete from audit_lines where id = any ($1)", old)
		tr.tamper(`update audit_blocks set removed = jsonb_set(removed, '{spans,0}', '{"block": 1, "leaf": 0, "to_block": 3, "to_leaf": 0}') where number = 4`)
		if p := tr.verify().Problem; p == nil || p.Kind != LineMissing || p.Block != 1 {
			t.Fatalf("%v", p)
		}
	})
	t.Run("taken away", func(t *testing.T) {
		t.Parallel()
		tr, _, _, _ := aged(t)
		tr.retain(13)
		tr.tamper("update audit_blocks set removed = null where number = 4")
		if p := tr.verify().Problem; p == nil || p.Kind != LineMissing || p.Block != 1 {
			t.Fatalf("%v", p)
		}
	})
}

// Whoever has the key states no more than retention may remove.
func TestAStatementIsHeldAgainstTheBlocks(t *testing.T) {
	t.Parallel()
	first := func(at time.Time) time.Time { return time.Date(at.Year(), at.Month(), 1, 0, 0, 0, 0, time.UTC) }
	claim := func(at time.Time, spans ...Span) *Removal {
		from := first(at)
		return &Removal{From: from, To: from.AddDate(0, 1, 0), Lines: 1, Digest: make([]byte, 32), Spans: spans}
	}
	for name, c := range map[string]struct {
		claim *Removal
		dated time.Time
		after bool // another block follows
		said  string
	}{
		"a month that is too young":      {claim: claim(ago(1), Span{3, 0, 4, 0}), said: "not over"},
		"lines of another month":         {claim: claim(ago(14), Span{3, 0, 4, 0}), said: "sealed less than"},
		"lines of no block":              {claim: claim(ago(14), Span{1, 0, 9, 0}), said: "after it"},
		"ids of another month":           {claim: claim(ago(9), Span{1, 0, 2, 0}), said: "its id was made"},
		"places that are not in order":   {claim: claim(ago(14), Span{2, 0, 3, 0}, Span{1, 0, 2, 0}), said: "in order"},
		"another count":                  {claim: claim(ago(14), Span{1, 0, 2, 0}), said: "other lines"},
		"half a month":                   {claim: func() *Removal { r := claim(ago(14)); r.To = ago(14); return r }(), said: "whole month"},
		"a date to come":                 {claim: claim(ago(1), Span{3, 0, 4, 0}), dated: time.Now().AddDate(1, 0, 0), said: "in the future"},
		"a date after the blocks behind": {claim: claim(ago(14), Span{1, 0, 1, 3}), after: true, said: "was sealed before"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tr, _, _, _ := aged(t)
			last, err := lastBlock(t.Context(), tr.owner)
			if err != nil {
				t.Fatal(err)
			}
			if c.dated.IsZero() {
				c.dated = time.Now()
			}
			r := *c.claim
			if c.said != "other lines" {
				tr.count(&r)
			}
			if c.after { // all of it is right, but for the time
				tr.tamper("delete from audit_lines where id in (select id from audit_lines where at < $1 order by xid limit 3)", first(ago(13)))
			}
			b := last.next(last.ToXid, c.dated)
			b.Removed = &r
			b.bind(nil, tr.key)
			if err := b.insert(t.Context(), tr.owner); err != nil {
				t.Fatal(err)
			}
			tr.export(b)
			if c.after {
				tr.whole(6, 4)
				tr.write(1)
				tr.sealed(time.Now().AddDate(0, -1, 0), 1)
			}
			p := tr.verify().Problem
			if p == nil || p.Kind != RemovalFalse || p.Block != 4 || !strings.Contains(p.Text, c.said) {
				t.Errorf("%v", p)
			}
		})
	}
}

// count makes a statement hold what stands in its places.
func (tr *territory) count(r *Removal) {
	tr.t.Helper()
	sum := newTally()
	blocks, err := someBlocks(tr.t.Context(), tr.owner, "order by number")
	if err != nil {
		tr.t.Fatal(err)
	}
	for _, b := range blocks {
		for i := range b.Lines {
			if r.covers(position{b.Number, int64(i)}) {
				sum.add(b, i)
			}
		}
	}
	r.Lines, r.Digest = max(sum.lines, 1), sum.hash.Sum(nil)
}

// A month removed while the journal is verified is no fault.
func TestAMonthRemovedMeanwhile(t *testing.T) {
	t.Parallel()
	tr, _, _, _ := aged(t)
	removing := &meanwhile{Journal: Database(tr.DB.DB.Pool), do: func() { tr.retain(13) }}
	r, err := Verify(t.Context(), removing, tr.exports.Blocks(t.Context()), tr.public())
	if err != nil || r.Problem != nil || r.Lines != 4 || r.Removed != 5 {
		t.Fatalf("%+v %v, %v", r, r.Problem, err)
	}
}

type meanwhile struct {
	Journal
	do func()
}

func (m *meanwhile) Lines(ctx context.Context, ids []uuid.UUID, from, to time.Time) ([]Stored, error) {
	if do := m.do; do != nil {
		m.do = nil
		do()
	}
	return m.Journal.Lines(ctx, ids, from, to)
}

// Blocks of before retention was there are signed over the same bytes: these are written down apart from the code.
func TestABlockWithoutStatementIsSignedAsEver(t *testing.T) {
	t.Parallel()
	b := &Block{
		Number: 7, FromXid: 1000, ToXid: 2000, SealedAt: time.UnixMicro(1_700_000_000_000_000), Lines: 3,
		Root: slices.Repeat([]byte{1}, 32), Previous: slices.Repeat([]byte{2}, 32), KeyID: "0123456789abcdef",
	}
	want := "liaison journal block v1" + "\x00\x00\x00\x00\x00\x00\x00\x07" + "\x00\x00\x00\x00\x00\x00\x03\xe8" + "\x00\x00\x00\x00\x00\x00\x07\xd0" +
		"\x00\x06\x0a\x24\x18\x1e\x40\x00" + "\x00\x00\x00\x00\x00\x00\x00\x03" + strings.Repeat("\x01", 32) + strings.Repeat("\x02", 32) + "0123456789abcdef"
	if got := string(b.payload()); got != want {
		t.Fatalf("%q", got)
	}
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	b.Removed = &Removal{From: ago(14), To: ago(13), Digest: make([]byte, 32)}
	b.bind(nil, key)
	b.Removed = nil
	if wrong := b.check(map[string]ed25519.PublicKey{b.KeyID: key.Public().(ed25519.PublicKey)}); wrong == "" {
		t.Error("a statement passes as the mark of a restore")
	}
}

func TestRetentionKeepsSixMonthsAtLeast(t *testing.T) {
	t.Parallel()
	for months, fine := range map[int]bool{0: true, 6: true, 120: true, 5: false, 1: false, -1: false} {
		if err := CheckMonths(months); (err == nil) != fine {
			t.Errorf("%d: %v", months, err)
		}
	}
	at := func(text string) time.Time {
		when, err := time.Parse(time.RFC3339, text)
		if err != nil {
			t.Fatal(err)
		}
		return when
	}
	january := month{at("2026-01-01T00:00:00Z")}
	for now, over := range map[string]bool{"2026-07-31T23:59:59Z": false, "2026-08-01T00:00:00Z": true} {
		if january.over(6, at(now)) != over {
			t.Errorf("six months after January, on %s: %t", now, !over)
		}
	}
}
