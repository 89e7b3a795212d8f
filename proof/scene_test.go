package proof

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"

	"liaison/node"
	"liaison/storage/storagetest"
)

// scene is one node and one circle in which everything was done once: a médecin traitant, a nurse who writes, a home help, a
// nurse who leaves, and a physician outside.
type scene struct {
	*arena
	gp, nurse, help, left, stranger *person
	team                            string
	channel                         string
}

// newScene opens the circle; the words of the scene are the caller's.
func newScene(t *testing.T, db *storagetest.DB, change func(*node.Config)) *scene {
	t.Helper()
	s := &scene{arena: emptyArena(t, db)}
	cfg := s.config()
	change(&cfg)
	s.start(cfg)
	someone := func(name, system, code string, devices int) *person {
		p := &person{id: newID(), profession: Profession{system, code}, name: name, devices: devices}
		s.stock = append(s.stock, p)
		return p
	}
	s.gp, s.nurse = someone("Anne", "TRE_G15", "10", 1), someone("Brune", "TRE_G15", "60", 1)
	s.help, s.left, s.stranger = someone("Claire", "TRE_R85", "372", 0), someone("Dora", "TRE_G15", "60", 0), someone("Elise", "TRE_G15", "10", 0)
	s.employ()
	s.team = s.circle("Dufour")
	s.must(s.owner.QueryRow(t.Context(), "select id::text from channels where space_id = $1 and kind = 'notebook'", s.team).Scan(&s.channel))
	return s
}

// circle opens a circle of all but the stranger.
func (s *scene) circle(patient string) string {
	s.Helper()
	var opened struct {
		TeamID string `json:"team_id"`
	}
	s.into(s.ask(0, s.gp, "POST", "/patients", object{
		"id": newID(), "birth_name": patient, "given_names": "Odette", "sex": "F", "birth_date": "1939-03-12", "seat": "medecin_traitant",
		"information": object{"given_by": "Anne", "given_at": "2026-01-05T08:00:00Z"},
	}), &opened)
	for _, p := range []*person{s.nurse, s.help, s.left} {
		s.well(s.ask(0, s.gp, "POST", "/teams/"+opened.TeamID+"/members", object{"id": newID(), "professional_id": p.id, "seat": "intervenant", "basis": "care_team_3"}))
	}
	return opened.TeamID
}

// leave ends the place of the nurse who leaves.
func (s *scene) leave() {
	s.Helper()
	s.well(s.ask(0, s.left, "DELETE", "/teams/"+s.team+"/members/"+s.left.id, nil))
}

// well wants an answer that says yes.
func (s *scene) well(got answer) answer {
	s.Helper()
	if got.status < 200 || got.status > 299 {
		s.Fatalf("answered %s", got)
	}
	return got
}

// post writes a note and gives its id.
func (s *scene) post(by *person, body object) string {
	s.Helper()
	id := newID()
	body["id"] = id
	s.well(s.ask(0, by, "POST", "/channels/"+s.channel+"/messages", body))
	return id
}

// send brings a whole document.
func (s *scene) send(by *person, name, caption string, file []byte) string {
	s.Helper()
	id, sum := newID(), sha256.Sum256(file)
	s.well(s.ask(0, by, "POST", "/documents", object{
		"id": id, "team_id": s.team, "name": name, "caption": caption, "size": len(file), "sha256": hex.EncodeToString(sum[:]),
	}))
	s.well(s.ask(0, by, "PATCH", "/documents/"+id+"/content", file, "Content-Type", "application/offset+octet-stream", "Upload-Offset", "0"))
	return id
}

// begin brings all of a document but its last bytes: what came stays in the store as a tail.
func (s *scene) begin(name string, file []byte) {
	s.Helper()
	id, sum := newID(), sha256.Sum256(file)
	s.well(s.ask(0, s.nurse, "POST", "/documents", object{"id": id, "team_id": s.team, "name": name, "size": len(file), "sha256": hex.EncodeToString(sum[:])}))
	s.well(s.ask(0, s.nurse, "PATCH", "/documents/"+id+"/content", file[:len(file)-3], "Content-Type", "application/offset+octet-stream", "Upload-Offset", "0"))
}

// amend corrects a message of the nurse's that was never corrected.
func (s *scene) amend(id, text, reason string) {
	s.Helper()
	s.well(s.ask(0, s.nurse, "PATCH", "/messages/"+id, object{"text": text, "reason": reason}, "If-Match", "1"))
}

func (s *scene) withdraw(id, reason string) {
	s.Helper()
	s.well(s.ask(0, s.nurse, "POST", "/messages/"+id+"/withdraw", object{"reason": reason}))
}

// asActor says to a transaction of the application's role who acts; nobody when p is nil.
func asActor(p *person) (sql string, id string) {
	if p != nil {
		id = uuid.MustParse(p.id).String()
	}
	return "select set_config('liaison.actor', $1, true)", id
}

// shown are the answers of every face that shows something of the circle to somebody.
func (s *scene) shown(p *person, messages, documents []string, query string) map[string]answer {
	out := map[string]answer{}
	get := func(path string, headers ...string) {
		out[path+strings.Join(headers, " ")] = s.ask(len(s.nodes)-1, p, http.MethodGet, path, nil, headers...)
	}
	for _, path := range []string{
		"/channels/" + s.channel + "/messages", "/teams/" + s.team, "/teams/" + s.team + "/measures", "/teams/" + s.team + "/thresholds",
		"/teams/" + s.team + "/documents", "/teams/" + s.team + "/will", "/teams/" + s.team + "/emergencies", "/emergencies", "/search?q=" + query, "/alerts", "/sync", "/teams",
	} {
		get(path)
	}
	for _, id := range messages {
		for _, below := range []string{"", "/thread", "/revisions", "/receipts", "/alert"} {
			get("/messages/" + id + below)
		}
	}
	for _, id := range documents {
		get("/documents/" + id)
		get("/documents/" + id + "/content")
		get("/documents/"+id+"/content", "Range", "bytes=2-40")
		get("/documents/" + id + "/thumbnail")
	}
	return out
}
