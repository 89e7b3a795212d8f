package mobileapi_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	mobileapi "liaison/mobile-api"
	"liaison/mobile-api/apitest"
)

func searchFor(q string, more ...string) string {
	v := url.Values{"q": {q}}
	for i := 0; i+1 < len(more); i += 2 {
		v.Set(more[i], more[i+1])
	}
	return "/search?" + v.Encode()
}

// kinds lists what was found, by kind.
func kinds(a apitest.Answer) []string {
	out := []string{}
	for _, item := range a.Items() {
		out = append(out, apitest.At(item, "kind").(string))
	}
	return out
}

func TestSearchAnswersWithCircleAndSnippet(t *testing.T) {
	w := newCircle(t)
	id := w.post("2 prises du soir oubliées, <b>refus</b> ce matin")
	got := answered(t, w.doctor.Send("GET", searchFor("prise oubliée"), nil, nil), 200)
	if got.At("complete") != true || got.At("next") != nil || !slices.Equal(kinds(got), []string{"message"}) {
		t.Fatalf("%s", got.Raw)
	}
	if got.Text("items", 0, "message", "id") != id || got.Text("items", 0, "team", "id") != w.Circle.ID.String() ||
		got.Text("items", 0, "team", "patient", "birth_name") != "Dufour" {
		t.Errorf("%s", got.Raw)
	}
	if got.Text("items", 0, "snippet", 1, "text") != "prises" || got.At("items", 0, "snippet", 1, "hit") != true {
		t.Errorf("%v", got.At("items", 0, "snippet"))
	}
	for name, who := range map[string]*apitest.Client{"home help": w.help, "stranger": w.stranger} {
		hidden := answered(t, who.Send("GET", searchFor("prise oubliée"), nil, nil), 200)
		absent := answered(t, who.Send("GET", searchFor("varicelle"), nil, nil), 200)
		if string(hidden.Raw) != string(absent.Raw) || len(hidden.Items()) != 0 {
			t.Errorf("%s: %s, absent %s", name, hidden.Raw, absent.Raw)
		}
	}
}

func TestSearchFindsOnesOwnPatients(t *testing.T) {
	w := newCircle(t)
	w.post("Dufour va bien")
	both := answered(t, w.doctor.Send("GET", searchFor("dufour"), nil, nil), 200)
	if !slices.Equal(kinds(both), []string{"patient", "message"}) {
		t.Errorf("%s", both.Raw)
	}
	for q, want := range map[string]int{"DUF": 1, "odétte duf": 1, "lescure": 0, "marie": 1} {
		got := answered(t, w.doctor.Send("GET", searchFor(q, "kind", "patient"), nil, nil), 200)
		if len(got.Items()) != want {
			t.Errorf("%s: %s", q, got.Raw)
		}
	}
	if got := answered(t, w.doctor.Send("GET", searchFor("dufour", "category", "nursing"), nil, nil), 200); !slices.Equal(kinds(got), []string{"message"}) {
		t.Errorf("narrowed to a category: %s", got.Raw)
	}
	if got := answered(t, w.stranger.Send("GET", searchFor("dufour"), nil, nil), 200); len(got.Items()) != 0 {
		t.Errorf("a stranger: %s", got.Raw)
	}
}

func TestSearchRefusesWhatCannotBe(t *testing.T) {
	w := newCircle(t)
	for q, code := range map[string]string{"": "search_empty", "&|!()": "search_empty", "le la": "search_empty", strings.Repeat("a", 10_000): "search_too_long"} {
		refused(t, w.doctor.Send("GET", searchFor(q), nil, nil), 422, code)
	}
	for field, code := range map[string]string{"team": "invalid_id", "author": "invalid_id", "from": "invalid_value", "to": "invalid_value", "category": "unknown_category", "note_type": "unknown_note_type", "kind": "invalid_value"} {
		about(t, refused(t, w.doctor.Send("GET", searchFor("plaie", field, "x"), nil, nil), 422, code), field)
	}
	refused(t, w.doctor.Send("GET", searchFor("plaie", "cursor", "x"), nil, nil), 400, "cursor_invalid")
	refused(t, w.Nobody().Send("GET", searchFor("plaie"), nil, nil), 401, "token_invalid")
}

