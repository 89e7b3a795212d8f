package demo

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"liaison/access"
	"liaison/accounts"
	"liaison/chat"
	"liaison/teams"
)

func TestASecondLoadDoesNothing(t *testing.T) {
	w := newWorld(t)
	began := time.Now()
	w.load(time.Now())
	t.Logf("loaded in %s", time.Since(began))
	before := w.counts()
	t.Log(before)
	w.load(time.Now().AddDate(0, 0, 1))
	if diff := cmp.Diff(before, w.counts()); diff != "" {
		t.Error(diff)
	}
	entries := 0
	for _, p := range w.l.patients {
		entries += len(p.entries)
	}
	if before["messages"] != entries {
		t.Errorf("%d messages of %d entries", before["messages"], entries)
	}
}

// An interrupted load is completed, even by another day, whose dates are others.
func TestAnInterruptedLoadIsCompleted(t *testing.T) {
	w := newWorld(t)
	early := time.Now().AddDate(0, 0, -3)
	w.l.day = today(early)
	w.must(w.l.hire(t.Context(), func(p person) bool { return p.Login != last }))
	for _, p := range w.l.patients[:3] {
		p.entries = slices.DeleteFunc(slices.Clone(p.entries), func(e entry) bool { return e.day >= -5 })
		w.must(w.l.circle(t.Context(), p))
	}
	w.load(time.Now())
	whole := newCounts(t)
	got := w.counts()
	for _, table := range []string{"professionals", "patients", "memberships", "organisations", "belongings", "wills", "messages", "message_revisions", "documents"} {
		if got[table] != whole[table] {
			t.Errorf("%s: %d, want %d", table, got[table], whole[table])
		}
	}
}

// newCounts is what the files ask for.
func newCounts(t *testing.T) map[string]int {
	t.Helper()
	people, err := readPeople()
	if err != nil {
		t.Fatal(err)
	}
	patients, err := readPatients()
	if err != nil {
		t.Fatal(err)
	}
	structures, err := readStructures()
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]int{"professionals": len(people), "patients": len(patients), "organisations": len(structures)}
	for _, s := range structures {
		out["belongings"] += len(s.People)
		out["memberships"] += len(s.Places)
	}
	for _, p := range patients {
		out["wills"]++
		if p.Consent != nil {
			out["wills"]++
		}
		out["memberships"] += len(p.Circle)
		out["messages"] += len(p.entries)
		for _, e := range p.entries {
			out["documents"] += len(e.files)
			if e.amended != nil || e.withdraw != "" {
				out["message_revisions"]++
			}
		}
	}
	return out
}

var seatsOfPatients = map[string]string{
	"marcillac":  "aide-domicile:intervenant assistante-sociale:intervenant coordinatrice:coordonnateur infirmiere:intervenant kine:intervenant medecin:medecin_traitant pharmacien:intervenant",
	"tessandier": "cardiologue:intervenant infirmiere:intervenant kine:intervenant medecin:medecin_traitant technicien-oxygene:intervenant",
	"lestrade":   "aide-domicile:intervenant aide-soignant:intervenant aide-soignante:intervenant assistante-sociale:intervenant idec-ssiad:referent+intervenant medecin:medecin_traitant plateforme-repit:intervenant",
	"bensalem":   "ide-had:intervenant infirmiere:intervenant medecin-emsp:intervenant medecin:medecin_traitant pharmacien:intervenant psychologue:intervenant",
	"aubertin":   "educateur:intervenant ide-cmp:intervenant mandataire:intervenant medecin2:medecin_traitant psychiatre:intervenant",
	"carvalho":   "assistante-sociale:intervenant dieteticienne:intervenant medecin2:medecin_traitant sage-femme:intervenant",
	"lemarquand": "ergotherapeute:intervenant orthophoniste:intervenant pediatre:medecin_traitant psychomotricien:intervenant",
	"marsillac":  "ambulancier:intervenant infirmiere:intervenant medecin:medecin_traitant podologue:intervenant",
}

