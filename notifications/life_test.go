package notifications_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"liaison/node"
	"liaison/notifications"
	"liaison/storage/storagetest"
)

// order is whom an urgent note of the caller's would alert.
func (w *world) order(p *person, query string) (ids []string, reachable map[string]bool) {
	w.Helper()
	var got struct {
		AlertOrder []struct {
			Professional struct{ ID string }
			Reachable    bool
		} `json:"alert_order"`
	}
	w.into(w.ask(p, "GET", "/teams/"+w.team+"/audience?"+query, nil), &got)
	ids, reachable = []string{}, map[string]bool{}
	for _, one := range got.AlertOrder {
		ids = append(ids, one.Professional.ID)
		reachable[one.Professional.ID] = one.Reachable
	}
	return ids, reachable
}

func (w *world) same(what string, got, want []string) {
	w.Helper()
	if !slices.Equal(got, want) {
		w.Errorf("%s: %v, want %v", what, got, want)
	}
}

// Seats first, then names; the alert column, masks and named people decide who is asked at all; the author never.
func TestWhomAnAlertAsksAndInWhichOrder(t *testing.T) {
	w := newWorld(t, still)
	referent, coordinator := w.hire("Zola", "TRE_G15", "60"), w.hire("Yvon", "TRE_G15", "60")
	w.seat(coordinator, "coordonnateur")
	w.seat(referent, "referent")
	nursing := []string{w.gp.id, referent.id, coordinator.id, w.nurse2.id}
	for query, want := range map[string][]string{
		"category=nursing":                            nursing,
		"category=medication":                         {w.gp.id, referent.id, coordinator.id, w.nurse2.id, w.pharmacist.id},
		"category=nursing&mask=MASQUE_PS":             {},
		"category=nursing&only_to=" + w.nurse2.id:     {w.nurse2.id},
		"category=daily_life":                         {w.gp.id, referent.id, coordinator.id, w.nurse2.id, w.help.id},
		"category=daily_life&mask=MASQUE_PSOCIAL":     {w.gp.id, referent.id, coordinator.id, w.nurse2.id},
		"category=nursing&only_to=" + w.pharmacist.id: {},
	} {
		got, _ := w.order(w.nurse, query)
		if query == "category=daily_life" || query == "category=daily_life&mask=MASQUE_PSOCIAL" {
			slices.Sort(got)
			slices.Sort(want)
		}
		w.same(query, got, want)
	}
	message := w.urgent("nursing")
	a := w.alertOf(w.nurse, message)
	if a.State != "open" || a.Mine || a.Patient.BirthName != "Dufour" || a.Owner == nil || a.Owner.ID != w.gp.id {
		t.Errorf("raised: %+v", a)
	}
	w.same("asked first", a.asked(), []string{w.gp.id})
	if !w.alertOf(w.gp, message).Mine || w.alertOf(w.nurse2, message).Mine {
		t.Error("the médecin traitant is asked, and nobody else")
	}
}

func TestAnAlertIsPassedOnAndEndsUnansweredWithRestartsBetween(t *testing.T) {
	w := newWorld(t, notifications.Times{Grace: 50 * time.Millisecond, Repeat: time.Hour, Next: 5 * time.Second})
	d, _ := w.device(w.gp)
	second, _ := w.device(w.nurse2)
	message := w.urgent("nursing")
	got := w.push.Wait(1)
	if got[0].Device != d {
		t.Error("somebody else was rung first")
	}
	w.stop()
	w.start()
	w.wait("the second is asked", func() bool { return len(w.alertOf(w.nurse, message).Steps) == 2 })
	w.stop()
	w.start()
	w.wait("nobody answered", func() bool { return w.alertOf(w.nurse, message).State == "unanswered" })
	a := w.alertOf(w.nurse, message)
	w.same("asked", a.asked(), []string{w.gp.id, w.nurse2.id})
	if a.Owner != nil || a.EndedBy != nil || a.EndedAt == nil {
		t.Errorf("unanswered: %+v", a)
	}
	w.idle()
	rung := map[bool]int{}
	for _, r := range w.push.Received() {
		rung[r.Device == second]++
	}
	if rung[false] < 1 || rung[true] < 1 {
		t.Errorf("rung %d and %d times", rung[false], rung[true])
	}
	w.wants(w.ask(w.nurse2, "POST", "/alerts/"+a.ID+"/acknowledge", object{"outcome": "taken"}), 409, "alert_ended")
}

