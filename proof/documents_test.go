package proof

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"image"
	"image/color"
	"image/jpeg"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
)

// file is what was sent of one document: what every face must give back to who may read it, and nothing to anybody else.
type file struct {
	name, caption, mediaType string
	kind                     string // its type, or ""
	bytes                    []byte
	width, height            int // of a picture
}

// filed is one document as its owner reads it in the database; message is "" of an unattached one.
type filed struct {
	id, uploader, message, state string
	place                        int
}

func (a *arena) readFiled(tx pgx.Tx, t *truth) {
	var d filed
	a.each(tx, []any{&d.id, &d.uploader, &d.message, &d.state, &d.place}, func() {
		one := d
		t.filed = append(t.filed, &one)
	}, `select id::text, uploader_id::text, coalesce(message_id::text, ''), state, coalesce(place, 0) from documents
		where space_id = $1 order by attached_at desc nulls last, id desc`, t.team)
}

// reads is the rule: an unattached document is its uploader's while she stands here; an attached one is where its message is,
// and of a withdrawn message its author's, and theirs who are entitled to full reasons.
func (t *truth) reads(r Rights, d *filed) bool {
	if k := t.byID[d.message]; k != nil {
		return k.opens(r, k.Message)
	}
	return d.uploader == r.Person && r.Stands()
}

// readsThen is reads at a moment that is over, when the message may have had other readers.
func (t *truth) readsThen(person string, d *filed, at time.Time) bool {
	r := t.At(person, at)
	if k := t.byID[d.message]; k != nil {
		return k.opens(r, k.then(at))
	}
	return t.reads(r, d)
}

func (k *kept) opens(r Rights, m Message) bool {
	return r.Sees(m) && (k.state != "withdrawn" || k.Author == r.Person || slices.Contains(r.Actions, "see_full_reasons"))
}

// enclosed is a document as its message shows it.
type enclosed struct {
	ID           string
	Name         string
	Caption      *string
	MediaType    string `json:"media_type"`
	Size         int
	Width        *int
	Height       *int
	HasThumbnail bool    `json:"has_thumbnail"`
	Type         *string `json:"document_type"`
}

func (e enclosed) is(id string, f *file) bool {
	return e.ID == id && f != nil && e.Name == f.name && e.Caption != nil && *e.Caption == f.caption && e.MediaType == f.mediaType && e.Size == len(f.bytes) && kindOf(e.Type) == f.kind &&
		e.HasThumbnail == (f.width > 0) && (f.width == 0 || e.Width != nil && *e.Width == f.width && e.Height != nil && *e.Height == f.height)
}

func kindOf(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}

// sameEnclosed: a message holds the documents that were posted with it, in their order.
func (w *world) sameEnclosed(t *truth, k *kept, got []enclosed) bool {
	var want []*filed
	for _, d := range t.filed {
		if d.message == k.ID {
			want = append(want, d)
		}
	}
	slices.SortFunc(want, func(a, b *filed) int { return a.place - b.place })
	return slices.EqualFunc(got, want, func(e enclosed, d *filed) bool { return e.is(d.id, w.fileOf(d.id)) })
}

func (w *world) fileOf(id string) *file {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.files[id]
}

// aFile is a small picture or a text that say their id.
func (d dice) aFile(id string) *file {
	f := &file{name: "Pièce " + wordOf(id, 1) + ".txt", caption: "Légende " + wordOf(id, 2), mediaType: "text/plain", bytes: []byte("contenu de " + id)}
	if d.chance(60) {
		f.kind = pick(d, someTypes)
	}
	if d.chance(60) {
		f.name, f.mediaType = "Pièce "+wordOf(id, 1)+".jpg", "image/jpeg"
		f.width, f.height = 2+d.IntN(6), 2+d.IntN(6)
		picture := image.NewGray(image.Rect(0, 0, f.width, f.height))
		picture.Set(0, 0, color.Gray{byte(d.IntN(256))})
		var out bytes.Buffer
		if err := jpeg.Encode(&out, picture, nil); err != nil {
			panic(err)
		}
		f.bytes = out.Bytes()
	}
	return f
}

// enclose sends one document or two, mostly names them in the post that follows, and sometimes somebody else's with them.
func (w *world) enclose(t *team, by *person, body object) {
	var ids []string
	for range 1 + w.IntN(2) {
		if id := w.upload(t, by); id != "" {
			ids = append(ids, id)
		}
	}
	if len(ids) > 0 && w.chance(75) {
		body["document_ids"] = ids
	}
}

