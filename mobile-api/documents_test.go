package mobileapi_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	mobileapi "liaison/mobile-api"
	"liaison/mobile-api/apitest"
	"liaison/storage/objects"
	"liaison/storage/storagetest"
)

// newFiling is a circle with a store.
func newFiling(t *testing.T) *circle {
	w := newCircle(t)
	w.OpenStore(storagetest.S3(t))
	return w
}

// photo is a JPEG of that many pixels, as a phone would send it.
func photo(t testing.TB, width, height int) []byte {
	t.Helper()
	m := image.NewRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			m.Set(x, y, color.RGBA{uint8(x * 7), uint8(y * 5), uint8(x * y), 255})
		}
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, m, nil); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func sumOf(file []byte) string {
	sum := sha256.Sum256(file)
	return hex.EncodeToString(sum[:])
}

func (w *circle) announcement(name string, file []byte) fields {
	return fields{"id": apitest.NewID(), "team_id": w.Circle.ID, "name": name, "size": len(file), "sha256": sumOf(file)}
}

// announce says that a file comes, and gives where.
func (w *circle) announce(by *apitest.Client, name string, file []byte) string {
	w.T.Helper()
	a := answered(w.T, by.Send("POST", "/documents", w.announcement(name, file), nil), 201)
	return "/documents/" + a.Text("id")
}

func sent(by *apitest.Client, path string, offset int, piece []byte) apitest.Answer {
	by.World.T.Helper()
	return by.Send("PATCH", path+"/content", piece, http.Header{
		"Content-Type": {"application/offset+octet-stream"}, "Upload-Offset": {fmt.Sprint(offset)},
	})
}

// uploaded is a whole document, and where it is.
func (w *circle) uploaded(by *apitest.Client, name string, file []byte) string {
	w.T.Helper()
	path := w.announce(by, name, file)
	answered(w.T, sent(by, path, 0, file), 204)
	return path
}

func idIn(path string) string { return strings.Split(path, "/")[2] }

// attached is a document in a note of its uploader's.
func (w *circle) attached(by *apitest.Client, name string, file []byte, body fields) string {
	w.T.Helper()
	path := w.uploaded(by, name, file)
	answered(w.T, by.Send("POST", w.messages(), with(body, "document_ids", []string{idIn(path)}), nil), 201)
	return path
}

func TestAPhotoFromAnnouncementToReader(t *testing.T) {
	w := newFiling(t)
	file := photo(t, 900, 600)
	body := with(w.announcement("plaie.jpg", file), "caption", "Talon gauche")
	a := answered(t, w.nurse.Send("POST", "/documents", body, nil), 201)
	path := "/documents/" + a.Text("id")
	if a.Text("state") != "receiving" || a.Text("name") != "plaie.jpg" || a.Text("caption") != "Talon gauche" || a.Text("uploader", "display_name") == "" {
		t.Fatalf("%s", a.Raw)
	}
	if h := answered(t, w.nurse.Send("HEAD", path+"/content", nil, nil), 200).Header; h.Get("Upload-Offset") != "0" || h.Get("Upload-Length") != fmt.Sprint(len(file)) {
		t.Fatalf("%v", h)
	}
	half := len(file) / 2
	if got := answered(t, sent(w.nurse, path, 0, file[:half]), 204).Header.Get("Upload-Offset"); got != fmt.Sprint(half) {
		t.Fatalf("at %s", got)
	}
	wrong := refused(t, sent(w.nurse, path, 0, file), 409, "offset_mismatch")
	if wrong.Header.Get("Upload-Offset") != fmt.Sprint(half) {
		t.Fatalf("%v", wrong.Header)
	}
	answered(t, sent(w.nurse, path, half, file[half:]), 204)
	answered(t, sent(w.nurse, path, len(file), nil), 204) // the answer was lost: asked again
	done := answered(t, w.nurse.Send("GET", path, nil, nil), 200)
	if done.Text("state") != "ready" || done.Text("media_type") != "image/jpeg" || done.At("width") != 900.0 || done.At("height") != 600.0 || done.At("has_thumbnail") != true {
		t.Fatalf("%s", done.Raw)
	}
	refused(t, w.doctor.Send("GET", path, nil, nil), 404, "not_found")
	post := answered(t, w.nurse.Send("POST", w.messages(), with(note("nursing", ""), "document_ids", []string{idIn(path)}), nil), 201)
	if post.Text("documents", 0, "name") != "plaie.jpg" || post.Text("documents", 0, "caption") != "Talon gauche" || post.At("documents", 0, "size") != float64(len(file)) {
		t.Fatalf("%s", post.Raw)
	}
	read := answered(t, w.doctor.Send("GET", path+"/content", nil, nil), 200)
	if !bytes.Equal(read.Raw, file) {
		t.Fatal("the doctor reads something else")
	}
	small := answered(t, w.doctor.Send("GET", path+"/thumbnail", nil, nil), 200)
	cfg, err := jpeg.DecodeConfig(bytes.NewReader(small.Raw))
	if err != nil || cfg.Width != 480 || cfg.Height != 320 {
		t.Fatalf("%v %v", cfg, err)
	}
	list := answered(t, w.doctor.Send("GET", "/teams/"+w.Circle.ID.String()+"/documents", nil, nil), 200)
	if len(list.Items()) != 1 || list.Text("items", 0, "message_id") != post.Text("id") || list.Text("items", 0, "category") != "nursing" {
		t.Fatalf("%s", list.Raw)
	}
}

