package chat

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"liaison/access"
	"liaison/events"
)

// finds gives the texts found, newest first.
func (w *world) finds(a access.Actor, q string) []string {
	w.Helper()
	return w.findsAll(a, Search{Query: q})
}

func (w *world) findsAll(a access.Actor, req Search) []string {
	w.Helper()
	found, err := w.chat.Search(w.Context(), a, req)
	w.must(err)
	if !found.Complete {
		w.Error("the index did not reach the search's start")
	}
	out := []string{}
	for _, item := range found.Items {
		out = append(out, item.Message.Text)
	}
	return out
}

func (w *world) wantFound(a access.Actor, q string, want ...string) {
	w.Helper()
	if got := w.finds(a, q); !slices.Equal(got, append([]string{}, want...)) {
		w.Errorf("« %s » finds %q, want %q", q, got, want)
	}
}

func TestSearchFindsWhatOneMayRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.post(w.nurse, note("medication", "2 prises du soir oubliées"))
	w.post(w.nurse, note("daily_life", "repas pris à midi, prise de poids"))
	w.wantFound(w.gp, "prise oubliée", "2 prises du soir oubliées")
	w.wantFound(w.nurse, "PRISE OUBLIEE", "2 prises du soir oubliées")
	w.wantFound(w.help, "prise oubliée")
	w.wantFound(w.outsider, "prise oubliée")
	w.wantFound(w.help, "poids", "repas pris à midi, prise de poids")
	w.wantFound(w.gp, "prise", "repas pris à midi, prise de poids", "2 prises du soir oubliées")
	w.unseat(w.nurse)
	w.wantFound(w.nurse, "prise")
}

// The answer of who may not read is the answer about something that does not exist.
func TestSearchTellsNothingOfWhatIsHidden(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.post(w.nurse, note("nursing", "escarre au talon"))
	for _, who := range []access.Actor{w.help, w.outsider} {
		hidden, err := w.chat.Search(t.Context(), who, Search{Query: "escarre"})
		w.must(err)
		absent, err := w.chat.Search(t.Context(), who, Search{Query: "varicelle"})
		w.must(err)
		a, _ := json.Marshal(hidden)
		b, _ := json.Marshal(absent)
		if !bytes.Equal(a, b) {
			t.Errorf("hidden %s, absent %s", a, b)
		}
	}
}

func TestSearchNarrowsByMasksNamesAndHistory(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	masked, named := note("daily_life", "fugue masquée"), note("organisation", "fugue nommée")
	masked.Masks, named.OnlyTo = []string{"MASQUE_PSOCIAL"}, []uuid.UUID{w.pharmacist.Person}
	w.post(w.nurse, masked)
	w.post(w.nurse, named)
	w.post(w.nurse, note("daily_life", "fugue"))
	w.wantFound(w.help, "fugue", "fugue")
	w.wantFound(w.pharmacist, "fugue", "fugue nommée")
	w.wantFound(w.nurse, "fugue", "fugue", "fugue nommée", "fugue masquée")
	late := w.person("Tardive", "TRE_G15", "60")
	w.seatFromNowOn(late)
	w.wantFound(late, "fugue")
	w.post(w.nurse, note("nursing", "fugue depuis"))
	w.wantFound(late, "fugue", "fugue depuis")
}

func (w *world) seatFromNowOn(a access.Actor) {
	w.Helper()
	w.must(w.gate.Write(w.Context(), w.gp, access.Space(w.space), "member.add", func(g access.Grant) error {
		_, err := g.Tx().Exec(w.Context(), `insert into memberships (id, space_id, person_id, seat, basis, valid_from, added_by, from_now_on)
			values ($1, $2, $3, 'intervenant', 'care_team_3', $4, $5, true)`, newID(), w.space, a.Person, g.At(), w.gp.Person)
		if err != nil {
			return err
		}
		return g.Recompile(w.Context())
	}))
}

