package mobileapi_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"liaison/access"
	"liaison/mobile-api/apitest"
)

const psychiatricSummary = "68599-0"

// typed posts, as the doctor, a note with a document of that type, and gives the note's id and the document's path.
func (w *circle) typed(category, kind string) (id, path string) {
	w.T.Helper()
	file := []byte("synthèse")
	body := with(w.announcement("synthèse.txt", file), "document_type", kind)
	made := answered(w.T, w.doctor.Send("POST", "/documents", body, nil), 201)
	path = "/documents/" + made.Text("id")
	answered(w.T, sent(w.doctor, path, 0, file), 204)
	if made.Text("document_type") != kind {
		w.T.Fatalf("%s", made.Raw)
	}
	posted := answered(w.T, w.doctor.Send("POST", w.messages(), with(note(category, "voir la pièce zirconium"), "document_ids", []string{idIn(path)}), nil), 201)
	if posted.Text("documents", 0, "document_type") != kind {
		w.T.Fatalf("%s", posted.Raw)
	}
	return posted.Text("id"), path
}

// The home help reads « organisation », but no psychiatric summary in it: not in the list, not by its id, its file, its search, her unread.
func TestATypeOfDocumentIsRefusedOnEveryPath(t *testing.T) {
	w := newFiling(t)
	id, path := w.typed("organisation", psychiatricSummary)
	other, otherPath := w.typed("organisation", "11488-4")
	for who, sees := range map[*apitest.Client]int{w.help: 1, w.nurse: 2, w.doctor: 2} {
		if got := answered(t, who.Send("GET", w.messages(), nil, nil), 200).Items(); len(got) != sees {
			t.Errorf("%s lists %d", who.Login, len(got))
		}
		if got := answered(t, who.Send("GET", "/teams/"+w.Circle.ID.String()+"/documents", nil, nil), 200).Items(); len(got) != sees {
			t.Errorf("%s lists %d documents", who.Login, len(got))
		}
	}
	for _, one := range []string{"/messages/" + id, path, path + "/content"} {
		refused(t, w.help.Send("GET", one, nil, nil), 404, "not_found")
		answered(t, w.nurse.Send("GET", one, nil, nil), 200)
	}
	answered(t, w.help.Send("GET", "/messages/"+other, nil, nil), 200)
	answered(t, w.help.Send("GET", otherPath+"/content", nil, nil), 200)
	caught := answered(t, w.help.Send("GET", "/sync", nil, nil), 200)
	if strings.Contains(string(caught.Raw), id) {
		t.Errorf("catching up tells %s", caught.Raw)
	}
	whole := with(w.announcement("b.txt", []byte("b")), "document_type", "68599")
	about(t, refused(t, w.doctor.Send("POST", "/documents", whole, nil), 422, "unknown_document_type"), "document_type")
}

// Row-level security hides the type whatever the code asks; and without it the code's own predicate does, in counts too.
func TestEitherLockAloneHidesATypeOfDocument(t *testing.T) {
	w := newFiling(t)
	id, path := w.typed("organisation", psychiatricSummary)
	tx, err := w.DB.DB.Pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(t.Context())
	for _, c := range []struct {
		who  *apitest.Client
		want int
	}{{w.help, 0}, {w.nurse, 1}, {w.doctor, 1}} {
		var messages, documents int
		_, err := tx.Exec(t.Context(), "select set_config('liaison.actor', $1, true)", c.who.Person.String())
		if err == nil {
			err = tx.QueryRow(t.Context(), "select (select count(*) from messages where id = $1), (select count(*) from documents where id = $2)", id, idIn(path)).
				Scan(&messages, &documents)
		}
		if err != nil || messages != c.want || documents != c.want {
			t.Errorf("row-level security shows %s %d messages, %d documents, %v", c.who.Login, messages, documents, err)
		}
	}
	tx.Rollback(t.Context())

	owner, err := pgx.Connect(t.Context(), w.DB.OwnerURL)
	if err == nil {
		defer owner.Close(t.Context())
		_, err = owner.Exec(t.Context(), "alter table messages disable row level security")
	}
	if err != nil {
		t.Fatal(err)
	}
	if got := answered(t, w.help.Send("GET", w.messages(), nil, nil), 200).Items(); len(got) != 0 {
		t.Errorf("the predicate lists %v", got)
	}
	caught := answered(t, w.help.Send("GET", "/sync", nil, nil), 200)
	if strings.Contains(string(caught.Raw), id) {
		t.Errorf("catching up tells %s", caught.Raw)
	}
	if list := answered(t, w.help.Send("GET", "/teams", nil, nil), 200); list.At("items", 0, "unread") != 0.0 {
		t.Errorf("she is told of %v unread", list.At("items", 0, "unread"))
	}
}

// Before posting the author is told who will not read the type, in words; afterwards the chain says so.
func TestATypeOfDocumentIsExplained(t *testing.T) {
	w := newFiling(t)
	at := "/teams/" + w.Circle.ID.String() + "/audience?category=organisation"
	if got := answered(t, w.doctor.Send("GET", at, nil, nil), 200); len(got.At("hidden_from").([]any)) != 0 {
		t.Fatalf("%s", got.Raw)
	}
	got := answered(t, w.doctor.Send("GET", at+"&document_type=11488-4&document_type="+psychiatricSummary, nil, nil), 200)
	why := got.At("hidden_from", 0, "reason")
	if len(got.At("hidden_from").([]any)) != 1 || got.Text("hidden_from", 0, "professional", "id") != w.help.Person.String() || apitest.At(why, "code") != "profession" ||
		apitest.At(why, "document_types", 0) != psychiatricSummary {
		t.Fatalf("%s", got.Raw)
	}
	contains(t, got.Text("hidden_from", 0, "reason", "detail"), "Les aides à domicile n’ont pas accès à ce type de document : Synthèse psychiatrique")
	about(t, refused(t, w.doctor.Send("GET", at+"&document_type=x", nil, nil), 422, "unknown_document_type"), "document_type")

	id, _ := w.typed("organisation", psychiatricSummary)
	place := fields{"id": apitest.NewID(), "professional_id": w.nurse.Person, "seat": "referent", "basis": "care_team_3"}
	answered(t, w.doctor.Send("POST", "/teams/"+w.Circle.ID.String()+"/members", place, nil), 201)
	for _, one := range answered(t, w.nurse.Send("GET", "/messages/"+id+"/explain", nil, nil), 200).Items() {
		chain := apitest.At(one, "chain").([]any)
		last := chain[len(chain)-1]
		if apitest.At(one, "professional", "id") == w.help.Person.String() && (apitest.At(last, "step") != "document_type" || apitest.At(one, "reads") != false) {
			t.Errorf("%v", one)
		}
	}
	types := answered(t, w.help.Send("GET", "/document-types", nil, nil), 200)
	if !strings.Contains(string(types.Raw), `"label":"Synthèse psychiatrique"`) {
		t.Errorf("%s", types.Raw[:200])
	}
}

// An exception goes out and in with the matrix, is simulated, and takes at once what was there.
func TestExceptionsAreDraftedSimulatedAndPublished(t *testing.T) {
	w := newFiling(t)
	id, _ := w.typed("organisation", psychiatricSummary)
	path, begun := w.draft(0)
	body := fields{
		"rows": begun.At("rows"), "actions": begun.At("actions"), "comment": "",
		"exceptions": []fields{{"document_type": psychiatricSummary, "system": "TRE_G15", "code": "60", "seat": "*"}},
	}
	changed := answered(t, w.Admin.Send("PUT", path, body, revision("1")), 200)
	if got := changed.At("exceptions").([]any); len(got) != 1 || apitest.At(got[0], "code") != "60" {
		t.Fatalf("%v", got)
	}
	told := answered(t, w.Admin.Send("POST", path+"/simulate", nil, nil), 200)
	for _, one := range told.At("simulation", "professions").([]any) {
		switch documents, _ := apitest.At(one, "documents").([]any); apitest.At(one, "code") {
		case "60":
			if apitest.At(documents[0], "losses", "people") != 1.0 || apitest.At(documents[0], "gains", "people") != 0.0 {
				t.Errorf("%v", one)
			}
		case apitest.HomeHelp.Code:
			if len(documents) != 2 || apitest.At(documents[0], "gains", "people") != 1.0 {
				t.Errorf("%v", one)
			}
		}
	}
	w.publish(path)
	refused(t, w.nurse.Send("GET", "/messages/"+id, nil, nil), 404, "not_found")
	answered(t, w.help.Send("GET", "/messages/"+id, nil, nil), 200)

	next, begun := w.draft(0)
	kept := fields{"rows": begun.At("rows"), "actions": begun.At("actions"), "comment": ""} // as somebody who knows of no exceptions
	if got := answered(t, w.Admin.Send("PUT", next, kept, revision("1")), 200); len(got.At("exceptions").([]any)) != 1 {
		t.Errorf("%v", got.At("exceptions"))
	}
	kept["exceptions"] = []fields{}
	if got := answered(t, w.Admin.Send("PUT", next, kept, revision("2")), 200); got.At("exceptions") != nil {
		t.Errorf("%v", got.At("exceptions"))
	}
	kept["exceptions"] = []fields{{"document_type": "x", "system": "*", "code": "*", "seat": "*"}}
	refused(t, w.Admin.Send("PUT", next, kept, revision("3")), 422, "matrix_invalid")
}

// Tables with the column of specialities and those without come out as they went in; rows keep theirs.
func TestTablesWithAndWithoutSpecialitiesGoOutAsTheyCameIn(t *testing.T) {
	w := newCircle(t)
	plain, actions := access.DefaultMatrix()
	lines := strings.Split(strings.TrimSpace(plain), "\n")
	special := lines[0] + ",speciality\n" + strings.Join(lines[1:], ",\n") + ",\nTRE_G15,10,*,Psychiatre,ps,r,r,-,rwa,r,-,-,r,rw,SM42\n"
	path, _ := w.draft(0)
	exceptions := "document_type;system;code;seat\r\n" + psychiatricSummary + ";*;*;intervenant\r\n"
	for i, categories := range []string{special, plain} {
		body := fields{"categories": categories, "actions": actions, "exceptions": exceptions, "comment": ""}
		answered(t, w.Admin.Send("PUT", path+"/csv", body, revision(string(rune('1'+2*i)))), 200)
		for table, want := range map[string]string{"categories": categories, "actions": actions, "exceptions": exceptions} {
			if got := string(w.Admin.Send("GET", path+"/csv?table="+table, nil, nil).Raw); got != want {
				t.Errorf("another table of %s came out", table)
			}
		}
		rows := answered(t, w.Admin.Send("GET", path, nil, nil), 200)
		written := answered(t, w.Admin.Send("PUT", path, fields{"rows": rows.At("rows"), "actions": rows.At("actions"), "comment": "x"}, revision(string(rune('2'+2*i)))), 200)
		has := slices.ContainsFunc(written.At("rows").([]any), func(row any) bool { return apitest.At(row, "speciality") == "SM42" })
		text := string(w.Admin.Send("GET", path+"/csv?table=categories", nil, nil).Raw)
		if has != (i == 0) || strings.Contains(text, "speciality") != (i == 0) {
			t.Errorf("table %d: rows have it: %v; %s", i, has, text[:120])
		}
	}
}

// An administrator says that the doctor is a psychiatrist: her rights follow in her circles before the answer comes.
func TestASpecialityChangesRightsAtOnce(t *testing.T) {
	w := newCircle(t)
	plain, actions := access.DefaultMatrix()
	lines := strings.Split(strings.TrimSpace(plain), "\n")
	special := lines[0] + ",speciality\n" + strings.Join(lines[1:], ",\n") + ",\nTRE_G15,10,*,Psychiatre,ps,r,r,-,rwa,r,-,-,r,rw,SM42\n"
	path, _ := w.draft(0)
	answered(t, w.Admin.Send("PUT", path+"/csv", fields{"categories": special, "actions": actions, "comment": ""}, revision("1")), 200)
	w.publish(path)
	id := w.post("pansement refait")
	answered(t, w.doctor.Send("GET", "/messages/"+id, nil, nil), 200)
	account := "/admin/accounts/" + w.doctor.Person.String() + "/speciality"
	answered(t, w.Admin.Send("PUT", account, fields{"speciality": "SM42"}, nil), 204)
	refused(t, w.doctor.Send("GET", "/messages/"+id, nil, nil), 404, "not_found")
	found := answered(t, w.nurse.Send("GET", "/professionals?q=baudry", nil, nil), 200)
	if found.Text("items", 0, "speciality", "code") != "SM42" || found.Text("items", 0, "speciality", "label") != "psychiatrie" {
		t.Errorf("%s", found.Raw)
	}
	about(t, refused(t, w.Admin.Send("PUT", account, fields{"speciality": "SI04"}, nil), 422, "unknown_speciality"), "speciality")
	refused(t, w.nurse.Send("PUT", account, fields{"speciality": ""}, nil), 403, "forbidden")
	refused(t, w.Admin.Send("PUT", "/admin/accounts/"+apitest.NewID().String()+"/speciality", fields{"speciality": ""}, nil), 404, "not_found")
	answered(t, w.Admin.Send("PUT", account, fields{"speciality": ""}, nil), 204)
	answered(t, w.doctor.Send("GET", "/messages/"+id, nil, nil), 200)
	if n := w.Journalled(w.Admin.Person, "account.speciality", "done"); n != 2 {
		t.Errorf("%d lines", n)
	}
	if n := w.Journalled(w.nurse.Person, "account.speciality", "refused"); n != 1 {
		t.Errorf("%d refusals", n)
	}
}

// A speciality is given with the account, of its profession only.
func TestASpecialityIsGivenWithTheAccount(t *testing.T) {
	w := newCircle(t)
	body := fields{
		"id": apitest.NewID(), "family_name": "Morvan", "given_name": "Luc", "gender": "M", "profession": fields{"system": "TRE_G15", "code": "10"}, "speciality": "SM18",
	}
	made := answered(t, w.Admin.Send("POST", "/admin/accounts", body, nil), 201)
	if made.Text("professional", "speciality", "code") != "SM18" {
		t.Errorf("%s", made.Raw)
	}
	refused(t, w.Admin.Send("POST", "/admin/accounts", with(body, "speciality", "SM42"), nil), 409, "id_conflict")
	wrong := with(with(body, "id", apitest.NewID()), "speciality", "SCD01")
	about(t, refused(t, w.Admin.Send("POST", "/admin/accounts", wrong, nil), 422, "unknown_speciality"), "speciality")
	all := answered(t, w.Admin.Send("GET", "/specialities", nil, nil), 200)
	if !strings.Contains(string(all.Raw), `{"code":"SM18","label":"gériatrie","profession":{"system":"TRE_G15","code":"10"}}`) {
		t.Errorf("%s", all.Raw[:300])
	}
}
