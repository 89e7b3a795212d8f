package mobileapi_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"liaison/mobile-api/apitest"
)

// glass is a circle with a médecin traitant and a référent, and a physician outside who breaks the glass.
type glass struct {
	*circle
	referent *apitest.Client
}

func newGlass(t *testing.T) *glass {
	t.Helper()
	w := &glass{circle: newCircle(t)}
	w.referent = w.Hire("ferrand", apitest.Nurse)
	w.seat(w.doctor, "medecin_traitant")
	w.seat(w.referent, "referent")
	return w
}

func (w *glass) seat(c *apitest.Client, seat string) {
	w.T.Helper()
	answered(w.T, w.doctor.Send("POST", w.at("/members"), fields{"id": apitest.NewID(), "professional_id": c.Person, "seat": seat, "basis": "care_team_3"}, nil), 201)
}

// emergency is what the stranger asks for; her patient is Odette Marie Dufour.
func emergency() fields {
	return fields{
		"id": apitest.NewID(), "family_name": "dufour", "given_name": "Odette", "birth_date": "1939-03-12", "sex": "F",
		"reason": "Malaise à domicile, traitement inconnu", "hours": 4,
	}
}

func (w *glass) opened() apitest.Answer {
	w.T.Helper()
	return answered(w.T, w.stranger.Send("POST", "/emergencies", emergency(), nil), 201)
}

func (w *glass) at(path string) string { return "/teams/" + w.ID.String() + path }

func TestTheGlassIsBrokenForOneExactIdentity(t *testing.T) {
	w := newGlass(t)
	medical := note("medical", "insuffisance cardiaque")
	answered(t, w.doctor.Send("POST", w.messages(), medical, nil), 201)
	psychological := note("psychological", "deuil récent")
	answered(t, w.doctor.Send("POST", w.messages(), psychological, nil), 201)
	refused(t, w.stranger.Send("GET", w.at(""), nil, nil), 404, "not_found")

	body := emergency()
	got := answered(t, w.stranger.Send("POST", "/emergencies", body, nil), 201)
	if got.Text("team_id") != w.ID.String() || got.At("open") != true || got.At("may_review") != false || got.Text("reason") != body["reason"] {
		t.Fatalf("opened: %s", got.Raw)
	}
	until, err := time.Parse(time.RFC3339, got.Text("until"))
	if err != nil || time.Until(until) > 4*time.Hour || time.Until(until) < 4*time.Hour-time.Minute {
		t.Errorf("until %s", got.Text("until"))
	}
	again := answered(t, w.stranger.Send("POST", "/emergencies", body, nil), 200)
	if again.Text("id") != got.Text("id") || again.Text("message_id") != got.Text("message_id") {
		t.Errorf("replayed: %s", again.Raw)
	}
	refused(t, w.stranger.Send("POST", "/emergencies", with(body, "hours", 5), nil), 409, "id_conflict")
	refused(t, w.Hire("autre", apitest.Physician).Send("POST", "/emergencies", body, nil), 409, "id_conflict")
	if other := refused(t, w.stranger.Send("POST", "/emergencies", emergency(), nil), 409, "emergency_not_needed"); other.Text("team_id") != w.ID.String() {
		t.Errorf("which circle: %s", other.Raw)
	}

	notes := answered(t, w.stranger.Send("GET", w.messages(), nil, nil), 200)
	contains(t, string(notes.Raw), "insuffisance cardiaque")
	team := answered(t, w.stranger.Send("GET", w.at(""), nil, nil), 200)
	if actions := team.At("my", "actions").([]any); len(actions) != 1 || actions[0] != "end_own_membership" {
		t.Errorf("may do %v", actions)
	}
	if alerts := team.At("my", "alerts").([]any); len(alerts) != 0 {
		t.Errorf("is alerted of %v", alerts)
	}
	if w.Journalled(w.stranger.Person, "emergency.open", "done") != 1 {
		t.Error("not once in the journal")
	}
}

