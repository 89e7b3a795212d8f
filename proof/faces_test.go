package proof

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"
)

// faces compares everything a person is answered about a team with the model. Nothing changes meanwhile.
type faces struct {
	*world
	all []*truth
	at  time.Time
}

func (w *world) faces(all []*truth) {
	f := &faces{world: w, all: all, at: w.now()}
	broken := map[*truth][]opened{}
	for _, t := range all {
		broken[t] = w.openedIn(t.team)
	}
	for _, p := range w.people {
		f.teamList(p)
		listed := w.listedAlerts(p)
		for _, t := range all {
			r := t.At(p.id, f.at)
			f.team(p, t, r)
			for _, channel := range t.channels {
				f.channel(p, t, r, channel)
			}
			for _, k := range t.kept {
				f.meet(t.Why(r, k.Message, f.at))
			}
			for range min(4, len(t.kept)) {
				f.message(p, t, r, pick(w.dice, t.kept))
			}
			f.audience(p, t, r)
			f.search(p, t, r)
			f.measures(p, t, r)
			f.alertsOf(p, t, r, listed)
			f.documents(p, t, r)
			f.emergencies(p, t, r, broken[t])
			f.rowSecurity(p, t, r)
		}
	}
	for _, t := range all {
		f.history(t)
	}
}

// absent compares a refusal with the answer about something that does not exist: byte for byte the same.
func (f *faces) absent(p *person, what, method, path, id string, body any, headers ...string) {
	node := f.IntN(2)
	hidden := f.ask(node, p, method, fmt.Sprintf(path, id), body, headers...)
	gone := f.ask(node, p, method, fmt.Sprintf(path, newID()), body, headers...)
	for _, h := range []http.Header{hidden.header, gone.header} {
		h.Del("X-Request-Id")
		h.Del("Date")
	}
	same := hidden.status == http.StatusNotFound && gone.status == hidden.status && bytes.Equal(hidden.raw, gone.raw) &&
		fmt.Sprint(hidden.header) == fmt.Sprint(gone.header)
	f.check(same, "%s (%v): hidden %s answered %s %v, an absent one %s %v", p.id, p.profession, what, hidden, hidden.header, gone, gone.header)
	f.meet("face: refused like absent")
}

type teamItem struct {
	ID       string
	MySeats  []string `json:"my_seats"`
	Unread   int
	LastAt   *time.Time `json:"last_at"`
	Channels []struct {
		ID     string
		Unread int
		LastAt *time.Time `json:"last_at"`
	}
}

// teamList: exactly the circles where one stands, with figures by one's own eyes.
func (f *faces) teamList(p *person) {
	var got list[teamItem]
	f.into(f.ask(f.IntN(2), p, "GET", "/teams", nil), &got)
	var first caughtUp
	f.into(f.ask(f.IntN(2), p, "GET", "/sync", nil), &first)
	byChannel := map[string]int{}
	for _, c := range first.Channels {
		byChannel[c.ID] = c.Unread
	}
	for _, t := range f.all {
		r := t.At(p.id, f.at)
		i := slices.IndexFunc(got.Items, func(item teamItem) bool { return item.ID == t.team })
		f.check((i >= 0) == r.Stands(), "%s (%v): team listed: %v, stands: %v", p.id, p.profession, i >= 0, r.Stands())
		_, synced := byChannel[t.channels[0]]
		f.check(synced == r.Stands(), "%s: channel in the first sync: %v, stands: %v", p.id, synced, r.Stands())
		if i < 0 || !r.Stands() {
			continue
		}
		f.check(sameSet(got.Items[i].MySeats, r.Seats), "%s: seats %v, want %v", p.id, got.Items[i].MySeats, r.Seats)
		total := 0
		for _, c := range got.Items[i].Channels {
			unread, last := f.figures(t, r, c.ID)
			total += unread
			f.check(c.Unread == unread && byChannel[c.ID] == unread, "%s: %d unread in the list, %d in the sync, want %d", p.id, c.Unread, byChannel[c.ID], unread)
			f.check(sameTime(c.LastAt, last), "%s: last at %v, want %v", p.id, c.LastAt, last)
		}
		f.check(got.Items[i].Unread == total, "%s: %d unread in the team, want %d", p.id, got.Items[i].Unread, total)
	}
}

