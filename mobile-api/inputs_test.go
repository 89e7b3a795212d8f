package mobileapi_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"liaison/mobile-api/apitest"
)

func bloodPressure(systolic, diastolic float64) []fields {
	return []fields{{"code": "blood_pressure", "components": []fields{
		{"code": "systolic", "value": systolic, "unit": "mm[Hg]"}, {"code": "diastolic", "value": diastolic, "unit": "mm[Hg]"},
	}}}
}

func TestBadMessages(t *testing.T) {
	w := newCircle(t)
	good := note("nursing", "Pansement refait")
	for _, c := range []struct {
		name  string
		body  fields
		code  string
		field string
	}{
		{"empty", with(good, "text", ""), "text_empty", "text"},
		{"blank", with(good, "text", " \n\t "), "text_empty", "text"},
		{"100 KB", with(good, "text", strings.Repeat("é", 50_000)), "text_too_long", "text"},
		{"NUL", with(good, "text", "a\x00b"), "text_forbidden_character", "text"},
		{"bidi", with(good, "text", "dose \u202e01 mg"), "text_forbidden_character", "text"},
		{"category", with(good, "category", "astrology"), "unknown_category", "category"},
		{"no category", with(good, "category", ""), "unknown_category", "category"},
		{"note type", with(good, "note_type", "ROMAN"), "unknown_note_type", "note_type"},
		{"mask", with(good, "masks", []string{"MASQUE_TOUS"}), "unknown_mask", "masks"},
		{"measure", with(good, "measures", []fields{{"code": "mood", "components": []fields{}}}), "unknown_measure", "measures"},
		{"18/300", with(good, "measures", bloodPressure(18, 300)), "measure_out_of_bounds", "measures"},
		{"diastolic above", with(good, "measures", bloodPressure(80, 120)), "measure_out_of_bounds", "measures"},
		{"outsider named", with(good, "only_to", []string{w.stranger.Person.String()}), "only_to_unknown", "only_to"},
		{"outsider mentioned", with(good, "mentions", []string{w.stranger.Person.String()}), "mention_unknown", "mentions"},
		{"thread of nowhere", with(good, "thread_id", apitest.NewID()), "thread_unknown", "thread_id"},
		{"document", with(good, "document_ids", []any{apitest.NewID()}), "document_unknown", "document_ids"},
		{"id of another version", with(good, "id", "9b2f6f0a-3c5e-4d8a-8f5b-1d2e3f405060"), "invalid_id", "id"},
		{"no id", with(good, "id", nil), "invalid_id", "id"},
		{"id that is none", with(good, "id", "12"), "invalid_id", "id"},
		{"thread id that is none", with(good, "thread_id", "12"), "invalid_id", "thread_id"},
		{"date that is none", with(good, "written_at", "hier"), "invalid_value", "written_at"},
		{"text of another kind", with(good, "text", 12), "invalid_value", "text"},
		{"value of another kind", with(good, "measures", []fields{{"code": "heart_rate", "components": []fields{{"code": "value", "value": "72", "unit": "/min"}}}}), "invalid_value", "measures[0].components[0].value"},
		{"unknown field", with(good, "colour", "red"), "unknown_field", "colour"},
	} {
		a := w.nurse.Send("POST", w.messages(), c.body, nil)
		t.Run(c.name, func(t *testing.T) { about(t, refused(t, a, 422, c.code), c.field) })
	}
	if list := answered(t, w.nurse.Send("GET", w.messages(), nil, nil), 200); len(list.Items()) != 0 {
		t.Fatalf("something was written: %s", list.Raw)
	}
}

func TestBodiesThatCannotBeRead(t *testing.T) {
	w := newCircle(t)
	id := apitest.NewID().String()
	post := func(body string) apitest.Answer { return w.nurse.Send("POST", w.messages(), body, nil) }
	refused(t, post(`{"id":"`+id+`","category":"nursing","text":"caf`+"\xe9"+`"}`), 400, "invalid_utf8")
	refused(t, post(strings.Repeat(" ", 1<<20+1)), 413, "body_too_large")
	for _, body := range []string{`{"id":`, `bonjour`, `{} {}`, ``} {
		refused(t, post(body), 400, "invalid_body")
	}
	refused(t, post(`[]`), 422, "invalid_value")
	refused(t, post(`"texte"`), 422, "invalid_value")
	form := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
	refused(t, w.nurse.Send("POST", w.messages(), "a=b", form), 415, "unsupported_media_type")
	// A lone surrogate is no character: it arrives as one that says so, and is not taken for text.
	a := post(`{"id":"` + id + `","category":"nursing","text":"a\ud800b"}`)
	if a.Status >= 500 {
		t.Fatalf("got %d %s", a.Status, a.Raw)
	}
}