func TestWhoMayNotKnowIsToldNothing(t *testing.T) {
	w := newFiling(t)
	path := w.attached(w.nurse, "plaie.jpg", photo(t, 40, 30), note("nursing", ""))
	absent := "/documents/" + apitest.NewID().String()
	for name, who := range map[string]*apitest.Client{"a home help": w.help, "a stranger": w.stranger} {
		for _, call := range []struct{ method, below string }{
			{"GET", ""}, {"DELETE", ""}, {"HEAD", "/content"}, {"GET", "/content"}, {"GET", "/content?inline=1"}, {"GET", "/thumbnail"}, {"PATCH", "/content"},
		} {
			ask := func(path string) apitest.Answer {
				if call.method == "PATCH" {
					return sent(who, path, 0, []byte("a"))
				}
				return who.Send(call.method, path+call.below, nil, http.Header{"Range": {"bytes=0-0"}})
			}
			hidden, none := ask(path), ask(absent)
			if hidden.Status != 404 || none.Status != 404 || !bytes.Equal(hidden.Raw, none.Raw) {
				t.Errorf("%s, %s %s: %d %s, and of nothing %d %s", name, call.method, call.below, hidden.Status, hidden.Raw, none.Status, none.Raw)
			}
		}
	}
	if list := answered(t, w.help.Send("GET", "/teams/"+w.Circle.ID.String()+"/documents", nil, nil), 200); len(list.Items()) != 0 {
		t.Errorf("the home help is listed %s", list.Raw)
	}
	refused(t, w.stranger.Send("GET", "/teams/"+w.Circle.ID.String()+"/documents", nil, nil), 404, "not_found")
	refused(t, w.stranger.Send("POST", "/documents", w.announcement("a.pdf", []byte("a")), nil), 404, "not_found")
	refused(t, w.Nobody().Send("GET", path+"/content", nil, nil), 401, "token_invalid")
	refused(t, sent(w.Nobody(), path, 0, nil), 401, "token_invalid")
	if w.Journalled(w.help.Person, "document.download", "refused") == 0 {
		t.Error("a refusal is not in the journal")
	}
}