func TestTheSamePersonIsAskedAgainBeforeTheNext(t *testing.T) {
	times := slow
	times.Repeat = 300 * time.Millisecond
	w := newWorld(t, times)
	w.device(w.gp)
	message := w.urgent("nursing")
	first := w.push.Wait(4)
	for _, r := range first[1:] {
		if r.Header.Get("Topic") != first[0].Header.Get("Topic") {
			t.Error("a repetition would not replace the push that waits")
		}
	}
	a := w.alertOf(w.nurse, message)
	w.same("asked", a.asked(), []string{w.gp.id})
	if a.Steps[0].RepeatedAt == nil {
		t.Errorf("not said to be asked again: %+v", a.Steps)
	}
}

// The author hears by the socket and by a sync that nobody answered, and that somebody took it.
func TestFramesAndSyncTellThoseWhoReadTheMessage(t *testing.T) {
	w := newWorld(t, still)
	cursor := func(p *person) string {
		var s struct{ Cursor string }
		w.into(w.ask(p, "GET", "/sync", nil), &s)
		return s.Cursor
	}
	before, outside := cursor(w.nurse), cursor(w.help)
	author, asked, blind := w.socket(w.nurse), w.socket(w.gp), w.socket(w.help)
	message := w.urgent("nursing")
	for _, socket := range []chan frame{author, asked} {
		if f := w.frame(socket); f.Type != "message.created" {
			t.Errorf("first %+v", f)
		}
		f := w.frame(socket)
		if f.Type != "alert" || f.Alert.MessageID != message || f.Alert.State != "open" || f.TeamID != w.team || f.ChannelID != w.notebook {
			t.Errorf("then %+v", f)
		}
	}
	a := w.alertOf(w.gp, message)
	for _, mark := range []string{"delivered", "shown", "seen"} {
		w.wants(w.ask(w.gp, "POST", "/alerts/"+a.ID+"/"+mark, nil), 204, "")
		if f := w.frame(author); f.Type != "alert" || f.Alert.ID != a.ID {
			t.Errorf("at %s the author is told %+v", mark, f)
		}
	}
	if s := w.alertOf(w.nurse, message).Steps[0]; s.DeliveredAt == nil || s.SeenAt == nil || s.AnsweredAt != nil {
		t.Errorf("the author sees %+v", s)
	}
	var taken alert
	w.into(w.ask(w.gp, "POST", "/alerts/"+a.ID+"/acknowledge", object{"outcome": "taken"}), &taken)
	if taken.State != "taken" || taken.Owner.ID != w.gp.id || taken.EndedBy.ID != w.gp.id || *taken.Steps[0].Outcome != "taken" {
		t.Errorf("taken: %+v", taken)
	}
	if f := w.frame(author); f.Alert == nil || f.Alert.State != "taken" {
		t.Errorf("the author is told %+v", f)
	}
	// Only what she may see: her own note comes, and nothing of the alert before it.
	w.wants(w.ask(w.help, "POST", "/channels/"+w.notebook+"/messages", object{"id": newID(), "category": "daily_life", "text": "vu"}), 201, "")
	if f := w.frame(blind); f.Type != "message.created" {
		t.Errorf("the home help is told %+v", f)
	}
	w.same("sync of the author", w.alertEvents(w.nurse, before), []string{a.ID + " taken"})
	w.same("sync of the home help", w.alertEvents(w.help, outside), nil)
}

func (w *world) alertEvents(p *person, cursor string) (out []string) {
	w.Helper()
	var s struct {
		Events []frame
	}
	w.into(w.ask(p, "GET", "/sync?cursor="+cursor, nil), &s)
	for _, e := range s.Events {
		if e.Type == "alert" {
			out = append(out, e.Alert.ID+" "+e.Alert.State)
		}
		if e.Type == "message.updated" {
			w.Errorf("an alert made its message look changed")
		}
	}
	return out
}

func TestOnlyOneTakesAnAlert(t *testing.T) {
	w := newWorld(t, still, func(c *node.Config) { c.RedisURL = storagetest.Redis(t).URL })
	other := w.start()
	for range 5 {
		message := w.urgent("nursing")
		a := w.alertOf(w.gp, message)
		answers := make(chan answer, 2)
		go func() {
			answers <- w.askAt(w.nodes[0], w.gp, "POST", "/alerts/"+a.ID+"/acknowledge", object{"outcome": "taken"})
		}()
		go func() {
			answers <- w.askAt(other, w.nurse2, "POST", "/alerts/"+a.ID+"/acknowledge", object{"outcome": "taken"})
		}()
		first, second := <-answers, <-answers
		if first.status > second.status {
			first, second = second, first
		}
		w.wants(first, 200, "")
		w.wants(second, 409, "alert_ended")
		var won alert
		w.into(first, &won)
		var lost struct {
			Alert struct {
				State   string
				EndedBy struct{ ID string } `json:"ended_by"`
			}
		}
		w.must(json.Unmarshal(second.raw, &lost))
		if lost.Alert.State != "taken" || lost.Alert.EndedBy.ID != won.Owner.ID {
			t.Errorf("told %s, won by %s", second, won.Owner.ID)
		}
		winner := map[string]*person{w.gp.id: w.gp, w.nurse2.id: w.nurse2}[won.Owner.ID]
		w.wants(w.ask(winner, "POST", "/alerts/"+a.ID+"/acknowledge", object{"outcome": "taken"}), 200, "")
	}
}

