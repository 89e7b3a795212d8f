package chat

import (
	"errors"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"liaison/access"
)

// Limits of a message.
const (
	MaxText     = 20_000 // characters
	MaxMeasures = 20
	MaxNames    = 100 // named people, mentions
	MaxReason   = 500
	// MaxDocuments of one message.
	MaxDocuments = 10
)

// Invalid says which field of a request is wrong and how; Code is stable and becomes a sentence at the edge.
type Invalid struct {
	Field string
	Code  string
}

func (e *Invalid) Error() string { return fmt.Sprintf("%s: %s", e.Field, e.Code) }

// ErrConflict answers an id that was used with other content or by another author: one and the same answer.
var ErrConflict = errors.New("id already used for something else")

// ErrRevision answers an amendment of a revision that is no longer the present one.
var ErrRevision = errors.New("the message has changed meanwhile")

// ErrCategory answers a category the author may not write here.
var ErrCategory = errors.New("category not writable here")

// ErrWithdrawn answers an amendment of a withdrawn message.
var ErrWithdrawn = errors.New("the message has been withdrawn")

// checked is a draft whose codes have been read.
type checked struct {
	Draft
	category access.Categories
	masks    access.Masks
}

// check reads a draft's codes and refuses what cannot be a message, before any door is opened.
func check(d Draft) (checked, error) {
	c := checked{Draft: d}
	if err := checkID(d.ID); err != nil {
		return c, err
	}
	var ok bool
	if c.category, ok = access.ParseCategory(d.Category); !ok {
		return c, &Invalid{"category", "unknown_category"}
	}
	for _, code := range d.Masks {
		mask, ok := access.ParseMask(code)
		if !ok {
			return c, &Invalid{"masks", "unknown_mask"}
		}
		c.masks |= mask
	}
	if d.NoteType != "" && !slices.Contains(NoteTypes, d.NoteType) {
		return c, &Invalid{"note_type", "unknown_note_type"}
	}
	if len(d.OnlyTo) > MaxNames || len(d.Mentions) > MaxNames {
		return c, &Invalid{"only_to", "too_many"}
	}
	if len(d.OnlyTo) == 0 {
		c.OnlyTo = nil
	}
	if err := checkDocuments(d.Documents); err != nil {
		return c, err
	}
	return c, checkContent(d.Text, d.Measures, len(d.Documents))
}

// checkID wants an id made by the client: UUIDv7, so that ids sort with time and no index is torn.
func checkID(id uuid.UUID) error {
	if id.Version() != 7 {
		return &Invalid{"id", "invalid_id"}
	}
	return nil
}

// checkContent wants something said: a text, a measure, or a document.
func checkContent(text string, measures []Measure, documents int) error {
	if err := checkText("text", text, MaxText); err != nil {
		return err
	}
	if text == "" && len(measures) == 0 && documents == 0 {
		return &Invalid{"text", "text_empty"}
	}
	if len(measures) > MaxMeasures {
		return &Invalid{"measures", "too_many"}
	}
	for _, m := range measures {
		if code := checkMeasure(m); code != "" {
			return &Invalid{"measures", code}
		}
		if err := checkText("measures", m.Context, 200); err != nil {
			return err
		}
	}
	return nil
}

func checkText(field, text string, limit int) error {
	if !utf8.ValidString(text) {
		return &Invalid{field, "invalid_utf8"}
	}
	if utf8.RuneCountInString(text) > limit {
		return &Invalid{field, "text_too_long"}
	}
	if text != "" && blank(text) {
		return &Invalid{field, "text_empty"}
	}
	for _, r := range text {
		if forbidden(r) {
			return &Invalid{field, "text_forbidden_character"}
		}
	}
	return nil
}

func checkReason(reason string) error {
	if reason == "" {
		return &Invalid{"reason", "reason_required"}
	}
	return checkText("reason", reason, MaxReason)
}

// forbidden are controls, and the bidirectional ones that make a text read other than it is written.
func forbidden(r rune) bool {
	switch {
	case r == '\n' || r == '\t' || r == '\r':
		return false
	case r < 0x20 || (r >= 0x7f && r <= 0x9f):
		return true
	default:
		return (r >= 0x202a && r <= 0x202e) || (r >= 0x2066 && r <= 0x2069)
	}
}

func blank(text string) bool {
	for _, r := range text {
		if r != ' ' && r != '\n' && r != '\t' && r != '\r' && r != 0xa0 && r != 0x202f {
			return false
		}
	}
	return true
}

// writtenAt keeps the phone's clock for the reader, never for order, and within reason: phone clocks lie.
func writtenAt(claimed, now time.Time) time.Time {
	if claimed.IsZero() || claimed.After(now.Add(5*time.Minute)) || claimed.Before(now.AddDate(0, -3, 0)) {
		return now
	}
	return claimed.UTC().Truncate(time.Microsecond)
}
