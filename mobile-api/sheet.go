package mobileapi

import (
	"strings"
	"time"

	"codeberg.org/go-pdf/fpdf"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
)

// sheet is a document on A4 in the reader's language. Lengths are millimetres.
type sheet struct {
	*fpdf.Fpdf
	lang string
}

const (
	sheetFont   = "Go"
	sheetMargin = 16
	sheetFoot   = 18
	sheetLine   = 4.4
)

func newSheet(lang, title string, at time.Time) *sheet {
	s := &sheet{fpdf.New("P", "mm", "A4", ""), lang}
	s.AddUTF8FontFromBytes(sheetFont, "", goregular.TTF)
	s.AddUTF8FontFromBytes(sheetFont, "B", gobold.TTF)
	s.SetMargins(sheetMargin, sheetMargin, sheetMargin)
	s.SetAutoPageBreak(true, sheetFoot)
	s.SetTitle(title, true)
	s.SetLang(lang)
	s.SetCreationDate(at)
	return s
}

func (s *sheet) say(fr, en string) string { return words{fr, en}.in(s.lang) }

func (s *sheet) paragraph(text string) { s.MultiCell(0, 5, drawable(text), "", "L", false) }

// drawable leaves out what no letter of the font stands for.
func drawable(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\u202f':
			return '\u00a0'
		case r < ' ' && r != '\n', r > 0xffff:
			return '?'
		}
		return r
	}, text)
}
