package mobileapi

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/google/uuid"

	"liaison/access"
	"liaison/documents"
)

// defaultStall is how long a transfer may bring nothing, or take nothing, before it is cut. How long it lasts as a whole is
// nobody's business: a slow network is still a network.
const defaultStall = 30 * time.Second

const offsetStream = "application/offset+octet-stream"

// isTransfer says whether a request's body is a file's and not ours to read whole.
func isTransfer(r *http.Request) bool {
	return r.Method == http.MethodPatch && strings.HasPrefix(r.URL.Path, prefix+"/documents/") && strings.HasSuffix(r.URL.Path, "/content")
}

// raw registers a call whose body is no JSON: it is described and authenticated as the others are.
func raw[I any](a *API, pattern, summary string, handle func(*API, http.ResponseWriter, *http.Request, *I) error, options ...option) {
	route(a, pattern, summary, func(_ context.Context, in *I) (*huma.StreamResponse, error) {
		return &huma.StreamResponse{Body: func(hc huma.Context) {
			r, w := humago.Unwrap(hc)
			if err := handle(a, w, r, in); err != nil {
				problemOf(hc.Context(), err).write(w)
			}
		}}, nil
	}, options...)
}

func answering(status int, mediaType, description string) option {
	return func(op *huma.Operation) {
		op.DefaultStatus = status
		response := &huma.Response{Description: description}
		if mediaType != "" {
			response.Content = map[string]*huma.MediaType{mediaType: {Schema: &huma.Schema{Type: "string", Format: "binary"}}}
		}
		op.Responses = map[string]*huma.Response{strconv.Itoa(status): response}
	}
}

func taking(mediaType string) option {
	return func(op *huma.Operation) {
		op.RequestBody = &huma.RequestBody{Content: map[string]*huma.MediaType{mediaType: {Schema: &huma.Schema{Type: "string", Format: "binary"}}}}
	}
}

func (a *API) uploadStanding(w http.ResponseWriter, r *http.Request, in *InDocument) error {
	p, err := a.cfg.Documents.Standing(r.Context(), actorIn(r.Context()), in.Document)
	if err != nil {
		return err
	}
	sayOffset(w, p)
	w.WriteHeader(http.StatusOK)
	return nil
}

func sayOffset(w http.ResponseWriter, p documents.Progress) {
	w.Header().Set("Upload-Offset", strconv.FormatInt(p.Received, 10))
	w.Header().Set("Upload-Length", strconv.FormatInt(p.Size, 10))
}

// UploadInput says where the body goes on.
type UploadInput struct {
	InDocument
	Offset string `header:"Upload-Offset" doc:"How many bytes the server has: what HEAD, or the last answer, said."`
}