func sameSet(a, b []string) bool {
	a, b = slices.Clone(a), slices.Clone(b)
	slices.Sort(a)
	slices.Sort(b)
	return slices.Equal(a, b)
}

func sameTime(a, b *time.Time) bool { return (a == nil) == (b == nil) && (a == nil || a.Equal(*b)) }

// figures are what is unread and when something came last, for one pair of eyes.
func (f *faces) figures(t *truth, r Rights, channel string) (unread int, last *time.Time) {
	for _, k := range t.seenBy(r, channel) {
		last = &k.At
		if k.Author != r.Person && k.state != "withdrawn" && k.position > t.marks[[2]string{r.Person, channel}] {
			unread++
		}
	}
	return unread, last
}

func (f *faces) team(p *person, t *truth, r Rights) {
	if !r.Stands() {
		f.absent(p, "team", "GET", "/teams/%s", t.team, nil)
		f.absent(p, "will", "GET", "/teams/%s/will", t.team, nil)
		f.absent(p, "audience", "GET", "/teams/%s/audience?category=organisation", t.team, nil)
		f.absent(p, "member", "POST", "/teams/%s/members", t.team, object{"id": newID(), "professional_id": p.id, "seat": "intervenant", "basis": "care_team_1"})
		return
	}
	var got struct {
		Members []struct {
			Professional struct{ ID string }
			From         time.Time
			Seats        []string
			Reads        *[]string
			Writes       *[]string
		}
		My struct{ Reads, Writes, Alerts, Actions []string }
	}
	f.into(f.ask(f.IntN(2), p, "GET", "/teams/"+t.team, nil), &got)
	f.check(sameSet(got.My.Reads, r.Reads) && sameSet(got.My.Writes, r.Writes) && sameSet(got.My.Alerts, r.Alerted),
		"%s: my rights %+v, want %+v", p.id, got.My, r)
	f.check(sameSet(got.My.Actions, r.Actions), "%s: my actions %v, want %v", p.id, got.My.Actions, r.Actions)
	full := slices.Contains(r.Actions, "see_full_reasons")
	for _, m := range got.Members {
		other := t.At(m.Professional.ID, f.at)
		may := full || m.Professional.ID == p.id
		f.check((m.Reads != nil) == may, "%s: true rights of %s shown: %v, may be: %v", p.id, m.Professional.ID, m.Reads != nil, may)
		if may && m.Reads != nil && m.Writes != nil {
			f.check(sameSet(*m.Reads, other.Reads) && sameSet(*m.Writes, other.Writes), "%s: %s reads %v and writes %v, want %+v", p.id, m.Professional.ID, *m.Reads, *m.Writes, other)
		}
	}
}

// channel: all pages, and the roots alone.
func (f *faces) channel(p *person, t *truth, r Rights, channel string) {
	if !r.Stands() {
		f.absent(p, "channel", "GET", "/channels/%s/messages", channel, nil)
		f.absent(p, "channel to write", "POST", "/channels/%s/messages", channel, object{"id": newID(), "category": "organisation", "text": "non"})
		return
	}
	seen := t.seenBy(r, channel)
	slices.Reverse(seen)
	var roots []*kept
	for _, k := range seen {
		if t.root(r, k) == nil {
			roots = append(roots, k)
		}
	}
	f.sameMessages(p, t, r, "list", f.pages(p, channel, ""), seen)
	f.sameMessages(p, t, r, "list of roots", f.pages(p, channel, "&root_only=true"), roots)
}

func (f *faces) pages(p *person, channel, options string) []shown {
	var out []shown
	node, next := f.IntN(2), ""
	for {
		var page list[shown]
		f.into(f.ask(node, p, "GET", "/channels/"+channel+"/messages?limit=13"+options+next, nil), &page)
		out = append(out, page.Items...)
		if page.Next == nil {
			return out
		}
		next = "&cursor=" + url.QueryEscape(*page.Next)
	}
}

