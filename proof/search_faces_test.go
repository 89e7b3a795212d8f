package proof

import (
	"bytes"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
)

// wordOf is a word that one revision of one message says and nothing else. It has no vowel, so that no stem is shorter.
func wordOf(id string, revision int) string {
	var b strings.Builder
	for _, digit := range fmt.Sprintf("%s%x", id[24:], revision) {
		b.WriteByte("bcdfghjklmnpqrtv"[strings.IndexRune("0123456789abcdef", digit)])
	}
	return b.String()
}

func textOf(id string) string { return "texte " + id + " " + wordOf(id, 1) }

// writing is a new message; a quarter of them hold a measure, which their id tells.
func writing(id, category string) object {
	body := object{"id": id, "category": category, "text": textOf(id)}
	if rate, holds := rateIn(id); holds {
		body["measures"] = []object{{"code": "heart_rate", "components": []object{{"code": "value", "value": rate, "unit": "/min"}}}}
	}
	return body
}

func rateIn(id string) (rate float64, holds bool) {
	n := strings.IndexByte("0123456789abcdef", id[35])
	return float64(60 + n), n < 4
}

type foundItem struct {
	Kind     string
	Team     struct{ ID string }
	Message  shown
	Document enclosed
	Snippet  []struct {
		Text string
		Hit  bool
	}
}

// look searches until the index has come so far, page by page.
func (f *faces) look(p *person, q, options string) []foundItem {
	var out []foundItem
	node, next := f.IntN(2), ""
	for {
		var page struct {
			list[foundItem]
			Complete bool
		}
		f.wait("a complete search", func() bool {
			f.into(f.ask(node, p, "GET", "/search?limit=7&q="+url.QueryEscape(q)+options+next, nil), &page)
			return page.Complete
		})
		out = append(out, page.Items...)
		if page.Next == nil {
			return out
		}
		next = "&cursor=" + url.QueryEscape(*page.Next)
		page.Next = nil
	}
}

// search: of all words, exactly the messages one sees; of a word only one message says, that message or what is answered about
// a word that nobody said.
func (f *faces) search(p *person, t *truth, r Rights) {
	for _, q := range []string{"texte", "révision"} {
		var want []string
		for _, k := range t.kept {
			if r.Sees(k.Message) && k.state != "withdrawn" && (q == "texte") == (k.saidAt() == 1) {
				want = append(want, k.ID)
			}
		}
		var got []string
		var last time.Time
		for _, item := range f.look(p, q, "&team="+t.team) {
			got = append(got, item.Message.ID)
			k := t.byID[item.Message.ID]
			f.check(k != nil && item.Team.ID == t.team && item.Kind == "message", "%s: « %s » finds %s elsewhere", p.id, q, item.Message.ID)
			if k != nil {
				f.check(last.IsZero() || !k.At.After(last), "%s: « %s » finds %s out of order", p.id, q, k.ID)
				last = k.At
			}
		}
		f.check(sameSet(got, want), "%s (%v): « %s » finds %d %v, want %d %v", p.id, p.profession, q, len(got), got, len(want), want)
	}
	for range min(3, len(t.kept)) {
		f.searchOne(p, r, pick(f.dice, t.kept))
	}
}

func (f *faces) searchOne(p *person, r Rights, k *kept) {
	word := wordOf(k.ID, k.saidAt())
	if k.state == "withdrawn" {
		word = wordOf(k.ID, len(f.said[k.ID]))
	}
	if r.Sees(k.Message) && k.state != "withdrawn" {
		found := f.look(p, strings.ToUpper(word), "")
		f.check(len(found) == 1 && found[0].Message.ID == k.ID && f.saidLast(k.ID, found[0].Message.Text), "%s: « %s » finds %+v, want %s", p.id, word, found, k.ID)
		f.meet("face: found")
		for _, item := range found {
			f.check(slices.ContainsFunc(item.Snippet, func(s struct {
				Text string
				Hit  bool
			},
			) bool {
				return s.Hit && s.Text == word
			}), "%s: snippet %+v does not show « %s »", p.id, item.Snippet, word)
		}
	} else {
		f.unfound(p, word)
		f.meet(map[bool]string{true: "face: withdrawn not found", false: "face: hidden not found"}[k.state == "withdrawn" && r.Sees(k.Message)])
	}
	if said := k.saidAt(); said > 1 && k.state == "amended" {
		f.unfound(p, wordOf(k.ID, said-1))
		f.meet("face: former word not found")
	}
}

// unfound compares the answer with that about a word nobody said: the same to the byte.
func (f *faces) unfound(p *person, word string) {
	node := f.IntN(2)
	f.check(len(f.look(p, word, "")) == 0, "%s (%v): « %s » is found", p.id, p.profession, word)
	hidden, absent := f.ask(node, p, "GET", "/search?q="+word, nil), f.ask(node, p, "GET", "/search?q=bdfhkmpqtw", nil)
	if bytes.Contains(hidden.raw, []byte(`"complete":true`)) && bytes.Contains(absent.raw, []byte(`"complete":true`)) {
		f.check(hidden.status == absent.status && bytes.Equal(hidden.raw, absent.raw), "%s: hidden « %s » answered %s, absent %s", p.id, word, hidden, absent)
	}
}

// measures: those of the messages one sees, and nothing of the others.
func (f *faces) measures(p *person, t *truth, r Rights) {
	if !r.Stands() {
		f.absent(p, "measures", "GET", "/teams/%s/measures", t.team, nil)
		return
	}
	want := map[string]float64{}
	for _, k := range t.kept {
		if rate, holds := rateIn(k.ID); holds && r.Sees(k.Message) && k.state != "withdrawn" {
			want[k.ID] = rate
		}
	}
	var got list[struct {
		Code   string
		Points []struct {
			MessageID  string `json:"message_id"`
			Components []struct{ Value float64 }
		}
	}]
	f.into(f.ask(f.IntN(2), p, "GET", "/teams/"+t.team+"/measures?code=heart_rate", nil), &got)
	shown := 0
	for _, series := range got.Items {
		for _, point := range series.Points {
			shown++
			f.meet("face: measure")
			f.check(len(point.Components) == 1 && want[point.MessageID] == point.Components[0].Value, "%s: measure %+v, want %v", p.id, point, want[point.MessageID])
		}
	}
	f.check(shown == len(want), "%s (%v): %d measures, want %d", p.id, p.profession, shown, len(want))
}
