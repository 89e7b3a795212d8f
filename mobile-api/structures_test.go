package mobileapi_test

import (
	"strings"
	"testing"

	"github.com/google/uuid"

	"liaison/mobile-api/apitest"
)

func structure() fields {
	return fields{"id": apitest.NewID(), "kind": "ssiad", "name": "SSIAD du Val d’Orselle", "town": "Brévigny", "finess": "750712184"}
}

func TestStructuresAndWhoWorksThere(t *testing.T) {
	w := newCircle(t)
	carer := w.Hire("soignante", apitest.Nurse)
	body := structure()
	made := answered(t, w.Admin.Send("POST", "/admin/structures", body, nil), 201)
	at := "/admin/structures/" + made.Text("id")
	answered(t, w.Admin.Send("POST", "/admin/structures", body, nil), 200)
	refused(t, w.Admin.Send("POST", "/admin/structures", with(body, "name", "Autre"), nil), 409, "id_conflict")
	about(t, refused(t, w.Admin.Send("POST", "/admin/structures", with(with(body, "id", apitest.NewID()), "finess", "750712185"), nil), 422, "structure_finess"), "finess")
	about(t, refused(t, w.Admin.Send("POST", "/admin/structures", with(body, "id", apitest.NewID()), nil), 409, "structure_finess_taken"), "finess")

	place := fields{"id": apitest.NewID(), "structure_id": body["id"], "seat": "intervenant", "basis": "care_team_1"}
	about(t, refused(t, w.doctor.Send("POST", "/teams/"+w.ID.String()+"/structures", with(place, "seat", "medecin_traitant"), nil), 422, "structure_seat"), "seat")
	about(t, refused(t, w.doctor.Send("POST", "/teams/"+w.ID.String()+"/structures", with(place, "structure_id", apitest.NewID()), nil), 422, "structure_unknown"), "structure_id")
	seated := answered(t, w.doctor.Send("POST", "/teams/"+w.ID.String()+"/structures", place, nil), 201)
	if seated.Text("structure", "name") != body["name"] || seated.Text("seat") != "intervenant" || seated.At("until") != nil {
		t.Errorf("seated: %s", seated.Raw)
	}
	answered(t, w.doctor.Send("POST", "/teams/"+w.ID.String()+"/structures", place, nil), 200)
	refused(t, w.doctor.Send("POST", "/teams/"+w.ID.String()+"/structures", with(place, "id", apitest.NewID()), nil), 409, "structure_already")

	join := fields{"id": apitest.NewID(), "professional_id": carer.Person}
	joined := answered(t, w.Admin.Send("POST", at+"/people", join, nil), 201)
	if joined.Text("professional", "family_name") != "soignante" || joined.At("ended") != false {
		t.Errorf("joined: %s", joined.Raw)
	}
	answered(t, w.Admin.Send("POST", at+"/people", join, nil), 200)
	refused(t, w.Admin.Send("POST", at+"/people", with(join, "id", apitest.NewID()), nil), 409, "structure_joined")
	refused(t, w.Admin.Send("POST", at+"/people", fields{"id": apitest.NewID(), "professional_id": w.Admin.Person}, nil), 422, "structure_oneself")

	team := answered(t, carer.Send("GET", "/teams/"+w.ID.String(), nil, nil), 200)
	if team.Text("structures", 0, "structure", "name") != body["name"] {
		t.Errorf("the circle shows %s", team.Raw)
	}
	answered(t, carer.Send("POST", w.messages(), note("nursing", "toilette faite"), nil), 201)
	read := answered(t, w.Admin.Send("GET", at, nil, nil), 200)
	if read.At("circles") != 1.0 || read.At("working") != 1.0 || read.Text("people", 0, "professional", "id") != carer.Person.String() {
		t.Errorf("read: %s", read.Raw)
	}
	found := answered(t, w.nurse.Send("GET", "/structures?q=ssiad%20brev", nil, nil), 200)
	if len(found.Items()) != 1 || found.At("items", 0, "working") != 1.0 || found.Text("items", 0, "people", 0, "display_name") == "" || found.At("items", 0, "circles") != nil {
		t.Errorf("found: %s", found.Raw)
	}
	answered(t, w.Admin.Send("DELETE", at+"/people/"+joined.Text("id"), nil, nil), 204)
	refused(t, carer.Send("GET", "/teams/"+w.ID.String(), nil, nil), 404, "not_found")
	answered(t, w.doctor.Send("DELETE", "/teams/"+w.ID.String()+"/structures/"+made.Text("id"), nil, nil), 204)
	refused(t, w.Admin.Send("GET", "/teams/"+w.ID.String(), nil, nil), 404, "not_found")
}

