package proof

import (
	"net/http"
	"slices"
	"strconv"
	"time"
)

// narrowing takes a message away from some of its readers: by names, a mask, or another category, which may be refused.
func (w *world) narrowing(known *truth, k *kept) object {
	body := object{"reason": "trop largement adressée"}
	switch seated := known.seated(w.now()); {
	case k.Named && w.chance(50):
		body["only_to"] = k.OnlyTo[:1]
	case !k.Named && len(seated) > 0 && w.chance(60):
		body["only_to"] = []string{pick(w.dice, seated), pick(w.dice, seated)}
	case w.chance(60):
		body["masks"] = addOnce(slices.Clone(k.Masks), pick(w.dice, []string{"MASQUE_PS", "MASQUE_PSOCIAL", "MASQUE_PT"}))
	default:
		body["category"] = pick(w.dice, Categories)
	}
	return body
}

func (w *world) narrow(node int, by *person, k *kept, body object) answer {
	got := w.ask(node, by, "POST", "/messages/"+k.ID+"/narrow", body, "If-Match", strconv.Itoa(k.revision))
	if got.status == http.StatusOK {
		w.mu.Lock()
		texts := w.said[k.ID]
		w.mu.Unlock()
		w.acknowledged(k.ID, texts[len(texts)-1]) // another revision, which says the same
	}
	return got
}

// narrowOne narrows a message; nobody reads it afterwards who did not before.
func (w *world) narrowOne(t *team, known *truth, by *person, k *kept) {
	body := w.narrowing(known, k)
	got := w.expect(t, "narrow", func(now *truth, at time.Time) []int {
		want := changing(by, k)(now, at)
		if want[0] != http.StatusOK {
			return want
		}
		if to, moves := body["category"]; moves && to != k.Category && !slices.Contains(now.At(by.id, at).Writes, to.(string)) {
			return append(slices.DeleteFunc(want, func(status int) bool { return status == http.StatusOK }), http.StatusForbidden)
		}
		return append(want, http.StatusUnprocessableEntity) // nothing may change by it, or somebody would read more
	}, func() answer { return w.narrow(w.IntN(2), by, k, body) })
	if got.status != http.StatusOK {
		return
	}
	w.meet("narrowed")
	after, at := w.truthOf(t.id), w.now()
	for _, p := range w.people {
		r := after.At(p.id, at)
		w.check(!r.Sees(after.byID[k.ID].Message) || r.Sees(k.Message), "%s was narrowed, and %s reads it now", k.ID, p.id)
	}
}

// explained: who may ask why is told of everybody who ever had a place what is so.
func (f *faces) explained(p *person, t *truth, r Rights, k *kept) {
	got := f.ask(f.IntN(2), p, "GET", "/messages/"+k.ID+"/explain", nil)
	if !slices.Contains(r.Actions, "see_full_reasons") {
		f.check(got.status == http.StatusForbidden, "%s: explains %s: %s", p.id, k.ID, got)
		return
	}
	var list list[struct {
		Professional struct{ ID string }
		Reads        bool
		Chain        []struct {
			Step string
			OK   bool
		}
	}]
	f.into(got, &list)
	var told []string
	for _, one := range list.Items {
		told = append(told, one.Professional.ID)
		verdict := one.Chain[len(one.Chain)-1]
		want := t.At(one.Professional.ID, f.at).Sees(k.Message)
		f.check(one.Reads == want && verdict.OK == want && verdict.Step != "unspeakable", "%s: of %s, %s is said to read it: %v, by %+v; the model says %v", p.id, k.ID, one.Professional.ID, one.Reads, one.Chain, want)
		f.meet("face: explained")
	}
	placed := slices.DeleteFunc(t.everybody(), func(person string) bool { return len(t.holdings(person)) == 0 })
	slices.Sort(told)
	slices.Sort(placed)
	f.check(slices.Equal(told, placed), "%s: of %s explains %v, and %v had a place", p.id, k.ID, told, placed)
}
