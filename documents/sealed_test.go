package documents_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"liaison/chat"
	"liaison/documents"
	"liaison/mobile-api/apitest"
)

func (w *world) keysOf(id uuid.UUID) (chunks []string) {
	for _, key := range w.keys() {
		if strings.Contains(key, id.String()) {
			chunks = append(chunks, key)
		}
	}
	return chunks
}

// Whoever writes in the bucket can lose a document, and not change it.
func TestChunksCannotBeSwappedCutOrBroughtFromElsewhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	file := noise(1, 2*mib+100)
	other, _ := w.attached("b.txt", noise(2, 2*mib+100))
	for what, harm := range map[string]func(keys []string){
		"swapped": func(k []string) {
			a, b := w.object(k[0]), w.object(k[1])
			w.replace(k[0], b)
			w.replace(k[1], a)
		},
		"the last repeated before its time": func(k []string) { w.replace(k[1], w.object(k[2])) },
		"cut":                               func(k []string) { w.replace(k[1], w.object(k[1])[:1000]) },
		"emptied":                           func(k []string) { w.replace(k[2], []byte{}) },
		"one bit":                           func(k []string) { raw := w.object(k[0]); raw[500] ^= 1; w.replace(k[0], raw) },
		"another document's":                func(k []string) { w.replace(k[0], w.object(w.keysOf(other)[0])) },
		"removed":                           func(k []string) { w.must(w.bucket.Remove(t.Context(), k[1])) },
	} {
		id, _ := w.attached("a.txt", file)
		w.reads(w.here, w.gp, id, file)
		harm(w.keysOf(id))
		got, err := w.read(w.there, w.gp, id)
		w.wants(what, err, documents.ErrDamaged)
		if !bytes.HasPrefix(file, got) {
			t.Errorf("%s: other bytes were given", what)
		}
	}
}

func TestARowThatShortensAFileIsNoticed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id, _ := w.attached("a.txt", noise(1, 2*mib))
	owner, err := pgx.Connect(t.Context(), w.DB.OwnerURL)
	w.must(err)
	defer owner.Close(t.Context())
	_, err = owner.Exec(t.Context(), "update documents set size = $2, received = $2 where id = $1", id, mib)
	w.must(err)
	_, err = w.read(w.here, w.gp, id)
	w.wants("a shorter file", err, documents.ErrDamaged)
}

func TestDestroyingTheKeyMakesFilesUnreadable(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id, _ := w.attached("a.jpg", jpegFile(50, 50))
	began := w.begun("b.txt", noise(1, 100))
	copied := map[string][]byte{}
	for _, key := range w.keys() {
		copied[key] = w.object(key)
	}
	w.must(w.Vault.Destroy(t.Context(), w.Circle.ID))
	for key, raw := range copied {
		w.replace(key, raw) // as from a backup
	}
	_, err := w.read(w.here, w.gp, id)
	w.wants("content", err, documents.ErrDamaged)
	_, err = w.here.Thumbnail(t.Context(), w.gp, id)
	w.wants("thumbnail", err, documents.ErrDamaged)
	_, err = w.here.Get(t.Context(), w.gp, id)
	w.wants("name and caption", err, documents.ErrDamaged)
	if _, err = w.send(w.here, began, 0, bytes.NewReader(noise(1, 100))); err == nil {
		t.Error("an upload went on")
	}
}

func TestWhatNobodyAttachedIsSwept(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	kept, _ := w.attached("a.txt", noise(1, mib+1))
	late, half, removed := w.sent("b.jpg", jpegFile(30, 30)), w.begun("c.txt", noise(2, mib+5)), w.sent("d.txt", noise(3, 10))
	_, err := w.send(w.here, half, 0, bytes.NewReader(noise(2, mib+5)[:mib+2]))
	w.must(err)
	fresh := w.sent("e.txt", noise(4, 10))
	w.must(w.here.Delete(t.Context(), w.nurse, removed))
	_, err = w.here.Get(t.Context(), w.nurse, removed)
	if err == nil {
		t.Error("what was removed is still there")
	}
	if n, err := w.here.Sweep(t.Context()); n != 0 || err != nil {
		t.Fatalf("%d swept at once: %v", n, err)
	}
	owner, err := pgx.Connect(t.Context(), w.DB.OwnerURL)
	w.must(err)
	defer owner.Close(t.Context())
	_, err = owner.Exec(t.Context(), "update documents set expires_at = now() - interval '6 minutes' where id = any ($1)", []uuid.UUID{late, half, removed})
	w.must(err)
	if _, _, err := w.Chat.Post(t.Context(), w.nurse, w.Notebook, chat.Draft{ID: apitest.NewID(), Category: "nursing", Documents: []uuid.UUID{late}}); err == nil {
		t.Error("an expired document was attached")
	}
	n, err := w.there.Sweep(t.Context())
	if err != nil || n != 3 {
		t.Fatalf("%d swept: %v", n, err)
	}
	for _, id := range []uuid.UUID{late, half, removed} {
		if left := w.keysOf(id); len(left) > 0 {
			t.Errorf("%v stay", left)
		}
	}
	w.reads(w.here, w.gp, kept, noise(1, mib+1))
	w.reads(w.here, w.nurse, fresh, noise(4, 10))
}
