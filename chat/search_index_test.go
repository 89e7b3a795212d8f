package chat

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"liaison/access"
	"liaison/events"
)

// indexWhole makes another analysis of the index, as a new version of the words does.
func (w *world) indexWhole() error {
	if _, err := w.db.DB.Pool.Exec(w.Context(), "update search_progress set version = 0"); err != nil {
		return err
	}
	w.chat.index.wake()
	return w.until("the whole indexed again", func() (bool, error) {
		var start string
		return w.chat.indexReached(w.Context(), &start)
	})
}

// until asks again and again until it is so.
func (w *world) until(what string, so func() (bool, error)) error {
	ctx, cancel := context.WithTimeout(w.Context(), 30*time.Second)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		if ok, err := so(); ok || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("not within 30 s: %s", what)
		case <-tick.C:
		}
	}
}

func TestEverythingIsIndexedAgainWhenTheWordsChange(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.post(w.nurse, note("nursing", "oxygène à 2 litres"))
	w.wantFound(w.gp, "oxygène", "oxygène à 2 litres")
	_, err := w.db.DB.Pool.Exec(t.Context(), "delete from search_entries")
	w.must(err)
	w.wantFound(w.gp, "oxygène")
	w.must(w.indexWhole())
	w.wantFound(w.gp, "oxygène", "oxygène à 2 litres")
}

// A pass that ends in the middle (kill -9) begins again where its last commit was: nothing is missed, nothing is there twice.
func TestAnInterruptedPassLosesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	held := w.holdIndex()
	for i := range 12 {
		w.post(w.nurse, note("nursing", fmt.Sprintf("pansement %d", i)))
	}
	// The horizon is taken, half of it is done and committed, and the process ends.
	owner := w.owner()
	_, err := owner.Exec(t.Context(), `update search_progress set next = pg_current_snapshot()::text,
		after = (select id from messages order by id offset 5 limit 1)`)
	w.must(err)
	_, err = owner.Exec(t.Context(), `insert into search_entries select id, 'message', id, space_id, created_at, '{1}' from messages order by id limit 6`)
	w.must(err)
	w.post(w.nurse, note("nursing", "pansement après"))
	held()
	got := w.finds(w.gp, "pansement")
	if len(got) != 7 || w.entries() != 13 {
		t.Errorf("%q, %d entries", got, w.entries())
	}
	w.must(w.indexWhole())
	if got := w.finds(w.gp, "pansement"); len(got) != 13 {
		t.Errorf("after a whole pass: %q", got)
	}
}

// A whole pass that was cut goes on behind the message it had come to, channel by channel.
func TestACutWholePassGoesOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for range 2 {
		w.open()
		for i := range 6 {
			w.post(w.nurse, note("nursing", fmt.Sprintf("pansement %d", i)))
		}
	}
	w.finds(w.gp, "pansement")
	release := w.holdIndex()
	owner := w.owner()
	_, err := owner.Exec(t.Context(), "delete from search_entries")
	w.must(err)
	_, err = owner.Exec(t.Context(), `update search_progress set whole = true, next = pg_current_snapshot()::text,
		after = (select id from messages order by channel_id, position offset 4 limit 1)`)
	w.must(err)
	release()
	w.finds(w.gp, "pansement")
	var missing, all int
	w.must(owner.QueryRow(t.Context(), `select count(*) filter (where e.object_id is null and place <= 5), count(*) filter (where e.object_id is null)
		from (select id, row_number() over (order by channel_id, position) as place from messages) m left join search_entries e on e.object_id = m.id`).Scan(&missing, &all))
	if missing != 5 || all != 5 {
		t.Errorf("%d of the first five not indexed again, %d of all", missing, all)
	}
}

// holdIndex keeps every node from indexing until the given function is called.
func (w *world) holdIndex() (release func()) {
	w.Helper()
	var start string
	w.must(w.until("the first pass", func() (bool, error) { return w.chat.indexReached(w.Context(), &start) }))
	conn, err := w.owner().Acquire(w.Context())
	w.must(err)
	_, err = conn.Exec(w.Context(), "select pg_advisory_lock($1)", int64(indexLock))
	w.must(err)
	return func() {
		_, err := conn.Exec(w.Context(), "select pg_advisory_unlock($1)", int64(indexLock))
		w.must(err)
		conn.Release()
	}
}

func TestASearchSaysWhenItIsNotComplete(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	release := w.holdIndex()
	w.post(w.nurse, note("nursing", "chute au lever"))
	began := time.Now()
	found, err := w.chat.Search(t.Context(), w.gp, Search{Query: "chute"})
	w.must(err)
	if found.Complete || len(found.Items) != 0 || time.Since(began) < indexPatience {
		t.Errorf("complete %v after %s with %d", found.Complete, time.Since(began), len(found.Items))
	}
	release()
	w.wantFound(w.gp, "chute", "chute au lever")
}

// Two nodes: what is posted through one is found at once through the other, though neither hears of the other's commits.
func TestTwoNodesKeepOneIndex(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	bus := events.NewMemory()
	other := New(access.NewGate(w.db.DB, bus), w.keys, w.chat.cursors, slog.New(slog.DiscardHandler))
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- other.RunIndex(ctx, bus) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	for i := range 10 {
		m := w.post(w.nurse, note("nursing", fmt.Sprintf("relais %d", i)))
		found, err := other.Search(t.Context(), w.gp, Search{Query: fmt.Sprintf("relais %d", i)})
		w.must(err)
		if !found.Complete || len(found.Items) != 1 || found.Items[0].Message.ID != m.ID {
			t.Fatalf("%d: complete %v, %d found", i, found.Complete, len(found.Items))
		}
	}
	if n := w.entries(); n != 10 {
		t.Errorf("%d entries", n)
	}
}

// The journal says how much was found; not what was looked for (proof: TestNothingStandsInClearAndADestroyedKeyLeavesNothing).
// What is committed after the index had passed its number is indexed all the same.
func TestALateCommitIsFound(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.post(w.nurse, note("nursing", "fracture du poignet"))
	w.wantFound(w.gp, "fracture", m.Text)
	owner := w.owner()
	late, err := owner.Begin(t.Context())
	w.must(err)
	_, err = late.Exec(t.Context(), `insert into events (channel_id, position, space_id, epoch, type, message_id, at)
		values ($1, 1000000, $2, 0, 'message.updated', $3, now())`, w.notebook, w.space, m.ID)
	w.must(err)
	w.post(w.nurse, note("nursing", "autre chose"))
	w.wantFound(w.gp, "chose", "autre chose")
	_, err = owner.Exec(t.Context(), "delete from search_entries where object_id = $1", m.ID)
	w.must(err)
	w.must(late.Commit(t.Context()))
	w.wantFound(w.gp, "fracture", m.Text)
}