// What an administrator is told of a structure says how many circles it has a place in, and nothing else of them.
func TestAnAdministratorSeesNoCircleThroughAStructure(t *testing.T) {
	w := newCircle(t)
	body := structure()
	made := answered(t, w.Admin.Send("POST", "/admin/structures", body, nil), 201)
	answered(t, w.doctor.Send("POST", "/teams/"+w.ID.String()+"/structures", fields{"id": apitest.NewID(), "structure_id": body["id"], "seat": "referent", "basis": "care_team_1"}, nil), 201)
	joined := answered(t, w.Admin.Send("POST", "/admin/structures/"+made.Text("id")+"/people", fields{"id": apitest.NewID(), "professional_id": w.stranger.Person}, nil), 201)
	for path, a := range map[string]apitest.Answer{
		"one":  answered(t, w.Admin.Send("GET", "/admin/structures/"+made.Text("id"), nil, nil), 200),
		"all":  answered(t, w.Admin.Send("GET", "/admin/structures", nil, nil), 200),
		"join": joined,
	} {
		for what, id := range map[string]uuid.UUID{"circle": w.ID, "patient": w.Patient, "channel": w.Notebook} {
			if held := string(a.Raw); strings.Contains(held, id.String()) {
				t.Errorf("%s tells the %s: %s", path, what, held)
			}
		}
	}
	if list := answered(t, w.Admin.Send("GET", "/teams", nil, nil), 200); len(list.Items()) != 0 {
		t.Errorf("an administrator has circles: %s", list.Raw)
	}
}

// The database knows who administers: whatever the code believes, nobody else writes a structure or who works there, and nobody at all
// gives herself a time in one.
func TestTheDatabaseKeepsStructuresToWhoAdministers(t *testing.T) {
	w := newCircle(t)
	body := structure()
	answered(t, w.Admin.Send("POST", "/admin/structures", body, nil), 201)
	answered(t, w.Admin.Send("POST", "/admin/structures/"+body["id"].(uuid.UUID).String()+"/people", fields{"id": apitest.NewID(), "professional_id": w.nurse.Person}, nil), 201)
	as := func(actor uuid.UUID, sql string, args ...any) (rows int64) {
		tx, err := w.DB.DB.Pool.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer tx.Rollback(t.Context())
		if _, err := tx.Exec(t.Context(), "select set_config('liaison.actor', $1, true)", actor.String()); err != nil {
			t.Fatal(err)
		}
		tag, _ := tx.Exec(t.Context(), sql, args...)
		return tag.RowsAffected()
	}
	const (
		build = "insert into organisations (id, kind, name, created_by) values ($1, 'ssiad', 'Autre', $2)"
		hire  = "insert into belongings (id, organisation_id, person_id, valid_from, added_by) values ($1, $2, $3, now(), $4)"
	)
	id, admin, nurse, structure := uuid.UUID(apitest.NewID()), w.Admin.Person, w.nurse.Person, body["id"]
	for name, c := range map[string]struct{ got, want int64 }{
		"an administrator makes one":       {as(admin, build, id, admin), 1},
		"a nurse makes one":                {as(nurse, build, id, nurse), 0},
		"a nurse in another's name":        {as(nurse, build, id, admin), 0},
		"an administrator corrects":        {as(admin, "update organisations set name = 'X'"), 1},
		"a nurse corrects":                 {as(nurse, "update organisations set name = 'X'"), 0},
		"an administrator hires":           {as(admin, hire, id, structure, w.help.Person, admin), 1},
		"an administrator hires herself":   {as(admin, hire, id, structure, admin, admin), 0},
		"a nurse hires":                    {as(nurse, hire, id, structure, w.help.Person, nurse), 0},
		"a nurse hires herself":            {as(nurse, hire, id, structure, nurse, admin), 0},
		"an administrator ends a time":     {as(admin, "update belongings set valid_until = valid_from, ended_by = $1, ended_at = now()", admin), 1},
		"an administrator lengthens one":   {as(admin, "update belongings set valid_until = valid_until + interval '1 day', ended_by = $1", admin), 0},
		"a nurse ends a time":              {as(nurse, "update belongings set valid_until = valid_from, ended_by = $1, ended_at = now()", nurse), 0},
		"nobody ends a time":               {as(uuid.Nil, "update belongings set valid_until = valid_from"), 0},
		"the recompiler, which holds them": {as(uuid.MustParse("00000000-0000-7000-8000-000000000001"), "update belongings set valid_until = valid_from"), 0},
	} {
		if c.got != c.want {
			t.Errorf("%s: %d rows", name, c.got)
		}
	}
}