func TestReadingByRanges(t *testing.T) {
	w := newFiling(t)
	file := photo(t, 1600, 1200)
	path := w.attached(w.nurse, "plaie à suivre.jpg", file, note("nursing", "voir photo"))
	get := func(header http.Header, below string) apitest.Answer {
		return w.doctor.Send("GET", path+below, nil, header)
	}
	whole := answered(t, get(nil, "/content"), 200)
	tag := whole.Header.Get("ETag")
	h := whole.Header
	if h.Get("Content-Type") != "image/jpeg" || !strings.HasPrefix(h.Get("Content-Disposition"), "attachment;") || h.Get("Cache-Control") != "private, no-store" ||
		!strings.HasPrefix(h.Get("Content-Security-Policy"), "sandbox;") || h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Accept-Ranges") != "bytes" {
		t.Fatalf("%v", h)
	}
	contains(t, h.Get("Content-Disposition"), "filename*=utf-8''plaie%20%C3%A0%20suivre.jpg")
	contains(t, get(nil, "/content?inline=1").Header.Get("Content-Disposition"), "inline")
	for asked, want := range map[string][2]int{
		"bytes=0-0": {0, 1}, "bytes=10-": {10, len(file)}, "bytes=-5": {len(file) - 5, len(file)}, "bytes=5-99999999": {5, len(file)},
	} {
		a := answered(t, get(http.Header{"Range": {asked}}, "/content"), 206)
		if !bytes.Equal(a.Raw, file[want[0]:want[1]]) || a.Header.Get("Content-Range") != fmt.Sprintf("bytes %d-%d/%d", want[0], want[1]-1, len(file)) {
			t.Errorf("%s: %d bytes, %s", asked, len(a.Raw), a.Header.Get("Content-Range"))
		}
	}
	answered(t, get(http.Header{"Range": {"bytes=1-2"}, "If-Range": {tag}}, "/content"), 206)
	answered(t, get(http.Header{"Range": {"bytes=1-2"}, "If-Range": {`"other"`}}, "/content"), 200)
	answered(t, get(http.Header{"Range": {"bytes=1-2,5-6"}}, "/content"), 200)
	for _, asked := range []string{"bytes=99999999-", "bytes=-0", "bytes=9-3", "bytes=x-"} {
		refused(t, get(http.Header{"Range": {asked}}, "/content"), 416, "range_invalid")
	}
	if w.Journalled(w.doctor.Person, "document.download", "done") < 6 {
		t.Error("downloads are not in the journal")
	}
}

func TestWhatAnUploaderIsTold(t *testing.T) {
	w := newFiling(t)
	file := []byte("Pansement refait.")
	refused(t, w.nurse.Send("POST", "/documents", with(w.announcement("a.pdf", file), "size", 2<<30), nil), 422, "document_too_large")
	about(t, refused(t, w.nurse.Send("POST", "/documents", w.announcement("a.exe", file), nil), 422, "document_type"), "name")
	path := w.announce(w.nurse, "a.txt", file)
	refused(t, w.nurse.Send("PATCH", path+"/content", file, http.Header{"Upload-Offset": {"0"}}), 415, "unsupported_media_type")
	refused(t, w.nurse.Send("PATCH", path+"/content", file, http.Header{"Content-Type": {"application/offset+octet-stream"}}), 422, "invalid_value")
	refused(t, sent(w.nurse, path, 0, append(file, 'x')), 422, "document_checksum") // more than announced: nothing of it is taken
	refused(t, w.nurse.Send("GET", path+"/content", nil, nil), 409, "document_not_ready")
	answered(t, sent(w.nurse, path, 0, file), 204)
	spoiled := w.announce(w.nurse, "b.txt", file)
	refused(t, sent(w.nurse, spoiled, 0, []byte("Pansement refait!")), 422, "document_checksum")
	refused(t, sent(w.nurse, spoiled, len(file), nil), 422, "document_checksum")
	answered(t, w.nurse.Send("DELETE", spoiled, nil, nil), 204)
	refused(t, w.nurse.Send("GET", spoiled, nil, nil), 404, "not_found")
	body := with(note("nursing", ""), "document_ids", []string{idIn(path)})
	answered(t, w.nurse.Send("POST", w.messages(), body, nil), 201)
	again := answered(t, w.nurse.Send("POST", w.messages(), body, nil), 200)
	if again.Text("documents", 0, "name") != "a.txt" {
		t.Errorf("%s", again.Raw)
	}
	refused(t, w.nurse.Send("POST", w.messages(), with(body, "document_ids", []string{}), nil), 422, "text_empty")
	refused(t, w.nurse.Send("POST", w.messages(), with(with(body, "text", "a"), "document_ids", []string{}), nil), 409, "id_conflict")
	refused(t, w.nurse.Send("DELETE", path, nil, nil), 409, "document_attached")
	refused(t, w.doctor.Send("DELETE", path, nil, nil), 403, "forbidden")
	w.Documents.Bucket = nil
	lost := refused(t, w.doctor.Send("GET", path+"/content", nil, nil), 503, "storage_unavailable")
	if lost.Header.Get("Retry-After") == "" {
		t.Error("not told when to come back")
	}
}

