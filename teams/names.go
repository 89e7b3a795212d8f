package teams

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// letters that no decomposition takes apart.
var spelled = strings.NewReplacer("œ", "oe", "æ", "ae", "ß", "ss", "ø", "o", "ł", "l", "đ", "d", "ð", "d", "þ", "th", "ı", "i")

// givenKey keeps the words of given names without case, accents, hyphens and apostrophes.
func givenKey(names string) string {
	var b strings.Builder
	for _, r := range norm.NFKD.String(spelled.Replace(strings.ToLower(names))) {
		switch {
		case unicode.Is(unicode.Mn, r):
		case unicode.IsLetter(r), unicode.IsDigit(r):
			b.WriteRune(r)
		default:
			b.WriteByte(' ')
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// familyKey is a family name in one word: « Le Gall », « LE-GALL » and « Legall » are the same.
func familyKey(name string) string { return strings.ReplaceAll(givenKey(name), " ", "") }

func firstGiven(key string) string {
	first, _, _ := strings.Cut(key, " ")
	return first
}

// apart counts the slips of the hand between two names: a letter more, less or other, two exchanged.
func apart(a, b string) int {
	x, y := []rune(a), []rune(b)
	rows := make([]int, 3*(len(y)+1))
	before, last, row := rows[:len(y)+1], rows[len(y)+1:2*len(y)+2], rows[2*len(y)+2:]
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(x); i++ {
		row[0] = i
		for j := 1; j <= len(y); j++ {
			other := last[j-1]
			if x[i-1] != y[j-1] {
				other++
			}
			row[j] = min(last[j]+1, row[j-1]+1, other)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(y)]
}

// oneSlip says whether two names are one slip apart at most; short ones (ROUX, ROUS) must be equal.
func oneSlip(a, b string) bool {
	if a == b {
		return a != ""
	}
	return shorter(a, b) >= 4 && slipApart(a, b)
}

// slipApart says whether two names are at most one slip apart, without counting how far they are: what lies between their
// common beginning and their common end is one letter at most on either side, or two exchanged.
func slipApart(a, b string) bool {
	if max(len(a), len(b))-min(len(a), len(b)) > utf8.UTFMax {
		return false
	}
	a, b = withoutCommonEnds(a, b)
	x, long := utf8.DecodeRuneInString(a)
	y, width := utf8.DecodeRuneInString(b)
	return (long == len(a) && width == len(b)) || (a[long:] == string(y) && b[width:] == string(x))
}

func withoutCommonEnds(a, b string) (string, string) {
	for a != "" && b != "" {
		x, n := utf8.DecodeRuneInString(a)
		if y, _ := utf8.DecodeRuneInString(b); x != y {
			break
		}
		a, b = a[n:], b[n:]
	}
	for a != "" && b != "" {
		x, n := utf8.DecodeLastRuneInString(a)
		if y, _ := utf8.DecodeLastRuneInString(b); x != y {
			break
		}
		a, b = a[:len(a)-n], b[:len(b)-n]
	}
	return a, b
}

// closeNames allows a second slip in a long name: for the moment when a second dossier would be opened.
func closeNames(a, b string) bool {
	return oneSlip(a, b) || (shorter(a, b) >= 8 && apart(a, b) <= 2)
}

func shorter(a, b string) int { return min(utf8.RuneCountInString(a), utf8.RuneCountInString(b)) }

// named is what two patients are told apart by.
type named struct {
	birth, used, given string // keys
	sex                string
	born               string
}

func (n named) families() []string {
	if n.used == "" {
		return []string{n.birth}
	}
	return []string{n.birth, n.used}
}

// anyFamily says whether some family name of one and some of the other are alike.
func (n named) anyFamily(o named, alike func(a, b string) bool) bool {
	for _, a := range n.families() {
		for _, b := range o.families() {
			if alike(a, b) {
				return true
			}
		}
	}
	return false
}

func same(a, b string) bool { return a != "" && a == b }

// swapped exchanges day and month of a date, and answers "" when that is no date or the same one.
func swapped(date string) string {
	if len(date) != 10 || date[5:7] == date[8:] || date[8:] > "12" {
		return ""
	}
	return date[:5] + date[8:] + "-" + date[5:7]
}

// lookAlike says whether two dossiers may be one person's: the same birth date and a close family name or the same first
// given name; or day and month exchanged and a close family name.
func (n named) lookAlike(o named) bool {
	switch {
	case n.born == o.born:
		return n.anyFamily(o, closeNames) || (same(firstGiven(n.given), firstGiven(o.given)) && n.sexFits(o))
	case n.born == swapped(o.born):
		return n.anyFamily(o, closeNames)
	}
	return false
}

// unlike orders those that look alike: the same family name before a close one before another, then by the given name.
func (n named) unlike(o named) int {
	d := min(apart(firstGiven(n.given), firstGiven(o.given)), 9)
	switch {
	case n.anyFamily(o, same):
		return d
	case n.anyFamily(o, closeNames):
		return 10 + d
	}
	return 20 + d
}

func (n named) sexFits(o named) bool { return n.sex == o.sex || n.sex == "U" || o.sex == "U" }

// nearHomonym says whether one could be taken for the other on a screen: the same family name (used or of birth); or one
// slip apart, and the given names begin alike or are one slip apart, or the birth dates are the same.
func (n named) nearHomonym(o named) bool {
	if n.anyFamily(o, same) {
		return true
	}
	if !n.anyFamily(o, oneSlip) {
		return false
	}
	return n.born == o.born || alikeGiven(firstGiven(n.given), firstGiven(o.given))
}

func alikeGiven(a, b string) bool {
	first, _ := utf8.DecodeRuneInString(a)
	second, _ := utf8.DecodeRuneInString(b)
	return a != "" && b != "" && (first == second || oneSlip(a, b))
}
