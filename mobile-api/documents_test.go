package mobileapi_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"

	"liaison/mobile-api/apitest"
	"liaison/storage/storagetest"
)

// filing is a circle with a store.
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

var _ = uuid.Nil
