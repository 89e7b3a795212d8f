package documents_test

import (
	"bytes"
	"encoding/hex"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"liaison/chat"
	"liaison/documents"
	mobileapi "liaison/mobile-api"
	"liaison/mobile-api/apitest"
	"liaison/storage/storagetest"
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

// notes is a log that can be read while it is written.
type notes struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (n *notes) Write(p []byte) (int, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.text.Write(p)
}

func TestNoClearTextInDatabaseBucketOrLog(t *testing.T) {
	t.Parallel()
	said := &notes{}
	log := slog.New(slog.NewTextHandler(said, &slog.HandlerOptions{Level: slog.LevelDebug}))
	w := newWorldOn(t, storagetest.S3(t), func(cfg *mobileapi.Config) { cfg.Log = log })
	w.here.Log = log
	const inFile, inName, inCaption = "marqueurdufichier", "marqueurdunom", "marqueurdelalegende"
	file := append(noise(1, mib+10), []byte(inFile)...)
	d := w.draft(inName+".txt", file)
	d.Caption = inCaption
	_, _, err := w.here.Create(t.Context(), w.nurse, d)
	w.must(err)
	_, err = w.send(w.here, d.ID, 0, cutAfter(file, mib+20))
	w.wants("cut", err, documents.ErrCut)
	tail := w.gather() // while the tail is there
	_, err = w.send(w.there, d.ID, mib+20, bytes.NewReader(file[mib+20:]))
	w.must(err)
	m := w.post(chat.Draft{Category: "nursing", Documents: []uuid.UUID{d.ID}})
	path := "/documents/" + d.ID.String() + "/content"
	if a := w.gpClient.Send("GET", path, nil, http.Header{}); a.Status != 200 || !bytes.Contains(a.Raw, []byte(inFile)) {
		t.Fatalf("%d", a.Status)
	}
	w.gpClient.Send("GET", path, nil, http.Header{"Range": {"bytes=99999999-"}})
	w.must(w.bucket.Remove(t.Context(), w.keysOf(d.ID)[0]))
	_, _ = w.read(w.here, w.gp, d.ID) // damage is logged
	everything := w.gather()
	everything["log"] = said.text.Bytes()
	for where, raw := range tail {
		everything["earlier "+where] = raw
	}
	if !bytes.Contains(everything["log"], []byte(d.ID.String())) || !bytes.Contains(everything["table messages"], []byte(m.ID.String())) {
		t.Fatal("this test does not look where things are written")
	}
	for where, raw := range everything {
		for _, marker := range []string{inFile, inName, inCaption} {
			if bytes.Contains(raw, []byte(marker)) || bytes.Contains(raw, []byte(hex.EncodeToString([]byte(marker)))) {
				t.Errorf("%s holds %q in the clear", where, marker)
			}
		}
	}
}

// gather is every table as its owner reads it, and every file of the bucket.
func (w *world) gather() map[string][]byte {
	w.t.Helper()
	out := map[string][]byte{}
	owner, err := pgx.Connect(w.t.Context(), w.DB.OwnerURL)
	w.must(err)
	defer owner.Close(w.t.Context())
	rows, err := owner.Query(w.t.Context(), "select tablename from pg_tables where schemaname = 'public'")
	w.must(err)
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	w.must(err)
	for _, table := range tables {
		var text bytes.Buffer
		_, err := owner.PgConn().CopyTo(w.t.Context(), &text, "copy "+table+" to stdout")
		w.must(err)
		out["table "+table] = text.Bytes()
	}
	files := 0
	w.must(filepath.WalkDir(filepath.Join(w.at.Files, w.at.Bucket), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files++
		raw, err := os.ReadFile(path)
		out["file "+path] = append(raw, path...)
		return err
	}))
	if files == 0 {
		w.t.Fatal("the bucket's files were not found")
	}
	return out
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
