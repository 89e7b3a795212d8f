package mobileapi_test

import (
	"testing"

	"liaison/access"
	"liaison/mobile-api/apitest"
)

// A territory asks for a fact: what a place gave stops when that is published, the explanation names what is missing, and it comes back
// the moment the fact is recorded.
func TestATerritorySaysWhichFactsAPlaceWaitsFor(t *testing.T) {
	w := newCircle(t)
	leading(t, w, w.nurse)
	id := answered(t, w.doctor.Send("POST", w.messages(), note("organisation", "passage à 8 h"), nil), 201).Text("id")
	answered(t, w.help.Send("GET", "/messages/"+id, nil, nil), 200)
	path, begun := w.draft(0)
	body := fields{"rows": begun.At("rows"), "actions": begun.At("actions"), "comment": "", "policy": []fields{
		{"basis": "*", "system": apitest.HomeHelp.System, "code": apitest.HomeHelp.Code, "needs": "non_opposition", "categories": "organisation nursing"},
	}}
	changed := answered(t, w.Admin.Send("PUT", path, body, revision("1")), 200)
	if got := changed.At("policy").([]any); len(got) != 1 || apitest.At(got[0], "needs") != "non_opposition" {
		t.Fatalf("%v", got)
	}
	answered(t, w.Admin.Send("POST", path+"/simulate", nil, nil), 200)
	w.publish(path)
	refused(t, w.help.Send("GET", "/messages/"+id, nil, nil), 404, "not_found")
	for _, one := range answered(t, w.nurse.Send("GET", "/messages/"+id+"/explain", nil, nil), 200).Items() {
		chain := apitest.At(one, "chain").([]any)
		last := chain[len(chain)-1]
		if apitest.At(one, "professional", "id") != w.help.Person.String() {
			continue
		}
		if apitest.At(last, "step") != "consent" || apitest.At(last, "detail") != "Il faut la non-opposition du patient, qui n’est pas recueillie." {
			t.Errorf("%v", last)
		}
	}
	answered(t, w.nurse.Send("POST", "/teams/"+w.ID.String()+"/will", fields{"id": apitest.NewID(), "kind": "non_opposition"}, nil), 201)
	answered(t, w.help.Send("GET", "/messages/"+id, nil, nil), 200)
}

// The table of policy goes out as it came in; a change by somebody who knows of none leaves it; what it does not know is refused.
func TestThePolicyGoesInAndOut(t *testing.T) {
	w := newCircle(t)
	path, begun := w.draft(0)
	if got := begun.At("policy").([]any); len(got) != 3 || apitest.At(got[0], "categories") != "*" {
		t.Fatalf("it begins as %v", got)
	}
	tables := access.DefaultTables()
	policy := "basis;system;code;needs;categories\r\ncare_team_2;*;*;information;medical social\r\n"
	body := fields{"categories": tables.Categories, "actions": tables.Actions, "policy": policy, "comment": ""}
	answered(t, w.Admin.Send("PUT", path+"/csv", body, revision("1")), 200)
	if got := w.Admin.Send("GET", path+"/csv?table=policy", nil, nil); string(got.Raw) != policy {
		t.Errorf("%q", got.Raw)
	}
	kept := fields{"rows": begun.At("rows"), "actions": begun.At("actions"), "comment": ""}
	if got := answered(t, w.Admin.Send("PUT", path, kept, revision("2")), 200); len(got.At("policy").([]any)) != 1 {
		t.Errorf("%v", got.At("policy"))
	}
	kept["policy"] = []fields{{"basis": "emergency", "system": "*", "code": "*", "needs": "consent", "categories": "*"}}
	got := refused(t, w.Admin.Send("PUT", path, kept, revision("3")), 422, "matrix_invalid")
	contains(t, got.Text("detail"), "Table des fondements, ligne 2, colonne basis : « emergency » n’est pas un fondement")
	kept["policy"] = []fields{}
	if got := answered(t, w.Admin.Send("PUT", path, kept, revision("3")), 200); got.At("policy") != nil {
		t.Errorf("%v", got.At("policy"))
	}
}
