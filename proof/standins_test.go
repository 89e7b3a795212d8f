package proof

import (
	"fmt"
	"net/http"
	"slices"
	"time"
)

// handingOver is the body of a stand-in: everywhere or in this team only; some begin or end by themselves within the second.
func (w *world) handingOver(t *team, by, to *person) object {
	body := object{"id": newID(), "kind": "secretariat", "professional_id": to.id}
	if by.profession.today() == to.profession.today() || w.chance(20) {
		body["kind"] = "replacement"
		body["until"] = w.now().Add(5 * time.Hour)
	} else if w.chance(70) {
		body["categories"] = []string{pick(w.dice, Categories), pick(w.dice, Categories)}
	}
	if w.chance(40) {
		body["team_ids"] = []string{t.id}
	}
	switch w.IntN(6) {
	case 0:
		body["until"] = w.now().Add(time.Duration(300+w.IntN(1200)) * time.Millisecond)
	case 1:
		body["from"] = w.now().Add(time.Duration(300+w.IntN(900)) * time.Millisecond)
	}
	return body
}

// handOne has somebody let another act for her, or end what was given.
func (w *world) handOne(t *team) {
	known := w.truthOf(t.id)
	if len(known.StandIns) > 0 && w.chance(30) {
		w.check(w.endStandIn(w.IntN(2)).status/100 == 2, "a stand-in is ended by who gave it")
		w.meet("stand-in: ended")
		return
	}
	by, to := pick(w.dice, w.people), w.alike(pick(w.dice, w.people))
	body := w.handingOver(t, by, to)
	got := w.expect(t, "stand-in", handing(t.id, by, to, body), func() answer { return w.ask(w.IntN(2), by, "POST", "/stand-ins", body) })
	w.meet(fmt.Sprintf("stand-in: %s, answered %d", body["kind"], got.status))
}

// alike is sometimes another of the same profession.
func (w *world) alike(p *person) *person {
	for _, other := range w.people {
		if other != p && other.profession.today() == p.profession.today() && w.chance(50) {
			return other
		}
	}
	return p
}

// handing is what the model says: somebody else, of the same profession to replace, and a place of one's own in each chosen circle.
func handing(team string, by, to *person, body object) func(*truth, time.Time) []int {
	return func(t *truth, at time.Time) []int {
		own := slices.ContainsFunc(t.holdings(by.id), func(h holding) bool { return h.how == "" && h.Basis != "emergency" && h.Until.After(at) })
		_, chosen := body["team_ids"]
		switch {
		case by == to, body["kind"] == "replacement" && by.profession.today() != to.profession.today():
			return []int{http.StatusUnprocessableEntity}
		case chosen && (!own || !t.At(by.id, at).Stands()):
			return []int{http.StatusUnprocessableEntity, http.StatusCreated} // a place to come may be seen or not
		}
		return []int{http.StatusCreated}
	}
}

// endStandIn ends one of the world's that lasts, by who gave it.
func (w *world) endStandIn(node int) answer {
	var id, by string
	for _, p := range w.people {
		w.each(w.owner, []any{&id}, func() { by = p.id }, "select id::text from stand_ins where for_id = $1 and ended_at is null limit 1", p.id)
		if by != "" {
			return w.ask(node, p, "DELETE", "/stand-ins/"+id, nil)
		}
	}
	return answer{status: http.StatusNoContent}
}

// handing adds what may happen of stand-ins during a race.
func (w *world) handing(acts map[string]func() answer, known *truth, node int) {
	by, to := pick(w.dice, w.people), pick(w.dice, w.people)
	if by != to {
		body := object{"id": newID(), "kind": "secretariat", "professional_id": to.id, "categories": []string{"organisation", "nursing"}}
		acts["in flight: stand-in given"] = func() answer { return w.ask(node, by, "POST", "/stand-ins", body) }
	}
	if len(known.StandIns) > 0 {
		acts["in flight: stand-in ended"] = func() answer { return w.endStandIn(node) }
	}
}