func TestCirclesAreThoseOfTheStory(t *testing.T) {
	w := newWorld(t)
	w.load(time.Now())
	logins := map[uuid.UUID]string{}
	for login, p := range w.l.people {
		logins[p.ID] = login
	}
	for _, p := range w.l.patients {
		var seats []string
		for _, m := range w.team(p.Circle[0].Login, p.Key).Members {
			seats = append(seats, logins[m.Professional.ID]+":"+strings.Join(m.Seats, "+"))
		}
		slices.Sort(seats)
		if diff := cmp.Diff(seatsOfPatients[p.Key], strings.Join(seats, " ")); diff != "" {
			t.Errorf("%s: %s", p.Key, diff)
		}
	}
	coordinator := w.team("coordinatrice", "marcillac").My
	for _, category := range []string{"medical", "medication", "nursing"} {
		if !slices.Contains(coordinator.Reads, category) {
			t.Errorf("with the consent recorded, the coordinator reads %s", category)
		}
	}
	for _, m := range w.team("medecin", "lestrade").Members {
		if logins[m.Professional.ID] == "aide-soignant" && (len(m.Through) != 1 || m.Through[0].Name != "SSIAD de Saint-Aubain") {
			t.Errorf("acts through %v", m.Through)
		}
	}
	homonyms := w.team("medecin", "marcillac").Patient.Homonyms
	if len(homonyms) != 1 || !strings.HasPrefix(homonyms[0].Name, "MARSILLAC Odile") {
		t.Errorf("homonyms of Odette: %v", homonyms)
	}
	if mine, err := w.Teams.List(t.Context(), w.l.actor("technicien-oxygene")); err != nil || len(mine) != 0 {
		t.Errorf("a profession without a row reads nothing: %d, %v", len(mine), err)
	}
}

func TestTheHomeHelpReadsOnlyHerOwnTreatmentsAndCare(t *testing.T) {
	w := newWorld(t)
	w.load(time.Now())
	help := w.l.people["aide-domicile"].ID
	own := 0
	for _, key := range []string{"marcillac", "lestrade"} {
		for _, m := range w.messages("aide-domicile", key, "notebook") {
			if !slices.Contains([]string{"medical", "medication", "nursing", "psychological"}, m.Category) {
				continue
			}
			if m.Author.ID != help {
				t.Errorf("%s: she reads %q", key, m.Text)
			}
			own++
		}
	}
	if own < 3 {
		t.Errorf("%d remarks of hers on treatments", own)
	}
}

func TestTheNotebookTellsItsWeeks(t *testing.T) {
	w := newWorld(t)
	w.load(time.Now())
	notes := w.messages("medecin", "marcillac", "notebook")
	if n := len(notes); n < 60 || n > 80 {
		t.Errorf("%d notes for Odette", n)
	}
	states := map[string]int{}
	masked, named, readings := 0, 0, 0
	for i, m := range notes {
		states[m.State]++
		masked += min(1, len(m.Masks))
		named += min(1, len(m.OnlyTo))
		if i > 0 && m.CreatedAt.After(notes[i-1].CreatedAt) {
			t.Errorf("%q is dated after what follows it", m.Text)
		}
		for _, measure := range m.Measures {
			if measure.Code == "blood_pressure" {
				readings++
			}
		}
		if strings.Contains(m.Text, "{") {
			t.Errorf("a date is missing in %q", m.Text)
		}
	}
	want := map[string]int{chat.Amended: 1, chat.Withdrawn: 1, chat.Posted: len(notes) - 2}
	if diff := cmp.Diff(want, states); diff != "" || masked != 1 || named != 1 || readings < 18 {
		t.Errorf("%s%d masked, %d named, %d readings", diff, masked, named, readings)
	}
	if age := time.Since(notes[0].CreatedAt); age < 0 || age > 4*24*time.Hour {
		t.Errorf("the last note is %s old", age)
	}
}