func TestProblemsInTheUsersLanguage(t *testing.T) {
	w := newCircle(t)
	in := func(lang string) apitest.Answer {
		return refused(t, w.stranger.Send("GET", "/teams/"+w.ID.String(), nil, http.Header{"Accept-Language": {lang}}), 404, "not_found")
	}
	for _, lang := range []string{"", "fr", "fr-FR,fr;q=0.9,en;q=0.8", "de", "*", "en;q=0", strings.Repeat("en,", 200)} {
		if got := in(lang).Text("detail"); got != "Dossier introuvable, ou vous n’y avez pas accès." {
			t.Errorf("%q: %q", lang, got)
		}
	}
	for _, lang := range []string{"en", "en-GB,en;q=0.9", "de,en;q=0.5", "fr;q=0.2,en"} {
		if got := in(lang).Text("detail"); got != "Record not found, or you have no access to it." {
			t.Errorf("%q: %q", lang, got)
		}
	}
}

func TestReplays(t *testing.T) {
	w := newCircle(t)
	body := note("nursing", "Pansement refait")
	first := answered(t, w.nurse.Send("POST", w.messages(), body, nil), 201)
	again := answered(t, w.nurse.Send("POST", w.messages(), body, nil), 200)
	if first.Text("id") != again.Text("id") || first.Text("created_at") != again.Text("created_at") {
		t.Fatalf("%s then %s", first.Raw, again.Raw)
	}
	other := refused(t, w.nurse.Send("POST", w.messages(), with(body, "text", "Autre chose"), nil), 409, "id_conflict")
	byOther := refused(t, w.doctor.Send("POST", w.messages(), with(body, "category", "medical"), nil), 409, "id_conflict")
	elsewhere := refused(t, w.nurse.Send("POST", "/channels/"+w.Discussion.String()+"/messages", body, nil), 409, "id_conflict")
	foreign := refused(t, w.stranger.Send("POST", "/channels/"+w.elsewhere.Notebook.String()+"/messages", with(body, "category", "medical"), nil), 409, "id_conflict")
	for _, a := range []apitest.Answer{byOther, elsewhere, foreign} {
		if string(a.Raw) != string(other.Raw) {
			t.Fatalf("told apart: %s and %s", a.Raw, other.Raw)
		}
	}
}

func TestACategoryThatIsNotOnesToWrite(t *testing.T) {
	w := newCircle(t)
	refused(t, w.help.Send("POST", w.messages(), note("medical", "Diagnostic"), nil), 403, "category_not_writable")
	refused(t, w.help.Send("GET", "/teams/"+w.ID.String()+"/audience?category=medical", nil, nil), 403, "category_not_writable")
}

func TestCorrectingNeedsTheRevision(t *testing.T) {
	w := newCircle(t)
	id := w.post("Pansement refait")
	amend := func(client *apitest.Client, revision string, body fields) apitest.Answer {
		header := http.Header{}
		if revision != "" {
			header.Set("If-Match", revision)
		}
		return client.Send("PATCH", "/messages/"+id, body, header)
	}
	change := fields{"text": "Pansement refait à gauche", "reason": "Précision"}
	refused(t, amend(w.nurse, "", change), 428, "revision_required")
	refused(t, amend(w.nurse, "abc", change), 412, "revision_mismatch")
	refused(t, amend(w.nurse, "7", change), 412, "revision_mismatch")
	about(t, refused(t, amend(w.nurse, "1", fields{"text": "Autre"}), 422, "reason_required"), "reason")
	refused(t, amend(w.doctor, "1", change), 403, "forbidden")
	if a := answered(t, amend(w.nurse, `"1"`, change), 200); a.At("revision") != 2.0 || a.Text("state") != "amended" {
		t.Fatalf("got %s", a.Raw)
	}
	answered(t, amend(w.nurse, "1", change), 200) // the same again was done
	refused(t, amend(w.nurse, "1", with(change, "text", "Autre chose")), 412, "revision_mismatch")
	revisions := answered(t, w.doctor.Send("GET", "/messages/"+id+"/revisions", nil, nil), 200)
	if revisions.Text("items", 0, "text") != "Pansement refait" || revisions.Text("items", 0, "reason") != "Précision" {
		t.Fatalf("got %s", revisions.Raw)
	}
	about(t, refused(t, w.nurse.Send("POST", "/messages/"+id+"/withdraw", fields{}, nil), 422, "reason_required"), "reason")
	withdrawn := answered(t, w.nurse.Send("POST", "/messages/"+id+"/withdraw", fields{"reason": "Mauvais patient"}, nil), 200)
	if withdrawn.Text("state") != "withdrawn" {
		t.Fatalf("got %s", withdrawn.Raw)
	}
	refused(t, amend(w.nurse, "3", change), 409, "message_withdrawn")
	if seen := answered(t, w.doctor.Send("GET", "/messages/"+id, nil, nil), 200); seen.Text("withdrawn", "reason") != "Mauvais patient" {
		t.Fatalf("got %s", seen.Raw)
	}
}

