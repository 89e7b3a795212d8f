package words

import (
	"slices"
	"strings"

	"github.com/clipperhouse/uax29/v2/graphemes"
)

// Piece is a part of a snippet; Hit says that it stands for something looked for.
type Piece struct {
	Text string `json:"text"`
	Hit  bool   `json:"hit"`
}

// snippetLength is in characters as people count them: a letter and its accent are one.
const snippetLength = 160

// Snippet cuts the part of a text where most of the terms stand closest, and marks them. A character is never cut.
func Snippet(text string, terms []string) []Piece {
	edges := edgesOf(text)
	spans := spansOf(text, terms, edges)
	from, to := window(spans, len(edges)-1)
	from, to = atWords(text, edges, spans, from, to)
	return pieces(text, edges, spans, from, to)
}

// edgesOf gives the byte at which each character begins, and the end.
func edgesOf(text string) []int {
	edges := []int{0}
	for it := graphemes.FromString(text); it.Next(); {
		edges = append(edges, it.End())
	}
	return edges
}

// span is a part of the text, in characters, that stands for a term.
type span struct {
	term     string
	from, to int
}

func spansOf(text string, terms []string, edges []int) []span {
	var out []span
	for _, h := range In(text) {
		if !slices.Contains(terms, h.Term) {
			continue
		}
		from, exact := slices.BinarySearch(edges, h.Start)
		if !exact {
			from--
		}
		to, _ := slices.BinarySearch(edges, h.End)
		out = append(out, span{h.Term, from, to})
	}
	return out
}

// window chooses which characters are shown: those around the spans of most different terms, then of most spans.
func window(spans []span, length int) (from, to int) {
	if length <= snippetLength {
		return 0, length
	}
	best, first, last := -1, 0, 0
	for i := range spans {
		different, j := map[string]bool{}, i
		for ; j < len(spans) && spans[j].to-spans[i].from <= snippetLength; j++ {
			different[spans[j].term] = true
		}
		if score := len(different)*len(spans) + j - i; j > i && score > best {
			best, first, last = score, spans[i].from, spans[j-1].to
		}
	}
	from = max(0, min((first+last-snippetLength)/2, length-snippetLength))
	return from, from + snippetLength
}

// wordMost is how many characters are given up at most to begin and end between words.
const wordMost = 20

// atWords moves the window's ends inwards to the nearest space, never over something found.
func atWords(text string, edges []int, spans []span, from, to int) (int, int) {
	first, last := to, from
	for _, s := range spans {
		if s.from >= from && s.to <= to {
			first, last = min(first, s.from), max(last, s.to)
		}
	}
	space := func(i int) bool { return strings.TrimSpace(text[edges[i]:edges[i+1]]) == "" }
	if from > 0 {
		for i := from; i < min(first, from+wordMost); i++ {
			if space(i) {
				from = i + 1
				break
			}
		}
	}
	if to < len(edges)-1 {
		for i := to - 1; i > max(last-1, to-wordMost, from); i-- {
			if space(i) {
				to = i
				break
			}
		}
	}
	return from, to
}

const ellipsis = "…"

func pieces(text string, edges []int, spans []span, from, to int) []Piece {
	out := []Piece{}
	add := func(a, b int, hit bool) {
		if a < b {
			out = append(out, Piece{text[edges[a]:edges[b]], hit})
		}
	}
	at := from
	for i := 0; i < len(spans); i++ {
		start, end := max(spans[i].from, at), min(spans[i].to, to)
		for i+1 < len(spans) && spans[i+1].from < end {
			i++
			end = min(max(end, spans[i].to), to)
		}
		if start >= end || start >= to {
			continue
		}
		add(at, start, false)
		add(start, end, true)
		at = end
	}
	add(at, to, false)
	return elided(out, from > 0, to < len(edges)-1)
}

// elided says where the text went on.
func elided(out []Piece, before, after bool) []Piece {
	if before {
		out = slices.Insert(out, 0, Piece{Text: ellipsis})
	}
	if after {
		out = append(out, Piece{Text: ellipsis})
	}
	return out
}