// takers lists to whom somebody may hand an alert over.
func (w *world) takers(p *person, a alert) (ids []string) {
	var list struct {
		Items []struct {
			Professional struct{ ID string }
		}
	}
	w.into(w.ask(p, "GET", "/alerts/"+a.ID+"/takers", nil), &list)
	for _, one := range list.Items {
		ids = append(ids, one.Professional.ID)
	}
	return ids
}

func TestHandingOver(t *testing.T) {
	w := newWorld(t, still)
	d, _ := w.device(w.nurse2)
	message := w.urgent("nursing")
	a := w.alertOf(w.gp, message)
	act := func(p *person, body object) answer { return w.ask(p, "POST", "/alerts/"+a.ID+"/acknowledge", body) }
	w.same("to hand over to", w.takers(w.gp, a), []string{w.nurse2.id})
	w.same("to hand over to", w.takers(w.nurse2, a), []string{w.gp.id})
	w.wants(w.ask(w.help, "GET", "/alerts/"+a.ID+"/takers", nil), 404, "not_found")
	w.wants(act(w.gp, object{"outcome": "handed_over", "to": w.pharmacist.id}), 422, "alert_to_unknown")
	w.wants(act(w.gp, object{"outcome": "handed_over", "to": w.gp.id}), 422, "alert_to_unknown")
	w.wants(act(w.gp, object{"outcome": "later"}), 422, "unknown_outcome")
	w.wants(act(w.nurse, object{"outcome": "taken"}), 403, "forbidden")      // the author
	w.wants(act(w.pharmacist, object{"outcome": "taken"}), 403, "forbidden") // reads, and is alerted of nothing here
	w.wants(act(w.help, object{"outcome": "taken"}), 404, "not_found")
	w.wants(act(w.nurse2, object{"outcome": "handed_over"}), 403, "forbidden") // was not asked
	w.wants(act(w.gp, object{"outcome": "handed_over", "to": w.nurse2.id}), 200, "")
	w.wants(act(w.gp, object{"outcome": "handed_over", "to": w.nurse2.id}), 200, "")
	after := w.alertOf(w.gp, message)
	w.same("asked", after.asked(), []string{w.gp.id, w.nurse2.id})
	if after.State != "open" || after.Mine || after.Owner.ID != w.nurse2.id || !w.alertOf(w.nurse2, message).Mine {
		t.Errorf("handed over: %+v", after)
	}
	// Back to the first: she is asked again; then nobody is left.
	w.wants(act(w.nurse2, object{"outcome": "handed_over", "to": w.gp.id}), 200, "")
	if !w.alertOf(w.gp, message).Mine {
		t.Error("handed back, and not asked")
	}
	w.wants(act(w.gp, object{"outcome": "handed_over"}), 200, "")
	if a := w.alertOf(w.gp, message); a.State != "unanswered" {
		t.Errorf("nobody left: %+v", a)
	}
	if n := len(w.push.Received()); n > 0 || d == nil {
		t.Errorf("rung %d times before the grace", n)
	}
}

func TestSomebodyUnaskedMayTakeIt(t *testing.T) {
	w := newWorld(t, still)
	message := w.urgent("nursing")
	a := w.alertOf(w.nurse2, message)
	var taken alert
	w.into(w.ask(w.nurse2, "POST", "/alerts/"+a.ID+"/acknowledge", object{"outcome": "taken"}), &taken)
	if taken.State != "taken" || taken.Owner.ID != w.nurse2.id || len(taken.Steps) != 2 || taken.Steps[1].AskedAt != nil {
		t.Errorf("taken: %+v", taken)
	}
}

func TestNobodyToAlert(t *testing.T) {
	w := newWorld(t, still)
	author := w.socket(w.help)
	message := w.urgentBy(w.help, "organisation", object{"only_to": []string{w.pharmacist.id}})
	if f := w.frame(author); f.Type != "message.created" {
		t.Errorf("%+v", f)
	}
	if f := w.frame(author); f.Alert == nil || f.Alert.State != "unanswered" {
		t.Errorf("the author is told %+v", f)
	}
	if a := w.alertOf(w.help, message); a.State != "unanswered" || len(a.Steps) != 0 {
		t.Errorf("%+v", a)
	}
	if order, _ := w.order(w.help, "category=organisation&only_to="+w.pharmacist.id); len(order) != 0 {
		t.Errorf("told before sending: %v", order)
	}
}

