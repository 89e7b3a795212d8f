package main

import (
	"archive/zip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"liaison/access"
	"liaison/chat"
	"liaison/events"
	"liaison/mobile-api/apitest"
	"liaison/node"
	"liaison/storage"
	"liaison/storage/copies"
	"liaison/storage/storagetest"
)

// A copy of data and keys, loaded elsewhere with the same master key, reads as before; without the keys it reads nothing.
func TestBackupAndRestore(t *testing.T) {
	t.Parallel()
	w := apitest.New(t)
	gp := w.Hire("medecin", access.Profession{System: "TRE_G15", Code: "10"})
	c := w.Open("MARCILLAC", gp)
	note := chat.Draft{ID: apitest.NewID(), Category: "medical", Text: "sortie d'hospitalisation"}
	if _, _, err := w.Chat.Post(t.Context(), w.Actors["medecin"], c.Notebook, note); err != nil {
		t.Fatal(err)
	}
	cursor, err := w.Chat.Sync(t.Context(), w.Actors["medecin"], "")
	if err != nil {
		t.Fatal(err)
	}

	dir := t.TempDir()
	data, keys := filepath.Join(dir, "data.zip"), filepath.Join(dir, "keys.zip")
	dump(t, w.DB.OwnerURL, copies.Role, data)
	dump(t, w.DB.KeysURL, "", keys)
	if raw, err := os.ReadFile(data); err != nil || strings.Contains(string(raw), note.Text) {
		t.Errorf("the copy shows the text, or: %v", err)
	}

	there := storagetest.New(t)
	cfg := node.Config{
		DatabaseURL: there.URL, OwnerURL: there.OwnerURL, KeysURL: there.KeysURL, MasterKeyFile: w.MasterKey, Listen: "127.0.0.1:0",
		AllowNoFsync: true,
	}
	if err := restoreKeys(t.Context(), cfg, keys); err != nil {
		t.Fatal(err)
	}
	if err := restoreData(t.Context(), cfg, data); err != nil {
		t.Fatal(err)
	}
	if err := restoreData(t.Context(), cfg, data); err == nil || !strings.Contains(err.Error(), copies.ErrNotEmpty.Error()) {
		t.Errorf("restored over what was there: %v", err)
	}
	n, err := node.Start(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(n.Stop)
	got, err := n.Chat.One(t.Context(), w.Actors["medecin"], note.ID)
	if err != nil || got.Text != note.Text {
		t.Errorf("restored: %q, %v", got.Text, err)
	}
	if _, err := n.Chat.Sync(t.Context(), w.Actors["medecin"], cursor.Cursor); err == nil {
		t.Error("a cursor of the former incarnation is accepted")
	}
}

func dump(t *testing.T, url, role, path string) {
	t.Helper()
	if err := dumpTo(t.Context(), url, role, path); err != nil {
		t.Fatal(err)
	}
}

func TestADamagedCopyIsRefused(t *testing.T) {
	t.Parallel()
	db := storagetest.New(t)
	if err := access.NewGate(db.DB, events.NewMemory()).PublishDefault(t.Context()); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "data.zip")
	dump(t, db.OwnerURL, copies.Role, path)
	damage(t, path, "matrices.copy")
	there := storagetest.New(t)
	if err := storage.Migrate(t.Context(), there.OwnerURL); err != nil {
		t.Fatal(err)
	}
	if err := restoreData(t.Context(), node.Config{OwnerURL: there.OwnerURL, KeysURL: there.KeysURL, MasterKeyFile: filepath.Join(t.TempDir(), "master.key")}, path); err == nil {
		t.Error("loaded")
	}
}

// damage flips a byte in the middle of what the copy holds under a name: one of a header might mean nothing.
func damage(t *testing.T, path, name string) {
	t.Helper()
	archive, err := zip.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer archive.Close()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range archive.File {
		if f.Name != name {
			continue
		}
		start, err := f.DataOffset()
		if err != nil || f.CompressedSize64 == 0 {
			t.Fatalf("%s holds nothing to damage: %v", name, err)
		}
		raw[start+int64(f.CompressedSize64)/2] ^= 0xff
		if err := os.WriteFile(path, raw, 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	t.Fatalf("no %s in the copy", name)
}