func TestAStoreThatIsFullSaysSo(t *testing.T) {
	w := newFiling(t)
	at := storagetest.S3(t)
	full := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { rw.WriteHeader(http.StatusInsufficientStorage) }))
	t.Cleanup(full.Close)
	at.Endpoint, at.Files = full.URL, ""
	bucket, err := objects.Open(at)
	if err != nil {
		t.Fatal(err)
	}
	was := w.Documents.Bucket
	file := []byte("Pansement refait.")
	path := w.announce(w.nurse, "a.txt", file)
	w.Documents.Bucket = bucket
	refused(t, sent(w.nurse, path, 0, file), 507, "storage_full")
	w.Documents.Bucket = was
	answered(t, sent(w.nurse, path, 0, file), 204)
}

// slowly sends a body piece by piece, with a pause before each; then it stays open until it is let go.
func slowly(t *testing.T, pieces [][]byte, pause time.Duration, let <-chan struct{}) io.Reader {
	r, w := io.Pipe()
	go func() {
		tick := time.NewTicker(pause)
		defer tick.Stop()
		for _, piece := range pieces {
			<-tick.C
			_, _ = w.Write(piece)
		}
		<-let
		w.Close()
	}()
	return r
}

// A phone that needs longer than any request may take is not cut, and one that has fallen silent is.
func TestASlowPhoneIsNotCutAndASilentOneIs(t *testing.T) {
	t.Parallel()
	w := &circle{World: apitest.New(t, func(cfg *mobileapi.Config) { cfg.Stall = 500 * time.Millisecond })}
	w.nurse = w.Hire("ferhat", apitest.Physician)
	w.Circle = w.Open("Dufour", w.nurse)
	w.OpenStore(storagetest.S3(t))
	server := httptest.NewUnstartedServer(w.API)
	server.Config.ReadTimeout = 300 * time.Millisecond
	server.Start()
	t.Cleanup(server.Close)
	file := []byte(strings.Repeat("Pansement refait. ", 60))
	pieces := slices.Collect(slices.Chunk(file, len(file)/9))
	send := func(path string, body io.Reader) (int, string) {
		r, err := http.NewRequestWithContext(t.Context(), "PATCH", server.URL+"/api/v1"+path+"/content", body)
		if err != nil {
			t.Fatal(err)
		}
		r.Header = http.Header{"Authorization": {"Bearer " + w.nurse.Token}, "Content-Type": {"application/offset+octet-stream"}, "Upload-Offset": {"0"}}
		a, err := new(http.Transport).RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		defer a.Body.Close()
		return a.StatusCode, a.Header.Get("Upload-Offset")
	}
	now, never := make(chan struct{}), make(chan struct{})
	close(now)
	t.Cleanup(func() { close(never) })
	if status, at := send(w.announce(w.nurse, "lent.txt", file), slowly(t, pieces, 80*time.Millisecond, now)); status != 204 || at != fmt.Sprint(len(file)) {
		t.Fatalf("slow: %d at %s", status, at)
	}
	if status, at := send(w.announce(w.nurse, "muet.txt", file), slowly(t, pieces[:3], 80*time.Millisecond, never)); status != 408 || at != fmt.Sprint(3*len(pieces[0])) {
		t.Fatalf("silent: %d at %s", status, at)
	}
}

// Pages of the list hold together while documents come.
func TestTheListGoesOnByPages(t *testing.T) {
	w := newFiling(t)
	var want []string
	for range 5 {
		want = append([]string{idIn(w.attached(w.nurse, "a.txt", []byte("a"), note("nursing", "")))}, want...)
	}
	var got []string
	list, next := "/teams/"+w.Circle.ID.String()+"/documents?limit=2", ""
	for {
		a := answered(t, w.doctor.Send("GET", list+next, nil, nil), 200)
		for i := range a.Items() {
			got = append(got, a.Text("items", i, "id"))
		}
		if a.Text("next") == "" {
			break
		}
		next = "&cursor=" + a.Text("next")
		w.attached(w.nurse, "b.txt", []byte("b"), note("nursing", ""))
	}
	if strings.Join(got, " ") != strings.Join(want, " ") {
		t.Fatalf("got %v, want %v", got, want)
	}
	refused(t, w.doctor.Send("GET", list+"&cursor=x", nil, nil), 400, "cursor_invalid")
}
