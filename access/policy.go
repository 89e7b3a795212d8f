package access

import (
	_ "embed"
	"slices"
	"strings"
	"time"
)

//go:embed matrix-policy.csv
var defaultPolicy string

// PolicyColumns names the columns of the fourth table.
var PolicyColumns = []string{"basis", "system", "code", "needs", "categories"}

// PolicyRow makes what a place gives depend on a fact of the patient's will: a place on this basis ("*" for any but an emergency), held by
// this profession ("*" of system "*" for all), gives these categories only while the fact is recorded.
type PolicyRow struct {
	Profession
	Basis      string
	Needs      string
	Categories Categories // AllCategories: the place gives nothing at all
}

// DefaultPolicy gives the fourth table a territory starts with, as CSV: a place founded on consent gives nothing before one, and a
// coordinator (330) or a case manager (309), who stand outside the care team of L1110-12, share in care with consent only (L1110-4).
func DefaultPolicy() string { return defaultPolicy }

// PolicyRows lists the rows in the order of their table.
func (m *Matrix) PolicyRows() []PolicyRow { return m.policy }

// PolicyBases are the bases a row may name; an emergency (L1110-4) waits for no fact.
var PolicyBases = []string{"*", "care_team_1", "care_team_2", "care_team_3", BasisConsent}

var policyFacts = []string{WillInformation, WillNonOpposition, WillConsent}

func (m *Matrix) addPolicy(rec record) *TableFault {
	if fault := rec.missing(PolicyColumns...); fault != nil {
		return fault
	}
	row := PolicyRow{Profession: Profession{rec["system"], rec["code"]}, Basis: rec["basis"], Needs: rec["needs"], Categories: AllCategories}
	if !slices.Contains(PolicyBases, row.Basis) {
		return &TableFault{Column: "basis", Code: "unknown_basis", Value: row.Basis}
	}
	if !slices.Contains(policyFacts, row.Needs) {
		return &TableFault{Column: "needs", Code: "unknown_fact", Value: row.Needs}
	}
	if rec["categories"] != "*" {
		row.Categories = 0
		for _, code := range strings.Fields(rec["categories"]) {
			category, known := ParseCategory(code)
			if !known {
				return &TableFault{Column: "categories", Code: "unknown_category", Value: code}
			}
			row.Categories |= category
		}
	}
	if slices.Contains(m.policy, row) {
		return &TableFault{Column: "basis", Code: "twice", Value: strings.Join([]string{row.Basis, row.System, row.Code, row.Needs, row.Cell()}, " ")}
	}
	m.policy = append(m.policy, row)
	return nil
}

// Cell gives the categories as the table writes them.
func (r PolicyRow) Cell() string {
	if r.Categories == AllCategories {
		return "*"
	}
	return r.Categories.String()
}

// needed are the rows for a place of a profession. That a place founded on consent needs one is no territory's to decide.
func (m *Matrix) needed(basis string, p Profession) []PolicyRow {
	if basis == BasisEmergency {
		return nil
	}
	var rows []PolicyRow
	if basis == BasisConsent {
		rows = append(rows, PolicyRow{Basis: basis, Needs: WillConsent, Categories: AllCategories})
	}
	for _, row := range m.policy {
		mine := row.Profession.InForce() == p.InForce() || row.Profession == Profession{"*", "*"}
		if mine && (row.Basis == "*" || row.Basis == basis) {
			rows = append(rows, row)
		}
	}
	return rows
}

// suspended is what a place on this basis does not give this profession at t, for want of a fact.
func (c Circle) suspended(m *Matrix, basis string, p Profession, t time.Time) (lost Categories) {
	for _, row := range m.needed(basis, p) {
		if !c.holds(row.Needs, t) {
			lost |= row.Categories
		}
	}
	return lost
}

// wanting is the first fact for want of which one of these places does not give a category.
func (c Circle) wanting(m *Matrix, places []Membership, category Categories, t time.Time) string {
	for _, place := range places {
		for _, person := range holders(place) {
			for _, row := range m.needed(place.Basis, c.profession(person)) {
				if row.Categories&category != 0 && !c.holds(row.Needs, t) {
					return row.Needs
				}
			}
		}
	}
	return ""
}
