package words

import (
	"unicode"
	"unicode/utf8"
)

// class is what a rune is to a word.
type class int

const (
	between class = iota
	letter
	digit
	mark // goes with what it follows
)

func classOf(r rune) class {
	switch {
	case r >= '0' && r <= '9':
		return digit
	case unicode.IsLetter(r), unicode.IsDigit(r):
		return letter
	case unicode.Is(unicode.Mn, r), r == 0x200d, r == 0xad: // a soft hyphen is written and not read
		return mark
	}
	return between
}

// longest is how many bytes a word may have; what is longer is no word and is cut.
const longest = 64

// split finds the words: runs of letters, runs of digits with at most one comma or point inside. Apostrophes and hyphens part
// words (« l'insuline », « rendez-vous »), as does the change from letters to digits (« 2cp »).
func split(text string) []Hit {
	var out []Hit
	start, kind := -1, between
	end := func(at int) {
		if start >= 0 {
			out = append(out, Hit{Start: start, End: at})
		}
		start = -1
	}
	decimal := false
	for i, r := range text {
		c := classOf(r)
		switch {
		case c == mark && start >= 0:
		case c == digit && kind == digit && start >= 0:
		case (r == ',' || r == '.') && kind == digit && start >= 0 && !decimal && decimals(text[start:i], text[i+1:]):
			decimal = true
		case c == kind && start >= 0 && i-start < longest:
		default:
			end(i)
			kind, decimal = c, false
			if c == letter || c == digit {
				start = i
			}
		}
		if start >= 0 && i-start >= longest {
			end(i)
			start = i
		}
	}
	end(len(text))
	return out
}

// decimals says whether what follows a comma or point makes one number with what precedes: « 1,25 », not « 12.03.2026 » and
// not « 186/104, 72 ».
func decimals(before, after string) bool {
	if len(before) > 3 {
		return false
	}
	n := 0
	for n < len(after) && after[n] >= '0' && after[n] <= '9' {
		n++
	}
	if n == 0 {
		return false
	}
	next, _ := utf8.DecodeRuneInString(after[n:])
	if next != '.' && next != ',' {
		return true
	}
	return n+1 >= len(after) || after[n+1] < '0' || after[n+1] > '9'
}