func (a *API) upload(w http.ResponseWriter, r *http.Request, in *UploadInput) error {
	lang := languageOf(r)
	offset, err := strconv.ParseInt(in.Offset, 10, 64)
	if err != nil || offset < 0 {
		return fieldProblem(lang, fieldFault{"Upload-Offset", "invalid_value"})
	}
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != offsetStream {
		return newProblem(lang, "unsupported_media_type")
	}
	body := &patient{r.Body, http.NewResponseController(w), a.cfg.Stall}
	p, err := a.cfg.Documents.Receive(r.Context(), actorIn(r.Context()), in.Document, offset, r.ContentLength, body)
	if p.Size > 0 {
		sayOffset(w, p)
	}
	if err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// patient waits for each piece of a body as long as the last one came, whatever the server's own limits say of whole requests.
type patient struct {
	body    io.Reader
	control *http.ResponseController
	stall   time.Duration
}

func (p *patient) Read(b []byte) (int, error) {
	if err := p.control.SetReadDeadline(now().Add(p.stall)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return 0, err
	}
	return p.body.Read(b)
}

// ContentInput chooses how a document is read.
type ContentInput struct {
	InDocument
	Inline  bool   `query:"inline" doc:"Shown in place, in a sandbox, where the type allows it; otherwise it is saved."`
	Range   string `header:"Range" doc:"One range of bytes."`
	IfRange string `header:"If-Range"`
}

func (a *API) content(w http.ResponseWriter, r *http.Request, in *ContentInput) error {
	ctx := r.Context()
	tag := etagOf(in.Document)
	wanted := in.Range
	if in.IfRange != "" && in.IfRange != tag {
		wanted = ""
	}
	var whole int64
	d, err := a.cfg.Documents.Download(ctx, actorIn(ctx), in.Document, func(size int64) (int64, int64, error) {
		whole = size
		return rangeOf(wanted, size)
	})
	if errors.Is(err, errRange) {
		p := newProblem(languageOf(r), "range_invalid")
		p.header.Set("Content-Range", "bytes */"+strconv.FormatInt(whole, 10))
		return p
	}
	if err != nil {
		return err
	}
	defer d.Body.Close()
	w.Header().Set("ETag", tag)
	w.Header().Set("Accept-Ranges", "bytes")
	describe(w.Header(), d, in.Inline && documents.Inline(d.MediaType))
	status := http.StatusOK
	if wanted != "" && (d.From > 0 || d.To < d.Size) {
		status = http.StatusPartialContent
		w.Header().Set("Content-Range", "bytes "+strconv.FormatInt(d.From, 10)+"-"+strconv.FormatInt(d.To-1, 10)+"/"+strconv.FormatInt(d.Size, 10))
	}
	w.WriteHeader(status)
	return a.send(w, r, d)
}

// send copies the file out. What fails now can only be told by ending the connection: half a file must not look whole.
func (a *API) send(w http.ResponseWriter, r *http.Request, d documents.Download) error {
	control := http.NewResponseController(w)
	defer func() { _ = control.SetWriteDeadline(time.Time{}) }()
	buffer := make([]byte, 64<<10)
	for {
		n, err := d.Body.Read(buffer)
		if n > 0 {
			_ = control.SetWriteDeadline(now().Add(a.cfg.Stall))
			if _, err := w.Write(buffer[:n]); err != nil {
				return nil // its reader has gone
			}
		}
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			exchangeIn(r.Context()).log(r.Context(), cutLevel(err), "document cut short", err)
			panic(http.ErrAbortHandler)
		}
	}
}

// cutLevel tells a store that fails from a reader who lost access on the way.
func cutLevel(err error) slog.Level {
	if errors.Is(err, access.ErrNotFound) {
		return slog.LevelInfo
	}
	return slog.LevelError
}

func etagOf(id uuid.UUID) string { return `"` + id.String() + `"` }

// describe says what the body is. Nothing in it may run, whatever it is taken for.
func describe(h http.Header, d documents.Download, inline bool) {
	disposition := "attachment"
	if inline {
		disposition = "inline"
	}
	h.Set("Content-Type", d.MediaType)
	if d.MediaType == "text/plain" {
		h.Set("Content-Type", "text/plain; charset=utf-8")
	}
	h.Set("Content-Length", strconv.FormatInt(d.To-d.From, 10))
	h.Set("Content-Disposition", mime.FormatMediaType(disposition, map[string]string{"filename": d.Name}))
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:")
}

var errRange = errors.New("no such range")

// rangeOf reads one range of bytes. Several, or what is no range of bytes, give the whole, as RFC 9110 allows.
func rangeOf(header string, size int64) (from, to int64, err error) {
	spec, ok := strings.CutPrefix(header, "bytes=")
	first, last, dashed := strings.Cut(spec, "-")
	if !ok || !dashed || strings.Contains(spec, ",") {
		return documents.Whole(size)
	}
	if first == "" {
		n, err := strconv.ParseInt(last, 10, 64)
		if err != nil || n <= 0 {
			return 0, 0, errRange
		}
		return max(0, size-n), size, nil
	}
	if from, err = strconv.ParseInt(first, 10, 64); err != nil || from < 0 || from >= size {
		return 0, 0, errRange
	}
	to = size
	if last != "" {
		n, err := strconv.ParseInt(last, 10, 64)
		if err != nil || n < from {
			return 0, 0, errRange
		}
		to = min(n+1, size)
	}
	return from, to, nil
}

func (a *API) thumbnail(w http.ResponseWriter, r *http.Request, in *InDocument) error {
	picture, err := a.cfg.Documents.Thumbnail(r.Context(), actorIn(r.Context()), in.Document)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "image/jpeg")
	w.Header().Set("Content-Length", strconv.Itoa(len(picture)))
	w.Header().Set("Content-Security-Policy", "sandbox; default-src 'none'")
	w.WriteHeader(http.StatusOK)
	_, _ = w.Write(picture)
	return nil
}