// upload announces a document and sends it; "" when either was refused.
func (w *world) upload(t *team, by *person) string {
	id := newID()
	f := w.aFile(id)
	sum := sha256.Sum256(f.bytes)
	body := object{"id": id, "team_id": t.id, "name": f.name, "size": len(f.bytes), "sha256": hex.EncodeToString(sum[:]), "caption": f.caption}
	if f.kind != "" {
		body["document_type"] = f.kind
	}
	got := w.expect(t, "announce document", announcing(by), func() answer { return w.ask(w.IntN(2), by, "POST", "/documents", body) })
	if got.status != http.StatusCreated {
		return ""
	}
	w.mu.Lock()
	w.files[id] = f
	w.mu.Unlock()
	got = w.expect(t, "send document", sending(by), func() answer {
		return w.ask(w.IntN(2), by, "PATCH", "/documents/"+id+"/content", f.bytes, "Content-Type", "application/offset+octet-stream", "Upload-Offset", "0")
	})
	if got.status != http.StatusNoContent {
		return ""
	}
	return id
}

func announcing(by *person) func(*truth, time.Time) []int {
	return func(t *truth, at time.Time) []int {
		r := t.At(by.id, at)
		switch {
		case !r.Stands():
			return []int{http.StatusNotFound}
		case len(r.Writes) == 0:
			return []int{http.StatusForbidden}
		}
		return []int{http.StatusCreated}
	}
}

func sending(by *person) func(*truth, time.Time) []int {
	return func(t *truth, at time.Time) []int {
		if !t.At(by.id, at).Stands() {
			return []int{http.StatusNotFound}
		}
		return []int{http.StatusNoContent}
	}
}

// documents: the list of a circle, and some of its documents by every path that leads to one.
func (f *faces) documents(p *person, t *truth, r Rights) {
	if r.Stands() {
		f.documentList(p, t, r)
	} else {
		f.absent(p, "documents", "GET", "/teams/%s/documents", t.team, nil)
		announce := func(team string) answer {
			return f.ask(0, p, "POST", "/documents", object{"id": newID(), "team_id": team, "name": "a.txt", "size": 1, "sha256": hex.EncodeToString(make([]byte, 32))})
		}
		hidden, gone := announce(t.team), announce(newID())
		f.check(hidden.status == 404 && gone.status == 404 && bytes.Equal(hidden.raw, gone.raw), "%s: document for a hidden circle: %s, for an absent one: %s", p.id, hidden, gone)
	}
	var unseen, seen []*filed
	for _, d := range t.filed {
		if t.reads(r, d) {
			seen = append(seen, d)
		} else {
			unseen = append(unseen, d)
		}
	}
	for range min(2, len(unseen)) {
		f.hiddenDocument(p, t, r, pick(f.dice, unseen))
	}
	for range min(2, len(seen)) {
		f.shownDocument(p, t, pick(f.dice, seen))
	}
	if len(t.filed) > 0 {
		f.searchDocument(p, t, r, pick(f.dice, t.filed))
	}
}

// documentList: those of the messages one sees, newest first, and no unattached one.
func (f *faces) documentList(p *person, t *truth, r Rights) {
	var want []*filed
	for _, d := range t.filed {
		if d.message != "" && t.reads(r, d) {
			want = append(want, d)
		}
	}
	var got []listedDocument
	node := f.IntN(2)
	for next := "?limit=5"; next != ""; {
		var page list[listedDocument]
		f.into(f.ask(node, p, "GET", "/teams/"+t.team+"/documents"+next, nil), &page)
		got = append(got, page.Items...)
		next = ""
		if page.Next != nil {
			next = "?limit=5&cursor=" + url.QueryEscape(*page.Next)
		}
	}
	f.check(len(got) == len(want), "%s (%v): %d documents listed, want %d", p.id, p.profession, len(got), len(want))
	for i := range min(len(got), len(want)) {
		f.check(got[i].is(want[i].id, f.fileOf(want[i].id)) && got[i].where(t, want[i]), "%s: document %d listed is %+v, want %+v", p.id, i, got[i], want[i])
	}
}

type listedDocument struct {
	enclosed
	TeamID    string  `json:"team_id"`
	MessageID *string `json:"message_id"`
	ChannelID *string `json:"channel_id"`
	Category  *string
	Uploader  struct{ ID string }
	State     string
}

func (l listedDocument) where(t *truth, d *filed) bool {
	if l.TeamID != t.team || l.Uploader.ID != d.uploader || l.State != d.state {
		return false
	}
	k := t.byID[d.message]
	if k == nil {
		return l.MessageID == nil && l.ChannelID == nil && l.Category == nil
	}
	return l.MessageID != nil && *l.MessageID == k.ID && l.ChannelID != nil && *l.ChannelID == k.channel && l.Category != nil && *l.Category == k.Category
}

