package mobileapi_test

import (
	"net/http"
	"strings"
	"testing"

	"liaison/mobile-api/apitest"
)

func revision(n string) http.Header { return http.Header{"If-Match": {n}} }

func TestANoteIsNarrowedOverHTTP(t *testing.T) {
	w := newCircle(t)
	id := w.post("Relevé de banque sur la photo")
	body := note("organisation", "Clé chez la voisine")
	answered(t, w.nurse.Send("POST", w.messages(), body, nil), 201)
	path := "/messages/" + id + "/narrow"
	to := fields{"only_to": []any{w.nurse.Person}, "reason": "photo privée"}
	refused(t, w.nurse.Send("POST", path, to, nil), 428, "revision_required")
	refused(t, w.nurse.Send("POST", path, to, revision("7")), 412, "revision_mismatch")
	refused(t, w.doctor.Send("POST", path, to, revision("1")), 403, "forbidden")
	about(t, refused(t, w.nurse.Send("POST", path, with(to, "reason", ""), revision("1")), 422, "reason_required"), "reason")
	about(t, refused(t, w.nurse.Send("POST", path, with(to, "only_to", []any{w.stranger.Person}), revision("1")), 422, "only_to_unknown"), "only_to")
	refused(t, w.nurse.Send("POST", path, fields{"category": "organisation", "reason": "x"}, revision("1")), 422, "narrow_widens")
	for range 2 { // once, and again
		done := answered(t, w.nurse.Send("POST", path, to, revision("1")), 200)
		if done.At("revision") != 2.0 || done.At("narrowed_at") == nil || done.At("state") != "posted" {
			t.Fatalf("got %s", done.Raw)
		}
	}
	refused(t, w.doctor.Send("GET", "/messages/"+id, nil, nil), 404, "not_found")
	refused(t, w.doctor.Send("GET", "/messages/"+id+"/revisions", nil, nil), 404, "not_found")
	past := answered(t, w.nurse.Send("GET", "/messages/"+id+"/revisions", nil, nil), 200)
	if past.Text("items", 0, "readers", "category") != "nursing" || past.Text("items", 0, "reason") != "photo privée" {
		t.Fatalf("got %s", past.Raw)
	}
}

func TestWhoMayReadAndWhy(t *testing.T) {
	w := newCircle(t)
	id := w.post("TA 186/104")
	path := "/messages/" + id + "/explain"
	refused(t, w.nurse.Send("GET", path, nil, nil), 403, "forbidden")
	refused(t, w.help.Send("GET", path, nil, nil), 404, "not_found")
	refused(t, w.stranger.Send("GET", path, nil, nil), 404, "not_found")
	refused(t, w.doctor.Send("GET", path, nil, nil), 403, "forbidden") // opened the dossier, and is not its médecin traitant
	seat := fields{"id": apitest.NewID(), "professional_id": w.doctor.Person, "seat": "medecin_traitant", "basis": "care_team_1"}
	answered(t, w.doctor.Send("POST", "/teams/"+w.ID.String()+"/members", seat, nil), 201)

	sentences := func(c *apitest.Client) map[string]string {
		got := answered(t, c.Send("GET", path, nil, nil), 200)
		out := map[string]string{}
		for i := range got.Items() {
			var steps []string
			for j := range got.At("items", i, "chain").([]any) {
				steps = append(steps, got.Text("items", i, "chain", j, "detail"))
			}
			out[got.Text("items", i, "professional", "id")] = strings.Join(steps, " ")
			last := len(steps) - 1
			if got.At("items", i, "reads") != got.At("items", i, "chain", last, "ok") {
				t.Errorf("the last step is not the verdict: %s", got.Raw)
			}
		}
		return out
	}
	french := sentences(w.doctor)
	contains(t, french[w.doctor.Person.String()], "médecin traitant")
	contains(t, french[w.doctor.Person.String()], "La matrice (version 1) lui donne la rubrique Soins à lire.")
	contains(t, french[w.nurse.Person.String()], "En est l’auteur.")
	contains(t, french[w.help.Person.String()], "La matrice (version 1) ne lui donne pas la rubrique Soins à lire.")
	contains(t, sentences(&apitest.Client{World: w.World, Token: w.doctor.Token, Lang: "en"})[w.help.Person.String()], "does not give the category")

	answered(t, w.doctor.Send("POST", "/teams/"+w.ID.String()+"/will", fields{"id": apitest.NewID(), "kind": "opposition", "professional_id": w.nurse.Person, "category": "nursing"}, nil), 201)
	contains(t, sentences(w.doctor)[w.nurse.Person.String()], "En est l’auteur.")
	answered(t, w.doctor.Send("DELETE", "/teams/"+w.ID.String()+"/members/"+w.help.Person.String(), nil, nil), 204)
	contains(t, sentences(w.doctor)[w.help.Person.String()], "N’a pas de place dans le cercle de soins depuis le ")
}
