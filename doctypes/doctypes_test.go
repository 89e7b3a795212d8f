package doctypes

import (
	"slices"
	"strings"
	"testing"
)

func TestTableIsWhole(t *testing.T) {
	t.Parallel()
	if len(byCode) != len(all) || len(all) < 100 {
		t.Errorf("%d rows for %d codes", len(all), len(byCode))
	}
	for _, one := range all {
		for _, word := range []string{one.Code, one.French, one.English} {
			if word == "" || word != strings.TrimSpace(word) || strings.Contains(word, "'") {
				t.Errorf("%s has the word %q", one.Code, word)
			}
		}
		if !slices.Contains(Groups, one.Group) {
			t.Errorf("%s stands in the group %q", one.Code, one.Group)
		}
	}
	if !slices.IsSortedFunc(all, func(a, b Type) int { return slices.Index(Groups, a.Group) - slices.Index(Groups, b.Group) }) {
		t.Error("a group is not in one piece")
	}
}

func TestWords(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ got, want string }{
		{LabelIn("fr", "68599-0"), "Synthèse psychiatrique"},
		{LabelIn("en", "68599-0"), "Psychiatric summary"},
		{LabelIn("en", "nothing"), "nothing"},
	} {
		if c.got != c.want {
			t.Errorf("%q, want %q", c.got, c.want)
		}
	}
	if !Known("83901-9") || Known("") || Known("68599") {
		t.Error("another code is known than those of the table")
	}
}
