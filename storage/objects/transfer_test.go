package objects_test

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"hash"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"liaison/storage/objects"
	"liaison/storage/storagetest"
)

// versions counts what a bucket really holds of a key, removed by its owner for good first.
func versions(t *testing.T, cfg objects.Config, key string) (n int) {
	t.Helper()
	client, err := minio.New("localhost", &minio.Options{
		Creds: credentials.NewStaticV4(cfg.AccessKey, cfg.SecretKey, ""), Region: "us-east-1", Transport: throughSocket(cfg),
	})
	if err != nil {
		t.Fatal(err)
	}
	all := minio.ListObjectsOptions{Prefix: key, WithVersions: true, Recursive: true}
	for o := range client.ListObjectsIter(t.Context(), cfg.Bucket, all) {
		_ = client.RemoveObject(t.Context(), cfg.Bucket, key, minio.RemoveObjectOptions{VersionID: o.VersionID, GovernanceBypass: true})
	}
	for o := range client.ListObjectsIter(t.Context(), cfg.Bucket, all) {
		if o.Err != nil {
			t.Fatal(o.Err)
		}
		if !o.IsDeleteMarker {
			n++
		}
	}
	return n
}

func throughSocket(cfg objects.Config) *http.Transport {
	return &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", strings.TrimPrefix(cfg.Endpoint, "unix://"))
	}}
}

// inFront is an https server before the gateway; meddle may answer instead of it.
func inFront(t *testing.T, cfg objects.Config, meddle func(http.ResponseWriter, *http.Request) bool) objects.Config {
	t.Helper()
	proxy := &httputil.ReverseProxy{
		Transport: throughSocket(cfg),
		Rewrite: func(r *httputil.ProxyRequest) {
			r.Out.URL.Scheme, r.Out.URL.Host, r.Out.Host = "http", "gateway", r.In.Host
		},
	}
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if meddle == nil || !meddle(w, r) {
			proxy.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(server.Close)
	at, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	cfg.Endpoint, cfg.Roots = "https://"+at.Host, x509.NewCertPool()
	cfg.Roots.AddCert(server.Certificate())
	return cfg
}

func TestOverHTTPS(t *testing.T) {
	t.Parallel()
	b := bucket(t, inFront(t, storagetest.S3(t), nil))
	put(t, b, "seeker", "read twice")
	body := "a checksum follows"
	if err := b.Put(t.Context(), "reader", onlyReader{strings.NewReader(body)}, objects.Put{Size: int64(len(body)), Once: true}); err != nil {
		t.Fatal(err)
	}
	if got := get(t, b, "reader", 0, objects.All); got != body {
		t.Errorf("got %q", got)
	}
	other := sha256.Sum256([]byte("other"))
	err := b.Put(t.Context(), "wrong", onlyReader{strings.NewReader(body)}, objects.Put{Size: int64(len(body)), SHA256: other[:]})
	wants(t, "a wrong sum", err, objects.ErrDamaged)
}

func TestAnswersOfAStoreInTrouble(t *testing.T) {
	t.Parallel()
	var status atomic.Int32
	b := open(t, inFront(t, storagetest.S3(t), func(w http.ResponseWriter, _ *http.Request) bool {
		w.WriteHeader(int(status.Load()))
		return true
	}))
	for code, want := range map[int]error{
		503: objects.ErrUnavailable, 500: objects.ErrUnavailable, 429: objects.ErrUnavailable, 507: objects.ErrFull,
		403: objects.ErrRefused, 404: objects.ErrNotFound, 400: objects.ErrUnexpected,
	} {
		status.Store(int32(code))
		err := b.Put(t.Context(), "a", strings.NewReader("a"), objects.Put{Size: 1})
		wants(t, http.StatusText(code), err, want)
	}
}

func TestAnAnswerCutShort(t *testing.T) {
	t.Parallel()
	cfg := storagetest.S3(t)
	put(t, bucket(t, cfg), "long", strings.Repeat("x", 1<<20))
	cut := open(t, inFront(t, cfg, func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.HasSuffix(r.URL.Path, "/long") {
			return false
		}
		w.Header().Set("Content-Length", "1048576")
		w.Header().Set("Last-Modified", "Mon, 02 Jan 2006 15:04:05 GMT")
		_, _ = w.Write(make([]byte, 1000))
		panic(http.ErrAbortHandler)
	}))
	r, err := cut.Get(t.Context(), "long", 0, objects.All)
	if err == nil {
		_, err = io.Copy(io.Discard, r)
		r.Close()
	}
	wants(t, "a cut answer", err, objects.ErrUnavailable)
}

// noise is a long body that nobody holds in memory, and its sum.
type noise struct {
	left int64
	from *rand.ChaCha8
	sum  hash.Hash
}

func (n *noise) Read(p []byte) (int, error) {
	if n.left == 0 {
		return 0, io.EOF
	}
	p = p[:min(int64(len(p)), n.left)]
	_, _ = n.from.Read(p)
	n.sum.Write(p)
	n.left -= int64(len(p))
	return len(p), nil
}

const long = 200 << 20

func TestALongObjectNeedsNoMemory(t *testing.T) {
	cfg := storagetest.S3(t)
	b := bucket(t, cfg)
	t.Cleanup(func() { _ = b.Remove(context.Background(), "long") })
	sent := &noise{left: long, from: rand.NewChaCha8([32]byte{1}), sum: sha256.New()}
	before := allocated()
	if err := b.Put(t.Context(), "long", sent, objects.Put{Size: long}); err != nil {
		t.Fatal(err)
	}
	r, err := b.Get(t.Context(), "long", 0, objects.All)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	got := sha256.New()
	if _, err := io.Copy(got, r); err != nil {
		t.Fatal(err)
	}
	if used := allocated() - before; used > 32<<20 {
		t.Errorf("%d MiB were allocated for an object of %d MiB, there and back", used>>20, long>>20)
	}
	if string(got.Sum(nil)) != string(sent.sum.Sum(nil)) {
		t.Error("what came back is not what was sent")
	}
}

// allocated counts every byte ever allocated: it needs no guess of when memory is at its highest.
func allocated() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}