func TestSearchForgetsWhatWasCorrectedAndWithdrawn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.post(w.nurse, note("nursing", "plaie au genou gauche"))
	w.wantFound(w.gp, "genou", "plaie au genou gauche")
	fixed := "plaie au coude gauche"
	_, err := w.chat.Amend(t.Context(), w.nurse, m.ID, Amendment{Text: &fixed, Reason: "erreur", Revision: 1})
	w.must(err)
	w.wantFound(w.gp, "genou")
	w.wantFound(w.gp, "coude", fixed)
	_, err = w.chat.Withdraw(t.Context(), w.nurse, m.ID, "autre patient")
	w.must(err)
	for _, who := range []access.Actor{w.nurse, w.gp, w.pharmacist} {
		w.wantFound(who, "coude")
		w.wantFound(who, "genou")
	}
	if n := w.entries(); n != 0 {
		t.Errorf("%d entries remain", n)
	}
}

func (w *world) entries() (n int) {
	w.Helper()
	w.must(w.db.DB.Pool.QueryRow(w.Context(), "select count(*) from search_entries").Scan(&n))
	return n
}

// What the index has not caught up with is refused by the message itself.
func TestSearchBelievesTheMessageNotTheIndex(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.post(w.nurse, note("nursing", "hématome au bras"))
	w.wantFound(w.gp, "hématome", "hématome au bras")
	owner := w.owner()
	_, err := owner.Exec(t.Context(), "create table kept as select * from search_entries")
	w.must(err)
	fixed := "rien au bras"
	_, err = w.chat.Amend(t.Context(), w.nurse, m.ID, Amendment{Text: &fixed, Reason: "erreur", Revision: 1})
	w.must(err)
	w.wantFound(w.gp, "bras", fixed)
	_, err = owner.Exec(t.Context(), "update search_entries e set terms = k.terms from kept k where k.object_id = e.object_id")
	w.must(err)
	w.wantFound(w.gp, "hématome")
	_, err = w.chat.Withdraw(t.Context(), w.nurse, m.ID, "erreur")
	w.must(err)
	w.wantFound(w.gp, "bras")
	_, err = owner.Exec(t.Context(), "insert into search_entries select * from kept on conflict do nothing")
	w.must(err)
	w.wantFound(w.gp, "bras")
}

