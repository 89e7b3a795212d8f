package mobileapi_test

import (
	"strings"
	"testing"

	"liaison/access"
	"liaison/mobile-api/apitest"
)

// draft begins a draft and gives its path and what it holds.
func (w *circle) draft(from int) (string, apitest.Answer) {
	w.T.Helper()
	body := fields{"id": apitest.NewID(), "comment": "essai"}
	if from > 0 {
		body["from_version"] = from
	}
	made := answered(w.T, w.Admin.Send("POST", "/admin/matrix/drafts", body, nil), 201)
	return "/admin/matrix/drafts/" + made.Text("id"), made
}

// celled gives the tables of a draft with another cell for a profession.
func celled(t testing.TB, draft apitest.Answer, code, category, cell string) fields {
	t.Helper()
	rows := draft.At("rows").([]any)
	for _, row := range rows {
		if row := row.(map[string]any); row["code"] == code {
			row["cells"].(map[string]any)[category] = cell
		}
	}
	return fields{"rows": rows, "actions": draft.At("actions"), "comment": "aides à domicile"}
}

func (w *circle) publish(path string) {
	w.T.Helper()
	answered(w.T, w.Admin.Send("POST", path+"/simulate", nil, nil), 200)
	answered(w.T, w.Admin.Send("POST", path+"/publish", fields{"comment": "décision du comité"}, nil), 200)
	if err := w.Gate.RecompileBehind(w.T.Context()); err != nil {
		w.T.Fatal(err)
	}
}

func TestAMatrixIsDraftedSimulatedPublishedAndTakenBack(t *testing.T) {
	w := newCircle(t)
	id := w.post("TA 186/104")
	refused(t, w.help.Send("GET", "/messages/"+id, nil, nil), 404, "not_found")
	path, begun := w.draft(0)
	changed := answered(t, w.Admin.Send("PUT", path, celled(t, begun, apitest.HomeHelp.Code, "nursing", "r"), revision("1")), 200)
	if changed.At("revision") != 2.0 || changed.At("simulation") != nil {
		t.Fatalf("got %s", changed.Raw)
	}
	refused(t, w.Admin.Send("POST", path+"/publish", fields{"comment": "trop tôt"}, nil), 409, "matrix_not_simulated")

	told := answered(t, w.Admin.Send("POST", path+"/simulate", nil, nil), 200)
	gain := told.At("simulation", "professions", 0, "gains", 0)
	if told.At("simulation", "teams") != 2.0 || told.At("simulation", "changed_teams") != 1.0 || told.At("simulation", "changed_people") != 1.0 ||
		told.Text("simulation", "professions", 0, "code") != apitest.HomeHelp.Code || apitest.At(gain, "category") != "nursing" ||
		apitest.At(gain, "right") != "read" || apitest.At(gain, "people") != 1.0 || apitest.At(gain, "teams") != 1.0 ||
		told.Text("simulation", "examples", 0, "professional", "id") != w.help.Person.String() {
		t.Fatalf("got %s", told.At("simulation"))
	}
	if strings.Contains(string(told.Raw), "Dufour") {
		t.Error("a simulation names a patient")
	}
	refused(t, w.help.Send("GET", "/messages/"+id, nil, nil), 404, "not_found") // a simulation changes nothing
	about(t, refused(t, w.Admin.Send("POST", path+"/publish", fields{"comment": " "}, nil), 422, "reason_required"), "comment")

	w.publish(path)
	answered(t, w.help.Send("GET", "/messages/"+id, nil, nil), 200)
	present := answered(t, w.help.Send("GET", "/matrix", nil, nil), 200)
	if present.At("version") != 2.0 || present.Text("comment") != "décision du comité" || present.Text("published_by", "id") != w.Admin.Person.String() ||
		present.At("progress", "spaces") != present.At("progress", "done") {
		t.Fatalf("got %s", present.Raw[:300])
	}
	refused(t, w.Admin.Send("POST", path+"/publish", fields{"comment": "encore"}, nil), 409, "matrix_ended")

	back, _ := w.draft(1)
	w.publish(back)
	refused(t, w.help.Send("GET", "/messages/"+id, nil, nil), 404, "not_found")
	versions := answered(t, w.Admin.Send("GET", "/admin/matrix/versions", nil, nil), 200)
	if len(versions.Items()) != 3 || versions.At("items", 0, "version") != 3.0 || versions.At("items", 2, "published_by") != nil {
		t.Fatalf("got %s", versions.Raw)
	}
	for _, verb := range []string{"matrix.draft", "matrix.simulate", "matrix.publish"} {
		if n := w.Journalled(w.Admin.Person, verb, "done"); n < 2 {
			t.Errorf("%s journalled %d times", verb, n)
		}
	}
}