func newPatient() fields {
	return fields{
		"id": apitest.NewID(), "birth_name": "Marcillac", "given_names": "Jean", "sex": "M", "birth_date": "1942-07-01",
		"information": fields{"given_by": "Anne Baudry", "given_at": time.Now().Add(-time.Hour).UTC().Format(time.RFC3339)},
	}
}

func TestBadDossiers(t *testing.T) {
	w := newCircle(t)
	good := newPatient()
	for _, c := range []struct {
		body        fields
		code, field string
	}{
		{with(good, "birth_date", time.Now().AddDate(0, 0, 3).Format(time.DateOnly)), "birth_date_future", "birth_date"},
		{with(good, "birth_date", "1942-02-31"), "birth_date_impossible", "birth_date"},
		{with(good, "birth_name", ""), "name_missing", "birth_name"},
		{with(good, "birth_name", "Mar\u202ecillac"), "text_forbidden_character", "birth_name"},
		{with(good, "sex", "X"), "sex_unknown", "sex"},
		{with(good, "seat", "roi"), "unknown_seat", "seat"},
		{with(good, "seat", "secretariat"), "seat_not_open", "seat"},
		{with(good, "information", fields{}), "information_missing", "information"},
		{with(good, "information", fields{"given_by": "A", "given_at": "hier"}), "invalid_value", "information.given_at"},
		{with(good, "id", "x"), "invalid_id", "id"},
	} {
		about(t, refused(t, w.doctor.Send("POST", "/patients", c.body, nil), 422, c.code), c.field)
	}
	about(t, refused(t, w.nurse.Send("POST", "/patients", with(good, "seat", "medecin_traitant"), nil), 422, "seat_needs_physician"), "seat")
	refused(t, w.help.Send("POST", "/patients", good, nil), 403, "forbidden")
}

func TestAPersonWhoHasADossierAlready(t *testing.T) {
	w := newCircle(t)
	body := newPatient()
	answered(t, w.doctor.Send("POST", "/patients", body, nil), 201)
	answered(t, w.doctor.Send("POST", "/patients", body, nil), 200)
	refused(t, w.doctor.Send("POST", "/patients", with(body, "given_names", "Paul"), nil), 409, "id_conflict")

	double := with(body, "id", apitest.NewID())
	mine := refused(t, w.doctor.Send("POST", "/patients", double, nil), 409, "look_alike")
	if mine.Text("candidates", 0, "name") == "" || mine.Text("candidates", 0, "token") == "" {
		t.Fatalf("a member is not told who: %s", mine.Raw)
	}
	hidden := refused(t, w.stranger.Send("POST", "/patients", double, nil), 409, "look_alike")
	if hidden.At("candidates", 0, "name") != nil || hidden.At("candidates", 0, "team_id") != nil || hidden.Text("candidates", 0, "token") == "" {
		t.Fatalf("a stranger is told who: %s", hidden.Raw)
	}
	contains(t, hidden.Text("detail"), "demandez à un membre du cercle ou à l’appui de vous ajouter")
	answered(t, w.stranger.Send("POST", "/patients", with(double, "not_a_double", []string{hidden.Text("candidates", 0, "token")}), nil), 201)
	found := answered(t, w.doctor.Send("GET", "/patients/look-alikes?birth_date=1942-07-01&name=marc", nil, nil), 200)
	if len(found.Items()) != 1 || found.Text("items", 0, "patient", "birth_name") != "Marcillac" {
		t.Fatalf("got %s", found.Raw)
	}
}