func TestAFewMessagesAreUnread(t *testing.T) {
	w := newWorld(t)
	w.load(time.Now())
	all, unread := 0, 0
	for login := range w.l.people {
		counts, err := w.Chat.Counts(t.Context(), w.l.actor(login))
		w.must(err)
		for _, c := range counts {
			if c.Unread > 3 {
				t.Errorf("%s has %d unread", login, c.Unread)
			}
			all++
			unread += min(1, c.Unread)
		}
	}
	if unread == 0 || unread == all {
		t.Errorf("%d channels of %d have something unread", unread, all)
	}
}

func TestDatesFollowTheDay(t *testing.T) {
	t.Parallel()
	utc := func(text string) time.Time {
		at, err := time.Parse("2006-01-02 15:04", text)
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	for now, want := range map[string]string{"2026-11-17 08:30": "17", "2026-11-17 07:59": "16", "2026-07-17 07:30": "17"} {
		if got := today(utc(now)).midnight.Format("02"); got != want {
			t.Errorf("at %s UTC the demo's day is %s, want %s", now, got, want)
		}
	}
	friday := today(utc("2026-11-20 12:00")).at(0, 8, 10)
	keyed := map[string]time.Time{"kine3": friday.AddDate(0, 0, -10)}
	for text, want := range map[string]string{"{+1}": "23/11", "{-1}": "19/11", "{j+2}": "lundi", "{@kine3}": "10/11", "26": "26"} {
		if got := dated(text, friday, keyed); got != want {
			t.Errorf("%s is %s, want %s", text, got, want)
		}
	}
}

// Whatever the day, replies follow what they answer and nothing is in the future.
func TestEveryDayOfTheWeekIsInOrder(t *testing.T) {
	t.Parallel()
	people, err := readPeople()
	if err != nil {
		t.Fatal(err)
	}
	patients, err := readPatients()
	if err != nil {
		t.Fatal(err)
	}
	for n := range 7 {
		now := time.Date(2026, 11, 16+n, 8, 0, 0, 0, time.UTC)
		for _, p := range patients {
			for _, kind := range []string{"notebook", "discussion"} {
				checkOrder(t, schedule(p.entries, kind, today(now), people), now)
			}
		}
	}
}

func checkOrder(t *testing.T, list []placed, now time.Time) {
	t.Helper()
	seen := map[string]bool{"": true}
	for _, e := range list {
		if !seen[e.re] {
			t.Errorf("%s: the reply to %s comes before it", now.Weekday(), e.re)
		}
		seen[e.key] = true
		if e.at.After(now) {
			t.Errorf("%s: %q is in the future", now.Weekday(), e.text)
		}
		if e.re != "" && e.channel == "discussion" {
			t.Errorf("%q: the discussion has no threads here", e.text)
		}
	}
}

func TestQualifiedIdentitiesHaveADemoMatricule(t *testing.T) {
	t.Parallel()
	patients, err := readPatients()
	if err != nil {
		t.Fatal(err)
	}
	statuses := map[string]bool{}
	for _, p := range patients {
		statuses[p.IdentityStatus] = true
		if qualified := p.IdentityStatus == teams.Qualified; qualified != (p.INSOID == "1.2.250.1.213.1.4.11" && p.INSMatricule != "") {
			t.Errorf("%s: %s with INS %s of %s", p.Key, p.IdentityStatus, p.INSMatricule, p.INSOID)
		}
		for _, phone := range p.Telephones {
			if !strings.HasPrefix(phone.Number, "06 39 98 ") {
				t.Errorf("%s: %s is not an invented number", p.Key, phone.Number)
			}
		}
	}
	if len(statuses) != 4 {
		t.Errorf("statuses: %v", slices.Collect(maps.Keys(statuses)))
	}
}

func TestLoadTestIsRepeatable(t *testing.T) {
	w := newWorld(t)
	wanted := Wanted{Teams: 12, Members: 9, TokenTTL: time.Hour}
	first, err := LoadTest(t.Context(), w.Services, wanted)
	w.must(err)
	before := w.counts()
	wanted.Teams = 3
	again, err := LoadTest(t.Context(), w.Services, wanted)
	w.must(err)
	after := w.counts()
	delete(before, "audit_lines")
	delete(after, "audit_lines")
	if diff := cmp.Diff(before, after); diff != "" {
		t.Error(diff)
	}
	for i, team := range again.Teams {
		if team.ID != first.Teams[i].ID || team.Notebook != first.Teams[i].Notebook || team.Discussion != first.Teams[i].Discussion {
			t.Errorf("team %d is another", i+1)
		}
		w.everybodyWorks(team)
	}
}

// Day and month of two dates exchanged, and close names, made patients 733 and 763 of a load test look alike.
func TestPatientsOfALoadTestShareNoBirthDate(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for n := range days * 12 * years {
		born := testPatient(n).BirthDate
		at, err := time.Parse(time.DateOnly, born)
		if err != nil || at.After(time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)) || at.Day() <= 12 || seen[born] {
			t.Fatalf("patient %d is born on %s: %v", n, born, err)
		}
		seen[born] = true
	}
}

