package mobileapi

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
)

var homePage = "<!doctype html><title>Liaison</title>" + strings.Repeat("<p>Cahier de liaison</p>", 100)

var dist = fstest.MapFS{
	"index.html":           {Data: []byte(homePage)},
	"sw.js":                {Data: []byte("self.addEventListener('push', () => {})")},
	"assets/app-1a2b3c.js": {Data: []byte(strings.Repeat("export const a = 1;\n", 100))},
	"icon-192.png":         {Data: []byte("\x89PNG")},
}

func get(t *testing.T, h http.Handler, path string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest("GET", path, nil)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func newAPI(t *testing.T, cfg Config) *API {
	t.Helper()
	a, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestWebClient(t *testing.T) {
	t.Parallel()
	a := newAPI(t, Config{Web: dist})
	for _, c := range []struct{ path, kind, cache string }{
		{"/", "text/html; charset=utf-8", "no-cache"},
		{"/patients/0192f000-0000-7000-8000-0000000000aa/cahier", "text/html; charset=utf-8", "no-cache"},
		{"/sw.js", "text/javascript; charset=utf-8", "no-cache"},
		{"/assets/app-1a2b3c.js", "text/javascript; charset=utf-8", "public, max-age=31536000, immutable"},
		{"/icon-192.png", "image/png", "no-cache"},
	} {
		got := get(t, a, c.path)
		if got.Code != 200 || got.Header().Get("Content-Type") != c.kind || got.Header().Get("Cache-Control") != c.cache {
			t.Errorf("%s: %d %v", c.path, got.Code, got.Header())
		}
	}
	for _, path := range []string{"/assets/app-older.js", "/nothing.css", "/.env"} {
		if got := get(t, a, path); got.Code != 404 || strings.Contains(got.Body.String(), "<") {
			t.Errorf("%s: %d %s", path, got.Code, got.Body)
		}
	}
}

func TestWebClientCompressedAndCached(t *testing.T) {
	t.Parallel()
	a := newAPI(t, Config{Web: dist})
	got := get(t, a, "/", "Accept-Encoding", "gzip, br")
	if got.Header().Get("Content-Encoding") != "gzip" || got.Body.Len() >= len(homePage) {
		t.Fatalf("not compressed: %v", got.Header())
	}
	r, err := gzip.NewReader(bytes.NewReader(got.Body.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	if plain, err := io.ReadAll(r); err != nil || string(plain) != homePage {
		t.Fatalf("does not decompress to the page: %v", err)
	}
	if again := get(t, a, "/", "If-None-Match", got.Header().Get("ETag")); again.Code != 304 || again.Body.Len() != 0 {
		t.Fatalf("asked again: %d", again.Code)
	}
}

func TestWithoutAWebClientASentenceSaysSo(t *testing.T) {
	t.Parallel()
	a := newAPI(t, Config{Web: fstest.MapFS{".gitkeep": {}}})
	if got := get(t, a, "/"); got.Code != 404 || !strings.Contains(got.Body.String(), "make build") {
		t.Fatalf("got %d %s", got.Code, got.Body)
	}
}

func TestHealth(t *testing.T) {
	t.Parallel()
	ready := io.EOF
	a := newAPI(t, Config{Ready: func(*http.Request) error { return ready }})
	if got := get(t, a, "/healthz"); got.Code != 200 {
		t.Fatalf("healthz: %d", got.Code)
	}
	if got := get(t, a, "/readyz"); got.Code != 503 {
		t.Fatalf("readyz of a node that is not: %d", got.Code)
	}
	ready = nil
	if got := get(t, a, "/readyz"); got.Code != 200 {
		t.Fatalf("readyz: %d", got.Code)
	}
}

func TestSecurityHeaders(t *testing.T) {
	t.Parallel()
	a := newAPI(t, Config{Web: dist, TLS: true})
	for _, path := range []string{"/", "/api/v1/me", "/api/v1/nothing", "/healthz", "/assets/none.js", "/api/v1/openapi.json"} {
		h := get(t, a, path).Header()
		for name, want := range map[string]string{
			"Content-Security-Policy": contentPolicy, "Referrer-Policy": "no-referrer", "Cross-Origin-Opener-Policy": "same-origin",
			"Cross-Origin-Resource-Policy": "same-origin", "X-Content-Type-Options": "nosniff", "Strict-Transport-Security": "max-age=31536000",
		} {
			if h.Get(name) != want {
				t.Errorf("%s: %s is %q", path, name, h.Get(name))
			}
		}
		if !strings.HasPrefix(h.Get("Permissions-Policy"), "camera=(self)") {
			t.Errorf("%s: Permissions-Policy is %q", path, h.Get("Permissions-Policy"))
		}
	}
	plain := newAPI(t, Config{})
	if h := get(t, plain, "/healthz").Header(); h.Get("Strict-Transport-Security") != "" {
		t.Error("HSTS without TLS")
	}
	if !strings.Contains(contentPolicy, "default-src 'none'") || strings.Contains(contentPolicy, "unsafe") {
		t.Error("the content policy is not strict")
	}
}

func TestUnknownPathsAreProblems(t *testing.T) {
	t.Parallel()
	a := newAPI(t, Config{Web: dist})
	for _, path := range []string{"/api/", "/api/v1/nothing", "/api/v2/teams", "/api/v1/live"} {
		got := get(t, a, path)
		if got.Code != 404 || got.Header().Get("Content-Type") != "application/problem+json" || !strings.Contains(got.Body.String(), `"unknown_path"`) {
			t.Errorf("%s: %d %s", path, got.Code, got.Body)
		}
	}
}

func TestAHandlerThatFallsTellsNothing(t *testing.T) {
	t.Parallel()
	a := newAPI(t, Config{})
	a.mux.HandleFunc("GET /fall", func(http.ResponseWriter, *http.Request) { panic("SELECT secret") })
	got := get(t, a, "/fall")
	if got.Code != 500 || strings.Contains(got.Body.String(), "secret") || !strings.Contains(got.Body.String(), `"incident"`) {
		t.Fatalf("got %d %s", got.Code, got.Body)
	}
}
