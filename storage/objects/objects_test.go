package objects_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"io"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"time"

	"liaison/storage/objects"
	"liaison/storage/storagetest"
)

func open(t *testing.T, cfg objects.Config) *objects.Bucket {
	t.Helper()
	b, err := objects.Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func bucket(t *testing.T, cfg objects.Config) *objects.Bucket {
	t.Helper()
	b := open(t, cfg)
	for range 2 {
		if err := b.Ensure(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

func put(t *testing.T, b *objects.Bucket, key, text string) {
	t.Helper()
	if err := b.Put(t.Context(), key, bytes.NewReader([]byte(text)), objects.Put{Size: int64(len(text))}); err != nil {
		t.Fatal(err)
	}
}

func get(t *testing.T, b *objects.Bucket, key string, offset, length int64) string {
	t.Helper()
	r, err := b.Get(t.Context(), key, offset, length)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	data, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func wants(t *testing.T, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: %v, want %v", what, err, want)
	}
}

func TestPutGetStatListRemove(t *testing.T) {
	t.Parallel()
	cfg := storagetest.S3(t)
	cfg.Prefix = "documents/"
	b := bucket(t, cfg)
	if err := b.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	put(t, b, "a/2", "0123456789")
	put(t, b, "a/1", "")
	put(t, b, "b", "elsewhere")
	sum := sha256.Sum256([]byte("0123456789"))
	info, err := b.Stat(t.Context(), "a/2")
	if err != nil || info.Size != 10 || !bytes.Equal(info.SHA256, sum[:]) || time.Since(info.At).Abs() > time.Hour {
		t.Errorf("stat: %+v, %v", info, err)
	}
	var keys []string
	for o, err := range b.List(t.Context(), "a/") {
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, o.Key)
	}
	if !slices.Equal(keys, []string{"a/1", "a/2"}) {
		t.Errorf("list: %q", keys)
	}
	for range 2 {
		if err := b.Remove(t.Context(), "a/2"); err != nil {
			t.Errorf("remove: %v", err)
		}
	}
	_, err = b.Get(t.Context(), "a/2", 0, objects.All)
	wants(t, "get what is gone", err, objects.ErrNotFound)
	_, err = b.Stat(t.Context(), "a/2")
	wants(t, "stat what is gone", err, objects.ErrNotFound)
}

func TestRanges(t *testing.T) {
	t.Parallel()
	b := bucket(t, storagetest.S3(t))
	put(t, b, "digits", "0123456789")
	for _, c := range []struct {
		offset, length int64
		want           string
	}{
		{0, objects.All, "0123456789"}, {0, 1, "0"}, {3, 4, "3456"}, {9, 1, "9"}, {4, objects.All, "456789"}, {8, 100, "89"},
	} {
		if got := get(t, b, "digits", c.offset, c.length); got != c.want {
			t.Errorf("%d bytes from %d: %q, want %q", c.length, c.offset, got, c.want)
		}
	}
	for _, c := range [][2]int64{{10, 1}, {100, objects.All}, {0, 0}, {-1, 3}} {
		_, err := b.Get(t.Context(), "digits", c[0], c[1])
		wants(t, "beyond the end", err, objects.ErrRange)
	}
}

func TestOncePutsNeverReplace(t *testing.T) {
	t.Parallel()
	b := bucket(t, storagetest.S3(t))
	outcomes := make(chan error, 8)
	for i := range 8 {
		go func() {
			body := []byte{byte('a' + i)}
			outcomes <- b.Put(t.Context(), "one", bytes.NewReader(body), objects.Put{Size: 1, Once: true})
		}()
	}
	won := 0
	for range 8 {
		if err := <-outcomes; err == nil {
			won++
		} else if !errors.Is(err, objects.ErrExists) && !errors.Is(err, objects.ErrUnavailable) {
			t.Error(err)
		}
	}
	if won != 1 {
		t.Errorf("%d puts of one key were accepted", won)
	}
	before := get(t, b, "one", 0, objects.All)
	wants(t, "again", b.Put(t.Context(), "one", bytes.NewReader([]byte("z")), objects.Put{Size: 1, Once: true}), objects.ErrExists)
	if after := get(t, b, "one", 0, objects.All); after != before {
		t.Errorf("%q became %q", before, after)
	}
	put(t, b, "one", "replaced without Once")
}

// onlyReader hides that a body could be read again.
type onlyReader struct{ io.Reader }

func TestABodyThatIsNotWhatWasAnnouncedIsRefused(t *testing.T) {
	t.Parallel()
	b := bucket(t, storagetest.S3(t))
	body := []byte("what is sent")
	other := sha256.Sum256([]byte("what was announced"))
	for name, reader := range map[string]io.Reader{"seeker": bytes.NewReader(body), "reader": onlyReader{bytes.NewReader(body)}} {
		err := b.Put(t.Context(), "wrong", reader, objects.Put{Size: int64(len(body)), SHA256: other[:]})
		wants(t, name, err, objects.ErrDamaged)
	}
	wants(t, "a short body", b.Put(t.Context(), "wrong", onlyReader{bytes.NewReader(body)}, objects.Put{Size: 100}), io.ErrUnexpectedEOF)
	wants(t, "a short file", b.Put(t.Context(), "wrong", bytes.NewReader(body), objects.Put{Size: 100}), io.ErrUnexpectedEOF)
	failing := io.MultiReader(bytes.NewReader(body), errReader{})
	wants(t, "a failing body", b.Put(t.Context(), "wrong", failing, objects.Put{Size: 100}), errOurs)
	_, err := b.Stat(t.Context(), "wrong")
	wants(t, "nothing stays", err, objects.ErrNotFound)
	if err := b.Put(t.Context(), "stream", onlyReader{bytes.NewReader(body)}, objects.Put{Size: int64(len(body))}); err != nil {
		t.Error(err)
	}
	if got := get(t, b, "stream", 0, objects.All); got != string(body) {
		t.Errorf("a body that cannot be read twice became %q", got)
	}
}

var errOurs = errors.New("ours")

type errReader struct{}

func (errReader) Read([]byte) (int, error) { return 0, errOurs }

func TestWrongKeysAreRefused(t *testing.T) {
	t.Parallel()
	cfg := storagetest.S3(t)
	put(t, bucket(t, cfg), "secret", "x")
	wrong := cfg
	wrong.SecretKey = rand.Text()
	unknown := cfg
	unknown.AccessKey = rand.Text()
	for _, cfg := range []objects.Config{wrong, unknown} {
		b := open(t, cfg)
		wants(t, "ensure", b.Ensure(t.Context()), objects.ErrRefused)
		wants(t, "ready", b.Ready(t.Context()), objects.ErrRefused)
		_, err := b.Get(t.Context(), "secret", 0, objects.All)
		wants(t, "get", err, objects.ErrRefused)
		wants(t, "put", b.Put(t.Context(), "other", bytes.NewReader([]byte("y")), objects.Put{Size: 1}), objects.ErrRefused)
	}
}

// A put must not be answered before its file is on disk; a wrong directory shows that it is looked for there.
func TestWhatAGatewayHereKeepsIsFlushed(t *testing.T) {
	t.Parallel()
	cfg := storagetest.S3(t)
	put(t, bucket(t, cfg), "a/b/c", "flushed")
	cfg.Files = t.TempDir()
	err := open(t, cfg).Put(t.Context(), "a/b/d", bytes.NewReader([]byte("x")), objects.Put{Size: 1})
	wants(t, "nothing to flush", err, fs.ErrNotExist)
}

func TestABucketThatIsNotThere(t *testing.T) {
	t.Parallel()
	b := open(t, storagetest.S3(t))
	wants(t, "ready", b.Ready(t.Context()), objects.ErrNotFound)
	wants(t, "put", b.Put(t.Context(), "a", bytes.NewReader(nil), objects.Put{}), objects.ErrNotFound)
}

func TestAKilledGatewayIsUnavailableAndComesBack(t *testing.T) {
	t.Parallel()
	own := storagetest.OwnS3(t)
	b := bucket(t, own.Config)
	put(t, b, "kept", "over a death")
	own.Kill()
	_, err := b.Get(t.Context(), "kept", 0, objects.All)
	wants(t, "get", err, objects.ErrUnavailable)
	wants(t, "ready", b.Ready(t.Context()), objects.ErrUnavailable)
	wants(t, "put", b.Put(t.Context(), "lost", bytes.NewReader([]byte("y")), objects.Put{Size: 1}), objects.ErrUnavailable)
	own.Restart()
	if got := get(t, b, "kept", 0, objects.All); got != "over a death" {
		t.Errorf("after a restart: %q", got)
	}
	put(t, b, "lost", "y")
}

func TestTheCallersEndIsNotTheStores(t *testing.T) {
	t.Parallel()
	b := bucket(t, storagetest.S3(t))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := b.Stat(ctx, "any")
	wants(t, "stat", err, context.Canceled)
	if errors.Is(err, objects.ErrUnavailable) {
		t.Error("the store is blamed for the caller's end")
	}
}

func TestRetentionInALockedBucket(t *testing.T) {
	t.Parallel()
	cfg := storagetest.S3(t)
	cfg.Lock = true
	b := bucket(t, cfg)
	if locked, err := b.Locked(t.Context()); err != nil || !locked {
		t.Fatalf("locked: %v, %v", locked, err)
	}
	until := objects.Put{Size: 4, Once: true, RetainUntil: time.Now().Add(time.Hour)}
	if err := b.Put(t.Context(), "kept", bytes.NewReader([]byte("kept")), until); err != nil {
		t.Fatal(err)
	}
	// A removal in such a bucket hides; what was put stays.
	_ = b.Remove(t.Context(), "kept")
	if n := versions(t, cfg, "kept"); n != 1 {
		t.Errorf("%d versions remain of what is retained", n)
	}
	plain := bucket(t, storagetest.S3(t))
	if locked, err := plain.Locked(t.Context()); err != nil || locked {
		t.Errorf("an ordinary bucket is locked: %v, %v", locked, err)
	}
}

func TestWhatCannotBeAStoreIsRefusedAtOnce(t *testing.T) {
	t.Parallel()
	for _, cfg := range []objects.Config{
		{Bucket: "liaison"},
		{Endpoint: "ftp://host", Bucket: "liaison"},
		{Endpoint: "https://user:secret@host", Bucket: "liaison"},
		{Endpoint: "https://host/path", Bucket: "liaison"},
		{Endpoint: "unix://", Bucket: "liaison"},
		{Endpoint: "https://host"},
		{Endpoint: "https://host", Bucket: "../x"},
	} {
		if _, err := objects.Open(cfg); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%+v: %v", cfg, err)
		}
	}
}
