package audit

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"liaison/storage/storagetest"
)

// territory is a journal with its sealer, its exports and an owner who can tamper with it.
type territory struct {
	*storagetest.DB
	t       *testing.T
	key     ed25519.PrivateKey
	exports Directory
	sealer  *Sealer
	owner   *pgxpool.Pool
}

func newTerritory(t *testing.T) *territory {
	t.Helper()
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	tr := &territory{DB: storagetest.New(t), t: t, key: key, exports: Directory(t.TempDir())}
	tr.sealer = tr.newSealer(tr.exports)
	if tr.owner, err = pgxpool.New(t.Context(), tr.OwnerURL); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(tr.owner.Close)
	return tr
}

func (tr *territory) newSealer(to Exporter) *Sealer {
	s := NewSealer(tr.DB.DB, tr.key, to, slog.New(slog.DiscardHandler))
	tr.t.Cleanup(s.Close)
	return s
}

func (tr *territory) public() ed25519.PublicKey { return tr.key.Public().(ed25519.PublicKey) }

// write journals n lines in one transaction and gives their ids.
func (tr *territory) write(n int) (ids []uuid.UUID) {
	tr.t.Helper()
	var lines []Line
	for i := range n {
		id := uuid.Must(uuid.NewV7())
		ids = append(ids, id)
		lines = append(lines, Line{
			ID: id, Actor: uuid.New(), Session: uuid.New(), Verb: "messages.read", Space: uuid.New(), Object: uuid.New(),
			Detail: map[string]any{"count": i, "range": []int{1, 9}}, Address: "192.0.2.1",
		})
	}
	if err := Write(tr.t.Context(), tr.DB.DB.Pool, lines...); err != nil {
		tr.t.Fatal(err)
	}
	return ids
}

// seal seals until n lines were. Transactions of other tests in the cluster hold the horizon back for a moment.
func (tr *territory) seal(n int) {
	tr.t.Helper()
	sealUntil(tr.t, tr.sealer, n)
}

func sealUntil(t *testing.T, s *Sealer, n int) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(time.Minute)
	for sealed := 0; sealed < n; {
		got, err := s.SealOnce(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		sealed += got
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("%d lines sealed of %d", sealed, n)
		}
	}
}

func (tr *territory) verify() Report {
	tr.t.Helper()
	report, err := Verify(tr.t.Context(), Database(tr.DB.DB.Pool), tr.exports.Blocks(tr.t.Context()), tr.public())
	if err != nil {
		tr.t.Fatal(err)
	}
	return report
}

// whole verifies that nothing is wrong and that so many lines and blocks were checked.
func (tr *territory) whole(lines, blocks int64) Report {
	tr.t.Helper()
	r := tr.verify()
	if r.Problem != nil || r.Lines != lines || r.Blocks != blocks {
		tr.t.Fatalf("%+v, problem %v; want %d lines in %d blocks", r, r.Problem, lines, blocks)
	}
	return r
}

func (tr *territory) problem(kind Kind, block int64, line uuid.UUID) {
	tr.t.Helper()
	p := tr.verify().Problem
	if p == nil || p.Kind != kind || p.Block != block || p.Line != line {
		tr.t.Fatalf("got %v; want %s in block %d, line %s", p, kind, block, line)
	}
}

func (tr *territory) tamper(sql string, args ...any) {
	tr.t.Helper()
	tag, err := tr.owner.Exec(tr.t.Context(), sql, args...)
	if err != nil || tag.RowsAffected() == 0 {
		tr.t.Fatalf("tamper: %v, %v", tag, err)
	}
}

