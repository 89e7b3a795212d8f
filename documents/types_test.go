package documents_test

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"strings"
	"testing"

	"liaison/documents"
)

func picture(w, h int) image.Image {
	m := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			m.Set(x, y, color.NRGBA{uint8(x * 3), uint8(y * 5), uint8(x ^ y), 255})
		}
	}
	return m
}

func jpegFile(w, h int) []byte {
	var out bytes.Buffer
	_ = jpeg.Encode(&out, picture(w, h), nil)
	return out.Bytes()
}

func pngFile(w, h int) []byte {
	var out bytes.Buffer
	_ = png.Encode(&out, picture(w, h))
	return out.Bytes()
}

const pdfFile = "%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n"

// hugePNG announces 50,000 × 50,000 pixels and holds none of them.
func hugePNG() []byte {
	head := make([]byte, 13)
	binary.BigEndian.PutUint32(head, 50_000)
	binary.BigEndian.PutUint32(head[4:], 50_000)
	head[8], head[9] = 8, 2
	out := []byte("\x89PNG\r\n\x1a\n")
	for _, chunk := range []struct {
		name string
		data []byte
	}{{"IHDR", head}, {"IEND", nil}} {
		out = binary.BigEndian.AppendUint32(out, uint32(len(chunk.data)))
		body := append([]byte(chunk.name), chunk.data...)
		out = append(out, body...)
		out = binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(body))
	}
	return out
}

type entry struct{ name, text string }

func archive(entries ...entry) []byte {
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for _, e := range entries {
		w, _ := z.Create(e.name)
		_, _ = w.Write([]byte(e.text))
	}
	_ = z.Close()
	return out.Bytes()
}

const wordTypes = `<Types><Override ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>`

func word(more ...entry) []byte {
	return archive(append([]entry{{"[Content_Types].xml", wordTypes}, {"word/document.xml", "<w:document/>"}}, more...)...)
}

func sheet() []byte {
	types := strings.ReplaceAll(wordTypes, "wordprocessingml.document", "spreadsheetml.sheet")
	return archive(entry{"[Content_Types].xml", types}, entry{"xl/workbook.xml", "<workbook/>"})
}

func openDocument() []byte {
	return archive(entry{"mimetype", "application/vnd.oasis.opendocument.text"}, entry{"content.xml", "<office/>"})
}

// withEXIF puts a block of EXIF with one tag after the beginning of a JPEG.
func withEXIF(file []byte, tag, value uint16) []byte {
	block := []byte("Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x01")
	block = binary.BigEndian.AppendUint16(block, tag)
	block = append(block, 0, 3, 0, 0, 0, 1)
	block = binary.BigEndian.AppendUint16(block, value)
	block = append(block, 0, 0, 0, 0, 0, 0)
	out := append([]byte{}, file[:2]...)
	out = append(out, 0xff, 0xe1)
	out = binary.BigEndian.AppendUint16(out, uint16(len(block)+2))
	return append(append(out, block...), file[2:]...)
}

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

