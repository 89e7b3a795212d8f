package mobileapi_test

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"liaison/mobile-api/apitest"
)

// told is the history of accesses as its lead professional reads it: « who what », newest first.
func told(t *testing.T, by *apitest.Client, team uuid.UUID, query string) []string {
	t.Helper()
	var out []string
	cursor := ""
	for {
		got := answered(t, by.Send("GET", "/teams/"+team.String()+"/journal?"+query+cursor, nil, nil), 200)
		for i := range got.Items() {
			who := got.Text("items", i, "professional", "family_name")
			if who == "" {
				who = "service"
			}
			out = append(out, who+" "+got.Text("items", i, "what"))
		}
		next := got.Text("next")
		if next == "" {
			return out
		}
		cursor = "&cursor=" + url.QueryEscape(next)
	}
}

func leading(t *testing.T, w *circle, who *apitest.Client) {
	t.Helper()
	seat := fields{"id": apitest.NewID(), "professional_id": who.Person, "seat": "referent", "basis": "care_team_1"}
	answered(t, w.doctor.Send("POST", "/teams/"+w.ID.String()+"/members", seat, nil), 201)
}

func TestTheHistoryOfAccessesTellsEveryAccess(t *testing.T) {
	w := newCircle(t)
	path := "/teams/" + w.ID.String() + "/journal"
	refused(t, w.doctor.Send("GET", path, nil, nil), 403, "forbidden") // manages, and is not the lead professional
	refused(t, w.stranger.Send("GET", path, nil, nil), 404, "not_found")
	leading(t, w, w.nurse)

	id := w.post("Plaie propre")
	answered(t, w.doctor.Send("GET", w.messages(), nil, nil), 200)
	answered(t, w.doctor.Send("GET", "/messages/"+id, nil, nil), 200)
	answered(t, w.doctor.Send("GET", "/teams", nil, nil), 200)
	answered(t, w.doctor.Send("GET", "/search?q=plaie", nil, nil), 200)
	refused(t, w.help.Send("GET", "/messages/"+id, nil, nil), 404, "not_found")
	refused(t, w.stranger.Send("GET", "/teams/"+w.ID.String(), nil, nil), 404, "not_found")
	answered(t, w.stranger.Send("GET", "/teams", nil, nil), 200) // shows nothing of this circle
	w.Join(w.Circle, w.nurse, w.stranger)                        // whose lists are looked at from now on

	all := told(t, w.nurse, w.ID, "limit=3")
	for _, want := range []string{
		"baudry a lu les notes du cahier de liaison", "baudry a lu une note", "baudry a vu ce dossier dans la liste de ses patients",
		"baudry a créé le dossier", "ferhat a transmis une note", "diallo n’a pas pu lire une note",
		"verne n’a pas pu ouvrir le dossier", "baudry n’a pas pu consulter l’historique des accès",
		"baudry a ajouté un intervenant au cercle de soins",
	} {
		if !slices.Contains(all, want) {
			t.Errorf("not told: %s, of %s", want, strings.Join(all, "\n"))
		}
	}
	if slices.ContainsFunc(all, func(one string) bool { return strings.HasPrefix(one, "verne a ") }) {
		t.Errorf("the stranger's own list is told: %s", strings.Join(all, "\n"))
	}
	if strings.Contains(strings.Join(all, "\n"), "Plaie") {
		t.Error("the history says what the notes say")
	}
}

func TestTheHistoryOfAccessesIsFiltered(t *testing.T) {
	w := newCircle(t)
	leading(t, w, w.nurse)
	before := time.Now()
	id := w.post("Plaie propre")
	answered(t, w.doctor.Send("GET", "/messages/"+id, nil, nil), 200)
	refused(t, w.help.Send("GET", "/messages/"+id, nil, nil), 404, "not_found")
	after := time.Now()

	same := func(query string, want ...string) {
		t.Helper()
		if got := told(t, w.nurse, w.ID, query); !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", query, got, want)
		}
	}
	during := "&from=" + url.QueryEscape(before.Format(time.RFC3339Nano)) + "&to=" + url.QueryEscape(after.Format(time.RFC3339Nano))
	same("limit=1"+during, "diallo n’a pas pu lire une note", "baudry a lu une note", "ferhat a transmis une note")
	same("kind=refused"+during, "diallo n’a pas pu lire une note")
	same("kind=write"+during, "ferhat a transmis une note")
	same("person="+w.doctor.Person.String()+during, "baudry a lu une note")
	same("person=" + w.stranger.Person.String())

	path := "/teams/" + w.ID.String() + "/journal?"
	refused(t, w.nurse.Send("GET", path+"cursor=%3F", nil, nil), 400, "cursor_invalid")
	about(t, refused(t, w.nurse.Send("GET", path+"person=x", nil, nil), 422, "invalid_id"), "person")
	about(t, refused(t, w.nurse.Send("GET", path+"from=hier", nil, nil), 422, "invalid_value"), "from")
	english := answered(t, w.nurse.Send("GET", path+"kind=write"+during, nil, http.Header{"Accept-Language": {"en"}}), 200)
	if got := english.Text("items", 0, "what"); got != "sent a note" {
		t.Errorf("in English %q", got)
	}
}

