package documents

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"unicode"
	"unicode/utf8"
)

// The codes for which a whole file is refused.
const (
	refusedType     = "document_type"
	refusedSum      = "document_checksum"
	refusedInfected = "document_infected"
	refusedImage    = "document_image"
	refusedLocation = "document_location"
)

// inspected is a file to be looked into.
type inspected struct {
	io.ReaderAt
	size int64
}

func (f inspected) all() *io.SectionReader { return io.NewSectionReader(f, 0, f.size) }

func (f inspected) head(n int64) ([]byte, error) { return f.part(0, min(n, f.size)) }

func (f inspected) tail(n int64) ([]byte, error) {
	n = min(n, f.size)
	return f.part(f.size-n, n)
}

func (f inspected) part(from, length int64) ([]byte, error) {
	out := make([]byte, length)
	_, err := io.ReadFull(io.NewSectionReader(f, from, length), out)
	return out, err
}

var errType = &Refused{refusedType}

// checkType wants the content to be of the type that the name says, and of no other at the same time.
func checkType(f inspected, want string) error {
	head, err := f.head(1024)
	if err != nil {
		return err
	}
	if !startsAs(head, want) {
		return errType
	}
	if err := f.checkPolyglot(head, want); err != nil {
		return err
	}
	switch want {
	case jpegType:
		return checkJPEG(f)
	case pngType:
		return checkPNG(f)
	case webpType:
		return checkWebP(f)
	case pdfType:
		return checkPDF(f)
	case textType:
		return checkText(f, head)
	}
	return checkOffice(f, want)
}

func startsAs(head []byte, want string) bool {
	switch want {
	case jpegType:
		return bytes.HasPrefix(head, []byte("\xff\xd8\xff"))
	case pngType:
		return bytes.HasPrefix(head, []byte("\x89PNG\r\n\x1a\n"))
	case webpType:
		return len(head) > 16 && string(head[:4]) == "RIFF" && string(head[8:12]) == "WEBP"
	case pdfType:
		return bytes.HasPrefix(head, []byte("%PDF-"))
	case textType:
		return true
	}
	return bytes.HasPrefix(head, []byte("PK\x03\x04"))
}

// checkPolyglot refuses a file that another program would open as something else: readers of archives look at the end, and
// those of PDF anywhere in the first kilobyte.
func (f inspected) checkPolyglot(head []byte, want string) error {
	if want != pdfType && bytes.Contains(head, []byte("%PDF-")) {
		return errType
	}
	if want == docxType || want == xlsxType || want == odtType {
		return nil
	}
	zipped, err := f.endsAsArchive()
	if err != nil {
		return err
	}
	if zipped {
		return errType
	}
	return nil
}

// endsAsArchive looks for the record that ends a ZIP archive, wherever its comment lets it stand.
func (f inspected) endsAsArchive() (bool, error) {
	tail, err := f.tail(22 + 65535)
	if err != nil {
		return false, err
	}
	for at := 0; ; {
		i := bytes.Index(tail[at:], []byte("PK\x05\x06"))
		if i < 0 {
			return false, nil
		}
		at += i
		if rest := tail[at:]; len(rest) >= 22 && int(binary.LittleEndian.Uint16(rest[20:])) <= len(rest)-22 {
			return true, nil
		}
		at += 4
	}
}

// checkPDF wants the end where a PDF ends: a file cut short has none.
func checkPDF(f inspected) error {
	tail, err := f.tail(1024)
	if err != nil {
		return err
	}
	end := bytes.LastIndex(tail, []byte("%%EOF"))
	if end < 0 || len(bytes.Trim(tail[end+5:], "\r\n \t\x00")) > 0 {
		return errType
	}
	return nil
}

// checkText wants text that nothing takes for a page or a program.
func checkText(f inspected, head []byte) error {
	start := bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")), " \t\r\n")
	if bytes.HasPrefix(start, []byte("<")) || bytes.HasPrefix(start, []byte("#!")) || bytes.HasPrefix(start, []byte("{\\rtf")) {
		return errType
	}
	return eachText(f.all())
}

var marks = [][]byte{[]byte("<script"), []byte("<html"), []byte("<svg"), []byte("<!doctype"), []byte("<iframe")}

func eachText(r io.Reader) error {
	const longest = 16 // of marks, and of what is left of a character
	buffer := make([]byte, 64<<10)
	kept := 0
	for {
		n, err := io.ReadFull(r, buffer[kept:])
		piece, end := buffer[:kept+n], err != nil
		if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			return err
		}
		if !legible(piece, end) {
			return errType
		}
		if end {
			return nil
		}
		kept = copy(buffer, piece[len(piece)-longest:])
		// A character cut in two is looked at again, whole: from its beginning.
		for kept > 0 && !utf8.RuneStart(buffer[0]) {
			kept = copy(buffer, buffer[1:kept])
		}
	}
}

func legible(piece []byte, end bool) bool {
	lower := bytes.ToLower(piece)
	for _, mark := range marks {
		if bytes.Contains(lower, mark) {
			return false
		}
	}
	for len(piece) > 0 {
		r, size := utf8.DecodeRune(piece)
		if r == utf8.RuneError && size == 1 {
			return !end && !utf8.FullRune(piece)
		}
		if unicode.IsControl(r) && r != '\n' && r != '\r' && r != '\t' && r != '\f' && r != 0x85 {
			return false
		}
		piece = piece[size:]
	}
	return true
}