func (f *faces) sameMessages(p *person, t *truth, r Rights, what string, got []shown, want []*kept) {
	f.check(len(got) == len(want), "%s (%v): %s of %d, want %d", p.id, p.profession, what, len(got), len(want))
	for i := range min(len(got), len(want)) {
		f.check(got[i].ID == want[i].ID, "%s: %s: at %d %s, want %s", p.id, what, i, got[i].ID, want[i].ID)
		f.sameMessage(p, t, r, what, got[i], want[i])
	}
}

// sameMessage compares one message as it is shown, with what is personal in it.
func (f *faces) sameMessage(p *person, t *truth, r Rights, what string, m shown, k *kept) {
	f.meet("face: message shown")
	f.check(m.Author.ID == k.Author && m.Category == k.Category && m.Revision == k.revision && m.State == k.state && sameSet(m.Masks, k.Masks) && sameSet(m.OnlyTo, k.OnlyTo),
		"%s: %s shows %+v, want %+v", p.id, what, m, k)
	full := k.Author == p.id || slices.Contains(r.Actions, "see_full_reasons")
	if k.state == "withdrawn" && !full {
		f.check(m.Text == "" && len(m.Documents) == 0, "%s: %s tells a withdrawn text", p.id, what)
	} else {
		f.check(f.sameEnclosed(t, k, m.Documents), "%s: %s: %s holds %+v", p.id, what, k.ID, m.Documents)
		f.check(f.saidLast(k.ID, m.Text), "%s: %s: %s says %q", p.id, what, k.ID, m.Text)
	}
	root := t.root(r, k)
	f.check((m.ThreadID == nil) == (root == nil), "%s: %s: thread of %s is %v", p.id, what, k.ID, m.ThreadID)
	if root == nil && k.thread != "" {
		f.meet("face: reply without its hidden root")
	}
	replies := 0
	for _, other := range t.kept {
		if other.thread == k.ID && r.Sees(other.Message) {
			replies++
		}
	}
	got := 0
	if m.Replies != nil {
		got = m.Replies.Count
	}
	f.check(got == replies, "%s: %s: %s has %d replies, want %d", p.id, what, k.ID, got, replies)
	f.check((m.Receipts != nil) == (k.Author == p.id), "%s: %s: receipts of %s: %+v", p.id, what, k.ID, m.Receipts)
	if m.Receipts != nil {
		f.check(m.Receipts.Of == len(f.readers(t, k)), "%s: %s: %s is for %d, want %d", p.id, what, k.ID, m.Receipts.Of, len(f.readers(t, k)))
	}
}

// readers are the others who may read a message now.
func (f *faces) readers(t *truth, k *kept) []string {
	var out []string
	for _, id := range t.seated(f.at) {
		if id != k.Author && t.At(id, f.at).Sees(k.Message) {
			out = append(out, id)
		}
	}
	return out
}

// message: one by one, what it said before, its thread, its receipts, marks on it.
func (f *faces) message(p *person, t *truth, r Rights, k *kept) {
	if !r.Sees(k.Message) {
		switch path := pick(f.dice, []string{"/messages/%s", "/messages/%s/thread", "/messages/%s/revisions", "/messages/%s/receipts"}); f.IntN(3) {
		case 0:
			f.absent(p, "message to amend", "PATCH", "/messages/%s", k.ID, object{"text": "x", "reason": "x"}, "If-Match", "1")
		case 1:
			f.absent(p, "message to narrow", "POST", "/messages/%s/narrow", k.ID, object{"masks": []string{"MASQUE_PT"}, "reason": "x"}, "If-Match", "1")
			f.absent(p, "message to explain", "GET", "/messages/%s/explain", k.ID, nil)
			f.absent(p, "message to withdraw", "POST", "/messages/%s/withdraw", k.ID, object{"reason": "x"})
		default:
			f.absent(p, path, "GET", path, k.ID, nil)
		}
		f.hiddenIn(p, t, r, k)
		return
	}
	var one shown
	f.into(f.ask(f.IntN(2), p, "GET", "/messages/"+k.ID, nil), &one)
	f.sameMessage(p, t, r, "message", one, k)
	f.thread(p, t, r, k)
	f.revisions(p, r, k)
	f.explained(p, t, r, k)
	f.receipts(p, t, k)
}

