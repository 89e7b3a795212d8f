package access

import (
	_ "embed"
	"slices"
	"strings"

	"liaison/doctypes"
)

//go:embed matrix-exceptions.csv
var defaultExceptions string

// ExceptionColumns names the columns of the third table.
var ExceptionColumns = []string{"document_type", "system", "code", "seat"}

// ExceptionRow takes one type of documents from a profession ("*" of system "*" for all) at a seat ("*" for any), whatever its row of
// the first table gives. Exceptions only take.
type ExceptionRow struct {
	Profession
	Type string
	Seat string
}

// DefaultExceptions gives the third table a territory starts with, as CSV.
func DefaultExceptions() string { return defaultExceptions }

// ExceptionRows lists the exceptions in the order of their table.
func (m *Matrix) ExceptionRows() []ExceptionRow { return m.exceptions }

func (m *Matrix) addException(rec record) *TableFault {
	if fault := rec.missing("document_type", "system", "code", "seat"); fault != nil {
		return fault
	}
	if !doctypes.Known(rec["document_type"]) {
		return &TableFault{Column: "document_type", Code: "unknown_document_type", Value: rec["document_type"]}
	}
	row := ExceptionRow{Profession{rec["system"], rec["code"]}, rec["document_type"], rec["seat"]}
	if slices.Contains(m.exceptions, row) {
		return &TableFault{Column: "document_type", Code: "twice", Value: strings.Join([]string{row.Type, row.System, row.Code, row.Seat}, " ")}
	}
	m.exceptions = append(m.exceptions, row)
	return nil
}

// Barred are the types that the exceptions take from a profession holding one of these seats: in order, each once.
func (m *Matrix) Barred(p Profession, seats []string) []string {
	out := []string{}
	for _, row := range m.exceptions {
		professionFits := row.Profession.InForce() == p.InForce() || row.Profession == Profession{"*", "*"}
		if professionFits && (row.Seat == "*" || slices.Contains(seats, row.Seat)) {
			out = append(out, row.Type)
		}
	}
	return once(out)
}

// barred are the types a place takes away: of who stands in for another, those of both.
func (c Circle) barred(m *Matrix, place Membership) []string {
	types := m.Barred(c.profession(place.Person), place.Seats())
	if place.How == ThroughReplacement || place.How == ThroughSecretariat {
		types = append(types, m.Barred(c.profession(place.Via), []string{place.Seat})...)
	}
	return types
}

// once puts codes in order, each once, and never gives nil: a standing is stored with all its columns.
func once(codes []string) []string {
	out := append([]string{}, codes...)
	slices.Sort(out)
	return slices.Compact(out)
}

// overlap says whether a message carries a document of one of these types.
func overlap(types, barred []string) bool {
	return slices.ContainsFunc(types, func(t string) bool { return slices.Contains(barred, t) })
}

// typesHit are the types of a message that the exceptions take from these seats of a profession.
func (m *Matrix) typesHit(p Profession, seats []string, f Facts) []string {
	barred := m.Barred(p, seats)
	return slices.DeleteFunc(once(f.Types), func(t string) bool { return !slices.Contains(barred, t) })
}