func TestWithdrawingCancels(t *testing.T) {
	w := newWorld(t, slow)
	w.device(w.gp)
	message := w.urgent("nursing")
	w.push.Wait(1)
	w.wants(w.ask(w.nurse, "POST", "/messages/"+message+"/withdraw", object{"reason": "erreur de patient"}), 200, "")
	a := w.alertOf(w.gp, message)
	if a.State != "cancelled" || a.EndedBy.ID != w.nurse.id || a.Mine {
		t.Errorf("%+v", a)
	}
	w.wants(w.ask(w.gp, "POST", "/alerts/"+a.ID+"/acknowledge", object{"outcome": "taken"}), 409, "alert_ended")
}

func TestListsAndCounts(t *testing.T) {
	w := newWorld(t, still)
	var messages []string
	for range 3 {
		messages = append(messages, w.urgent("nursing"))
	}
	type page struct {
		Items []alert
		Next  *string
	}
	read := func(p *person, query string) (got page) {
		w.into(w.ask(p, "GET", "/alerts?"+query, nil), &got)
		return got
	}
	first := read(w.gp, "state=open&limit=2")
	if len(first.Items) != 2 || first.Next == nil || first.Items[0].MessageID != messages[2] {
		t.Fatalf("first page: %+v", first)
	}
	rest := read(w.gp, "state=open&limit=2&cursor="+*first.Next)
	if len(rest.Items) != 1 || rest.Next != nil || rest.Items[0].MessageID != messages[0] {
		t.Fatalf("second page: %+v", rest)
	}
	w.wants(w.ask(w.gp, "POST", "/alerts/"+rest.Items[0].ID+"/acknowledge", object{"outcome": "taken"}), 200, "")
	if got := read(w.gp, "state=ended"); len(got.Items) != 1 || got.Items[0].State != "taken" {
		t.Errorf("ended: %+v", got)
	}
	for p, want := range map[*person]int{w.gp: 2, w.nurse: 2, w.nurse2: 0, w.help: 0} {
		var list struct {
			Items []struct {
				OpenAlerts int `json:"open_alerts"`
			}
		}
		w.into(w.ask(p, "GET", "/teams", nil), &list)
		var one struct {
			OpenAlerts int `json:"open_alerts"`
		}
		w.into(w.ask(p, "GET", "/teams/"+w.team, nil), &one)
		if list.Items[0].OpenAlerts != want || one.OpenAlerts != want {
			t.Errorf("%s counts %d and %d, want %d", p.login, list.Items[0].OpenAlerts, one.OpenAlerts, want)
		}
	}
	if got := read(w.outsider, "state=open"); len(got.Items) != 0 {
		t.Errorf("an outsider lists %+v", got)
	}
	if got := read(w.help, "state=open"); len(got.Items) != 0 {
		t.Errorf("the home help lists %+v", got)
	}
	w.wants(w.ask(w.gp, "GET", "/alerts?state=none", nil), 422, "invalid_value")
	w.wants(w.ask(w.gp, "GET", "/alerts?cursor=x", nil), 400, "cursor_invalid")
}

// Hidden looks like absent, on every path, byte for byte.
func TestWhoDoesNotReadTheMessageSeesNothingOfItsAlert(t *testing.T) {
	w := newWorld(t, still)
	message := w.urgent("nursing")
	a := w.alertOf(w.gp, message)
	for _, p := range []*person{w.help, w.outsider} {
		for _, path := range []string{"GET /alerts/%s", "POST /alerts/%s/shown", "POST /alerts/%s/delivered", "POST /alerts/%s/seen", "POST /alerts/%s/acknowledge", "GET /messages/%s/alert"} {
			var method, pattern string
			_, err := fmt.Sscanf(path, "%s %s", &method, &pattern)
			w.must(err)
			id, body := a.ID, object(nil)
			if method == "GET" && pattern[1] == 'm' {
				id = message
			}
			var send any
			if pattern == "/alerts/%s/acknowledge" {
				body = object{"outcome": "taken"}
				send = body
			}
			hidden, gone := w.ask(p, method, fmt.Sprintf(pattern, id), send), w.ask(p, method, fmt.Sprintf(pattern, newID()), send)
			if hidden.status != 404 || gone.status != 404 || string(hidden.raw) != string(gone.raw) {
				t.Errorf("%s at %s: hidden %s, absent %s", p.login, path, hidden, gone)
			}
		}
	}
	// A message without an alert answers the same.
	plain := newID()
	w.wants(w.ask(w.nurse, "POST", "/channels/"+w.notebook+"/messages", object{"id": plain, "category": "nursing", "text": "x"}), 201, "")
	w.wants(w.ask(w.gp, "GET", "/messages/"+plain+"/alert", nil), 404, "not_found")
}
