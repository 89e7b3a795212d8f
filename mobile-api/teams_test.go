package mobileapi_test

import (
	"testing"

	"liaison/mobile-api/apitest"
)

func TestTheListOfCirclesCountsWithOnesOwnEyes(t *testing.T) {
	w := newCircle(t)
	answered(t, w.doctor.Send("POST", w.messages(), note("medical", "Bilan reçu"), nil), 201)
	w.post("Pansement refait")
	for _, c := range []struct {
		client *apitest.Client
		unread float64
	}{{w.nurse, 1}, {w.doctor, 1}, {w.help, 0}} {
		list := answered(t, c.client.Send("GET", "/teams", nil, nil), 200)
		if len(list.Items()) != 1 || list.At("items", 0, "unread") != c.unread || list.At("next") != nil {
			t.Fatalf("%s: %s", c.client.Login, list.Raw)
		}
		team := answered(t, c.client.Send("GET", "/teams/"+w.ID.String(), nil, nil), 200)
		if team.At("unread") != c.unread || len(team.At("members").([]any)) != 3 || team.At("my", "default_category") == nil {
			t.Fatalf("%s: %s", c.client.Login, team.Raw)
		}
	}
}

func TestTheAudienceSaysWhy(t *testing.T) {
	w := newCircle(t)
	path := "/teams/" + w.ID.String() + "/audience?category=medication"
	a := answered(t, w.doctor.Send("GET", path, nil, nil), 200)
	if a.At("total") != 3.0 || a.Text("hidden_from", 0, "reason", "code") != "profession" {
		t.Fatalf("got %s", a.Raw)
	}
	const why = "Les aides à domicile n’ont pas accès à la rubrique Traitements (règle du territoire)."
	if got := a.Text("hidden_from", 0, "reason", "detail"); got != why {
		t.Fatalf("got %q", got)
	}
	narrowed := answered(t, w.doctor.Send("GET", path+"&only_to="+w.doctor.Person.String()+"&only_to="+w.help.Person.String(), nil, nil), 200)
	if len(narrowed.At("visible_to").([]any)) != 1 || len(narrowed.At("hidden_from").([]any)) != 2 {
		t.Fatalf("got %s", narrowed.Raw)
	}
	about(t, refused(t, w.doctor.Send("GET", path+"&only_to=moi", nil, nil), 422, "invalid_id"), "only_to")
	about(t, refused(t, w.doctor.Send("GET", path+"&mask=TOUT", nil, nil), 422, "unknown_mask"), "mask")
	refused(t, w.doctor.Send("GET", "/teams/"+w.ID.String()+"/audience?category=astrology", nil, nil), 422, "unknown_category")
	english := &apitest.Client{World: w.World, Token: w.doctor.Token, Lang: "en"}
	contains(t, answered(t, english.Send("GET", path, nil, nil), 200).Text("hidden_from", 0, "reason", "detail"), "home helps")
}

func TestMembersComeAndGo(t *testing.T) {
	w := newCircle(t)
	pharmacist := w.Hire("leriche", apitest.Pharmacist)
	members := "/teams/" + w.ID.String() + "/members"
	body := fields{"id": apitest.NewID(), "professional_id": pharmacist.Person, "seat": "intervenant", "basis": "care_team_3"}
	refused(t, w.nurse.Send("POST", members, body, nil), 403, "forbidden")
	about(t, refused(t, w.doctor.Send("POST", members, with(body, "basis", "amitié"), nil), 422, "unknown_basis"), "basis")
	about(t, refused(t, w.doctor.Send("POST", members, with(body, "professional_id", apitest.NewID()), nil), 422, "professional_unknown"), "professional_id")
	answered(t, w.doctor.Send("POST", members, body, nil), 201)
	answered(t, w.doctor.Send("POST", members, body, nil), 200)
	refused(t, w.doctor.Send("POST", members, with(body, "id", apitest.NewID()), nil), 409, "already_member")
	answered(t, pharmacist.Send("GET", "/teams/"+w.ID.String(), nil, nil), 200)
	answered(t, w.doctor.Send("DELETE", members+"/"+pharmacist.Person.String(), nil, nil), 204)
	refused(t, pharmacist.Send("GET", "/teams/"+w.ID.String(), nil, nil), 404, "not_found")
	refused(t, w.doctor.Send("DELETE", members+"/"+w.doctor.Person.String(), nil, nil), 409, "last_manager")
}