func TestWhoMayNotBreakTheGlassLearnsNothing(t *testing.T) {
	w := newGlass(t)
	pharmacist := w.Hire("leriche", apitest.Pharmacist)
	here := refused(t, pharmacist.Send("POST", "/emergencies", emergency(), nil), 403, "emergency_not_open")
	nowhere := refused(t, pharmacist.Send("POST", "/emergencies", with(emergency(), "family_name", "Personne"), nil), 403, "emergency_not_open")
	if here.Text("detail") != nowhere.Text("detail") {
		t.Error("the answer tells whether there is a dossier")
	}
	for name, value := range map[string]any{
		"family_name": "Dufours", "given_name": "Odile", "birth_date": "1939-03-13", "sex": "M",
	} {
		refused(t, w.stranger.Send("POST", "/emergencies", with(emergency(), name, value), nil), 404, "emergency_no_match")
	}
	if n := w.Journalled(w.stranger.Person, "emergency.open", "refused"); n != 4 {
		t.Errorf("%d refusals in the journal", n)
	}
	for field, bad := range map[string]any{
		"family_name": "", "given_name": " ", "birth_date": "1939-02-31", "sex": "x", "reason": "vite", "hours": 25,
	} {
		about(t, answered(t, w.stranger.Send("POST", "/emergencies", with(emergency(), field, bad), nil), 422), field)
	}
	about(t, answered(t, w.stranger.Send("POST", "/emergencies", with(emergency(), "hours", 0), nil), 422), "hours")
}

// Who guesses identities is made to wait, whatever the answer would have been.
func TestWhoGuessesIdentitiesWaits(t *testing.T) {
	w := newGlass(t)
	for range 20 {
		refused(t, w.stranger.Send("POST", "/emergencies", with(emergency(), "given_name", "Odile"), nil), 404, "emergency_no_match")
	}
	refused(t, w.stranger.Send("POST", "/emergencies", emergency(), nil), 429, "too_many_attempts")
}

// A patient who refuses physicians, or this one, is not found; and the answer is the same as when she does not exist.
func TestTheGlassDoesNotBreakAPatientsRefusal(t *testing.T) {
	w := newGlass(t)
	refusal := fields{"id": apitest.NewID(), "kind": "opposition", "professional_id": w.stranger.Person}
	answered(t, w.referent.Send("POST", w.at("/will"), refusal, nil), 201)
	refusedHere := refused(t, w.stranger.Send("POST", "/emergencies", emergency(), nil), 404, "emergency_no_match")
	absent := refused(t, w.stranger.Send("POST", "/emergencies", with(emergency(), "family_name", "Personne"), nil), 404, "emergency_no_match")
	if !bytes.Equal(refusedHere.Raw, absent.Raw) {
		t.Errorf("%s\n%s", refusedHere.Raw, absent.Raw)
	}
	if w.Journalled(w.stranger.Person, "emergency.open", "refused") != 2 {
		t.Error("a refusal is not in the journal")
	}
	if kept := answered(t, w.doctor.Send("GET", w.at("/emergencies"), nil, nil), 200).Items(); len(kept) != 0 {
		t.Errorf("kept: %v", kept)
	}

	answered(t, w.referent.Send("POST", w.at("/will"), fields{"id": apitest.NewID(), "kind": "opposition", "withdraws": refusal["id"]}, nil), 201)
	answered(t, w.referent.Send("POST", w.at("/will"), fields{
		"id": apitest.NewID(), "kind": "opposition", "professional_id": w.stranger.Person, "category": "medication",
	}, nil), 201)
	w.opened()
	team := answered(t, w.stranger.Send("GET", w.at(""), nil, nil), 200)
	if raw := string(team.Raw); strings.Contains(raw[strings.Index(raw, `"my":`):], `"medication"`) {
		t.Errorf("reads what the patient refuses: %s", raw)
	}
}

