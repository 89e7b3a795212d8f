package proof

import (
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
)

// raised is the alert of a message as its owner reads it in the database.
type raised struct {
	id, message string
	asked       []asked
}

type asked struct {
	person string
	at     time.Time
}

func (a *arena) readAlerts(tx pgx.Tx, t *truth) {
	t.alerts = map[string]*raised{}
	var id, message, person string
	var at *time.Time
	a.each(tx, []any{&id, &message}, func() { t.alerts[message] = &raised{id: id, message: message} },
		"select id::text, message_id::text from alerts where space_id = $1", t.team)
	a.each(tx, []any{&message, &person, &at}, func() {
		if at != nil {
			t.alerts[message].asked = append(t.alerts[message].asked, asked{person, *at})
		}
	}, "select message_id::text, person_id::text, asked_at from alert_steps where space_id = $1 order by alert_id, place", t.team)
}

// alertable is the rule: the alert column allows the category, she reads the message, and did not write it.
func (r Rights) alertable(m Message) bool {
	return slices.Contains(r.Alerted, m.Category) && r.Person != m.Author && r.Sees(m)
}

// rank is where seats put somebody in the order of an alert.
func (r Rights) rank() int {
	for i, seat := range []string{"medecin_traitant", "referent", "coordonnateur"} {
		if slices.Contains(r.Seats, seat) {
			return i
		}
	}
	return 3
}

// alertsOf: what a person is answered about the alerts of a team.
func (f *faces) alertsOf(p *person, t *truth, r Rights, listed []string) {
	var seen, got, withSteps []string
	for _, k := range t.kept {
		alert := t.alerts[k.ID]
		if alert == nil {
			continue
		}
		if slices.Contains(listed, k.ID) {
			got = append(got, k.ID)
		}
		if !r.Sees(k.Message) {
			f.meet("face: alert hidden")
			if f.chance(30) {
				f.absent(p, "alert", "GET", "/alerts/%s", alert.id, nil)
				f.absent(p, "alert of message", "GET", "/messages/%s/alert", k.ID, nil)
				f.absent(p, "alert to take", "POST", "/alerts/%s/acknowledge", alert.id, object{"outcome": "taken"})
				f.absent(p, "alert to mark", "POST", "/alerts/%s/"+pick(f.dice, []string{"shown", "delivered", "seen"}), alert.id, nil)
			}
			continue
		}
		f.meet("face: alert shown")
		seen = append(seen, k.ID)
		if len(alert.asked) > 0 {
			withSteps = append(withSteps, k.ID)
		}
		f.oneAlert(p, k, alert)
	}
	f.check(sameSet(got, seen), "%s (%v): %d alerts listed, want %d", p.id, p.profession, len(got), len(seen))
	f.alertsBehindTheGate(p, t, seen, withSteps)
}

func (f *faces) oneAlert(p *person, k *kept, alert *raised) {
	var one struct {
		ID        string
		MessageID string `json:"message_id"`
		Steps     []struct{ Professional struct{ ID string } }
	}
	path := pick(f.dice, []string{"/alerts/" + alert.id, "/messages/" + k.ID + "/alert"})
	f.into(f.ask(f.IntN(2), p, "GET", path, nil), &one)
	f.check(one.ID == alert.id && one.MessageID == k.ID && len(one.Steps) >= len(alert.asked), "%s: alert %+v, want %+v", p.id, one, alert)
	for i := range min(len(one.Steps), len(alert.asked)) {
		f.check(one.Steps[i].Professional.ID == alert.asked[i].person, "%s: step %d of %s asks %s", p.id, i, alert.id, one.Steps[i].Professional.ID)
	}
}

// alertsBehindTheGate asks the second lock alone.
func (f *faces) alertsBehindTheGate(p *person, t *truth, seen, withSteps []string) {
	tx, err := f.db.DB.Pool.Begin(f.Context())
	f.must(err)
	defer tx.Rollback(f.Context())
	_, err = tx.Exec(f.Context(), "select set_config('liaison.actor', $1, true)", p.id)
	f.must(err)
	for sql, want := range map[string][]string{
		"select message_id::text from alerts where space_id = $1":               seen,
		"select distinct message_id::text from alert_steps where space_id = $1": withSteps,
	} {
		var got []string
		var id string
		f.each(tx, []any{&id}, func() { got = append(got, id) }, sql, t.team)
		f.check(sameSet(got, want), "%s (%v): row security shows %d alerts or steps, want %d", p.id, p.profession, len(got), len(want))
	}
}

// listedAlerts are the messages of every alert a person lists: those open first, for an alert only ever ends.
func (w *world) listedAlerts(p *person) []string {
	var out []string
	for _, state := range []string{"open", "ended"} {
		next := ""
		for {
			var page list[struct {
				MessageID string `json:"message_id"`
			}]
			w.into(w.ask(w.IntN(2), p, "GET", "/alerts?limit=7&state="+state+next, nil), &page)
			for _, item := range page.Items {
				out = addOnce(out, item.MessageID)
			}
			if page.Next == nil {
				break
			}
			next = "&cursor=" + *page.Next
		}
	}
	return out
}

// agreeAsked: whoever was ever asked, hence rung, might be alerted of that message at that moment; and the first was first in
// order. A date that passed while the turn was given is no fault.
func (w *world) agreeAsked(t *truth) {
	for _, alert := range t.alerts {
		k := t.byID[alert.message]
		for i, a := range alert.asked {
			if slices.ContainsFunc(t.edges, func(edge time.Time) bool { return edge.Sub(a.at).Abs() < time.Second }) {
				continue
			}
			r := t.At(a.person, a.at)
			w.check(r.alertable(k.Message), "%s was asked of %s (%s) without right to be", a.person, k.ID, k.Category)
			w.meet("alert: asked by right")
			if i > 0 {
				continue
			}
			for _, other := range t.seated(a.at) {
				better := t.At(other, a.at)
				w.check(!better.alertable(k.Message) || better.rank() >= r.rank(), "%s was asked before %s", a.person, other)
			}
		}
	}
}

// alertOrder compares whom a message would alert with the model.
func (f *faces) alertOrder(p *person, t *truth, m Message, got []string) {
	var want []string
	for _, id := range t.seated(f.at) {
		if t.At(id, f.at).alertable(m) {
			want = append(want, id)
		}
	}
	f.check(sameSet(got, want), "%s: a message of %+v would alert %v, want %v", p.id, m, got, want)
	rank := 0
	for _, id := range got {
		next := t.At(id, f.at).rank()
		f.check(next >= rank, "%s: order %v", p.id, got)
		rank = next
	}
}
