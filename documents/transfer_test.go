package documents_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"liaison/chat"
	"liaison/documents"
	"liaison/mobile-api/apitest"
	"liaison/storage/storagetest"
)

func TestAnUploadCutAnywhereGoesOnOnAnotherNode(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	file := noise(1, 3*mib+700)
	for _, cut := range []int{1, 1000, mib - 1, mib, mib + 1, 2 * mib, 2*mib + 5, 3*mib - 1, 3 * mib, 3*mib + 699} {
		id := w.begun("notes.txt", file)
		at, err := w.send(w.here, id, 0, cutAfter(file, cut))
		w.wants(fmt.Sprint("cut at ", cut), err, documents.ErrCut)
		if at != int64(cut) {
			t.Fatalf("cut at %d: %d were kept", cut, at)
		}
		p, err := w.there.Standing(t.Context(), w.nurse, id)
		w.must(err)
		_, err = w.send(w.there, id, p.Received, bytes.NewReader(file[p.Received:]))
		w.must(err)
		w.reads(w.here, w.nurse, id, file)
		w.must(w.here.Delete(t.Context(), w.nurse, id))
	}
}

func TestAnUploadInManyShortPieces(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	file := noise(2, mib+300_000)
	id := w.begun("notes.txt", file)
	for at, step := 0, 0; at < len(file); step++ {
		next := min(len(file), at+190_000)
		on := []*documents.Service{w.here, w.there}[step%2]
		got, err := w.send(on, id, int64(at), bytes.NewReader(file[at:next]))
		w.must(err)
		if got != int64(next) {
			t.Fatalf("at %d, want %d", got, next)
		}
		at = next
	}
	w.reads(w.here, w.nurse, id, file)
	for _, key := range w.keys() {
		if strings.Contains(key, "tail-") {
			t.Errorf("%s was left behind", key)
		}
	}
}

func TestTwoRequestsAtOnceCountOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	file := noise(3, 4*mib+99)
	id := w.begun("notes.txt", file)
	var both sync.WaitGroup
	for _, on := range []*documents.Service{w.here, w.there} {
		both.Go(func() {
			_, err := w.send(on, id, 0, bytes.NewReader(file))
			var overtaken *documents.OffsetMismatch
			if err != nil && !errors.As(err, &overtaken) {
				t.Errorf("%v", err)
			}
		})
	}
	both.Wait()
	p, err := w.here.Standing(t.Context(), w.nurse, id)
	w.must(err)
	_, err = w.send(w.here, id, p.Received, bytes.NewReader(file[p.Received:]))
	w.must(err)
	w.reads(w.there, w.nurse, id, file)
}

// What was once stored stays: two contents under one announcement cannot be mixed into something nobody checked.
func TestOtherBytesInTheSamePlaceAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	file := noise(4, 2*mib)
	id := w.begun("notes.txt", file)
	other := noise(5, 2*mib)
	_, err := w.send(w.here, id, 0, bytes.NewReader(other))
	var refused *documents.Refused
	if !errors.As(err, &refused) || refused.Code != "document_checksum" {
		t.Fatalf("%v", err)
	}
	_, err = w.send(w.here, id, 2*mib, strings.NewReader(""))
	if !errors.As(err, &refused) {
		t.Fatalf("a refusal is final: %v", err)
	}
	if left := w.keys(); len(left) != 0 {
		t.Fatalf("its bytes stay: %v", left)
	}
}

func TestWrongOffsetsSayWhereItStands(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	file := noise(6, 5000)
	id := w.begun("notes.txt", file)
	_, err := w.send(w.here, id, 0, bytes.NewReader(file[:2000]))
	w.must(err)
	for _, offset := range []int64{0, 1999, 2001, 5000, 1 << 40} {
		var mismatch *documents.OffsetMismatch
		if _, err := w.send(w.there, id, offset, bytes.NewReader(file)); !errors.As(err, &mismatch) || mismatch.Offset != 2000 {
			t.Errorf("at %d: %v", offset, err)
		}
	}
	var invalid *documents.Invalid
	if _, err := w.here.Receive(t.Context(), w.nurse, id, 2000, 3001, bytes.NewReader(file)); !errors.As(err, &invalid) {
		t.Errorf("more than announced: %v", err)
	}
}

func TestAStoreThatGoesAndComesBack(t *testing.T) {
	t.Parallel()
	gateway := storagetest.OwnS3(t)
	w := newWorldOn(t, gateway.Config)
	file := noise(7, 3*mib)
	whole, part := w.sent("whole.txt", file), w.begun("part.txt", file)
	_, err := w.send(w.here, part, 0, bytes.NewReader(file[:mib]))
	w.must(err)
	gateway.Kill()
	_, err = w.send(w.here, part, mib, bytes.NewReader(file[mib:]))
	w.wants("sending", err, documents.ErrStorage)
	_, err = w.read(w.here, w.nurse, whole)
	w.wants("reading", err, documents.ErrStorage)
	gateway.Restart()
	p, err := w.there.Standing(t.Context(), w.nurse, part)
	w.must(err)
	if p.Received != mib {
		t.Fatalf("%d were kept", p.Received)
	}
	_, err = w.send(w.there, part, p.Received, bytes.NewReader(file[p.Received:]))
	w.must(err)
	w.reads(w.here, w.nurse, part, file)
	w.reads(w.here, w.nurse, whole, file)
}

