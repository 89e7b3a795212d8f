package professions

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestTableIsWhole(t *testing.T) {
	t.Parallel()
	if len(byCode) != len(all) {
		t.Errorf("%d rows for %d codes: a code is twice in the table", len(all), len(byCode))
	}
	for _, p := range all {
		for _, word := range []string{p.System, p.Code, p.Short, p.Feminine, p.Masculine, p.Plural, p.English, p.EnglishPl} {
			if word == "" || word != strings.TrimSpace(word) {
				t.Errorf("%s %s has the word %q", p.System, p.Code, word)
			}
		}
		if n := utf8.RuneCountInString(p.Short); n > 3 || strings.ToUpper(p.Short) != p.Short {
			t.Errorf("%s %s: %q does not fit on a tile", p.System, p.Code, p.Short)
		}
		if system, code, _ := strings.Cut(p.ReplacedBy, "#"); p.Retired() {
			if next, ok := Find(system, code); !ok || next.Retired() {
				t.Errorf("%s %s is replaced by %q, which cannot be given", p.System, p.Code, p.ReplacedBy)
			}
		}
	}
}

func TestWords(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ got, want string }{
		{Label("TRE_G15", "60", "F"), "infirmière"},
		{Label("TRE_G15", "60", "M"), "infirmier"},
		{Label("TRE_G15", "50", "M"), "sage-femme"},
		{Label("TRE_XX", "1", "F"), "1"},
		{LabelIn("en", "TRE_R85", "372", "F"), "home help"},
		{Plural("TRE_R85", "372", "fr"), "aides à domicile"},
		{Plural("TRE_R85", "372", "en"), "home helps"},
		{Plural("TRE_XX", "1", "en"), "1"},
		{Short("TRE_G15", "60"), "IDE"},
		{Short("TRE_XX", "1"), "1"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
	if Known("TRE_XX", "1") || !Known("TRE_R94", "42") {
		t.Error("known codes are those of the table, retired ones included")
	}
	for _, p := range All() {
		if p.Retired() {
			t.Errorf("%s %s can no longer be given", p.System, p.Code)
		}
	}
}