// hiddenIn: a hidden id inside a request is as unknown as one that does not exist.
func (f *faces) hiddenIn(p *person, t *truth, r Rights, k *kept) {
	if !r.Stands() {
		return
	}
	read := func(id string) answer {
		return f.ask(0, p, "PUT", "/channels/"+k.channel+"/read", object{"message_id": id})
	}
	hidden, gone := read(k.ID), read(newID())
	f.check(hidden.status == 404 && bytes.Equal(hidden.raw, gone.raw) && hidden.status == gone.status, "%s: mark on hidden: %s, on absent: %s", p.id, hidden, gone)
	if len(r.Writes) == 0 {
		return
	}
	reply := func(id string) answer {
		return f.ask(1, p, "POST", "/channels/"+k.channel+"/messages", object{"id": newID(), "category": r.Writes[0], "text": "x", "thread_id": id})
	}
	hidden, gone = reply(k.ID), reply(newID())
	f.check(hidden.status == 422 && bytes.Equal(hidden.raw, gone.raw) && hidden.status == gone.status, "%s: reply to hidden: %s, to absent: %s", p.id, hidden, gone)
	question := "/teams/" + t.team + "/audience?category=" + r.Writes[0] + "&thread_id="
	hidden, gone = f.ask(0, p, "GET", question+k.ID, nil), f.ask(0, p, "GET", question+newID(), nil)
	f.check(hidden.status == gone.status && bytes.Equal(hidden.raw, gone.raw), "%s: audience under hidden: %s, under absent: %s", p.id, hidden, gone)
}

func (f *faces) thread(p *person, t *truth, r Rights, k *kept) {
	var want []*kept
	top := k
	if root := t.root(r, k); root != nil {
		top = root
	}
	for _, other := range t.seenBy(r, k.channel) {
		if other.ID == top.ID || other.thread == top.ID {
			want = append(want, other)
		}
	}
	var got list[shown]
	f.into(f.ask(f.IntN(2), p, "GET", "/messages/"+k.ID+"/thread", nil), &got)
	f.sameMessages(p, t, r, "thread", got.Items, want)
}

func (f *faces) revisions(p *person, r Rights, k *kept) {
	var got list[struct {
		Revision int
		Text     string
	}]
	f.into(f.ask(f.IntN(2), p, "GET", "/messages/"+k.ID+"/revisions", nil), &got)
	if k.state == "withdrawn" && k.Author != p.id && !slices.Contains(r.Actions, "see_full_reasons") {
		f.check(len(got.Items) == 0, "%s: tells what a withdrawn message said", p.id)
		return
	}
	f.check(len(got.Items) == k.revision-1, "%s: %d former revisions of %s, want %d", p.id, len(got.Items), k.ID, k.revision-1)
	for _, past := range got.Items {
		f.meet("face: former revision")
		texts := f.said[k.ID]
		f.check(past.Revision <= len(texts) && texts[past.Revision-1] == past.Text, "%s: revision %d of %s said %q, want %q", p.id, past.Revision, k.ID, past.Text, texts)
	}
}

func (f *faces) receipts(p *person, t *truth, k *kept) {
	r := f.ask(f.IntN(2), p, "GET", "/messages/"+k.ID+"/receipts", nil)
	if k.Author != p.id {
		f.check(r.status == http.StatusForbidden, "%s: somebody else's receipts: %s", p.id, r)
		return
	}
	var got list[struct {
		Professional struct{ ID string }
		SeenAt       *time.Time `json:"seen_at"`
		DeliveredAt  *time.Time `json:"delivered_at"`
	}]
	f.check(r.status == 200 && json.Unmarshal(r.raw, &got) == nil, "%s: own receipts: %s", p.id, r)
	want := f.readers(t, k)
	for key := range t.receipts {
		if key[0] == k.ID {
			want = addOnce(want, key[1])
		}
	}
	var listed []string
	for _, item := range got.Items {
		listed = append(listed, item.Professional.ID)
		seen, reached := t.receipts[[2]string{k.ID, item.Professional.ID}]
		f.check((item.DeliveredAt != nil) == reached && (item.SeenAt != nil) == seen, "%s: receipt of %s: %+v, want %v, %v", p.id, k.ID, item, reached, seen)
	}
	f.check(sameSet(listed, want), "%s: receipts of %s: %v, want %v", p.id, k.ID, listed, want)
	f.meet("face: own receipts")
}
