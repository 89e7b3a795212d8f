package documents

import (
	"encoding/hex"
	"path"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"liaison/doctypes"
)

// Draft is what an uploader announces. ID is made by the client (UUIDv7) and makes the announcement repeatable.
type Draft struct {
	ID      uuid.UUID
	Team    uuid.UUID
	Name    string
	Size    int64
	SHA256  string // hexadecimal, of the whole file
	Caption string
	Type    string `json:",omitempty"` // a national code, or ""
}

// Limits of what is said of a document.
const (
	maxName    = 200
	maxCaption = 500
)

// check refuses what cannot become a document, before any door is opened and any byte is sent.
func (s *Service) check(d Draft) error {
	sum, err := hex.DecodeString(d.SHA256)
	switch {
	case d.ID.Version() != 7:
		return &Invalid{"id", "invalid_id"}
	case d.Size <= 0:
		return &Invalid{"size", "document_empty"}
	case d.Size > s.MaxSize:
		return &Invalid{"size", "document_too_large"}
	case err != nil || len(sum) != 32 || strings.ToLower(d.SHA256) != d.SHA256:
		return &Invalid{"sha256", "document_checksum"}
	case !plain(d.Caption, maxCaption, true):
		return &Invalid{"caption", "text_forbidden_character"}
	case d.Type != "" && !doctypes.Known(d.Type):
		return &Invalid{"document_type", "unknown_document_type"}
	}
	return checkName(d.Name)
}

// checkName wants a name that is one everywhere: no path, nothing hidden, an extension of a type we take.
func checkName(name string) error {
	bare := strings.TrimSpace(name)
	if bare != name || bare == "" || !plain(name, maxName, false) || strings.ContainsAny(name, `/\:*?"<>|`) || strings.HasPrefix(name, ".") {
		return &Invalid{"name", "document_name"}
	}
	if typeOfName(name) == "" {
		return &Invalid{"name", "document_type"}
	}
	return nil
}

// plain refuses controls and the characters that make a text read other than it is written (« facture‮gpj.exe »).
func plain(text string, most int, lines bool) bool {
	if !utf8.ValidString(text) || utf8.RuneCountInString(text) > most {
		return false
	}
	for _, r := range text {
		if lines && (r == '\n' || r == '\t') {
			continue
		}
		if unicode.IsControl(r) || (r >= 0x202a && r <= 0x202e) || (r >= 0x2066 && r <= 0x2069) || r == 0x200e || r == 0x200f {
			return false
		}
	}
	return true
}

// The types a document may have.
const (
	jpegType = "image/jpeg"
	pngType  = "image/png"
	webpType = "image/webp"
	pdfType  = "application/pdf"
	textType = "text/plain"
	docxType = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
	xlsxType = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	odtType  = "application/vnd.oasis.opendocument.text"
)

var typesByExtension = map[string]string{
	".jpg": jpegType, ".jpeg": jpegType, ".png": pngType, ".webp": webpType, ".pdf": pdfType, ".txt": textType,
	".docx": docxType, ".xlsx": xlsxType, ".odt": odtType,
}

func typeOfName(name string) string { return typesByExtension[strings.ToLower(path.Ext(name))] }

// Inline says whether a browser may show this type beside our pages, in a sandbox; everything else is only ever saved.
func Inline(mediaType string) bool {
	switch mediaType {
	case jpegType, pngType, webpType, pdfType:
		return true
	}
	return false
}