// Whatever the day, the patient was told before anybody had a place, and everybody has one before what she writes.
func TestPlacesComeBeforeWhatIsWritten(t *testing.T) {
	t.Parallel()
	people, err := readPeople()
	if err != nil {
		t.Fatal(err)
	}
	patients, err := readPatients()
	if err != nil {
		t.Fatal(err)
	}
	for n := range 7 {
		day := today(time.Date(2026, 11, 16+n, 8, 0, 0, 0, time.UTC))
		for _, p := range patients {
			since := map[string]time.Time{}
			for _, place := range p.Circle {
				since[place.Login] = place.began(day)
				if !p.told(day).Before(since[place.Login]) {
					t.Errorf("%s: told at %s, %s has a place since %s", p.Key, p.told(day), place.Login, since[place.Login])
				}
			}
			for _, e := range append(schedule(p.entries, "notebook", day, people), schedule(p.entries, "discussion", day, people)...) {
				if e.at.Before(since[e.author]) {
					t.Errorf("%s: %s writes at %s, in the circle since %s", p.Key, e.author, e.at, since[e.author])
				}
			}
		}
	}
}

func TestTheFoundersPlaceIsDatedFromItsDay(t *testing.T) {
	w := newWorld(t)
	w.load(time.Now())
	for _, p := range w.l.patients {
		opener := p.Circle[0]
		m := w.team(opener.Login, p.Key).Members
		i := slices.IndexFunc(m, func(m teams.Member) bool { return m.Professional.ID == w.l.people[opener.Login].ID })
		if want := opener.began(w.l.day); !m[i].From.Equal(want) {
			t.Errorf("%s: the founder's place is of %s, want %s", p.Key, m[i].From, want)
		}
	}
}

func (w *world) everybodyWorks(team TestTeam) {
	w.Helper()
	for i, m := range team.Members {
		session, err := w.Accounts.Authenticate(w.Context(), accounts.Presented{Bearer: m.AccessToken})
		w.must(err)
		if session.Person != m.ID {
			w.Errorf("the token of %s is somebody else's", m.Login)
		}
		for _, category := range []string{"organisation", "daily_life"} {
			if category == "daily_life" && professionAt(i) == (access.Profession{System: "TRE_G15", Code: "70"}) {
				continue
			}
			d := chat.Draft{ID: uuid.Must(uuid.NewV7()), Category: category, Text: "Essai", WrittenAt: time.Now()}
			if _, _, err := w.Chat.Post(w.Context(), access.Actor{Person: m.ID}, team.Discussion, d); err != nil {
				w.Errorf("%s does not write %s: %v", m.Login, category, err)
			}
		}
	}
}

func TestTheAccountsOfferedExist(t *testing.T) {
	t.Parallel()
	list, err := Accounts()
	if err != nil {
		t.Fatal(err)
	}
	for i, a := range list {
		if a.Login != tried[i] || a.FamilyName == "" {
			t.Errorf("%d: %+v, want %s", i, a, tried[i])
		}
	}
}