func TestSearchFilters(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.post(w.nurse, note("nursing", "visite infirmière"))
	other := note("medication", "visite du pharmacien")
	other.NoteType = "INST"
	w.post(w.pharmacist, other)
	var middle time.Time
	w.must(w.db.DB.Pool.QueryRow(t.Context(), "select clock_timestamp()").Scan(&middle))
	w.post(w.gp, note("medical", "visite du médecin"))
	for name, c := range map[string]struct {
		narrow func(*Search)
		want   []string
	}{
		"none":       {func(*Search) {}, []string{"visite du médecin", "visite du pharmacien", "visite infirmière"}},
		"category":   {func(q *Search) { q.Category = "nursing" }, []string{"visite infirmière"}},
		"author":     {func(q *Search) { q.Author = w.pharmacist.Person }, []string{"visite du pharmacien"}},
		"type":       {func(q *Search) { q.NoteType = "INST" }, []string{"visite du pharmacien"}},
		"from":       {func(q *Search) { q.From = middle }, []string{"visite du médecin"}},
		"to":         {func(q *Search) { q.To = middle }, []string{"visite du pharmacien", "visite infirmière"}},
		"team":       {func(q *Search) { q.Team = w.space }, []string{"visite du médecin", "visite du pharmacien", "visite infirmière"}},
		"other team": {func(q *Search) { q.Team = newID() }, []string{}},
		"documents":  {func(q *Search) { q.Kind = KindDocument }, []string{}},
	} {
		q := Search{Query: "visite"}
		c.narrow(&q)
		if got := w.findsAll(w.gp, q); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestSearchPagesWithoutGapOrTwice(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	want := []string{}
	for i := range 23 {
		text := fmt.Sprintf("passage %d", i)
		category := "nursing"
		if i%3 == 0 {
			category = "organisation"
		}
		w.post(w.nurse, note(category, text))
		want = append([]string{text}, want...)
	}
	var got []string
	q := Search{Query: "passage", Limit: 5}
	for pages := 0; ; pages++ {
		found, err := w.chat.Search(t.Context(), w.gp, q)
		w.must(err)
		for _, item := range found.Items {
			got = append(got, item.Message.Text)
		}
		if found.Next == nil {
			break
		}
		q.Cursor = *found.Next
	}
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	if _, err := w.chat.Search(t.Context(), w.help, q); !errors.Is(err, events.ErrCursor) {
		t.Errorf("somebody else's cursor: %v", err)
	}
	q.Query = "autre"
	if _, err := w.chat.Search(t.Context(), w.gp, q); !errors.Is(err, events.ErrCursor) {
		t.Errorf("cursor of another search: %v", err)
	}
}

func TestSearchRefusesWhatCannotBeLookedFor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for q, code := range map[string]string{
		"":                          "search_empty",
		" & | ! () <-> :* ' \" %_ ": "search_empty",
		"le la les":                 "search_empty",
		strings.Repeat("a", 10_000): "search_too_long",
		strings.Repeat("é", 201):    "search_too_long",
		"a\xff":                     "invalid_utf8",
	} {
		if _, err := w.chat.Search(t.Context(), w.gp, Search{Query: q}); codeOf(err) != code {
			t.Errorf("%.30q: %v, want %s", q, err, code)
		}
	}
	for _, q := range []string{strings.Repeat("é", 200), "prise & !oubliée", "'; drop table search_entries; --", "\x00 plaie", "{1,2}", `"plaie"`} {
		w.wantFound(w.gp, q)
	}
}

func TestSearchFindsMeasures(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := note("nursing", "")
	d.Measures = []Measure{{Code: "blood_pressure", Components: []Component{{"systolic", 186, "mm[Hg]"}, {"diastolic", 104, "mm[Hg]"}}, Context: "assise"}}
	w.post(w.nurse, d)
	for _, q := range []string{"TA", "tension artérielle", "186", "TA 186/104", "assise"} {
		w.wantFound(w.gp, q, "")
	}
	w.wantFound(w.gp, "87")
}

// The same word gives another term in another space: who reads the raw index cannot tell who says the same.
func TestTermsAreOfTheirSpace(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.space
	w.open()
	made, err := w.keys.Terms(t.Context(), []uuid.UUID{first, w.space, newID()}, []string{"insulin", "poids"})
	w.must(err)
	if two := made[first]; two[0]>>40 != two[1]>>40 || two[0] == two[1] || two[0]>>40 == made[w.space][0]>>40 {
		t.Errorf("terms of a space do not lie side by side, apart from others: %x", made)
	}
	if len(made) != 2 || made[first][0] == made[w.space][0] {
		t.Errorf("terms %v", made)
	}
	w.must(w.keys.Rotate(t.Context(), first))
	again, err := w.keys.Terms(t.Context(), []uuid.UUID{first}, []string{"insulin"})
	w.must(err)
	if again[first][0] != made[first][0] {
		t.Error("after a rotation, what was indexed before is not found")
	}
}

func TestADestroyedKeyLeavesNothingToFind(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.post(w.nurse, note("nursing", "zona ophtalmique"))
	w.wantFound(w.gp, "zona", "zona ophtalmique")
	w.must(w.keys.Destroy(t.Context(), w.space))
	w.wantFound(w.gp, "zona")
	w.must(w.indexWhole())
	w.wantFound(w.gp, "zona")
	if n := w.entries(); n != 0 {
		t.Errorf("%d entries of a destroyed space after a whole pass", n)
	}
}

func TestASearchIsJournalledByItsCount(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := note("nursing", "zébulon au talon")
	w.post(w.nurse, d)
	w.wantFound(w.gp, "zébulon", d.Text)
	var count float64
	w.must(w.owner().QueryRow(t.Context(), "select (detail->>'count')::float from audit_lines where verb = 'search' order by at limit 1").Scan(&count))
	if count != 1 {
		t.Errorf("the journal says %v were found", count)
	}
}