func TestMeasuresOverTime(t *testing.T) {
	w := newCircle(t)
	pressure := func(high, low int) fields {
		return with(note("nursing", ""), "measures", []fields{
			{"code": "blood_pressure", "components": []fields{{"code": "systolic", "value": high, "unit": "mm[Hg]"}, {"code": "diastolic", "value": low, "unit": "mm[Hg]"}}},
			{"code": "heart_rate", "components": []fields{{"code": "value", "value": 72, "unit": "/min"}}},
		})
	}
	var ids []string
	for _, body := range []fields{pressure(186, 104), pressure(150, 90), pressure(120, 70)} {
		answered(t, w.nurse.Send("POST", w.messages(), body, nil), 201)
		ids = append(ids, body["id"].(interface{ String() string }).String())
	}
	path := "/teams/" + w.Circle.ID.String() + "/measures"
	got := answered(t, w.doctor.Send("GET", path+"?code=blood_pressure", nil, nil), 200)
	if len(got.Items()) != 1 || got.Text("items", 0, "points", 0, "message_id") != ids[0] || got.At("items", 0, "points", 2, "components", 1, "value") != float64(70) ||
		got.Text("items", 0, "points", 0, "author", "display_name") == "" {
		t.Fatalf("%s", got.Raw)
	}
	fixed := fields{"reason": "erreur", "measures": []fields{{"code": "heart_rate", "components": []fields{{"code": "value", "value": 70, "unit": "/min"}}}}}
	answered(t, w.nurse.Send("PATCH", "/messages/"+ids[0], fixed, map[string][]string{"If-Match": {"1"}}), 200)
	answered(t, w.nurse.Send("POST", "/messages/"+ids[1]+"/withdraw", fields{"reason": "erreur"}, nil), 200)
	got = answered(t, w.doctor.Send("GET", path, nil, nil), 200)
	if len(got.Items()) != 2 || got.Text("items", 0, "code") != "blood_pressure" || got.Text("items", 0, "points", 0, "message_id") != ids[2] ||
		got.At("items", 0, "points", 1) != nil || got.At("items", 1, "points", 0, "components", 0, "value") != float64(70) {
		t.Errorf("%s", got.Raw)
	}
	if none := answered(t, w.help.Send("GET", path, nil, nil), 200); len(none.Items()) != 0 {
		t.Errorf("home help: %s", none.Raw)
	}
	if none := answered(t, w.doctor.Send("GET", path+"?to=2020-01-01T00:00:00Z", nil, nil), 200); len(none.Items()) != 0 {
		t.Errorf("before: %s", none.Raw)
	}
	refused(t, w.stranger.Send("GET", path, nil, nil), 404, "not_found")
	about(t, refused(t, w.doctor.Send("GET", path+"?code=mood", nil, nil), 422, "unknown_measure"), "code")
	about(t, refused(t, w.doctor.Send("GET", path+"?from=hier", nil, nil), 422, "invalid_value"), "from")
}

func TestSearchIsLimited(t *testing.T) {
	t.Parallel()
	w := apitest.New(t, func(c *mobileapi.Config) {
		c.RateLimit = mobileapi.RateLimit{Search: mobileapi.Rate{PerSecond: 0.01, Burst: 2}}
	})
	who := w.Hire("baudry", apitest.Physician)
	for range 2 {
		answered(t, who.Send("GET", searchFor("plaie"), nil, nil), 200)
	}
	if got := refused(t, who.Send("GET", searchFor("plaie"), nil, nil), 429, "too_many_attempts"); got.Header.Get("Retry-After") == "" {
		t.Error("does not say when to come back")
	}
	answered(t, who.Send("GET", "/me", nil, nil), 200)
}
