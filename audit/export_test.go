package audit

import (
	"context"
	"errors"
	"io/fs"
	"iter"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"liaison/storage/objects"
	"liaison/storage/storagetest"
)

// place is where blocks are exported to and read back from.
type place interface {
	Exporter
	Blocks(context.Context) iter.Seq2[*Block, error]
}

func newBucket(t *testing.T, cfg objects.Config, retain time.Duration) *Bucket {
	t.Helper()
	in, err := objects.Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return NewBucket(in.Under("journal/"), retain, slog.New(slog.DiscardHandler))
}

// inPlaces runs a test over every kind of place.
func inPlaces(t *testing.T, test func(t *testing.T, p place)) {
	t.Parallel()
	for name, make := range map[string]func(t *testing.T) place{
		"directory": func(t *testing.T) place { return Directory(filepath.Join(t.TempDir(), "journal")) },
		"bucket":    func(t *testing.T) place { return newBucket(t, storagetest.S3(t), 0) },
		"locked bucket": func(t *testing.T) place {
			cfg := storagetest.S3(t)
			cfg.Lock = true
			return newBucket(t, cfg, time.Hour)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, make(t))
		})
	}
}

func TestAnExportIsNeverReplaced(t *testing.T) {
	inPlaces(t, func(t *testing.T, p place) {
		put := func(data string) error { return p.Put(t.Context(), "00/1.json", []byte(data)) }
		if has, err := p.Has(t.Context(), "00/1.json"); has || err != nil {
			t.Fatalf("before anything: %v, %v", has, err)
		}
		if err := put("a"); err != nil {
			t.Fatal(err)
		}
		if err := put("a"); err != nil && !errors.Is(err, fs.ErrExist) {
			t.Fatalf("the same again: %v", err)
		}
		if err := put("b"); err == nil || errors.Is(err, fs.ErrExist) {
			t.Fatalf("something else: %v", err)
		}
		for name, want := range map[string]bool{"00/1.json": true, "00/2.json": false} {
			if has, err := p.Has(t.Context(), name); err != nil || has != want {
				t.Fatalf("%s: %v %v", name, has, err)
			}
		}
	})
}

func TestTheJournalIsVerifiedFromEveryPlace(t *testing.T) {
	inPlaces(t, func(t *testing.T, p place) {
		tr := newTerritory(t)
		tr.sealer = tr.newSealer(p)
		for range 3 {
			tr.write(2)
			tr.seal(2)
		}
		verify := func() Report {
			r, err := Verify(t.Context(), Database(tr.owner), p.Blocks(t.Context()), tr.public())
			if err != nil {
				t.Fatal(err)
			}
			return r
		}
		if r := verify(); r.Problem != nil || r.Lines != 6 || r.Unexported != 0 {
			t.Fatalf("%+v %v", r, r.Problem)
		}
		// Another node takes over and finds what is there already.
		tr.sealer.Close()
		tr.sealer = tr.newSealer(p)
		tr.write(1)
		tr.seal(1)
		if r := verify(); r.Problem != nil || r.Lines != 7 || r.Unexported != 0 {
			t.Fatalf("after a change of sealer: %+v %v", r, r.Problem)
		}
		tr.tamper("delete from audit_blocks where number >= 3")
		if r := verify(); r.Problem == nil || r.Problem.Kind != Truncated || r.Problem.Block != 3 {
			t.Errorf("two blocks were cut off: %+v", r.Problem)
		}
	})
}

func TestAPlaceInTroubleIsCaughtUp(t *testing.T) {
	t.Parallel()
	tr := newTerritory(t)
	own := storagetest.OwnS3(t)
	bucket := newBucket(t, own.Config, 0)
	tr.sealer = tr.newSealer(All{tr.exports, bucket})
	tr.write(1)
	tr.seal(1)
	own.Kill()
	tr.write(1)
	tick, late := time.NewTicker(10*time.Millisecond), time.After(30*time.Second)
	defer tick.Stop()
	// Transactions of other tests in the cluster hold the horizon back for a moment.
	for sealed := 0; sealed == 0; {
		var err error
		if sealed, err = tr.sealer.SealOnce(t.Context()); sealed == 1 && !errors.Is(err, objects.ErrUnavailable) {
			t.Fatalf("sealed while the bucket is away: %v", err)
		}
		select {
		case <-tick.C:
		case <-late:
			t.Fatal("nothing was sealed")
		}
	}
	if r := tr.verify(); r.Problem != nil || r.Lines != 2 || r.Unexported != 0 {
		t.Errorf("the other place did not get it: %+v", r)
	}
	own.Restart()
	for tr.sealer.Stats().Unexported > 0 {
		select {
		case <-tick.C:
			_, _ = tr.sealer.SealOnce(t.Context())
		case <-late:
			t.Fatal("what was missed was not exported")
		}
	}
	r, err := Verify(t.Context(), Database(tr.owner), bucket.Blocks(t.Context()), tr.public())
	if err != nil || r.Problem != nil || r.Lines != 2 || r.Unexported != 0 {
		t.Errorf("%+v, %v", r, err)
	}
}

// hanging is a place that answers nothing.
type hanging struct {
	Directory
	asked chan struct{}
}

func (h hanging) Put(ctx context.Context, _ string, _ []byte) error {
	h.asked <- struct{}{}
	<-ctx.Done()
	return ctx.Err()
}

func TestAPlaceThatHangsIsLeftAloneForAWhile(t *testing.T) {
	t.Parallel()
	tr := newTerritory(t)
	place := hanging{tr.exports, make(chan struct{}, 100)}
	tr.sealer = tr.newSealer(place)
	tr.sealer.exportWithin = 50 * time.Millisecond
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	tr.write(1)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for len(place.asked) == 0 {
		_, _ = tr.sealer.SealOnce(ctx)
		<-tick.C
	}
	tr.sealer.exportAfter = time.Now().Add(time.Hour) // as if it had hung for long
	tr.write(2)
	tr.seal(2)
	if n := len(place.asked); n != 1 {
		t.Errorf("asked %d times while it is left alone", n)
	}
	tr.sealer.exportAfter = time.Time{}
	if _, err := tr.sealer.SealOnce(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("asked again: %v", err)
	}
	if tr.sealer.exportAfter.Before(time.Now()) {
		t.Error("a place that hung again is not left alone")
	}
}
