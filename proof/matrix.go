package proof

import (
	"encoding/csv"
	"fmt"
	"slices"
	"strings"
)

// Matrix is the tables as they are written: lines of text, the first table's by profession.
type Matrix struct {
	rows       map[Profession][]map[string]string
	actions    []map[string]string
	exceptions []map[string]string
	policy     []map[string]string
}

// ReadMatrix reads the tables.
func ReadMatrix(categories, actions, exceptions, policy string) (Matrix, error) {
	m := Matrix{rows: map[Profession][]map[string]string{}}
	rows, err := lines(categories)
	if err != nil {
		return m, fmt.Errorf("categories: %w", err)
	}
	for _, line := range rows {
		p := Profession{line["system"], line["code"]}
		m.rows[p] = append(m.rows[p], line)
	}
	if m.actions, err = lines(actions); err != nil {
		return m, fmt.Errorf("actions: %w", err)
	}
	if m.exceptions, err = lines(exceptions); err != nil {
		return m, fmt.Errorf("exceptions: %w", err)
	}
	if m.policy, err = lines(policy); err != nil {
		return m, fmt.Errorf("policy: %w", err)
	}
	return m, nil
}

// waits: the policy has a place on this basis, of this profession, wait for a fact that is not there before it gives the category. A place
// founded on consent waits for consent whatever the table says, one taken in an emergency for nothing.
func (m Matrix) waits(basis string, p Profession, category string, there func(fact string) bool) bool {
	if basis == "emergency" {
		return false
	}
	if basis == "consent" && !there("consent") {
		return true
	}
	for _, line := range m.policy {
		mine := line["system"] == "*" || Profession{line["system"], line["code"]}.today() == p.today()
		which := line["basis"] == "*" || line["basis"] == basis
		what := line["categories"] == "*" || slices.Contains(strings.Fields(line["categories"]), category)
		if mine && which && what && !there(line["needs"]) {
			return true
		}
	}
	return false
}

func lines(table string) ([]map[string]string, error) {
	records, err := csv.NewReader(strings.NewReader(table)).ReadAll()
	if err != nil {
		return nil, err
	}
	var out []map[string]string
	for _, record := range records[1:] {
		line := map[string]string{}
		for i, cell := range record {
			line[records[0][i]] = cell
		}
		out = append(out, line)
	}
	return out, nil
}

// line is the one that holds for a profession at a seat: a line with the seat overrides the line for every seat; of two for the same, the
// one for the person's speciality overrides the one that names none.
func (m Matrix) line(p Profession, speciality, seat string) map[string]string {
	for _, wanted := range []struct{ seat, speciality string }{{seat, speciality}, {seat, ""}, {"*", speciality}, {"*", ""}} {
		for _, line := range m.linesOf(p) {
			if line["seat"] == wanted.seat && line["speciality"] == wanted.speciality {
				return line
			}
		}
	}
	return nil
}

// takes: the exceptions take a type of documents from a profession that holds one of these seats.
func (m Matrix) takes(kind string, p Profession, seats ...string) bool {
	return slices.ContainsFunc(m.exceptions, func(line map[string]string) bool {
		of := Profession{line["system"], line["code"]}
		return line["document_type"] == kind && (of == Profession{"*", "*"} || of.today() == p.today()) &&
			(line["seat"] == "*" || slices.Contains(seats, line["seat"]))
	})
}

func (m Matrix) knows(p Profession) bool { return len(m.linesOf(p)) > 0 }

// readsAnywhere asks every line of the profession, whatever its seat.
func (m Matrix) readsAnywhere(p Profession, category string) bool {
	return slices.ContainsFunc(m.linesOf(p), func(line map[string]string) bool { return strings.Contains(line[category], "r") })
}

// actionsOf reads the table of actions; a profession without a line in the first table may do nothing.
func (m Matrix) actionsOf(p Profession, seats []string) []string {
	var out []string
	for _, line := range m.actions {
		mine := line["system"] == "*" || Profession{line["system"], line["code"]}.today() == p.today()
		if m.knows(p) && mine && (line["seat"] == "*" || slices.Contains(seats, line["seat"])) {
			out = addOnce(out, line["action"])
		}
	}
	return out
}