func TestLinesAreWrittenAsGiven(t *testing.T) {
	t.Parallel()
	tr := newTerritory(t)
	full := Line{
		ID: uuid.New(), Actor: uuid.New(), Session: uuid.New(), Workplace: uuid.New(), Verb: "dossier.open", Refused: true,
		Space: uuid.New(), Object: uuid.New(), Detail: map[string]any{"reason": "seat"}, Address: "2001:db8::1",
	}
	bare := Line{ID: uuid.New(), Actor: uuid.New(), Verb: "sign_in"}
	anonymous := Line{Actor: uuid.New(), Verb: "sign_out"}
	tx, err := tr.DB.DB.Begin(t.Context(), "", &pgx.Batch{})
	if err != nil {
		t.Fatal(err)
	}
	b := &pgx.Batch{}
	Queue(b)
	Queue(b, full, bare, anonymous)
	if b.Len() != 1 {
		t.Fatalf("%d statements", b.Len())
	}
	if err := tx.Commit(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	got, err := readLines(t.Context(), tr.DB.DB.Pool, "order by verb")
	if err != nil || len(got) != 3 {
		t.Fatalf("%v, %v", got, err)
	}
	if g := got[0]; g.ID != full.ID || g.Actor != full.Actor || g.Session != full.Session || g.Workplace != full.Workplace ||
		!g.Refused || g.Space != full.Space || g.Object != full.Object || string(g.RawDetail) != `{"reason": "seat"}` || g.Address != full.Address {
		t.Errorf("%+v", g)
	}
	if g := got[1]; g.ID != bare.ID || g.Refused || g.Session != uuid.Nil || g.RawDetail != nil || !g.noAddress {
		t.Errorf("%+v", g)
	}
	if got[2].ID.Version() != 7 || time.Since(got[0].At).Abs() > time.Hour {
		t.Errorf("%+v", got[2])
	}
}

func TestALineThatCannotBeEncodedFailsItsTransaction(t *testing.T) {
	t.Parallel()
	tr := newTerritory(t)
	err := Write(t.Context(), tr.DB.DB.Pool, Line{Actor: uuid.New(), Verb: "x", Detail: map[string]any{"bad": func() {}}})
	if err == nil {
		t.Fatal("written")
	}
}

func TestTheApplicationCannotRewriteTheJournal(t *testing.T) {
	t.Parallel()
	tr := newTerritory(t)
	tr.write(1)
	tr.seal(1)
	for _, sql := range []string{
		"update audit_lines set verb = 'x'", "delete from audit_lines", "truncate audit_lines",
		"update audit_blocks set lines = 0", "delete from audit_blocks", "truncate audit_blocks",
		"alter table audit_lines alter xid set default '3'",
	} {
		if _, err := tr.DB.DB.Pool.Exec(t.Context(), sql); err == nil {
			t.Errorf("allowed: %s", sql)
		}
	}
	tr.whole(1, 1)
}

func TestSealing(t *testing.T) {
	t.Parallel()
	tr := newTerritory(t)
	if r := tr.whole(0, 0); r.Unsealed != 0 {
		t.Fatalf("%+v", r)
	}
	if n, err := tr.sealer.SealOnce(t.Context()); n != 0 || err != nil {
		t.Fatal(n, err)
	}
	tr.write(3)
	tr.write(2)
	if r := tr.verify(); r.Unsealed != 5 || r.Problem != nil {
		t.Fatalf("%+v", r)
	}
	tr.seal(5)
	tr.write(4)
	tr.seal(4)
	r := tr.verify()
	if r.Problem != nil || r.Lines != 9 || r.Blocks < 2 || r.Unsealed != 0 || r.Unexported != 0 {
		t.Fatalf("%+v", r)
	}
	if s := tr.sealer.Stats(); !s.Leads || s.Lines != 9 || s.Blocks != r.Blocks || s.Failures != 0 || s.Lag != 0 {
		t.Fatalf("%+v", s)
	}
}

// A transaction that began earlier and commits later must not find its range sealed.
func TestALateCommitIsNotLeftOut(t *testing.T) {
	t.Parallel()
	tr := newTerritory(t)
	slow, err := tr.DB.DB.Pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer slow.Rollback(context.WithoutCancel(t.Context()))
	if err := Write(t.Context(), slow, Line{Actor: uuid.New(), Verb: "slow"}); err != nil {
		t.Fatal(err)
	}
	tr.write(2)
	if n, err := tr.sealer.SealOnce(t.Context()); n != 0 || err != nil {
		t.Fatalf("sealed %d past an open transaction, %v", n, err)
	}
	if tr.sealer.Stats().Lag <= 0 {
		t.Fatal("lines wait and the lag is nothing")
	}
	if err := slow.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	tr.seal(3)
	if r := tr.verify(); r.Problem != nil || r.Lines != 3 {
		t.Fatalf("%+v %v", r, r.Problem)
	}
}

func TestSealingUnderConcurrentWrites(t *testing.T) {
	t.Parallel()
	tr := newTerritory(t)
	var writers sync.WaitGroup
	const each, perWriter = 3, 25
	for range 4 {
		writers.Go(func() {
			for range perWriter {
				tr.write(each)
			}
		})
	}
	tr.seal(4 * perWriter * each)
	writers.Wait()
	if r := tr.verify(); r.Problem != nil || r.Lines != 4*perWriter*each {
		t.Fatalf("%+v %v", r, r.Problem)
	}
}

func TestLongBacklogIsCutInBlocks(t *testing.T) {
	t.Parallel()
	tr := newTerritory(t)
	tr.sealer.limit = 4
	for range 5 {
		tr.write(3)
	}
	tr.write(11) // more than a block holds, in one transaction
	tr.write(1)
	tr.seal(27)
	r := tr.verify()
	if r.Problem != nil || r.Lines != 27 || r.Blocks < 5 {
		t.Fatalf("%+v %v", r, r.Problem)
	}
	for n := int64(1); n <= r.Blocks; n++ {
		b, err := Database(tr.owner).Block(t.Context(), n)
		if err != nil || (b.Lines > 4 && b.Lines != 11) {
			t.Fatalf("block %d of %d lines, %v", n, b.Lines, err)
		}
	}
}

func TestOneSealerAtATime(t *testing.T) {
	t.Parallel()
	tr := newTerritory(t)
	other := tr.newSealer(tr.exports)
	tr.write(1)
	tr.seal(1)
	tr.write(1)
	if n, err := other.SealOnce(t.Context()); n != 0 || err != nil || other.Stats().Leads {
		t.Fatalf("a second sealer sealed %d, %v", n, err)
	}
	if other.Stats().Lag <= 0 {
		t.Fatal("a waiting sealer does not see the lag")
	}
	tr.sealer.Close()
	sealUntil(t, other, 1)
	tr.whole(2, 2)
}

func TestALostConnectionGivesUpTheLead(t *testing.T) {
	t.Parallel()
	tr := newTerritory(t)
	tr.write(1)
	tr.seal(1)
	tr.tamper("select pg_terminate_backend($1)", tr.sealer.conn.PgConn().PID())
	tr.write(1)
	if _, err := tr.sealer.SealOnce(t.Context()); err == nil {
		t.Fatal("sealed through a dead connection")
	}
	if s := tr.sealer.Stats(); s.Leads || s.Failures != 1 {
		t.Fatalf("%+v", s)
	}
	tr.seal(1)
	tr.whole(2, 2)
}

func TestRunSealsWhenNudgedAndStops(t *testing.T) {
	t.Parallel()
	tr := newTerritory(t)
	put := make(chan string, 100)
	s := tr.newSealer(announcing{tr.exports, put})
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	tr.write(1)
	s.Nudge()
	<-put
	stop()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	tr.whole(1, 1)
}

type announcing struct {
	Directory
	put chan string
}

func (a announcing) Put(ctx context.Context, name string, data []byte) error {
	err := a.Directory.Put(ctx, name, data)
	a.put <- name
	return err
}

func TestExportsCatchUp(t *testing.T) {
	t.Parallel()
	tr := newTerritory(t)
	tr.write(1)
	tr.seal(1)
	tr.sealer.Close()

	// The next leader cannot export: sealing goes on all the same.
	broken := tr.newSealer(refusing{tr.exports})
	for range 2 {
		tr.write(1)
		sealDespite(t, broken)
	}
	if s := broken.Stats(); s.Unexported != 2 || s.Failures == 0 {
		t.Fatalf("%+v", s)
	}
	if r := tr.whole(3, 3); r.Unexported != 2 {
		t.Fatalf("%+v", r)
	}
	broken.Close()

	// And the one after finds what is missing.
	if _, err := tr.newSealer(tr.exports).SealOnce(t.Context()); err != nil {
		t.Fatal(err)
	}
	if r := tr.whole(3, 3); r.Unexported != 0 {
		t.Fatalf("%+v", r)
	}
}

func sealDespite(t *testing.T, s *Sealer) {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	for time.Now().Before(deadline) {
		n, err := s.SealOnce(t.Context())
		if n == 1 && errors.Is(err, errRefused) {
			return
		}
	}
	t.Fatal("not sealed")
}

var errRefused = errors.New("disk full")

type refusing struct{ Directory }

func (refusing) Put(context.Context, string, []byte) error { return errRefused }

func TestLeafOfAKnownLine(t *testing.T) {
	t.Parallel()
	id := uuid.MustParse("01890000-0000-7000-8000-000000000001")
	s := Stored{
		Line: Line{ID: id, Actor: id, Verb: "messages.read", Space: id, Address: "192.0.2.1"},
		At:   time.Unix(1_700_000_000, 123_456_000), RawDetail: []byte(`{"b": 1.50, "a": "é<"}`),
	}
	// Computed apart from this code, from the description of Leaf.
	const want = "09c364de3564a45bb43175447c384d84a9185e899fb2c263e3072dda89f0df06"
	if got := fmt.Sprintf("%x", s.Leaf()); got != want {
		t.Fatal(got)
	}
}

// Whatever detail a line holds, it can be sealed and verified.
func TestAnyDetailIsSealed(t *testing.T) {
	t.Parallel()
	tr := newTerritory(t)
	for _, detail := range []string{`[1]`, `"x"`, `null`, `{"b": 1.50, "a": {"é": 1e300}}`, "{\"\u2028\": \"<&\"}"} {
		tr.tamper("insert into audit_lines (id, actor, verb, outcome, detail) values (gen_random_uuid(), gen_random_uuid(), 'x', 'done', $1)", detail)
	}
	tr.seal(5)
	if r := tr.verify(); r.Problem != nil || r.Lines != 5 {
		t.Fatalf("%+v %v", r, r.Problem)
	}
}

func TestMerkleRootIsThatOfRFC6962(t *testing.T) {
	t.Parallel()
	for n := 1; n < 40; n++ {
		leaves := make([][32]byte, n)
		for i := range leaves {
			leaves[i][0] = byte(i)
		}
		if want := bySplitting(leaves); merkleRoot(leaves) != want {
			t.Fatalf("%d leaves", n)
		}
	}
}

// bySplitting is the definition: the left part is the largest power of two smaller than n.
func bySplitting(leaves [][32]byte) [32]byte {
	if len(leaves) == 1 {
		return leaves[0]
	}
	k := 1
	for k*2 < len(leaves) {
		k *= 2
	}
	return node(bySplitting(leaves[:k]), bySplitting(leaves[k:]))
}