func TestWhatMayBeADocument(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	photo, drawing := jpegFile(800, 600), pngFile(300, 200)
	bomb := word(entry{"word/media/zeros.bin", strings.Repeat("\x00", 64<<20)})
	for _, c := range []struct {
		what, name string
		file       []byte
		refusal    string // empty: accepted
	}{
		{"a photo", "a.jpg", photo, ""},
		{"a photo with its other extension", "a.JPEG", photo, ""},
		{"a drawing", "a.png", drawing, ""},
		{"a PDF", "a.pdf", []byte(pdfFile), ""},
		{"a text", "a.txt", []byte("Pansement refait, 37,2 °C.\r\n\tÀ revoir < 48 h"), ""},
		{"a text as long as its pieces", "a.txt", []byte(strings.Repeat("é", 100_000)), ""},
		{"a Word document", "a.docx", word(), ""},
		{"a sheet", "a.xlsx", sheet(), ""},
		{"an OpenDocument", "a.odt", openDocument(), ""},
		{"a held camera", "a.jpg", withEXIF(photo, 0x0112, 6), ""},

		{"a PDF named as a photo", "a.jpg", []byte(pdfFile), "document_type"},
		{"a photo named as a PDF", "a.pdf", photo, "document_type"},
		{"a PNG named as a JPEG", "a.jpg", drawing, "document_type"},
		{"a program named as a photo", "a.jpg", []byte("MZ\x90\x00\x03"), "document_type"},
		{"a page named as a text", "a.txt", []byte(" \n<!DOCTYPE html><script>alert(1)</script>"), "document_type"},
		{"a page further down a text", "a.txt", []byte(strings.Repeat("a", 65_530) + "<script>alert(1)</script>"), "document_type"},
		{"an SVG named as a text", "a.txt", []byte(`<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>`), "document_type"},
		{"an SVG named as a PNG", "a.png", []byte(`<svg xmlns="http://www.w3.org/2000/svg"/>`), "document_type"},
		{"bytes named as a text", "a.txt", []byte("a\x00b"), "document_type"},
		{"Latin-1 named as a text", "a.txt", []byte("caf\xe9"), "document_type"},
		{"a photo that is an archive too", "a.jpg", join(photo, archive(entry{"a.html", "<script>"})), "document_type"},
		{"a PDF that is an archive too", "a.pdf", join([]byte(pdfFile), archive(entry{"a.exe", "MZ"})), "document_type"},
		{"an archive that ends as a PDF", "a.pdf", join([]byte("%PDF-1.4\n"), commented(archive(entry{"a.exe", "MZ"}), "\n%%EOF\n")), "document_type"},
		{"a photo followed by a page", "a.jpg", join(photo, []byte("<html><script>")), "document_type"},
		{"a drawing followed by a page", "a.png", join(drawing, []byte("<html>")), "document_type"},
		{"a photo that is a PDF too", "a.jpg", withComment(photo, pdfFile), "document_type"},
		{"a PDF after something else", "a.pdf", []byte("GIF89a" + pdfFile), "document_type"},
		{"a PDF cut short", "a.pdf", []byte(pdfFile[:40]), "document_type"},
		{"an archive named as a Word document", "a.docx", archive(entry{"a.txt", "a"}), "document_type"},
		{"a sheet named as a Word document", "a.docx", sheet(), "document_type"},
		{"a Word document with macros", "a.docx", word(entry{"word/vbaProject.bin", "x"}), "document_type"},
		{"an OpenDocument with macros", "a.odt", archive(entry{"mimetype", "application/vnd.oasis.opendocument.text"}, entry{"Basic/a.xml", "x"}), "document_type"},
		{"a way out of an archive", "a.docx", word(entry{"../../etc/passwd", "x"}), "document_type"},
		{"an archive that unpacks the world", "a.docx", bomb, "document_type"},
		{"an archive with something before it", "a.docx", join([]byte("x"), word()), "document_type"},
		{"an archive with something after it", "a.docx", join(word(), []byte("x")), "document_type"},
		{"an archive whose sums lie", "a.docx", spoiled(word(entry{"word/a.xml", strings.Repeat("text ", 500)})), "document_type"},

		{"50,000 × 50,000 pixels", "a.png", hugePNG(), "document_image"},
		{"a photo cut short", "a.jpg", photo[:len(photo)*2/3], "document_image"},
		{"a photo cut short, its end put back", "a.jpg", join(photo[:len(photo)*2/3], []byte("\xff\xd9")), "document_image"},
		{"a drawing cut short", "a.png", drawing[:len(drawing)/2], "document_image"},
		{"a drawing with a spoiled chunk", "a.png", spoiled(drawing), "document_image"},
		{"where a photo was taken", "a.jpg", withEXIF(photo, 0x8825, 8), "document_location"},
		{"where a photo was taken, said otherwise", "a.jpg", withComment(photo, `<x exif:GPSLatitude="48,51N"/>`), "document_location"},
	} {
		id := w.begun(c.name, c.file)
		_, err := w.send(w.here, id, 0, bytes.NewReader(c.file))
		var refused *documents.Refused
		switch {
		case c.refusal == "" && err != nil:
			t.Errorf("%s: %v", c.what, err)
		case c.refusal != "" && (!errors.As(err, &refused) || refused.Code != c.refusal):
			t.Errorf("%s: %v instead of %s", c.what, err, c.refusal)
		}
		d, err := w.here.Get(t.Context(), w.nurse, id)
		w.must(err)
		if (d.State == documents.Ready) != (c.refusal == "") {
			t.Errorf("%s is %s", c.what, d.State)
		}
		if strings.Contains(c.what, "held") && (*d.Width != 600 || *d.Height != 800) {
			t.Errorf("%s: %d × %d", c.what, *d.Width, *d.Height)
		}
		w.must(w.here.Delete(t.Context(), w.nurse, id))
	}
}

func withComment(file []byte, text string) []byte {
	out := append([]byte{}, file[:2]...)
	out = append(out, 0xff, 0xfe)
	out = binary.BigEndian.AppendUint16(out, uint16(len(text)+2))
	return append(append(out, text...), file[2:]...)
}

// commented gives an archive a comment, which may look like the end of something else.
func commented(zipped []byte, comment string) []byte {
	out := append([]byte{}, zipped...)
	binary.LittleEndian.PutUint16(out[len(out)-2:], uint16(len(comment)))
	return append(out, comment...)
}

// spoiled has one byte changed, in what is packed.
func spoiled(file []byte) []byte {
	out := append([]byte{}, file...)
	at := len(out) / 3
	if i := bytes.Index(out, []byte("word/a.xml")); i > 0 {
		at = i + 20
	}
	out[at] ^= 0x55
	return out
}

func TestWhatIsRefusedBeforeAnyByte(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	good := w.draft("note.pdf", []byte("a"))
	for code, change := range map[string]func(*documents.Draft){
		"document_too_large": func(d *documents.Draft) { d.Size = 2 << 30 },
		"document_empty":     func(d *documents.Draft) { d.Size = 0 },
		"document_checksum":  func(d *documents.Draft) { d.SHA256 = "abc" },
		"invalid_id":         func(d *documents.Draft) { d.ID[6] = 0x40 },
	} {
		d := good
		change(&d)
		_, _, err := w.here.Create(t.Context(), w.nurse, d)
		var invalid *documents.Invalid
		if !errors.As(err, &invalid) || invalid.Code != code {
			t.Errorf("%s: %v", code, err)
		}
	}
	for name, code := range map[string]string{
		"": "document_name", "../a.pdf": "document_name", `a\b.pdf`: "document_name", ".pdf": "document_name", "a\u202efdp.exe": "document_name",
		"a\x00.pdf": "document_name", strings.Repeat("a", 300) + ".pdf": "document_name", "a.svg": "document_type", "a.html": "document_type",
		"a.exe": "document_type", "a.zip": "document_type", "a": "document_type", "a.pdf.js": "document_type", "a.docm": "document_type",
	} {
		d := good
		d.Name = name
		_, _, err := w.here.Create(t.Context(), w.nurse, d)
		var invalid *documents.Invalid
		if !errors.As(err, &invalid) || invalid.Code != code {
			t.Errorf("%s: %v", fmt.Sprintf("%q", name), err)
		}
	}
}