func TestTheWillIsRecorded(t *testing.T) {
	w := newCircle(t)
	path := "/teams/" + w.ID.String() + "/will"
	body := fields{"id": apitest.NewID(), "kind": "opposition", "professional_id": w.nurse.Person}
	refused(t, w.help.Send("POST", path, body, nil), 403, "forbidden")
	answered(t, w.doctor.Send("POST", path, body, nil), 201)
	answered(t, w.doctor.Send("POST", path, body, nil), 200)
	refused(t, w.nurse.Send("GET", "/teams/"+w.ID.String(), nil, nil), 404, "not_found")
	answered(t, w.doctor.Send("POST", path, fields{"id": apitest.NewID(), "kind": "opposition", "withdraws": body["id"]}, nil), 201)
	answered(t, w.nurse.Send("GET", "/teams/"+w.ID.String(), nil, nil), 200)
	about(t, refused(t, w.doctor.Send("POST", path, fields{"id": apitest.NewID(), "kind": "opposition"}, nil), 422, "opposition_target_missing"), "kind")
}

func TestReadingReceivingAndCatchingUp(t *testing.T) {
	w := newCircle(t)
	start := answered(t, w.doctor.Send("GET", "/sync", nil, nil), 200)
	id := w.post("Pansement refait")
	missed := answered(t, w.doctor.Send("GET", "/sync?cursor="+start.Text("cursor"), nil, nil), 200)
	if missed.Text("events", 0, "type") != "message.created" || missed.Text("events", 0, "message", "id") != id {
		t.Fatalf("got %s", missed.Raw)
	}
	refused(t, w.nurse.Send("GET", "/sync?cursor="+start.Text("cursor"), nil, nil), 400, "cursor_invalid") // somebody else's
	answered(t, w.doctor.Send("POST", "/receipts", fields{"items": []fields{{"message_id": id, "state": "seen"}}}, nil), 204)
	refused(t, w.doctor.Send("POST", "/receipts", fields{"items": []fields{{"message_id": id, "state": "dreamt"}}}, nil), 422, "unknown_state")
	answered(t, w.doctor.Send("PUT", "/channels/"+w.Notebook.String()+"/read", fields{"message_id": id}, nil), 204)
	receipts := answered(t, w.nurse.Send("GET", "/messages/"+id+"/receipts", nil, nil), 200)
	if receipts.Text("items", 0, "professional", "id") != w.doctor.Person.String() || receipts.At("items", 0, "seen_at") == nil {
		t.Fatalf("got %s", receipts.Raw)
	}
	refused(t, w.doctor.Send("GET", "/messages/"+id+"/receipts", nil, nil), 403, "forbidden")
	if list := answered(t, w.doctor.Send("GET", "/teams", nil, nil), 200); list.At("items", 0, "unread") != 0.0 {
		t.Fatalf("got %s", list.Raw)
	}
}

func TestPagesAndThreads(t *testing.T) {
	w := newCircle(t)
	root := w.post("Première")
	answered(t, w.doctor.Send("POST", w.messages(), with(note("medical", "Réponse"), "thread_id", root), nil), 201)
	last := w.post("Dernière")
	first := answered(t, w.nurse.Send("GET", w.messages()+"?limit=1", nil, nil), 200)
	if first.Text("items", 0, "id") != last || first.Text("next") == "" {
		t.Fatalf("got %s", first.Raw)
	}
	for _, alias := range []string{"cursor", "before"} {
		next := answered(t, w.nurse.Send("GET", w.messages()+"?"+alias+"="+first.Text("next"), nil, nil), 200)
		if len(next.Items()) != 2 || next.Text("items", 1, "id") != root || next.At("next") != nil {
			t.Fatalf("%s: %s", alias, next.Raw)
		}
	}
	refused(t, w.nurse.Send("GET", w.messages()+"?cursor=demain", nil, nil), 400, "cursor_invalid")
	refused(t, w.nurse.Send("GET", w.messages()+"?limit=beaucoup", nil, nil), 422, "invalid_value")
	roots := answered(t, w.nurse.Send("GET", w.messages()+"?root_only=true", nil, nil), 200)
	if len(roots.Items()) != 2 || roots.At("items", 1, "replies", "count") != 1.0 {
		t.Fatalf("got %s", roots.Raw)
	}
	thread := answered(t, w.nurse.Send("GET", "/messages/"+root+"/thread", nil, nil), 200)
	if len(thread.Items()) != 2 || thread.Text("items", 0, "id") != root {
		t.Fatalf("got %s", thread.Raw)
	}
}

func TestAPatientIsCorrectedByWhoManages(t *testing.T) {
	w := newCircle(t)
	path := "/teams/" + w.ID.String() + "/patient"
	refused(t, w.nurse.Send("PATCH", path, fields{"town": "Brévigny"}, nil), 403, "forbidden")
	if a := answered(t, w.doctor.Send("PATCH", path, fields{"town": "Brévigny"}, nil), 200); a.Text("town") != "Brévigny" {
		t.Fatalf("got %s", a.Raw)
	}
	about(t, refused(t, w.doctor.Send("PATCH", path, fields{"sex": "Z"}, nil), 422, "sex_unknown"), "sex")
}
