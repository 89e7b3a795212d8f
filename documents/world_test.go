package documents_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/google/uuid"

	"liaison/access"
	"liaison/chat"
	"liaison/documents"
	"liaison/mobile-api/apitest"
	"liaison/storage/objects"
	"liaison/storage/storagetest"
)

const mib = 1 << 20

// world is a circle (physician, nurse, home help), a stranger, and two nodes over one store.
type world struct {
	*apitest.World
	apitest.Circle
	t                             testing.TB
	at                            objects.Config
	bucket                        *objects.Bucket
	gp, nurse, help, stranger     access.Actor
	here, there                   *documents.Service
	gpClient, nurseClient, helper *apitest.Client
}

func newWorld(t testing.TB) *world { return newWorldOn(t, storagetest.S3(t)) }

func newWorldOn(t testing.TB, at objects.Config, options ...apitest.Option) *world {
	t.Helper()
	w := &world{World: apitest.New(t, options...), t: t, at: at}
	w.gpClient, w.nurseClient = w.Hire("baudry", apitest.Physician), w.Hire("ferhat", apitest.Nurse)
	w.helper = w.Hire("diallo", apitest.HomeHelp)
	w.Hire("verne", apitest.Physician)
	w.gp, w.nurse, w.help, w.stranger = w.Actors["baudry"], w.Actors["ferhat"], w.Actors["diallo"], w.Actors["verne"]
	w.Circle = w.Open("Dufour", w.gpClient, w.nurseClient, w.helper)
	w.OpenStore(at)
	w.bucket = w.Documents.Bucket
	w.here, w.there = w.Documents, documents.New(w.Documents.Config)
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) wants(what string, err, want error) {
	w.t.Helper()
	if !errors.Is(err, want) {
		w.t.Fatalf("%s: got %v, want %v", what, err, want)
	}
}

// noise is a file of text nobody can compress, so that any length is of an accepted type.
func noise(seed byte, length int) []byte {
	from := rand.NewChaCha8([32]byte{seed})
	out := make([]byte, length)
	_, _ = from.Read(out)
	for i := range out {
		out[i] = ' ' + out[i]%0x3c // no « < », no control
	}
	out[0] = 'a'
	return bytes.ReplaceAll(out, []byte("<"), []byte("x"))
}

func (w *world) draft(name string, file []byte) documents.Draft {
	sum := sha256.Sum256(file)
	return documents.Draft{ID: apitest.NewID(), Team: w.Circle.ID, Name: name, Size: int64(len(file)), SHA256: hex.EncodeToString(sum[:])}
}

// begun is an announced document of the nurse's.
func (w *world) begun(name string, file []byte) uuid.UUID {
	w.t.Helper()
	d := w.draft(name, file)
	_, _, err := w.here.Create(w.t.Context(), w.nurse, d)
	w.must(err)
	return d.ID
}

func (w *world) send(on *documents.Service, id uuid.UUID, offset int64, body io.Reader) (int64, error) {
	p, err := on.Receive(w.t.Context(), w.nurse, id, offset, -1, body)
	return p.Received, err
}

// sent is a whole document of the nurse's, in no message.
func (w *world) sent(name string, file []byte) uuid.UUID {
	w.t.Helper()
	id := w.begun(name, file)
	_, err := w.send(w.here, id, 0, bytes.NewReader(file))
	w.must(err)
	return id
}

func (w *world) post(d chat.Draft) chat.Message {
	w.t.Helper()
	if d.ID == uuid.Nil {
		d.ID = apitest.NewID()
	}
	m, _, err := w.Chat.Post(w.t.Context(), w.nurse, w.Notebook, d)
	w.must(err)
	return m
}

// attached is a whole document in a note of nursing.
func (w *world) attached(name string, file []byte) (document, message uuid.UUID) {
	w.t.Helper()
	id := w.sent(name, file)
	return id, w.post(chat.Draft{Category: "nursing", Documents: []uuid.UUID{id}}).ID
}

func (w *world) read(on *documents.Service, a access.Actor, id uuid.UUID) ([]byte, error) {
	d, err := on.Download(w.t.Context(), a, id, documents.Whole)
	if err != nil {
		return nil, err
	}
	defer d.Body.Close()
	return io.ReadAll(d.Body)
}

func (w *world) reads(on *documents.Service, a access.Actor, id uuid.UUID, want []byte) {
	w.t.Helper()
	got, err := w.read(on, a, id)
	w.must(err)
	if !bytes.Equal(got, want) {
		w.t.Fatalf("%d bytes came back, which are not the %d sent", len(got), len(want))
	}
}

// keys are the objects of the store.
func (w *world) keys() []string {
	w.t.Helper()
	var out []string
	for o, err := range w.bucket.List(context.Background(), "") {
		w.must(err)
		out = append(out, o.Key)
	}
	return out
}

func (w *world) object(key string) []byte {
	w.t.Helper()
	r, err := w.bucket.Get(w.t.Context(), key, 0, objects.All)
	w.must(err)
	defer r.Close()
	raw, err := io.ReadAll(r)
	w.must(err)
	return raw
}

func (w *world) replace(key string, raw []byte) {
	w.t.Helper()
	w.must(w.bucket.Remove(w.t.Context(), key))
	w.must(w.bucket.Put(w.t.Context(), key, bytes.NewReader(raw), objects.Put{Size: int64(len(raw))}))
}

// cutAfter is a body whose connection breaks after some bytes.
func cutAfter(file []byte, n int) io.Reader {
	return io.MultiReader(bytes.NewReader(file[:n]), failing{})
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }
