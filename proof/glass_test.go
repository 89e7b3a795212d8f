package proof

import (
	"fmt"
	"net/http"
	"slices"
	"time"
)

// opened is an emergency access as it is written.
type opened struct{ id, person string }

func (a *arena) openedIn(team string) []opened {
	var out []opened
	var o opened
	a.each(a.owner, []any{&o.id, &o.person}, func() { out = append(out, o) }, "select id::text, person_id::text from emergencies where space_id = $1", team)
	return out
}

// breakOne has somebody break the glass of a team, knowing exactly whose dossier it is.
func (w *world) breakOne(t *team) {
	by := pick(w.dice, w.people)
	body := object{
		"id": newID(), "family_name": t.patient["birth_name"], "given_name": t.patient["given_names"], "birth_date": t.patient["birth_date"], "sex": "F",
		"reason": "malaise au domicile", "hours": 2 + w.IntN(23), // an end within the hour would be waited for
	}
	got := w.expect(t, "break the glass", breaking(by), func() answer { return w.ask(w.IntN(2), by, "POST", "/emergencies", body) })
	w.meet(fmt.Sprintf("glass: answered %d", got.status))
	if got.status != http.StatusCreated {
		return
	}
	var e struct {
		MessageID string `json:"message_id"`
		Until     time.Time
	}
	w.into(got, &e)
	zone, err := time.LoadLocation("Europe/Paris")
	w.must(err)
	until := e.Until.In(zone)
	w.acknowledged(e.MessageID, fmt.Sprintf("Accès d’urgence à ce dossier, jusqu’au %s à %d h %02d.\nMotif : %s", until.Format("02/01/2006"), until.Hour(), until.Minute(), body["reason"]))
	// In words that search knows it by.
	text := fmt.Sprintf("révision 2 de %s %s", e.MessageID, wordOf(e.MessageID, 2))
	better := object{"text": text, "reason": "précision"}
	if measures, holds := writing(e.MessageID, "")["measures"]; holds {
		better["measures"] = measures
	}
	amended := w.ask(w.IntN(2), by, "PATCH", "/messages/"+e.MessageID, better, "If-Match", "1")
	w.check(amended.status == http.StatusOK, "the note of an emergency is amended: %s", amended)
	w.acknowledged(e.MessageID, text)
}

// breaking is what the model says of somebody outside who breaks the glass: her profession may, she does not stand there, and a place of
// that basis would give her something.
func breaking(by *person) func(*truth, time.Time) []int {
	return func(t *truth, at time.Time) []int {
		inside := t.Circle
		inside.Places = append(slices.Clone(t.Places), Place{Person: by.id, Seat: "intervenant", Basis: "emergency", From: at, Until: at.Add(time.Hour)})
		switch {
		case !slices.Contains(t.Matrix.actionsOf(by.profession, nil), "break_glass"):
			return []int{http.StatusForbidden}
		case t.At(by.id, at).Stands():
			return []int{http.StatusConflict}
		case !inside.At(by.id, at).Stands():
			return []int{http.StatusNotFound}
		}
		return []int{http.StatusCreated}
	}
}

// emergencies: who stands is told her own, and those who see full reasons all of them; the others find nothing there.
func (f *faces) emergencies(p *person, t *truth, r Rights, all []opened) {
	if !r.Stands() {
		f.absent(p, "emergencies", "GET", "/teams/%s/emergencies", t.team, nil)
		return
	}
	var want []string
	for _, o := range all {
		if o.person == p.id || slices.Contains(r.Actions, "see_full_reasons") {
			want = append(want, o.id)
		}
	}
	var got []string
	var list list[struct {
		ID        string
		MayReview bool                `json:"may_review"`
		Own       struct{ ID string } `json:"professional"`
	}]
	f.into(f.ask(f.IntN(2), p, "GET", "/teams/"+t.team+"/emergencies", nil), &list)
	for _, item := range list.Items {
		got = append(got, item.ID)
		f.check(item.MayReview == (item.Own.ID != p.id && slices.Contains(r.Actions, "see_full_reasons")), "%s may judge an emergency of %s: %v", p.id, item.Own.ID, item.MayReview)
	}
	f.check(sameSet(got, want), "%s is told the emergencies %v, the model says %v", p.id, got, want)
	if len(want) > 0 {
		f.meet("face: emergency told")
	}
}
