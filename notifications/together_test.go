package notifications_test

import (
	"testing"

	"github.com/google/uuid"

	"liaison/access"
	"liaison/chat"
	"liaison/notifications"
	"liaison/notifications/pushtest"
)

// askAll posts what everybody who may be alerted is asked about at once.
func (w *world) askAll(only ...*person) string {
	w.Helper()
	d := chat.Draft{ID: uuid.Must(uuid.NewV7()), Category: "nursing", Text: marker, Urgent: true, AskAll: true}
	for _, p := range only {
		d.OnlyTo = append(d.OnlyTo, uuid.MustParse(p.id))
	}
	_, _, err := w.nodes[0].Chat.Post(w.Context(), access.Actor{Person: uuid.MustParse(w.nurse.id)}, uuid.MustParse(w.notebook), d)
	w.must(err)
	return d.ID.String()
}

func TestEverybodyAskedTogetherIsRungUntilOneTakesIt(t *testing.T) {
	w := newWorld(t, slow)
	gp, _ := w.device(w.gp)
	nurse2, _ := w.device(w.nurse2)
	message := w.askAll(w.gp, w.nurse2)
	rung := map[*pushtest.Device]bool{}
	for _, r := range w.push.Wait(2) {
		rung[r.Device] = true
	}
	if !rung[gp] || !rung[nurse2] {
		t.Fatalf("rung: the GP %v, the nurse %v", rung[gp], rung[nurse2])
	}
	w.same("asked", w.alertOf(w.gp, message).asked(), []string{w.gp.id, w.nurse2.id})
	a := w.alertOf(w.nurse2, message)
	w.wants(w.ask(w.gp, "POST", "/alerts/"+a.ID+"/acknowledge", object{"outcome": "handed_over"}), 200, "")
	w.same("nobody else is asked meanwhile", w.alertOf(w.gp, message).asked(), []string{w.gp.id, w.nurse2.id})
	w.wants(w.ask(w.nurse2, "POST", "/alerts/"+a.ID+"/acknowledge", object{"outcome": "taken"}), 200, "")
	if state := w.alertOf(w.gp, message).State; state != notifications.Taken {
		t.Errorf("the alert is %s", state)
	}
}

// Of those asked together one loses her place: the other is still asked, and is now who is waited for.
func TestWhoWasAskedTogetherGoesOnWithoutTheOther(t *testing.T) {
	w := newWorld(t, still)
	w.seat(w.hire("Manager", "TRE_R85", "330"), "coordonnateur")
	message := w.askAll(w.gp, w.nurse2)
	w.unseat(w.nurse2)
	w.idle()
	a := w.alertOf(w.gp, message)
	if a.State != notifications.Open || !a.Mine || a.Owner.ID != w.gp.id {
		t.Errorf("the GP sees %+v", a)
	}
}

// A copy of the database brings no jobs: both turns are planned again.
func TestTurnsOfPeopleAskedTogetherArePlannedAgain(t *testing.T) {
	w := newWorld(t, still)
	gp, _ := w.device(w.gp)
	nurse2, _ := w.device(w.nurse2)
	message := w.askAll(w.gp, w.nurse2)
	if _, err := w.owner.Exec(t.Context(), "delete from river_job"); err != nil {
		t.Fatal(err)
	}
	w.stop()
	w.cfg.AlertTimes = slow
	w.start()
	rung := map[*pushtest.Device]bool{}
	for _, r := range w.push.Wait(2) {
		rung[r.Device] = true
	}
	if !rung[gp] || !rung[nurse2] {
		t.Errorf("rung: the GP %v, the nurse %v, for %s", rung[gp], rung[nurse2], message)
	}
}