// Médecin traitant and référent are asked at once, in a note that nobody else of the circle reads.
func TestThoseWhoAnswerForTheCircleAreToldAtOnce(t *testing.T) {
	w := newGlass(t)
	message := w.opened().Text("message_id")
	for _, c := range []*apitest.Client{w.doctor, w.referent} {
		told := answered(t, c.Send("GET", "/messages/"+message, nil, nil), 200)
		contains(t, told.Text("text"), "Malaise à domicile")
		alert := answered(t, c.Send("GET", "/messages/"+message+"/alert", nil, nil), 200)
		if alert.At("mine") != true || len(alert.At("steps").([]any)) != 2 {
			t.Errorf("%s is not asked: %s", c.Login, alert.Raw)
		}
	}
	refused(t, w.nurse.Send("GET", "/messages/"+message, nil, nil), 404, "not_found")
	refused(t, w.help.Send("GET", "/messages/"+message, nil, nil), 404, "not_found")
}

func TestAnEmergencyAccessIsFollowedUp(t *testing.T) {
	w := newGlass(t)
	id := w.opened().Text("id")
	one := w.at("/emergencies/" + id)

	due := answered(t, w.doctor.Send("GET", "/emergencies", nil, nil), 200).Items()
	if len(due) != 1 || apitest.At(due[0], "may_review") != true || apitest.At(due[0], "patient", "birth_name") != "Dufour" {
		t.Fatalf("due: %v", due)
	}
	if items := answered(t, w.nurse.Send("GET", w.at("/emergencies"), nil, nil), 200).Items(); len(items) != 0 {
		t.Errorf("a nurse of the circle sees %v", items)
	}
	if items := answered(t, w.nurse.Send("GET", "/emergencies", nil, nil), 200).Items(); len(items) != 0 {
		t.Errorf("a nurse of the circle has to follow up %v", items)
	}
	refused(t, w.nurse.Send("POST", one+"/review", fields{"verdict": "justified"}, nil), 404, "not_found")
	refused(t, w.stranger.Send("POST", one+"/review", fields{"verdict": "justified"}, nil), 403, "emergency_own_review")
	about(t, answered(t, w.doctor.Send("POST", one+"/review", fields{"verdict": "unjustified"}, nil), 422), "note")
	about(t, answered(t, w.doctor.Send("POST", one+"/informed", fields{"at": "2020-01-01T08:00:00Z", "how": "letter"}, nil), 422), "at")

	told := answered(t, w.doctor.Send("POST", one+"/informed", fields{"at": time.Now().UTC().Format(time.RFC3339Nano), "how": "letter"}, nil), 200)
	if told.Text("informed", "how") != "letter" || told.Text("informed", "by", "id") != w.doctor.Person.String() {
		t.Errorf("informed: %s", told.Raw)
	}
	judged := answered(t, w.referent.Send("POST", one+"/review", fields{"verdict": "unjustified", "note": "Elle pouvait m’appeler."}, nil), 200)
	if judged.Text("review", "note") != "Elle pouvait m’appeler." || judged.At("may_review") != false {
		t.Errorf("reviewed: %s", judged.Raw)
	}
	refused(t, w.doctor.Send("POST", one+"/review", fields{"verdict": "justified"}, nil), 409, "emergency_reviewed")
	if items := answered(t, w.doctor.Send("GET", "/emergencies", nil, nil), 200).Items(); len(items) != 0 {
		t.Errorf("still due: %v", items)
	}
	letter := answered(t, w.doctor.Send("GET", one+"/letter.pdf", nil, nil), 200)
	if letter.Header.Get("Content-Type") != "application/pdf" || !bytes.HasPrefix(letter.Raw, []byte("%PDF")) {
		t.Errorf("letter: %v", letter.Header)
	}
	history := answered(t, w.referent.Send("GET", w.at("/journal"), nil, nil), 200)
	contains(t, string(history.Raw), "a ouvert le dossier en urgence (bris de glace)")
}

// Who came in an emergency and stays is given a place like anybody, by who manages the circle.
func TestWhoCameInAnEmergencyMayBeGivenAPlace(t *testing.T) {
	w := newGlass(t)
	w.opened()
	place := fields{"id": apitest.NewID(), "professional_id": w.stranger.Person, "seat": "intervenant", "basis": "care_team_3"}
	answered(t, w.doctor.Send("POST", w.at("/members"), place, nil), 201)
	refused(t, w.doctor.Send("POST", w.at("/members"), with(place, "id", apitest.NewID()), nil), 409, "already_member")
	if actions := answered(t, w.stranger.Send("GET", w.at(""), nil, nil), 200).At("my", "actions").([]any); len(actions) < 2 {
		t.Errorf("may do %v", actions)
	}
	answered(t, w.doctor.Send("DELETE", w.at("/members/"+w.stranger.Person.String()), nil, nil), 204)
	refused(t, w.stranger.Send("GET", w.at(""), nil, nil), 404, "not_found")
}

