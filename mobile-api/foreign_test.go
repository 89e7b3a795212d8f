package mobileapi_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"

	"liaison/mobile-api/apitest"
)

// An id of another circle, wherever an id goes, is answered as one that does not exist, and the journal knows.
func TestIDsOfAnotherCircleAreAsAbsent(t *testing.T) {
	w := newCircle(t)
	theirs := w.elsewhere
	body := note("medical", "De l’autre cercle")
	answered(t, w.stranger.Send("POST", "/channels/"+theirs.Notebook.String()+"/messages", body, nil), 201)
	message := body["id"].(uuid.UUID)
	absent := apitest.NewID()
	mine := "/teams/" + w.ID.String()

	for _, c := range []struct {
		name   string
		id     uuid.UUID
		status int
		code   string
		ask    func(id uuid.UUID) apitest.Answer
	}{
		{"team", theirs.ID, 404, "not_found", get(w, "/teams/%", "")},
		{"patient", theirs.ID, 404, "not_found", call(w, "PATCH", "/teams/%/patient", fields{"town": "X"})},
		{"members", theirs.ID, 404, "not_found", call(w, "POST", "/teams/%/members", fields{"id": apitest.NewID(), "professional_id": w.nurse.Person, "seat": "intervenant", "basis": "care_team_3"})},
		{"member", theirs.ID, 404, "not_found", call(w, "DELETE", "/teams/%/members/"+w.stranger.Person.String(), nil)},
		{"structures", theirs.ID, 404, "not_found", call(w, "POST", "/teams/%/structures", fields{"id": apitest.NewID(), "structure_id": apitest.NewID(), "seat": "intervenant", "basis": "care_team_3"})},
		{"structure", theirs.ID, 404, "not_found", call(w, "DELETE", "/teams/%/structures/"+apitest.NewID().String(), nil)},
		{"will", theirs.ID, 404, "not_found", get(w, "/teams/%/will", "")},
		{"new will", theirs.ID, 404, "not_found", call(w, "POST", "/teams/%/will", fields{"id": apitest.NewID(), "kind": "consent"})},
		{"audience", theirs.ID, 404, "not_found", get(w, "/teams/%/audience", "?category=medical")},
		{"audience of a thread", message, 404, "not_found", get(w, mine+"/audience", "?category=medical&thread_id=%")},
		{"list", theirs.Notebook, 404, "not_found", get(w, "/channels/%/messages", "")},
		{"post", theirs.Notebook, 404, "not_found", call(w, "POST", "/channels/%/messages", note("medical", "Texte"))},
		{"read", theirs.Notebook, 404, "not_found", call(w, "PUT", "/channels/%/read", fields{"message_id": message})},
		{"message", message, 404, "not_found", get(w, "/messages/%", "")},
		{"thread", message, 404, "not_found", get(w, "/messages/%/thread", "")},
		{"revisions", message, 404, "not_found", get(w, "/messages/%/revisions", "")},
		{"receipts", message, 404, "not_found", get(w, "/messages/%/receipts", "")},
		{"amend", message, 404, "not_found", func(id uuid.UUID) apitest.Answer {
			return w.doctor.Send("PATCH", "/messages/"+id.String(), fields{"text": "X", "reason": "Y"}, http.Header{"If-Match": {"1"}})
		}},
		{"explain", message, 404, "not_found", get(w, "/messages/%/explain", "")},
		{"narrow", message, 404, "not_found", func(id uuid.UUID) apitest.Answer {
			return w.doctor.Send("POST", "/messages/"+id.String()+"/narrow", fields{"masks": []string{"MASQUE_PT"}, "reason": "Y"}, http.Header{"If-Match": {"1"}})
		}},
		{"withdraw", message, 404, "not_found", call(w, "POST", "/messages/%/withdraw", fields{"reason": "Y"})},
		{"read mark", message, 404, "not_found", in(w, "PUT", "/channels/"+w.Notebook.String()+"/read", fields{}, "message_id")},
		{"member of nowhere", w.stranger.Person, 404, "not_found", call(w, "DELETE", mine+"/members/%", nil)},
		{"withdrawn will", theirs.ID, 404, "not_found", in(w, "POST", mine+"/will", fields{"id": apitest.NewID(), "kind": "information"}, "withdraws")},
		{"thread of a post", message, 422, "thread_unknown", in(w, "POST", w.messages(), note("medical", "Texte"), "thread_id")},
		{"audience of names", w.stranger.Person, 422, "only_to_unknown", get(w, mine+"/audience", "?category=medical&only_to=%")},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := w.refusals(w.doctor)
			foreign := refused(t, c.ask(c.id), c.status, c.code)
			if c.status == 404 && w.refusals(w.doctor) == before {
				t.Error("the journal knows nothing of it")
			}
			if none := refused(t, c.ask(absent), c.status, c.code); string(none.Raw) != string(foreign.Raw) {
				t.Errorf("told apart: %s and %s", foreign.Raw, none.Raw)
			}
		})
	}
}

