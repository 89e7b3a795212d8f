package chat

import (
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"liaison/access"
	"liaison/events"
)

func (w *world) owner() *pgxpool.Pool {
	w.Helper()
	pool, err := pgxpool.New(w.Context(), w.db.OwnerURL)
	w.must(err)
	w.Cleanup(pool.Close)
	return pool
}

func TestNothingIsAcknowledgedOrToldThatIsNotCommitted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	told := make(chan events.Event, 16)
	w.must(w.bus.Subscribe(t.Context(), func(e events.Event) { told <- e }))
	owner := w.owner()
	_, err := owner.Exec(t.Context(), "revoke insert on audit_lines from liaison_app")
	w.must(err)
	lost := note("nursing", "perdu")
	if _, _, err := w.chat.Post(t.Context(), w.nurse, w.notebook, lost); err == nil {
		t.Error("acknowledged, and not committed")
	}
	_, err = owner.Exec(t.Context(), "grant insert on audit_lines to liaison_app")
	w.must(err)
	kept := w.post(w.nurse, note("nursing", "gardé"))
	if e := <-told; e.Message != kept.ID {
		t.Errorf("told %s of %s first, which was never committed", e.Type, e.Message)
	}
	if got := w.texts(w.nurse); len(got) != 1 {
		t.Errorf("the notebook holds %q", got)
	}
}

func TestAnAudienceIsReadAgainAfterAChangeAndAtItsBoundary(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	audiences := access.NewAudiences(w.db.DB)
	stands := func(epoch int64, at time.Time) bool {
		a, err := audiences.For(t.Context(), w.notebook, epoch, at)
		w.must(err)
		_, ok := a.Of(w.help.Person)
		return ok
	}
	var epoch int64
	var now time.Time
	read := func() {
		w.must(w.db.DB.Pool.QueryRow(t.Context(), "select epoch, clock_timestamp() from channels where id = $1", w.notebook).Scan(&epoch, &now))
	}
	read()
	if !stands(epoch, now) {
		t.Fatal("a member is not in the audience")
	}
	w.unseat(w.help)
	read()
	if stands(epoch, now) {
		t.Error("in the audience of an event committed after the loss")
	}
	w.endsSoon(w.nurse)
	read()
	first, err := audiences.For(t.Context(), w.notebook, epoch, now)
	w.must(err)
	if _, ok := first.Of(w.nurse.Person); !ok || !first.Boundary.Before(now.Add(time.Minute)) {
		t.Fatalf("boundary %s", first.Boundary)
	}
	w.waitUntil(first.Boundary)
	after, err := audiences.For(t.Context(), w.notebook, epoch, first.Boundary)
	w.must(err)
	if _, ok := after.Of(w.nurse.Person); ok {
		t.Error("in the audience of an event at the end of her membership, without any change of epoch")
	}
}

func (w *world) endsSoon(a access.Actor) {
	w.Helper()
	w.must(w.gate.Write(w.Context(), w.gp, access.Space(w.space), "member.end", func(g access.Grant) error {
		_, err := g.Tx().Exec(w.Context(), "update memberships set valid_until = clock_timestamp() + interval '300 ms' where space_id = $1 and person_id = $2",
			w.space, a.Person)
		if err != nil {
			return err
		}
		return g.Recompile(w.Context())
	}))
}

func (w *world) waitUntil(at time.Time) {
	w.Helper()
	_, err := w.db.DB.Pool.Exec(w.Context(), "select pg_sleep(greatest(0, extract(epoch from $1 - clock_timestamp()))::float8)", at)
	w.must(err)
}

// A transaction that began before a cursor was given and is committed after it must come with the next sync, however its
// number compares with those that overtook it.
func TestALateCommitIsInTheNextSync(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := note("nursing", "en retard")
	owner := w.owner()
	// The same key, held by a transaction that will not commit: the post waits for it with its own number taken.
	held, err := owner.Begin(t.Context())
	w.must(err)
	_, err = held.Exec(t.Context(), `insert into messages (id, space_id, channel_id, position, author_id, category, body, fingerprint, written_at, created_at)
		values ($1, $2, $3, 1000000, $4, 4, '', '', now(), now())`, d.ID, w.space, w.notebook, w.nurse.Person)
	w.must(err)
	posted := make(chan error, 1)
	go func() {
		_, _, err := w.chat.Post(t.Context(), w.nurse, w.notebook, d)
		posted <- err
	}()
	for waits := false; !waits; {
		w.must(owner.QueryRow(t.Context(), "select exists (select from pg_locks l join pg_stat_activity a using (pid) where not l.granted and a.datname = current_database())").Scan(&waits))
	}
	var overtook string
	w.must(owner.QueryRow(t.Context(), "select pg_current_xact_id()::text").Scan(&overtook))
	before, err := w.chat.Sync(t.Context(), w.gp, "")
	w.must(err)
	w.must(held.Rollback(t.Context()))
	w.must(<-posted)
	next, err := w.chat.Sync(t.Context(), w.gp, before.Cursor)
	w.must(err)
	if len(next.Events) != 1 || next.Events[0].Message.ID != d.ID {
		t.Errorf("the late message is missing: %+v", next)
	}
}

// Of a mask and of a named audience the predicate of the code hides by itself, without row-level security.
func TestThePredicateAloneHidesWhatIsNarrowed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := w.owner().Exec(t.Context(), "alter table messages disable row level security")
	w.must(err)
	masked, named := note("daily_life", "masqué"), note("organisation", "nommé")
	masked.Masks = []string{"MASQUE_PSOCIAL"}
	named.OnlyTo = append(named.OnlyTo, w.pharmacist.Person)
	w.post(w.nurse, masked)
	w.post(w.nurse, named)
	w.post(w.nurse, note("nursing", "soins"))
	if got := w.texts(w.help); len(got) != 0 {
		t.Errorf("home help reads %q", got)
	}
	if got := w.texts(w.pharmacist); len(got) != 2 {
		t.Errorf("pharmacist reads %q", got)
	}
	counts, err := w.chat.Counts(t.Context(), w.help)
	w.must(err)
	if c := counts[w.notebook]; c.Unread != 0 || c.LastAt != nil {
		t.Errorf("home help is told of %d unread, last at %v", c.Unread, c.LastAt)
	}
}

func TestAGrantIsDeadAfterItsTransaction(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.post(w.nurse, note("nursing", "soins"))
	var kept access.Grant
	w.must(w.gate.Read(t.Context(), w.gp, access.Message(m.ID), "message.read", func(g access.Grant) error { kept = g; return nil }))
	if _, err := oneRow(t.Context(), kept); err == nil || errors.Is(err, access.ErrNotFound) {
		t.Errorf("read with a grant whose transaction has ended: %v", err)
	}
	if _, err := oneRow(t.Context(), access.Grant{}); err == nil {
		t.Error("read with a grant that nobody gave")
	}
}
