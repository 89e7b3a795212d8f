package teams

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"
	"golang.org/x/text/unicode/norm"
)

// Limits of texts, in characters.
const (
	maxName    = 100
	maxLine    = 200
	maxAddress = 400
	maxHow     = 500
)

// checker reads the fields of a request and keeps the first thing that is wrong.
type checker struct{ err error }

func (c *checker) refuse(field, code string) {
	if c.err == nil {
		c.err = &Invalid{field, code}
	}
}

func (c *checker) want(ok bool, field, code string) {
	if !ok {
		c.refuse(field, code)
	}
}

// id wants one made by the client: UUIDv7, so that ids sort with time.
func (c *checker) id(field string, id uuid.UUID) { c.want(id.Version() == 7, field, "invalid_id") }

// line gives a text of one line as it is kept: composed, spaces trimmed and single.
func (c *checker) line(field, text string, most int) string {
	return strings.Join(strings.Fields(c.text(field, text, most, false)), " ")
}

// lines is line for a text of several.
func (c *checker) lines(field, text string, most int) string {
	return c.text(field, text, most, true)
}

func (c *checker) text(field, text string, most int, several bool) string {
	if !utf8.ValidString(text) {
		c.refuse(field, "invalid_utf8")
		return ""
	}
	text = strings.TrimSpace(text)
	if utf8.RuneCountInString(text) > most {
		c.refuse(field, "text_too_long")
		return ""
	}
	for _, r := range text {
		if forbidden(r) && !(several && strings.ContainsRune("\n\r\t", r)) {
			c.refuse(field, "text_forbidden_character")
			return ""
		}
	}
	return norm.NFC.String(text)
}

// forbidden are the controls and the invisible characters, the bidirectional ones first: an identity must read as it is
// written, and two that look the same must be the same.
func forbidden(r rune) bool {
	return unicode.Is(unicode.C, r) || unicode.Is(unicode.Zl, r) || unicode.Is(unicode.Zp, r) || r == unicode.ReplacementChar
}

// name is a line with a letter in it.
func (c *checker) name(field, text string) string {
	if utf8.ValidString(text) && utf8.RuneCountInString(text) > maxName {
		c.refuse(field, "name_too_long")
		return ""
	}
	name := c.line(field, text, maxName)
	if name != "" {
		c.want(strings.ContainsFunc(name, unicode.IsLetter), field, "name_invalid")
	}
	return name
}

func (c *checker) neededName(field, text string) string {
	name := c.name(field, text)
	c.want(name != "", field, "name_missing")
	return name
}

// oldestBirth is before anybody alive was born.
const oldestBirth = 1850

// birthDate wants a day that existed and has come, in the instance's latest hour: a child born after midnight is not of
// tomorrow.
func (c *checker) birthDate(field, text string, now time.Time) {
	day, err := time.Parse(time.DateOnly, text)
	if err != nil || day.Year() < oldestBirth {
		c.refuse(field, "birth_date_impossible")
		return
	}
	today := now.In(time.FixedZone("French summer time", 2*60*60)).Format(time.DateOnly)
	c.want(text <= today, field, "birth_date_future")
}

// clockDrift is how far ahead a phone's clock may be without being wrong.
const clockDrift = 5 * time.Minute

// told reads the moment at which a patient said something: not yet to come, within a life.
func (c *checker) told(field string, at, now time.Time) {
	c.want(!at.After(now.Add(clockDrift)), field, "given_at_future")
	c.want(at.Year() >= oldestBirth, field, "given_at_impossible")
}

// telephone wants a number as it is dialled.
func (c *checker) telephone(field, text string) string {
	number := c.line(field, text, 30)
	digits := strings.NewReplacer(" ", "", ".", "", "-", "", "(", "", ")", "", "/", "", "\u00a0", "", "\u202f", "").Replace(number)
	digits = strings.TrimPrefix(digits, "+")
	ok := len(digits) >= 2 && len(digits) <= 15 && strings.Trim(digits, "0123456789") == ""
	c.want(ok, field, "telephone_invalid")
	return number
}

// moment is cut to what PostgreSQL keeps, so that one read back equals the one written.
func moment(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }
