package mobileapi_test

import (
	"strings"
	"testing"

	"liaison/access"
	"liaison/mobile-api/apitest"
)

func TestAnAdministratorInvitesSomebody(t *testing.T) {
	t.Parallel()
	w := apitest.New(t)
	body := fields{
		"id": apitest.NewID(), "family_name": "Ferhat", "given_name": "Nadia", "gender": "F", "town": "Brévigny",
		"profession": fields{"system": "TRE_G15", "code": "60"},
	}
	made := answered(t, w.Admin.Send("POST", "/admin/accounts", body, nil), 201)
	if made.Text("professional", "display_name") != "Nadia Ferhat" {
		t.Fatalf("got %s", made.Raw)
	}
	again := answered(t, w.Admin.Send("POST", "/admin/accounts", body, nil), 201)
	refused(t, w.Admin.Send("POST", "/admin/accounts", with(body, "family_name", "Autre"), nil), 409, "id_conflict")
	link, ok := strings.CutPrefix(again.Text("invitation", "url"), "https://liaison.example/invitation/")
	if !ok {
		t.Fatalf("got %s", again.Raw)
	}
	invited := answered(t, w.Nobody().Send("GET", "/invitations/"+link, nil, nil), 200)
	if invited.Text("display_name") != "Nadia Ferhat" || invited.Text("territory") != "Val d’Orselle" {
		t.Fatalf("got %s", invited.Raw)
	}
	accept := fields{"login": "admin", "password": "une autre phrase assez longue"}
	about(t, refused(t, w.Nobody().Send("POST", "/invitations/"+link+"/accept", accept, nil), 409, "login_taken"), "login")
	about(t, refused(t, w.Nobody().Send("POST", "/invitations/"+link+"/accept", with(accept, "login", "À b"), nil), 422, "invalid_value"), "login")
	opened := answered(t, w.Nobody().Send("POST", "/invitations/"+link+"/accept", with(accept, "login", "nadia"), nil), 200)
	if opened.Text("me", "login") != "nadia" || opened.Text("access_token") == "" {
		t.Fatalf("got %s", opened.Raw)
	}
	refused(t, w.Nobody().Send("GET", "/invitations/"+link, nil, nil), 410, "invitation_invalid")
	if used := answered(t, w.Admin.Send("POST", "/admin/accounts", body, nil), 200); used.At("invitation") != nil {
		t.Fatalf("a link for somebody who has one: %s", used.Raw)
	}
}

func TestAdministrationIsForAdministrators(t *testing.T) {
	t.Parallel()
	w := apitest.New(t)
	nurse := w.Hire("ferhat", apitest.Nurse)
	id := nurse.Person.String()
	for _, call := range [][2]string{
		{"GET", "/admin/accounts"},
		{"POST", "/admin/accounts/" + id + "/reset"},
		{"POST", "/admin/accounts/" + id + "/deactivate"},
		{"POST", "/admin/accounts/" + id + "/reactivate"},
		{"GET", "/admin/structures"},
		{"GET", "/admin/structures/" + id},
		{"DELETE", "/admin/structures/" + id + "/people/" + id},
		{"GET", "/admin/matrix/versions"},
		{"GET", "/admin/matrix/versions/1"},
		{"GET", "/admin/matrix/drafts"},
		{"GET", "/admin/matrix/drafts/" + id},
		{"DELETE", "/admin/matrix/drafts/" + id},
		{"POST", "/admin/matrix/drafts/" + id + "/simulate"},
	} {
		refused(t, nurse.Send(call[0], call[1], nil, nil), 403, "forbidden")
	}
	refused(t, w.Admin.Send("POST", "/admin/accounts/"+apitest.NewID().String()+"/reset", nil, nil), 404, "not_found")
	refused(t, w.Admin.Send("POST", "/admin/accounts/nobody/reset", nil, nil), 404, "not_found")
	refused(t, w.Admin.Send("POST", "/admin/accounts/"+w.Admin.Person.String()+"/deactivate", nil, nil), 409, "last_administrator")
}

// Registers go on naming codes that national tables replaced: they read as those in force. A code without a row is listed.
func TestAFormerCodeReadsAndWhoReadsNothingIsListed(t *testing.T) {
	w := newCircle(t)
	assistant := w.Hire("soignante", access.Profession{System: "TRE_R85", Code: "313"})
	w.Exec("update professionals set profession_system = 'TRE_G15', profession_code = '35' where id = $1", assistant.Person)
	supplier := w.Hire("oxygene", access.Profession{System: "TRE_R85", Code: "312"})
	w.Join(w.Circle, w.doctor, assistant)
	w.Join(w.Circle, w.doctor, supplier)
	answered(t, w.nurse.Send("POST", w.messages(), note("nursing", "toilette au lit"), nil), 201)
	if read := answered(t, assistant.Send("GET", w.messages(), nil, nil), 200); len(read.Items()) != 1 {
		t.Errorf("by her former code she reads %s", read.Raw)
	}
	refused(t, supplier.Send("GET", w.messages(), nil, nil), 404, "not_found")
	for i, item := range answered(t, w.Admin.Send("GET", "/admin/accounts", nil, nil), 200).Items() {
		shown := item.(map[string]any)
		id := shown["professional"].(map[string]any)["id"]
		if silent := id == supplier.Person.String(); shown["reads_nothing"] != silent {
			t.Errorf("%d: %v reads nothing: %v", i, id, shown["reads_nothing"])
		}
	}
}

func TestAClosedAccountIsOut(t *testing.T) {
	t.Parallel()
	w := apitest.New(t)
	nurse := w.Hire("ferhat", apitest.Nurse)
	path := "/admin/accounts/" + nurse.Person.String()
	answered(t, w.Admin.Send("POST", path+"/deactivate", fields{}, nil), 204)
	refused(t, nurse.Send("GET", "/me", nil, nil), 401, "session_revoked")
	refused(t, w.Nobody().Send("POST", "/sign-in", fields{"login": "ferhat", "password": apitest.Password}, nil), 401, "sign_in_failed")
	answered(t, w.Admin.Send("POST", path+"/reactivate", nil, nil), 204)
	w.SignIn("ferhat")
	reset := answered(t, w.Admin.Send("POST", path+"/reset", nil, nil), 200)
	contains(t, reset.Text("invitation", "url"), "/invitation/")
	refused(t, w.Nobody().Send("POST", "/sign-in", fields{"login": "ferhat", "password": apitest.Password}, nil), 401, "sign_in_failed")
}

func TestListsGoOnByTheirCursor(t *testing.T) {
	t.Parallel()
	w := apitest.New(t)
	for _, login := range []string{"arnal", "bonnet", "carrier"} {
		w.Hire(login, apitest.Nurse)
	}
	for _, path := range []string{"/admin/accounts", "/professionals"} {
		first := answered(t, w.Admin.Send("GET", path+"?limit=3", nil, nil), 200)
		next := answered(t, w.Admin.Send("GET", path+"?limit=3&cursor="+first.Text("next"), nil, nil), 200)
		if len(first.Items()) != 3 || len(next.Items()) != 1 || next.At("next") != nil {
			t.Fatalf("%s: %s then %s", path, first.Raw, next.Raw)
		}
		refused(t, w.Admin.Send("GET", path+"?cursor=demain", nil, nil), 400, "cursor_invalid")
	}
	found := answered(t, w.Admin.Send("GET", "/professionals?q=bonn", nil, nil), 200)
	if len(found.Items()) != 1 || found.Text("items", 0, "family_name") != "bonnet" {
		t.Fatalf("got %s", found.Raw)
	}
	if list := answered(t, w.Admin.Send("GET", "/professions", nil, nil), 200); len(list.JSON.([]any)) < 20 {
		t.Fatalf("got %s", list.Raw)
	}
	if list := answered(t, w.Admin.Send("GET", "/categories", nil, nil), 200); apitest.At(list.JSON, 1, "label") != "Traitements" {
		t.Fatalf("got %s", list.Raw)
	}
}
