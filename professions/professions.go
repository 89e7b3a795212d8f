// Package professions holds the words for the national codes of professions and roles (TRE_G15, TRE_R94, TRE_R95, TRE_R85):
// what a professional is called, alone or as a group, in French and English. Facts only: what a profession may do is
// the matrix's, in package access.
package professions

import (
	_ "embed"
	"encoding/csv"
	"strings"
)

//go:embed professions.csv
var table string

// Profession is one code and its words, lower case, as in the middle of a sentence.
type Profession struct {
	System string
	Code   string
	// Short is what fits on a person's tile.
	Short     string
	Feminine  string
	Masculine string
	Plural    string
	English   string
	EnglishPl string
	// ReplacedBy names the code to use instead ("TRE_R85#313"); a retired code is still read, never given.
	ReplacedBy string
}

type key struct{ system, code string }

var (
	all    []Profession
	byCode = map[key]Profession{}
)

func init() {
	records, err := csv.NewReader(strings.NewReader(table)).ReadAll()
	if err != nil {
		panic("professions.csv: " + err.Error())
	}
	for _, r := range records[1:] {
		p := Profession{r[0], r[1], r[2], r[3], r[4], r[5], r[6], r[7], r[8]}
		all = append(all, p)
		byCode[key{p.System, p.Code}] = p
	}
}

// All lists the codes a person can be given today, in the order of the table.
func All() []Profession {
	out := make([]Profession, 0, len(all))
	for _, p := range all {
		if !p.Retired() {
			out = append(out, p)
		}
	}
	return out
}

// Retired says that the national tables replaced this code.
func (p Profession) Retired() bool { return p.ReplacedBy != "" }

// Find gives a code's words, retired codes included.
func Find(system, code string) (Profession, bool) {
	p, ok := byCode[key{system, code}]
	return p, ok
}

// Known says whether the code is in the national tables as the project holds them.
func Known(system, code string) bool {
	_, ok := Find(system, code)
	return ok
}

// Label is what one person of this profession is called in French; an unknown code is shown as it is.
func Label(system, code, gender string) string { return LabelIn("fr", system, code, gender) }

// LabelIn is Label in French ("fr") or English ("en"); English words have no gender.
func LabelIn(lang, system, code, gender string) string {
	p, ok := Find(system, code)
	switch {
	case !ok:
		return code
	case lang == "en":
		return p.English
	case gender == "F":
		return p.Feminine
	}
	return p.Masculine
}

// Plural is what the profession is called as a group, without article: « aides à domicile », "home helps".
func Plural(system, code, lang string) string {
	p, ok := Find(system, code)
	switch {
	case !ok:
		return code
	case lang == "en":
		return p.EnglishPl
	}
	return p.Plural
}

// Short is what fits on a person's tile: « IDE ».
func Short(system, code string) string {
	p, ok := Find(system, code)
	if !ok {
		return code
	}
	return p.Short
}