// hiddenDocument: on each path it is as absent as one that does not exist, and so it is inside a post.
func (f *faces) hiddenDocument(p *person, t *truth, r Rights, d *filed) {
	f.meet("face: document hidden")
	if k := t.byID[d.message]; k == nil {
		f.meet("face: unattached, its uploader's alone")
	} else if r.Sees(k.Message) {
		f.meet("face: document of a withdrawn message")
	}
	f.absent(p, "document", "GET", "/documents/%s", d.id, nil)
	f.absent(p, "thumbnail", "GET", "/documents/%s/thumbnail", d.id, nil)
	f.absent(p, "content", "GET", "/documents/%s/content"+pick(f.dice, []string{"", "?inline=1"}), d.id, nil)
	f.absent(p, "range", "GET", "/documents/%s/content", d.id, nil, "Range", "bytes=0-0")
	switch f.IntN(3) {
	case 0:
		f.absent(p, "document to remove", "DELETE", "/documents/%s", d.id, nil)
	case 1:
		f.absent(p, "upload", "HEAD", "/documents/%s/content", d.id, nil)
	default:
		f.absent(p, "bytes", "PATCH", "/documents/%s/content", d.id, []byte("a"), "Content-Type", "application/offset+octet-stream", "Upload-Offset", "0")
	}
	if len(r.Writes) == 0 {
		return
	}
	post := func(id string) answer {
		return f.ask(1, p, "POST", "/channels/"+t.channels[0]+"/messages", object{"id": newID(), "category": r.Writes[0], "text": "x", "document_ids": []string{id}})
	}
	hidden, gone := post(d.id), post(newID())
	f.check(hidden.status == 422 && bytes.Equal(hidden.raw, gone.raw) && hidden.status == gone.status, "%s: post with a hidden document: %s, with an absent one: %s", p.id, hidden, gone)
}

// shownDocument reads one whole, in part and small.
func (f *faces) shownDocument(p *person, t *truth, d *filed) {
	f.meet("face: document shown")
	var one listedDocument
	f.into(f.ask(f.IntN(2), p, "GET", "/documents/"+d.id, nil), &one)
	sent := f.fileOf(d.id)
	f.check(one.where(t, d), "%s: document %+v, want %+v", p.id, one, d)
	if d.state != "ready" {
		return
	}
	f.check(one.is(d.id, sent), "%s: document %+v, want %s", p.id, one, sent.name)
	whole := f.ask(f.IntN(2), p, "GET", "/documents/"+d.id+"/content", nil)
	f.check(whole.status == http.StatusOK && bytes.Equal(whole.raw, sent.bytes), "%s: %s holds %d other bytes: %d", p.id, d.id, len(whole.raw), whole.status)
	f.meet("face: whole file")
	from := f.IntN(len(sent.bytes))
	to := from + f.IntN(len(sent.bytes)-from)
	part := f.ask(f.IntN(2), p, "GET", "/documents/"+d.id+"/content", nil, "Range", "bytes="+strconv.Itoa(from)+"-"+strconv.Itoa(to))
	whole206 := from == 0 && to == len(sent.bytes)-1 // all of it may come as the whole
	f.check((part.status == http.StatusPartialContent || whole206 && part.status == http.StatusOK) && bytes.Equal(part.raw, sent.bytes[from:to+1]),
		"%s: bytes %d to %d of %s: %d, %d bytes", p.id, from, to, d.id, part.status, len(part.raw))
	f.meet("face: range")
	small := f.ask(f.IntN(2), p, "GET", "/documents/"+d.id+"/thumbnail", nil)
	if sent.width == 0 {
		f.check(small.status == http.StatusNotFound, "%s: thumbnail of a text: %s", p.id, small)
		return
	}
	cfg, err := jpeg.DecodeConfig(bytes.NewReader(small.raw))
	f.check(err == nil && cfg.Width == sent.width && cfg.Height == sent.height, "%s: thumbnail of %s: %d %v %v", p.id, d.id, small.status, cfg, err)
	f.meet("face: thumbnail")
}

// searchDocument looks for the name and the caption of one document: of a message one sees, that is not withdrawn.
func (f *faces) searchDocument(p *person, t *truth, r Rights, d *filed) {
	word, other := wordOf(d.id, 1), wordOf(d.id, 2)
	k := t.byID[d.message]
	if k == nil || k.state == "withdrawn" || !r.Sees(k.Message) {
		f.unfound(p, pick(f.dice, []string{word, other}))
		f.meet("face: hidden document not found")
		return
	}
	f.meet("face: document found")
	found := f.look(p, word+" "+other, "&kind=document")
	f.check(len(found) == 1 && found[0].Kind == "document" && found[0].Document.is(d.id, f.fileOf(d.id)) && found[0].Message.ID == k.ID,
		"%s: « %s » finds %+v, want document %s", p.id, word, found, d.id)
	for _, item := range found {
		hits := 0
		for _, s := range item.Snippet {
			if s.Hit && (s.Text == word || s.Text == other) {
				hits++
			}
		}
		f.check(hits > 0, "%s: snippet %+v does not show « %s »", p.id, item.Snippet, word)
	}
}
