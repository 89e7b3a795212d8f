package proof

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
)

// raised is the alert of a message as its owner reads it in the database.
type raised struct {
	id, message, state string
	asked              []asked
}

type asked struct {
	person string
	at     time.Time
}

func (a *arena) readAlerts(tx pgx.Tx, t *truth) {
	t.alerts = map[string]*raised{}
	var id, message, state, person string
	var at *time.Time
	a.each(tx, []any{&id, &message, &state}, func() { t.alerts[message] = &raised{id: id, message: message, state: state} },
		"select id::text, message_id::text, state from alerts where space_id = $1", t.team)
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

// agreeAsked: whoever was ever asked might be alerted of that message, as it was read at that moment; and came first in order of
// those who had not been asked before, as the circle was known then. A date that passed, or a narrowing, while the turn was given is
// no fault.
func (w *world) agreeAsked(t *truth) {
	for _, alert := range t.alerts {
		k := t.byID[alert.message]
		for i, a := range alert.asked {
			if slices.ContainsFunc(slices.Concat(t.edges, k.narrowedAt()), func(edge time.Time) bool { return edge.Sub(a.at).Abs() < time.Second }) {
				continue
			}
			then := *t
			then.Circle = t.KnownAt(a.at)
			r, m := then.At(a.person, a.at), k.then(a.at)
			w.check(r.alertable(m), "%s was asked of %s (%s) without right to be", a.person, k.ID, m.Category)
			w.meet("alert: asked by right")
			order := slices.DeleteFunc(w.orderOf(&then, m, a.at), func(id string) bool {
				return slices.ContainsFunc(alert.asked[:i], func(before asked) bool { return before.person == id })
			})
			w.check(len(order) > 0 && order[0] == a.person, "%s was asked of %s (%s at %s, asked together or before: %v), in order come %v", a.person,
				k.ID, m.Category, a.at, alert.asked, w.standingsAt(&then, order, a.at))
			if i > 0 {
				w.meet("alert: asked next")
			}
		}
	}
}

// standingsAt says how people stood, for who reads a fault.
func (a *arena) standingsAt(t *truth, people []string, at time.Time) []string {
	var out []string
	for _, id := range people {
		r := t.At(id, at)
		out = append(out, fmt.Sprintf("%s %s rank %d seats %v for %v", id, t.of(id), r.rank(), r.Seats, r.For))
	}
	for _, edge := range t.edges {
		if edge.Sub(at).Abs() < time.Minute {
			out = append(out, fmt.Sprintf("edge %s", edge.Sub(at)))
		}
	}
	return out
}

// orderOf is whom a message alerts: by seat, then by name. Everybody here is called Personne.
func (a *arena) orderOf(t *truth, m Message, at time.Time) []string {
	var out []string
	for _, id := range t.seated(at) {
		if t.At(id, at).alertable(m) {
			out = append(out, id)
		}
	}
	name := func(id string) string {
		i := slices.IndexFunc(a.stock, func(p *person) bool { return p.id == id })
		return a.stock[i].name
	}
	// Somebody who is replaced, by somebody who may be asked herself, comes after the others of her seat.
	late := func(id string) int {
		for _, by := range out {
			if r := t.At(by, at); slices.Contains(r.Seats, "remplacant") && slices.Contains(r.For, id) {
				return 1
			}
		}
		return 0
	}
	slices.SortFunc(out, func(x, y string) int {
		return cmp.Or(cmp.Compare(t.At(x, at).rank(), t.At(y, at).rank()), cmp.Compare(late(x), late(y)), cmp.Compare(name(x), name(y)))
	})
	return out
}

// answerOne has the one whose turn it is hand over an open alert, or somebody take it.
func (w *world) answerOne(t *team) {
	known := w.truthOf(t.id)
	open := slices.DeleteFunc(slices.Collect(maps.Values(known.alerts)), func(a *raised) bool { return a.state != "open" || len(a.asked) == 0 })
	if len(open) == 0 {
		return
	}
	slices.SortFunc(open, func(a, b *raised) int { return cmp.Compare(a.message, b.message) })
	alert := pick(w.dice, open)
	by, outcome := pick(w.dice, w.people), "taken"
	if w.chance(75) {
		last := alert.asked[len(alert.asked)-1].person
		by, outcome = w.people[slices.IndexFunc(w.people, func(p *person) bool { return p.id == last })], "handed_over"
	}
	w.expect(t, "answer alert", answering(by, alert, known.byID[alert.message]), func() answer {
		return w.ask(w.IntN(2), by, "POST", "/alerts/"+alert.id+"/acknowledge", object{"outcome": outcome})
	})
}

// answering: who was asked may answer while she reads the message, as may who could be; an alert may have ended meanwhile.
func answering(by *person, alert *raised, k *kept) func(*truth, time.Time) []int {
	return func(t *truth, at time.Time) []int {
		r := t.At(by.id, at)
		switch {
		case !r.Sees(k.Message):
			return []int{http.StatusNotFound}
		case r.alertable(k.Message) || slices.ContainsFunc(alert.asked, func(a asked) bool { return a.person == by.id }):
			return []int{http.StatusOK, http.StatusConflict}
		}
		return []int{http.StatusForbidden, http.StatusConflict}
	}
}

// rungOut waits until every push is sent.
func (w *world) rungOut(team string) {
	w.wait("every push sent", func() bool {
		var n int
		w.must(w.owner.QueryRow(w.Context(), `select count(*) from river_job j join alerts a on a.id = (j.args->>'alert')::uuid
			where a.space_id = $1 and j.kind in ('alert_ring', 'alert_push') and j.finalized_at is null`, team).Scan(&n))
		return n == 0
	})
}

// agreeRung: every device that rang is of somebody whom that alert asked and might still ask; and every device of the one whose
// turn it is, rang. The dates that passed just before a push are no fault.
func (w *world) agreeRung(t *truth) {
	now, rung := w.now(), map[[2]string]int{}
	for _, push := range w.push.Received() {
		i := slices.IndexFunc(t.kept, func(k *kept) bool { a := t.alerts[k.ID]; return a != nil && a.id == push.Message.AlertID })
		if i < 0 {
			continue
		}
		k, p := t.kept[i], w.rings[push.Device]
		alert := t.alerts[k.ID]
		rung[[2]string{alert.id, p.id}]++
		w.check(slices.ContainsFunc(alert.asked, func(a asked) bool { return a.person == p.id && !a.at.After(push.At) }), "a device of %s rang for %s, which never asked her", p.id, k.ID)
		near := slices.ContainsFunc(slices.Concat(t.edges, k.narrowedAt()), func(edge time.Time) bool { return edge.Sub(push.At).Abs() < committing })
		w.check(near || t.At(p.id, push.At).alertable(k.then(push.At)), "a device of %s rang for %s (%s) without right", p.id, k.ID, k.Category)
		w.meet("push: rung by right")
	}
	for _, alert := range t.alerts {
		k := t.byID[alert.message]
		if alert.state != "open" || len(alert.asked) == 0 {
			continue
		}
		last := alert.asked[len(alert.asked)-1]
		always := t.At(last.person, last.at).alertable(k.Message) && !slices.ContainsFunc(t.edges, func(edge time.Time) bool {
			return edge.After(last.at) && edge.Before(now) && !t.At(last.person, edge).alertable(k.Message)
		})
		i := slices.IndexFunc(w.stock, func(p *person) bool { return p.id == last.person })
		w.check(!always || rung[[2]string{alert.id, last.person}] >= w.stock[i].devices, "%d devices of %s rang for %s, she has %d",
			rung[[2]string{alert.id, last.person}], last.person, k.ID, w.stock[i].devices)
	}
}

// alertOrder compares whom a message would alert with the model.
func (f *faces) alertOrder(p *person, t *truth, m Message, got []string) {
	want := f.orderOf(t, m, f.at)
	f.check(slices.Equal(got, want), "%s: a message of %+v would alert %v, want %v", p.id, m, got, want)
}
