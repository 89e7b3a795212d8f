package matrices

import (
	"encoding/csv"
	"slices"
	"strings"

	"liaison/access"
)

// Row is a row of the table of categories in letters: cells by category, r, w and a, or - for none.
type Row struct {
	System, Code, Seat string
	Label, MaskClass   string
	Cells              map[string]string
}

// Action is a row of the table of actions.
type Action struct {
	Action, System, Code, Seat string
}

// Read gives the tables in rows, in their order. The tables of a version or a draft can be read: they were before they were kept.
func (t Tables) Read() ([]Row, []Action, error) {
	m, err := access.ParseMatrix(0, t.Categories, t.Actions)
	if err != nil {
		return nil, nil, err
	}
	rows, actions := []Row{}, []Action{}
	for _, row := range m.Rows() {
		one := Row{row.System, row.Code, row.Seat, row.Label, row.MaskName(), map[string]string{}}
		for i, category := range access.CategoryCodes {
			one.Cells[category] = row.Cell(access.Categories(1 << i))
		}
		rows = append(rows, one)
	}
	for _, row := range m.ActionRows() {
		actions = append(actions, Action{row.Action.Codes()[0], row.System, row.Code, row.Seat})
	}
	return rows, actions, nil
}

// Write makes tables of rows. What is wrong in them is found when they are parsed: row n stands in line n+2.
func Write(rows []Row, actions []Action) Tables {
	categories := [][]string{access.CategoryColumns()}
	for _, row := range rows {
		record := []string{row.System, row.Code, row.Seat, row.Label, row.MaskClass}
		for _, category := range access.CategoryCodes {
			record = append(record, row.Cells[category])
		}
		categories = append(categories, record)
	}
	acts := [][]string{slices.Clone(access.ActionColumns)}
	for _, row := range actions {
		acts = append(acts, []string{row.Action, row.System, row.Code, row.Seat})
	}
	return Tables{encoded(categories), encoded(acts)}
}

func encoded(records [][]string) string {
	var b strings.Builder
	_ = csv.NewWriter(&b).WriteAll(records) // a builder takes everything
	return b.String()
}
