// Package doctypes holds the national types of documents (JDV_J07-XdsTypeCode-CISIS) and their words in French and English. Facts only:
// who does not read which type is the matrix's, in package access.
package doctypes

import (
	_ "embed"
	"encoding/csv"
	"strings"
)

//go:embed doctypes.csv
var table string

// Type is one code, the group it is listed under, and its words.
type Type struct {
	Code    string
	Group   string
	French  string
	English string
}

// Groups are those types are listed under, in their order.
var Groups = []string{"summary", "report", "letter", "prescription", "results", "assessment", "plan", "social", "administrative", "patient"}

var (
	all    []Type
	byCode = map[string]Type{}
)

func init() {
	records, err := csv.NewReader(strings.NewReader(table)).ReadAll()
	if err != nil {
		panic("doctypes.csv: " + err.Error())
	}
	for _, r := range records[1:] {
		t := Type{r[0], r[1], r[2], r[3]}
		all = append(all, t)
		byCode[t.Code] = t
	}
}

// All lists the types, group by group, by their French words.
func All() []Type { return all }

// Known says whether the code is in the national table as the project holds it.
func Known(code string) bool {
	_, ok := byCode[code]
	return ok
}

// LabelIn names a type in French ("fr") or English ("en"); an unknown code is shown as it is.
func LabelIn(lang, code string) string {
	t, ok := byCode[code]
	switch {
	case !ok:
		return code
	case lang == "en":
		return t.English
	}
	return t.French
}