func TestRangesAcrossChunks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	file := noise(8, 3*mib+17)
	id := w.sent("notes.txt", file)
	for _, r := range [][2]int64{{0, 1}, {mib - 1, mib + 1}, {5, 3*mib + 17}, {mib, 2 * mib}, {3 * mib, 3*mib + 17}, {3*mib + 16, 3*mib + 17}} {
		d, err := w.there.Download(t.Context(), w.nurse, id, func(int64) (int64, int64, error) { return r[0], r[1], nil })
		w.must(err)
		got, err := io.ReadAll(d.Body)
		w.must(err)
		d.Body.Close()
		if !bytes.Equal(got, file[r[0]:r[1]]) {
			t.Errorf("%v: %d bytes of something else", r, len(got))
		}
	}
}

// endless is a long body that nobody holds.
type endless struct{ left int64 }

func (e *endless) Read(p []byte) (int, error) {
	if e.left == 0 {
		return 0, io.EOF
	}
	n := int(min(int64(len(p)), e.left))
	for i := range n {
		p[i] = 'a' + byte((e.left-int64(i))%25)
	}
	e.left -= int64(n)
	return n, nil
}

const (
	long      = 200 * mib
	heapBound = 64 * mib
)

func sumOfStream(r io.Reader) string {
	sum := sha256.New()
	_, _ = io.Copy(sum, r)
	return hex.EncodeToString(sum.Sum(nil))
}

// Not parallel: it watches the memory of the whole process.
func TestALongDocumentNeedsLittleMemory(t *testing.T) {
	w := newWorld(t)
	d := documents.Draft{ID: apitest.NewID(), Team: w.Circle.ID, Name: "long.txt", Size: long, SHA256: sumOfStream(&endless{long})}
	_, _, err := w.here.Create(t.Context(), w.nurse, d)
	w.must(err)
	peak := watchHeap(t.Context())
	_, err = w.send(w.here, d.ID, 0, &endless{long})
	w.must(err)
	out, err := w.here.Download(t.Context(), w.nurse, d.ID, documents.Whole)
	w.must(err)
	defer out.Body.Close()
	if n, err := io.Copy(io.Discard, out.Body); err != nil || n != long {
		t.Fatalf("%d, %v", n, err)
	}
	used := peak()
	t.Logf("%d MiB of heap at most, for %d MiB there and back", used/mib, long/mib)
	if used > heapBound {
		t.Errorf("%d MiB of heap", used/mib)
	}
}

// watchHeap follows the heap until it is asked for its highest.
func watchHeap(ctx context.Context) func() uint64 {
	runtime.GC()
	var highest atomic.Uint64
	ctx, stop := context.WithCancel(ctx)
	done := make(chan struct{})
	look := func() {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		highest.Store(max(highest.Load(), m.HeapInuse))
	}
	go func() {
		defer close(done)
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				look()
			}
		}
	}()
	return func() uint64 { look(); stop(); <-done; return highest.Load() }
}

func TestAnnouncementsAreRepeatable(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	file := noise(9, 100)
	d := w.draft("notes.txt", file)
	first, replay, err := w.here.Create(t.Context(), w.nurse, d)
	if err != nil || replay {
		t.Fatalf("%v %v", replay, err)
	}
	again, replay, err := w.there.Create(t.Context(), w.nurse, d)
	if err != nil || !replay || again.ID != first.ID || again.Name != first.Name {
		t.Fatalf("%+v %v %v", again, replay, err)
	}
	_, _, err = w.here.Create(t.Context(), w.gp, d)
	w.wants("another author", err, documents.ErrConflict)
	d.Caption = "autre"
	_, _, err = w.here.Create(t.Context(), w.nurse, d)
	w.wants("another content", err, documents.ErrConflict)
}

func TestOneDocumentGoesToOneMessage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.sent("notes.txt", noise(10, 100))
	var posted atomic.Int32
	var all sync.WaitGroup
	for i := range 12 {
		channel := []uuid.UUID{w.Notebook, w.Discussion}[i%2]
		all.Go(func() {
			_, _, err := w.Chat.Post(context.Background(), w.nurse, channel, chat.Draft{ID: apitest.NewID(), Category: "nursing", Documents: []uuid.UUID{id}})
			if err == nil {
				posted.Add(1)
			} else if invalid, ok := chat.IsInvalid(err); !ok || invalid.Code != "document_unknown" {
				t.Errorf("%v", err)
			}
		})
	}
	all.Wait()
	if posted.Load() != 1 {
		t.Fatalf("in %d messages", posted.Load())
	}
}

// A request that was overtaken and still writes cannot change what another one stored and somebody checked.
func TestAChunkOnceStoredStays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	file, other := noise(11, mib+10), noise(12, mib+10)
	id := w.begun("notes.txt", file)
	entered, first := make(chan struct{}), make(chan struct{})
	late := make(chan error, 1)
	go func() {
		_, err := w.there.Receive(context.WithoutCancel(t.Context()), w.nurse, id, 0, -1, io.MultiReader(bytes.NewReader(other[:1]), waiter{entered, first}, bytes.NewReader(other[1:])))
		late <- err
	}()
	<-entered
	_, err := w.send(w.here, id, 0, bytes.NewReader(file))
	w.must(err)
	close(first)
	if err := <-late; err == nil {
		t.Error("the late request was told that it had sent the file")
	}
	w.reads(w.here, w.nurse, id, file)
}

// waiter says when it is read, and gives nothing until something has happened.
type waiter struct {
	entered  chan<- struct{}
	happened <-chan struct{}
}

func (w waiter) Read([]byte) (int, error) {
	close(w.entered)
	<-w.happened
	return 0, io.EOF
}