func TestAnEmergencyAccessEndsByItselfOrBefore(t *testing.T) {
	w := newGlass(t)
	w.opened()
	answered(t, w.stranger.Send("DELETE", w.at("/members/"+w.stranger.Person.String()), nil, nil), 204)
	refused(t, w.stranger.Send("GET", w.at(""), nil, nil), 404, "not_found")
	list := answered(t, w.doctor.Send("GET", w.at("/emergencies"), nil, nil), 200).Items()
	if len(list) != 1 || apitest.At(list[0], "open") != false {
		t.Errorf("after its end: %v", list)
	}
	w.opened()
	if list = answered(t, w.doctor.Send("GET", w.at("/emergencies"), nil, nil), 200).Items(); len(list) != 2 {
		t.Errorf("a second time: %v", list)
	}
}

// Two people of the same names and birth date: neither is opened, and both circles' journals tell.
func TestTheGlassIsNotBrokenByGuessingBetweenTwo(t *testing.T) {
	w := newGlass(t)
	answered(t, w.stranger.Send("PATCH", "/teams/"+w.elsewhere.ID.String()+"/patient", fields{"birth_name": "Du Four", "birth_date": "1939-03-12"}, nil), 200)
	outsider := w.Hire("samu", apitest.Physician)
	refused(t, outsider.Send("POST", "/emergencies", emergency(), nil), 409, "emergency_several")
	if n := w.Journalled(outsider.Person, "emergency.open", "refused"); n != 2 {
		t.Errorf("%d lines", n)
	}
}

// Row-level security lets nobody take a place of that basis without an emergency of her own, nor longer than that.
func TestTheDatabaseKeepsEmergencyPlacesToTheirEmergency(t *testing.T) {
	w := newGlass(t)
	w.opened()
	for name, sql := range map[string]string{
		"without an emergency": `insert into memberships (id, space_id, person_id, seat, basis, valid_from, valid_until, added_by)
			values (gen_random_uuid(), $1, $2, 'intervenant', 'emergency', now(), now() + interval '1 hour', $2)`,
		"for somebody else": `insert into memberships (id, space_id, person_id, seat, basis, valid_from, valid_until, added_by)
			select gen_random_uuid(), $1, person_id, 'intervenant', 'emergency', now(), now() + interval '1 hour', $2 from memberships limit 1`,
		"longer": `insert into memberships (id, space_id, person_id, seat, basis, valid_from, added_by)
			select membership_id, $1, $2, 'intervenant', 'emergency', opened_at, $2 from emergencies`,
		"prolonged":            "update memberships set valid_until = valid_until + interval '1 minute' where space_id = $1 and person_id = $2 and basis = 'emergency'",
		"of another basis":     "update memberships set basis = 'care_team_3' where space_id = $1 and person_id = $2",
		"another's verdict":    "update emergencies set verdict = 'justified', reviewed_at = now(), reviewed_by = gen_random_uuid() where space_id = $1 and person_id = $2",
		"her own verdict":      "update emergencies set verdict = 'justified', reviewed_at = now(), reviewed_by = $2 where space_id = $1",
		"its reason rewritten": "update emergencies set reason = 'x' where space_id = $1 and person_id = $2",
	} {
		tx, err := w.DB.DB.Pool.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tx.Exec(t.Context(), "select set_config('liaison.actor', $1, true)", w.stranger.Person.String()); err != nil {
			t.Fatal(err)
		}
		if _, err := tx.Exec(t.Context(), sql, w.ID, w.stranger.Person); err == nil {
			t.Errorf("%s: let through", name)
		}
		_ = tx.Rollback(t.Context())
	}
}
