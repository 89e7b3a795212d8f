package words

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

func found(text, query string) bool {
	terms := map[string]bool{}
	for _, h := range In(text) {
		terms[h.Term] = true
	}
	wanted := Of(query)
	return len(wanted) > 0 && !slices.ContainsFunc(wanted, func(w string) bool { return !terms[w] })
}

func TestWhatFindsWhat(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ query, text string }{
		{"prise oubliée", "2 prises du soir oubliées"},
		{"PRISE OUBLIEE", "2 prises du soir oubliées"},
		{"oublier", "Elle a encore oublié ses comprimés"},
		{"oublie", "prise oubliée hier"},
		{"insuline", "Refuse l’insuline ce matin"},
		{"l'insuline", "insuline rapide 6 UI"},
		{"œdème", "oedemes des membres inférieurs"},
		{"oedème", "Œdème à gauche"},
		{"cahier", "voir le carnet de liaison"},
		{"carnets", "le cahier est dans l'entrée"},
		{"TA", "tension artérielle 14/8"},
		{"ta", "TA 186/104"},
		{"tension artérielle", "TA 186/104"},
		{"pression artérielle", "Tension à 18"},
		{"artérielle", "tension artérielle prise debout"},
		{"glycémie", "glucose 2,1 g/L à jeun"},
		{"dextro", "Glycémie capillaire : 1,8"},
		{"1.8", "Glycémie capillaire : 1,8."},
		{"186", "TA 186/104 ce matin"},
		{"104", "TA 186/104, pouls 92"},
		{"8h", "passage à 08h30"},
		{"rdv", "rendez-vous chez le cardiologue"},
		{"rendez-vous", "RDV annulé"},
		{"fièvre", "fievre 39,2"},
		{"tombée", "Madame est tombee, tombait déjà hier"},
		{"infirmière", "passage IDE"},
		{"mobilité", "mobilite réduite"},
		{"cicatrisation", "plaie qui cicatrise"},
		{"prise de sang", "bilan sanguin demandé"},
		{"e\u0301te\u0301 chaude", "chaude"},
		{"diarrhée", "diarrhees depuis 2 jours"},
	} {
		if !found(c.text, c.query) {
			t.Errorf("« %s » does not find « %s »: %v, %v", c.query, c.text, Of(c.query), In(c.text))
		}
	}
	for _, c := range []struct{ query, text string }{
		{"artérielle", "TA 186/104"},
		{"18", "TA 186/104"},
		{"insuline", "isolement"},
		{"prise oubliée", "prise notée"},
		{"12.03", "12.03.2026"},
		{"&& || !", "tout"},
		{"le la les", "le la les"},
	} {
		if found(c.text, c.query) {
			t.Errorf("« %s » finds « %s »: %v", c.query, c.text, Of(c.query))
		}
	}
}

func TestAccentsChangeNothing(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"Mobilité réduite, épuisée à l’effort", "hémiplégie gauche séquellaire", "œdèmes, dyspnée d'effort, anxiété"} {
		var terms [3][]string
		for i, form := range []string{text, norm.NFD.String(text), strings.ToUpper(text)} {
			terms[i] = Of(form)
		}
		if !slices.Equal(terms[0], terms[1]) || !slices.Equal(terms[0], terms[2]) {
			t.Errorf("%v", terms)
		}
	}
}

func joined(pieces []Piece) (text string, hits []string) {
	for _, p := range pieces {
		text += p.Text
		if p.Hit {
			hits = append(hits, p.Text)
		}
	}
	return text, hits
}

func TestSnippetsShowTheDensestHits(t *testing.T) {
	t.Parallel()
	filler := strings.Repeat("rien de neuf ce matin ", 20)
	text := "Une prise. " + filler + "2 prises du soir oubliées <b>hier</b>. " + filler
	got, hits := joined(Snippet(text, Of("prise oubliée")))
	if !strings.Contains(got, "2 prises du soir oubliées <b>hier</b>") || !slices.Equal(hits, []string{"prises", "oubliées"}) {
		t.Errorf("%q %q", got, hits)
	}
	if n := utf8.RuneCountInString(got); n > snippetLength+2 || !strings.HasPrefix(got, "…") || !strings.HasSuffix(got, "…") {
		t.Errorf("%d characters: %q", n, got)
	}
	got, hits = joined(Snippet("TA : tension artérielle 14/8", Of("ta")))
	if got != "TA : tension artérielle 14/8" || !slices.Equal(hits, []string{"TA", "tension artérielle"}) {
		t.Errorf("%q %q", got, hits)
	}
	if pieces := Snippet("", Of("ta")); len(pieces) != 0 {
		t.Errorf("of nothing: %v", pieces)
	}
}

// Whatever the text, a snippet is made of whole characters of it, in order.
func FuzzSnippet(f *testing.F) {
	family := "👩‍👩‍👧‍👦"
	f.Add(strings.Repeat(family, 100)+" prise "+strings.Repeat("é", 300), "prise")
	f.Add(strings.Repeat("e\u0301\u0327", 400)+" insuline", "insuline")
	f.Add(strings.Repeat("a", 10_000), "a & ! (")
	f.Add("1,2.3,4 .. ,5", "5")
	f.Fuzz(func(t *testing.T, text, query string) {
		if !utf8.ValidString(text) || !utf8.ValidString(query) {
			return
		}
		got, _ := joined(Snippet(text, Of(query)))
		inside := strings.TrimSuffix(strings.TrimPrefix(got, ellipsis), ellipsis)
		if !strings.Contains(text, inside) {
			t.Errorf("%q is not of %q", got, text)
		}
		edges := edgesOf(text)
		at := strings.Index(text, inside)
		if _, exact := slices.BinarySearch(edges, at); !exact && strings.Count(text, inside) == 1 {
			t.Errorf("cut inside a character: %q", got)
		}
	})
}