func TestOfTwoDraftsTheSecondIsOutdated(t *testing.T) {
	w := newCircle(t)
	one, _ := w.draft(0)
	two, begun := w.draft(0)
	w.publish(one)
	answered(t, w.Admin.Send("POST", two+"/simulate", nil, nil), 200)
	refused(t, w.Admin.Send("POST", two+"/publish", fields{"comment": "trop tard"}, nil), 409, "matrix_outdated")
	answered(t, w.Admin.Send("PUT", two, celled(t, begun, apitest.HomeHelp.Code, "nursing", "r"), revision("1")), 200)
	refused(t, w.Admin.Send("PUT", two, celled(t, begun, apitest.HomeHelp.Code, "nursing", "rw"), revision("1")), 412, "revision_mismatch")
	refused(t, w.Admin.Send("POST", two+"/publish", fields{"comment": "changé depuis"}, nil), 409, "matrix_not_simulated")
	answered(t, w.Admin.Send("DELETE", two, nil, nil), 204)
	refused(t, w.Admin.Send("DELETE", two, nil, nil), 409, "matrix_ended")
	if left := answered(t, w.Admin.Send("GET", "/admin/matrix/drafts", nil, nil), 200); len(left.Items()) != 0 {
		t.Errorf("got %s", left.Raw)
	}
	refused(t, w.Admin.Send("GET", "/admin/matrix/versions/9", nil, nil), 404, "not_found")
	refused(t, w.Admin.Send("GET", "/admin/matrix/drafts/"+apitest.NewID().String(), nil, nil), 404, "not_found")
}

// What was imported is exported byte for byte, as a version too; what cannot be read says where.
func TestAMatrixGoesOutAndInAsCSV(t *testing.T) {
	w := newCircle(t)
	path, _ := w.draft(0)
	categories, actions := access.DefaultMatrix()
	categories = "\ufeff" + strings.ReplaceAll(strings.ReplaceAll(categories, ",", ";"), "\n", "\r\n") // as spreadsheets write here
	file := func(path, table string) string {
		return string(w.Admin.Send("GET", path+"/csv?table="+table, nil, nil).Raw)
	}
	body := fields{"categories": categories, "actions": actions, "comment": "du tableur"}
	answered(t, w.Admin.Send("PUT", path+"/csv", body, revision("1")), 200)
	if file(path, "categories") != categories || file(path, "actions") != actions {
		t.Error("another file came out of a draft than went in")
	}
	w.publish(path)
	if file("/admin/matrix/versions/2", "categories") != categories {
		t.Error("another file came out of a version")
	}
	next, _ := w.draft(0)
	for _, c := range []struct{ categories, actions, field, code string }{
		{strings.Replace(categories, ";rw;", ";rx;", 1), actions, "categories.2.", "unknown_right"},
		{strings.Replace(categories, "medical", "medicals", 1), actions, "categories.1.medicals", "unknown_column"},
		{"", actions, "categories.1.", "no_table"},
		{categories, strings.Replace(actions, "open_dossier", "open_door", 1), "actions.2.action", "unknown_action"},
		{categories + "\"", actions, "categories.", "unreadable"},
	} {
		got := refused(t, w.Admin.Send("PUT", next+"/csv", fields{"categories": c.categories, "actions": c.actions, "comment": ""}, revision("1")), 422, "matrix_invalid")
		if !strings.HasPrefix(got.Text("errors", 0, "field"), c.field) || got.Text("errors", 0, "code") != c.code || got.Text("detail") == "" {
			t.Errorf("got %s, want %s %s", got.Raw, c.field, c.code)
		}
	}
}

// Whoever runs the recompiler, no circle is done twice, and what was posted meanwhile is there.
func TestEveryCircleFollowsAPublishedMatrix(t *testing.T) {
	w := newCircle(t)
	var opened []apitest.Circle
	for range 70 { // more than three batches
		opened = append(opened, w.Open("Patient", w.doctor, w.help))
	}
	path, begun := w.draft(0)
	answered(t, w.Admin.Send("PUT", path, celled(t, begun, apitest.HomeHelp.Code, "nursing", "rw"), revision("1")), 200)
	answered(t, w.Admin.Send("POST", path+"/simulate", nil, nil), 200)
	answered(t, w.Admin.Send("POST", path+"/publish", fields{"comment": "x"}, nil), 200)
	other := access.NewGate(w.DB.DB, w.Bus)
	done := make(chan error)
	for _, gate := range []*access.Gate{w.Gate, other} {
		go func() { done <- gate.RecompileBehind(w.T.Context()) }()
	}
	for range 2 {
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Gate.RecompileBehind(w.T.Context()); err != nil { // the other may have been at it when it looked
		t.Fatal(err)
	}
	for _, c := range opened {
		answered(t, w.help.Send("POST", "/channels/"+c.Notebook.String()+"/messages", note("nursing", "vu"), nil), 201)
		var told int
		row := w.DB.DB.Pool.QueryRow(t.Context(), "select count(*) from events where channel_id = $1 and type = 'membership' and person_id = $2", c.Notebook, w.help.Person)
		if err := row.Scan(&told); err != nil {
			t.Fatal(err)
		}
		if told != 2 { // when she joined, and now
			t.Errorf("%s: told %d times", c.ID, told)
		}
	}
	progress, err := w.Gate.Progress(t.Context())
	if err != nil || progress.Done != progress.Spaces || progress.Version != 2 {
		t.Errorf("got %+v, %v", progress, err)
	}
	if n := w.Journalled(access.SystemRecompiler, "matrix.recompile", "done"); n != 4 {
		t.Errorf("%d batches journalled", n)
	}
}
