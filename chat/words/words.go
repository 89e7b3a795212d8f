// Package words takes French clinical texts apart as search sees them: words without case and accents, brought to their stem,
// with a few synonyms of the trade. It knows no message, no key and no database.
package words

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Version counts the changes of what is indexed: what was indexed under another is indexed again.
const Version = 2

// Hit is a term and the part of the text, in bytes, that stands for it.
type Hit struct {
	Term       string
	Start, End int
}

// In gives every term of a text, in order. A word that has a synonym stands for its whole group; the words of an expression
// (« tension artérielle ») stand for themselves too.
func In(text string) []Hit {
	tokens := stemmed(text)
	hits := make([]Hit, 0, len(tokens)+4)
	for i, t := range tokens {
		hits = append(hits, Hit{single(t.Term), t.Start, t.End})
		for _, e := range expressionsAt(tokens[i:]) {
			if len(e.stems) > 1 {
				hits = append(hits, Hit{e.group, t.Start, tokens[i+len(e.stems)-1].End})
			}
		}
	}
	return hits
}

// Of gives the terms somebody looks for, each once: an expression with synonyms stands for its group alone, so that « tension
// artérielle » finds « TA ».
func Of(query string) []string {
	tokens := stemmed(query)
	var terms []string
	seen := map[string]bool{}
	for i := 0; i < len(tokens); {
		term, taken := single(tokens[i].Term), 1
		for _, e := range expressionsAt(tokens[i:]) {
			if len(e.stems) > taken {
				term, taken = e.group, len(e.stems)
			}
		}
		if !seen[term] {
			seen[term] = true
			terms = append(terms, term)
		}
		i += taken
	}
	return terms
}

// Blank says whether there is not even a letter or a digit in a text.
func Blank(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) })
}

// stemmed gives the stem of every word that is not empty of meaning.
func stemmed(text string) []Hit {
	var out []Hit
	for _, t := range split(text) {
		word := fold(text[t.Start:t.End])
		if stops[word] || word == "" {
			continue
		}
		out = append(out, Hit{stem(word), t.Start, t.End})
	}
	return out
}

// letters that no decomposition takes apart.
var spelled = strings.NewReplacer("œ", "oe", "æ", "ae", "ß", "ss", "ø", "o", "ł", "l", "đ", "d")

// fold takes case and accents away; of a number, the zeros before it, and the comma.
func fold(word string) string {
	word = strings.ToLower(word)
	if word[0] >= '0' && word[0] <= '9' {
		return number(word)
	}
	if ascii(word) {
		return word
	}
	var b strings.Builder
	for _, r := range norm.NFKD.String(spelled.Replace(word)) {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			b.WriteRune(r)
		}
	}
	return b.String()
}

func number(digits string) string {
	digits = strings.TrimLeft(strings.ReplaceAll(digits, ",", "."), "0")
	if digits == "" || digits[0] == '.' {
		return "0" + digits
	}
	return digits
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}