// A delivery is an access of everybody it was made to.
func TestTheHistoryOfAccessesTellsDeliveriesByPerson(t *testing.T) {
	w := newCircle(t)
	leading(t, w, w.nurse)
	w.Exec(`insert into audit_lines (id, actor, verb, outcome, space_id, object, detail)
		values ($1, '00000000-0000-7000-8000-000000000002', 'message.deliver', 'done', $2, $1, jsonb_build_object('to', array[$3::text, $4::text], 'node', 'a'))`,
		apitest.NewID(), w.ID, w.doctor.Person.String(), w.help.Person.String())
	want := []string{"baudry a reçu une note à l’écran", "diallo a reçu une note à l’écran"}
	got := told(t, w.nurse, w.ID, "kind=read&limit=1&to="+url.QueryEscape(time.Now().Add(time.Minute).Format(time.RFC3339)))
	got = slices.DeleteFunc(got, func(one string) bool { return !strings.HasSuffix(one, "à l’écran") })
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := told(t, w.nurse, w.ID, "kind=read&person="+w.help.Person.String()); len(got) != 1 {
		t.Errorf("of the home help: %q", got)
	}
}

// What the same people were given at once is one line: it says of how many notes, and through whom each of them stood there.
func TestTheHistoryTellsNotesDeliveredTogether(t *testing.T) {
	w := newCircle(t)
	leading(t, w, w.nurse)
	w.Exec(`insert into audit_lines (id, actor, verb, outcome, space_id, detail)
		values ($1, '00000000-0000-7000-8000-000000000002', 'message.deliver', 'done', $2, jsonb_build_object('to', array[$3::text, $4::text],
			'node', 'a', 'messages', array[$3::text, $4::text], 'count', 2, 'acting', jsonb_build_object($4::text, array[$3::text])))`,
		apitest.NewID(), w.ID, w.doctor.Person.String(), w.help.Person.String())
	for who, want := range map[uuid.UUID]string{
		w.doctor.Person: "baudry a reçu 2 notes à l’écran",
		w.help.Person:   "diallo a reçu 2 notes à l’écran, pour ",
	} {
		got := slices.DeleteFunc(told(t, w.nurse, w.ID, "kind=read&person="+who.String()),
			func(one string) bool { return !strings.Contains(one, "à l’écran") })
		if len(got) != 1 || !strings.HasPrefix(got[0], want) || strings.Contains(got[0], "pour") != strings.Contains(want, "pour") {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// Every verb that code writes about a circle has its words.
func TestEveryVerbOfACircleHasWords(t *testing.T) {
	t.Parallel()
	words, err := os.ReadFile("access_words.go")
	if err != nil {
		t.Fatal(err)
	}
	verb := regexp.MustCompile(`"(search|sync|(?:teams|patients|patient|team|member|will|circle|message|messages|thread|receipts|thresholds|measures|documents|document|alert|alerts|journal)\.[a-z_]+)"`)
	event := regexp.MustCompile(`^message\.(created|updated|withdrawn|narrowed)$`)
	for _, room := range []string{"teams", "chat", "documents", "notifications"} {
		files, err := filepath.Glob("../" + room + "/*.go")
		if err != nil || len(files) == 0 {
			t.Fatal(room, err)
		}
		for _, file := range files {
			source, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, found := range verb.FindAllSubmatch(source, -1) {
				name := string(found[1])
				if !strings.HasSuffix(file, "_test.go") && !event.MatchString(name) && !strings.Contains(string(words), `"`+name+`":`) {
					t.Errorf("%s: %s has no words in the history of accesses", file, name)
				}
			}
		}
	}
}