func TestReceiptsOfAnotherCircleSayNothing(t *testing.T) {
	w := newCircle(t)
	body := note("medical", "De l’autre cercle")
	answered(t, w.stranger.Send("POST", "/channels/"+w.elsewhere.Notebook.String()+"/messages", body, nil), 201)
	answered(t, w.doctor.Send("POST", "/receipts", fields{"items": []fields{{"message_id": body["id"], "state": "seen"}}}, nil), 204)
	answered(t, w.doctor.Send("POST", "/receipts", fields{"items": []fields{{"message_id": apitest.NewID(), "state": "seen"}}}, nil), 204)
	path := "/messages/" + body["id"].(uuid.UUID).String()
	if seen := answered(t, w.stranger.Send("GET", path+"/receipts", nil, nil), 200); len(seen.Items()) != 0 {
		t.Fatalf("got %s", seen.Raw)
	}
}

func TestACursorOfAnotherCircleIsAsAbsent(t *testing.T) {
	w := newCircle(t)
	body := note("medical", "De l’autre cercle")
	answered(t, w.stranger.Send("POST", "/channels/"+w.elsewhere.Notebook.String()+"/messages", body, nil), 201)
	w.post("Pansement refait")
	foreign := answered(t, w.nurse.Send("GET", w.messages()+"?cursor="+body["id"].(uuid.UUID).String(), nil, nil), 200)
	none := answered(t, w.nurse.Send("GET", w.messages()+"?cursor="+apitest.NewID().String(), nil, nil), 200)
	if string(foreign.Raw) != string(none.Raw) {
		t.Fatalf("told apart: %s and %s", foreign.Raw, none.Raw)
	}
}

func TestIDsThatAreNoneAreAsAbsent(t *testing.T) {
	w := newCircle(t)
	none := refused(t, w.doctor.Send("GET", "/teams/"+apitest.NewID().String(), nil, nil), 404, "not_found")
	for _, path := range []string{
		"/teams/12", "/teams/12/will", "/teams/12/audience?category=medical", "/channels/x/messages", "/messages/%00", "/messages/é/thread",
	} {
		if a := refused(t, w.doctor.Send("GET", path, nil, nil), 404, "not_found"); string(a.Raw) != string(none.Raw) {
			t.Errorf("%s: %s", path, a.Raw)
		}
	}
	// Before anything is said of the body.
	refused(t, w.doctor.Send("POST", "/channels/x/messages", fields{"colour": 1}, nil), 404, "not_found")
}

// refusals counts what the journal holds of a person's refused requests.
func (w *circle) refusals(c *apitest.Client) (n int) {
	w.T.Helper()
	err := w.DB.DB.Pool.QueryRow(w.T.Context(), "select count(*) from audit_lines where actor = $1 and outcome = 'refused'", c.Person).Scan(&n)
	if err != nil {
		w.T.Fatal(err)
	}
	return n
}

func get(w *circle, path, query string) func(uuid.UUID) apitest.Answer {
	return call(w, "GET", path+query, nil)
}

// call puts the id where the path has a percent sign.
func call(w *circle, method, path string, body any) func(uuid.UUID) apitest.Answer {
	return func(id uuid.UUID) apitest.Answer {
		return w.doctor.Send(method, strings.ReplaceAll(path, "%", id.String()), body, nil)
	}
}

// in puts the id in a field of the body.
func in(w *circle, method, path string, body fields, field string) func(uuid.UUID) apitest.Answer {
	return func(id uuid.UUID) apitest.Answer { return w.doctor.Send(method, path, with(body, field, id), nil) }
}
