package matrices

import (
	"encoding/csv"
	"slices"
	"strings"

	"liaison/access"
)

// Row is a row of the table of categories in letters: cells by category, r, w and a, or - for none. Speciality is "" for any.
type Row struct {
	System, Code, Seat string
	Label, MaskClass   string
	Cells              map[string]string
	Speciality         string
}

// Action is a row of the table of actions.
type Action struct {
	Action, System, Code, Seat string
}

// Exception is a row of the table of exceptions.
type Exception struct {
	DocumentType, System, Code, Seat string
}

// Need is a row of the table of policy: categories of a place on a basis wait for a fact.
type Need struct {
	Basis, System, Code, Needs, Categories string
}

// Rows are the tables in rows, in their order.
type Rows struct {
	Categories []Row
	Actions    []Action
	Exceptions []Exception // nil: not said
	Policy     []Need      // nil: not said
}

// Read gives the tables in rows. The tables of a version or a draft can be read: they were before they were kept.
func (t Tables) Read() (Rows, error) {
	m, err := t.Parse(0)
	if err != nil {
		return Rows{}, err
	}
	out := Rows{[]Row{}, []Action{}, []Exception{}, []Need{}}
	for _, row := range m.Rows() {
		one := Row{row.System, row.Code, row.Seat, row.Label, row.MaskName(), map[string]string{}, row.Speciality}
		for i, category := range access.CategoryCodes {
			one.Cells[category] = row.Cell(access.Categories(1 << i))
		}
		out.Categories = append(out.Categories, one)
	}
	for _, row := range m.ActionRows() {
		out.Actions = append(out.Actions, Action{row.Action.Codes()[0], row.System, row.Code, row.Seat})
	}
	for _, row := range m.ExceptionRows() {
		out.Exceptions = append(out.Exceptions, Exception{row.Type, row.System, row.Code, row.Seat})
	}
	for _, row := range m.PolicyRows() {
		out.Policy = append(out.Policy, Need{row.Basis, row.System, row.Code, row.Needs, row.Cell()})
	}
	return out, nil
}

// Write makes tables of rows. What is wrong in them is found when they are parsed: row n stands in line n+2. The column of specialities
// is there when a row has one.
func Write(rows Rows) Tables {
	out := Tables{Categories: categories(rows.Categories)}
	acts := [][]string{slices.Clone(access.ActionColumns)}
	for _, row := range rows.Actions {
		acts = append(acts, []string{row.Action, row.System, row.Code, row.Seat})
	}
	out.Actions = encoded(acts)
	if rows.Exceptions != nil {
		exceptions := [][]string{slices.Clone(access.ExceptionColumns)}
		for _, row := range rows.Exceptions {
			exceptions = append(exceptions, []string{row.DocumentType, row.System, row.Code, row.Seat})
		}
		out.Exceptions = encoded(exceptions)
	}
	if rows.Policy != nil {
		needs := [][]string{slices.Clone(access.PolicyColumns)}
		for _, row := range rows.Policy {
			needs = append(needs, []string{row.Basis, row.System, row.Code, row.Needs, row.Categories})
		}
		out.Policy = encoded(needs)
	}
	return out
}

func categories(rows []Row) string {
	header := access.CategoryColumns()
	special := slices.ContainsFunc(rows, func(r Row) bool { return r.Speciality != "" })
	if special {
		header = append(header, access.ColumnSpeciality)
	}
	records := [][]string{header}
	for _, row := range rows {
		record := []string{row.System, row.Code, row.Seat, row.Label, row.MaskClass}
		for _, category := range access.CategoryCodes {
			record = append(record, row.Cells[category])
		}
		if special {
			record = append(record, row.Speciality)
		}
		records = append(records, record)
	}
	return encoded(records)
}

func encoded(records [][]string) string {
	var b strings.Builder
	_ = csv.NewWriter(&b).WriteAll(records) // a builder takes everything
	return b.String()
}
