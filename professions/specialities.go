package professions

import (
	_ "embed"
	"encoding/csv"
	"slices"
	"strings"
)

//go:embed specialities.csv
var specialityTable string

// Speciality is a savoir-faire (TRE_R38) of those who exercise one profession, and its words, lower case.
type Speciality struct {
	Code       string
	System     string // of the profession
	Profession string
	French     string
	English    string
}

var specialities = readSpecialities()

func readSpecialities() (out []Speciality) {
	records, err := csv.NewReader(strings.NewReader(specialityTable)).ReadAll()
	if err != nil {
		panic("specialities.csv: " + err.Error())
	}
	for _, r := range records[1:] {
		out = append(out, Speciality{r[0], r[1], r[2], r[3], r[4]})
	}
	return out
}

// Specialities lists those a person can be given, in the order of the table.
func Specialities() []Speciality { return specialities }

func findSpeciality(code string) int {
	return slices.IndexFunc(specialities, func(s Speciality) bool { return s.Code == code })
}

// Specialises says whether the code is a speciality of this profession.
func Specialises(system, code, speciality string) bool {
	i := findSpeciality(speciality)
	return i >= 0 && specialities[i].System == system && specialities[i].Profession == code
}

// SpecialityIn names a speciality in French ("fr") or English ("en"); an unknown code is shown as it is.
func SpecialityIn(lang, code string) string {
	i := findSpeciality(code)
	switch {
	case i < 0:
		return code
	case lang == "en":
		return specialities[i].English
	}
	return specialities[i].French
}
