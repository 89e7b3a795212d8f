package mobileapi

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
)

// static serves the web client from memory: it is small, and read once.
type static struct {
	files map[string]*file
	index *file
}

type file struct {
	kind    string
	plain   []byte
	gzipped []byte
	tag     string
	cache   string
}

const notBuilt = "L’application n’est pas construite : lancez « make build », puis redémarrez.\n" +
	"The application is not built: run “make build”, then start again.\n"

// newStatic reads a build; without index.html there is none.
func newStatic(build fs.FS) (*static, error) {
	s := &static{files: map[string]*file{}}
	if build == nil {
		return s, nil
	}
	err := fs.WalkDir(build, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := fs.ReadFile(build, name)
		if err != nil {
			return err
		}
		s.files["/"+name], err = newFile("/"+name, content)
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read web client: %w", err)
	}
	s.index = s.files["/index.html"]
	return s, nil
}

// Types are written down: what the machine believes of extensions must not decide what runs in a browser.
var kinds = map[string]string{
	".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8",
	".svg": "image/svg+xml", ".json": "application/json", ".webmanifest": "application/manifest+json", ".png": "image/png",
	".ico": "image/x-icon", ".woff2": "font/woff2", ".map": "application/json", ".txt": "text/plain; charset=utf-8",
}

func newFile(name string, content []byte) (*file, error) {
	sum := sha256.Sum256(content)
	f := &file{kind: kinds[path.Ext(name)], plain: content, tag: `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`, cache: "no-cache"}
	if f.kind == "" {
		f.kind = "application/octet-stream"
	}
	if strings.HasPrefix(name, "/assets/") {
		f.cache = "public, max-age=31536000, immutable"
	}
	return f, f.compress()
}

func (f *file) compress() error {
	kind, _, _ := mime.ParseMediaType(f.kind)
	if strings.HasPrefix(kind, "image/png") || strings.HasPrefix(kind, "font/") || len(f.plain) < 512 {
		return nil
	}
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return err
	}
	if _, err := w.Write(f.plain); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	if out.Len() < len(f.plain) {
		f.gzipped = out.Bytes()
	}
	return nil
}

// ServeHTTP answers a file, or the application for any of its own addresses.
func (s *static) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		newProblem(languageOf(r), "unknown_path").write(w)
		return
	}
	f := s.files[r.URL.Path]
	if f == nil && !looksLikeFile(r.URL.Path) {
		f = s.index
	}
	switch {
	case f != nil:
		f.serve(w, r)
	case s.index == nil:
		plainText(w, http.StatusNotFound, notBuilt)
	default:
		plainText(w, http.StatusNotFound, problems["unknown_path"].in(languageOf(r))+"\n")
	}
}

// looksLikeFile tells a missing asset from an address of the application: an old page must not be given HTML as a script.
func looksLikeFile(p string) bool {
	return strings.HasPrefix(p, "/assets/") || path.Ext(p) != ""
}

func (f *file) serve(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", f.kind)
	h.Set("Cache-Control", f.cache)
	h.Set("ETag", f.tag)
	h.Set("Vary", "Accept-Encoding")
	if r.Header.Get("If-None-Match") == f.tag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	body := f.plain
	if f.gzipped != nil && strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		h.Set("Content-Encoding", "gzip")
		body = f.gzipped
	}
	h.Set("Content-Length", fmt.Sprint(len(body)))
	w.WriteHeader(http.StatusOK)
	if r.Method == http.MethodGet {
		// Nobody is left to tell when the client has gone.
		_, _ = w.Write(body)
	}
}

func plainText(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(text))
}
