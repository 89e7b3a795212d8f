package demo

import (
	"embed"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"liaison/chat"
)

// Each file is a circle's two channels, [notebook] and [discussion], a block for each message, parted by empty lines:
//
//	-12 08:30 infirmiere nursing OBS key=glycemie     days from today, hour, author, category, type of note; then options:
//	= capillary_glucose 2,14 à jeun                   key= names it, re= replies to that key, only= and to= name logins,
//	Glycémie haute ce matin.                          mask= a visibility code, withdraw="reason", urgent
//	file: pilulier.jpg | Le pilulier ce matin         a file of files/ and its caption
//	amend: reason                                     what follows is what the note says after its correction
//
//go:embed notes/*.txt
var notesFiles embed.FS

// entry is one message of the demo, as it was written.
type entry struct {
	channel  string // its kind
	place    int    // in its file: names its id
	day      int
	hour     int
	minute   int
	author   string
	category string
	noteType string
	key      string
	re       string
	only     []string
	to       []string
	masks    []string
	urgent   bool
	withdraw string
	files    []attached
	said
	amended *amended
}

// said is what a message says.
type said struct {
	text     string
	measures []chat.Measure
}

// amended is what it says since it was corrected, and why.
type amended struct {
	said
	reason string
}

func readEntries(key string) ([]entry, error) {
	raw, err := notesFiles.ReadFile("notes/" + key + ".txt")
	if err != nil {
		return nil, err
	}
	var out []entry
	channel := ""
	for _, block := range strings.Split(strings.TrimSpace(string(raw)), "\n\n") {
		if strings.HasPrefix(block, "[") {
			channel = strings.Trim(block, "[]")
			continue
		}
		e, err := parseEntry(block)
		if err != nil {
			return nil, fmt.Errorf("notes of %s, %q: %w", key, firstLine(block), err)
		}
		e.channel, e.place = channel, len(out)
		out = append(out, e)
	}
	return out, nil
}

func firstLine(block string) string {
	head, _, _ := strings.Cut(block, "\n")
	return head
}

var headWords = regexp.MustCompile(`(?:[^\s"]+|"[^"]*")+`)

func parseEntry(block string) (entry, error) {
	head, rest, _ := strings.Cut(block, "\n")
	words := headWords.FindAllString(head, -1)
	if len(words) < 4 {
		return entry{}, fmt.Errorf("a head says day, hour, author and category")
	}
	e := entry{author: words[2], category: words[3]}
	if _, err := fmt.Sscanf(words[0]+" "+words[1], "%d %d:%d", &e.day, &e.hour, &e.minute); err != nil {
		return e, err
	}
	for _, option := range words[4:] {
		if err := e.option(option); err != nil {
			return e, err
		}
	}
	return e, e.body(rest)
}

func (e *entry) option(word string) error {
	name, value, _ := strings.Cut(word, "=")
	switch name {
	case "key":
		e.key = value
	case "re":
		e.re = value
	case "only":
		e.only = strings.Split(value, ",")
	case "to":
		e.to = strings.Split(value, ",")
	case "mask":
		e.masks = strings.Split(value, ",")
	case "withdraw":
		e.withdraw = strings.Trim(value, `"`)
	case "urgent":
		e.urgent = true
	default:
		if !slices.Contains(chat.NoteTypes, word) {
			return fmt.Errorf("unknown option %q", word)
		}
		e.noteType = word
	}
	return nil
}

func (e *entry) body(rest string) error {
	now := &e.said
	for line := range strings.SplitSeq(rest, "\n") {
		if reason, ok := strings.CutPrefix(line, "amend: "); ok {
			e.amended = &amended{reason: reason}
			now = &e.amended.said
			continue
		}
		if file, ok := strings.CutPrefix(line, "file: "); ok {
			e.files = append(e.files, parseAttached(file))
			continue
		}
		if err := now.add(line); err != nil {
			return err
		}
	}
	return nil
}

func (s *said) add(line string) error {
	figures, isMeasure := strings.CutPrefix(line, "= ")
	if !isMeasure {
		s.text = strings.TrimSpace(s.text + "\n" + line)
		return nil
	}
	m, err := parseMeasure(figures)
	s.measures = append(s.measures, m)
	return err
}

// parseMeasure reads « bp 146/84 assise, bras G »: a code, its figures, then the author's remark.
func parseMeasure(line string) (chat.Measure, error) {
	code, rest, _ := strings.Cut(line, " ")
	if code == "bp" {
		code = "blood_pressure"
	}
	figures, context, _ := strings.Cut(rest, " ")
	m := chat.Measure{Code: code, Context: context}
	values := strings.Split(figures, "/")
	bounds := chat.Bounds[code]
	if len(bounds) == 0 || len(bounds) != len(values) {
		return m, fmt.Errorf("measure %q", line)
	}
	for i, b := range bounds {
		value, err := strconv.ParseFloat(strings.Replace(values[i], ",", ".", 1), 64)
		if err != nil {
			return m, fmt.Errorf("measure %q: %w", line, err)
		}
		m.Components = append(m.Components, chat.Component{Code: b.Component, Value: value, Unit: b.Unit})
	}
	return m, nil
}

// placed is an entry with its moment and its words.
type placed struct {
	entry
	at time.Time
}

// schedule gives the entries of one channel their moments, in order. Who does not work at weekends wrote on Friday, unless
// that is before what she answers.
func schedule(entries []entry, channel string, day calendar, people map[string]person) []placed {
	keyed := map[string]time.Time{}
	var out []placed
	for _, e := range entries {
		if e.channel != channel {
			continue
		}
		at := day.at(e.day, e.hour, e.minute)
		if earlier := workdayBefore(at); !people[e.author].weekends && earlier.After(keyed[e.re]) {
			at = earlier
		}
		if e.key != "" {
			keyed[e.key] = at
		}
		out = append(out, placed{e, at})
	}
	slices.SortStableFunc(out, func(a, b placed) int { return a.at.Compare(b.at) })
	for i := range out {
		out[i].date(keyed)
	}
	return out
}

func (p *placed) date(keyed map[string]time.Time) {
	p.text = dated(p.text, p.at, keyed)
	if p.amended != nil {
		corrected := *p.amended
		corrected.text = dated(corrected.text, p.at, keyed)
		p.amended = &corrected
	}
}
