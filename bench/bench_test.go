package bench

import (
	"errors"
	"testing"
	"time"

	"liaison/storage/storagetest"
)

func TestRefusesADatabaseThatForgets(t *testing.T) {
	t.Parallel()
	db := storagetest.New(t) // with fsync off
	if err := mustBeDurable(t.Context(), db.DB.Pool); !errors.Is(err, ErrNotDurable) {
		t.Fatalf("got %v", err)
	}
}

func TestNumberTravelsInTheID(t *testing.T) {
	t.Parallel()
	l := newLedger(nil)
	for range 300 {
		n, id, ok := l.post(nil, 0)
		frame := []byte(`{"type":"message.created","channel_id":"` + newID().String() + `","message":{"id":"` + id.String() + `","text":"x"}}`)
		if got, told := postIn(frame); !ok || !told || got != n || id.Version() != 7 {
			t.Fatalf("number %d came back as %d, %v in %s", n, got, told, id)
		}
	}
	if _, told := postIn([]byte(`{"type":"mark","cursor":"x"}`)); told {
		t.Error("a mark tells of a post")
	}
}

// TestAccountSeesWhatMustNotHappen gives sockets what a faulty server would.
func TestAccountSeesWhatMustNotHappen(t *testing.T) {
	t.Parallel()
	w := newWorld(2)
	reader, other, stranger := w.teams[0].members[0], w.teams[0].members[teamSize-1], w.teams[1].members[0]
	l := newLedger([]*member{reader, other, stranger})
	for i := range 4 {
		n, _, _ := l.post(w.teams[0], ticks())
		if i != 3 { // the last one was never acknowledged: nobody need have it
			l.posts[n].acked.Store(1)
		}
	}
	l.take(l.boxes[0], 0)
	l.take(l.boxes[0], 1)
	l.take(l.boxes[0], 1)
	l.take(l.boxes[1], 2)
	l.take(l.boxes[2], 0)
	l.take(l.boxes[2], 77)
	if got, want := l.account(0, 4), (Delivered{Deliveries: 2, Lost: 1, Doubled: 1, Forbidden: 2}); got != want {
		t.Errorf("account %+v, want %+v", got, want)
	}
	if l.strangers() != 1 || l.arrivals() != 6 {
		t.Errorf("%d unknown of %d", l.strangers(), l.arrivals())
	}
}

func TestFaultsAreErrors(t *testing.T) {
	t.Parallel()
	clean := Report{Rounds: []Round{{}}}
	if err := clean.Faults(); err != nil {
		t.Error(err)
	}
	for _, d := range []Delivered{{Lost: 1}, {Doubled: 1}, {Forbidden: 1}} {
		bad := Report{Rounds: []Round{{}, {Paced: Paced{Delivered: d}}}}
		if bad.Faults() == nil {
			t.Errorf("%+v is no fault", d)
		}
	}
}

func TestProcessTimes(t *testing.T) {
	t.Parallel()
	s, err := parseStat("4242 (a) name (x) S 17 1 1 0 -1 4194304 1 2 3 4 150 50 7 3 20 0 9 0 1 2 3")
	if err != nil || s.parent != 17 || s.own != 2*time.Second || s.children != 100*time.Millisecond {
		t.Errorf("%+v, %v", s, err)
	}
	busy, total, err := parseMachine("cpu  100 0 50 800 50 0 0 20 0 0\ncpu0 1 2 3\n")
	if err != nil || busy != 1700*time.Millisecond || total != 10200*time.Millisecond {
		t.Errorf("busy %s of %s, %v", busy, total, err)
	}
	u := usage{server: time.Second, database: time.Second, driver: time.Second, busy: 4 * time.Second, total: 10 * time.Second}
	if got := u.foreign(); got != 0.1 {
		t.Errorf("foreign %v", got)
	}
}

func TestQuantiles(t *testing.T) {
	t.Parallel()
	if got, want := spreadOf([]float64{5, 1, 3, 2, 4}), (Spread{Median: 3, Lower: 2, Upper: 4}); got != want {
		t.Errorf("%+v", got)
	}
	if got := spreadOf([]float64{1, 2}).Median; got != 1.5 {
		t.Errorf("median of two: %v", got)
	}
	if got := spreadOf(nil); got != (Spread{}) {
		t.Errorf("of nothing: %+v", got)
	}
}

func TestRowsVisitedCountsEveryLoop(t *testing.T) {
	t.Parallel()
	got, err := visitedIn([]byte(`[{"Plan":{"Node Type":"Limit","Actual Rows":51,"Actual Loops":1,"Plans":[
		{"Relation Name":"messages","Actual Rows":51,"Actual Loops":1,"Rows Removed by Filter":9,"Plans":[
			{"Relation Name":"messages","Actual Rows":1,"Actual Loops":3},{"Relation Name":"standings","Actual Rows":8,"Actual Loops":51}]}]}}]`))
	if err != nil || got != 63 {
		t.Errorf("%d, %v", got, err)
	}
}
