package professions

import (
	"strings"
	"testing"
)

func TestSpecialitiesAreWhole(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, s := range Specialities() {
		if p, known := Find(s.System, s.Profession); !known || p.Retired() || seen[s.Code] {
			t.Errorf("%s is of %s %s, or there twice", s.Code, s.System, s.Profession)
		}
		seen[s.Code] = true
		for _, word := range []string{s.French, s.English} {
			if word == "" || word != strings.TrimSpace(word) || strings.Contains(word, "'") {
				t.Errorf("%s has the word %q", s.Code, word)
			}
		}
	}
	if !Specialises("TRE_G15", "10", "SM42") || Specialises("TRE_G15", "60", "SM42") || Specialises("TRE_G15", "10", "") {
		t.Error("a speciality is of one profession")
	}
	if SpecialityIn("fr", "SM42") != "psychiatrie" || SpecialityIn("en", "SM42") != "psychiatry" || SpecialityIn("fr", "SM999") != "SM999" {
		t.Error("another word")
	}
}
