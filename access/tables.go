package access

import (
	"cmp"
	"encoding/csv"
	"errors"
	"fmt"
	"slices"
	"strings"

	"liaison/professions"
)

// The tables of a matrix.
const (
	TableCategories = "categories"
	TableActions    = "actions"
	TableExceptions = "exceptions"
	TablePolicy     = "policy"
)

// TableFault is what is wrong in a table of a matrix, and where. Code is one of: no_table, unknown_column, missing_column,
// unreadable, missing, unknown_mask_class, unknown_right, alert_without_reading, twice, unknown_action, unknown_speciality, unknown_document_type,
// unknown_basis, unknown_fact, unknown_category.
type TableFault struct {
	Table  string
	Line   int // of the file, from 1
	Column string
	Code   string
	Value  string
}

func (f *TableFault) Error() string {
	return fmt.Sprintf("matrix of %s, line %d, %s: %s %q", f.Table, f.Line, f.Column, f.Code, f.Value)
}

// Tables are the tables of a matrix as CSV.
type Tables struct {
	Categories string
	Actions    string
	Exceptions string // "" for none
	Policy     string // "": as a territory starts
}

// DefaultTables gives the tables a territory starts with.
func DefaultTables() Tables {
	return Tables{Categories: defaultCategories, Actions: defaultActions, Exceptions: defaultExceptions, Policy: defaultPolicy}
}

// ParseMatrix reads the tables, CSV by comma or, as some spreadsheets write it, by semicolon. What is not understood is a *TableFault:
// nothing is guessed.
func ParseMatrix(version int, t Tables) (*Matrix, error) {
	m := &Matrix{Version: version, rows: map[Profession]rowsAt{}}
	err := eachRecord(TableCategories, t.Categories, CategoryColumns(), m.addRow, ColumnSpeciality)
	if err != nil {
		return nil, err
	}
	if err := eachRecord(TableActions, t.Actions, ActionColumns, m.addAction); err != nil {
		return nil, err
	}
	if t.Exceptions != "" {
		if err := eachRecord(TableExceptions, t.Exceptions, ExceptionColumns, m.addException); err != nil {
			return nil, err
		}
	}
	if err := eachRecord(TablePolicy, cmp.Or(t.Policy, defaultPolicy), PolicyColumns, m.addPolicy); err != nil {
		return nil, err
	}
	m.keepFormer()
	return m, nil
}

// ColumnSpeciality may be in the first table or not: empty or absent, a row is for any speciality.
const ColumnSpeciality = "speciality"

// CategoryColumns names the columns of the first table.
func CategoryColumns() []string {
	return slices.Concat([]string{"system", "code", "seat", "label_fr", "mask_class"}, CategoryCodes)
}

// ActionColumns names the columns of the second one.
var ActionColumns = []string{"action", "system", "code", "seat"}

type record map[string]string

func eachRecord(table, text string, columns []string, add func(record) *TableFault, optional ...string) error {
	text = strings.TrimPrefix(text, "\ufeff")
	r := csv.NewReader(strings.NewReader(text))
	if header, _, _ := strings.Cut(text, "\n"); strings.Contains(header, ";") && !strings.Contains(header, ",") {
		r.Comma = ';'
	}
	records, err := r.ReadAll()
	if err != nil {
		return unreadable(table, err)
	}
	if len(records) == 0 {
		return &TableFault{Table: table, Line: 1, Code: "no_table"}
	}
	if fault := checkHeader(records[0], columns, optional); fault != nil {
		fault.Table, fault.Line = table, 1
		return fault
	}
	for n, values := range records[1:] {
		row := record{}
		for i, name := range records[0] {
			row[name] = strings.TrimSpace(values[i])
		}
		if fault := add(row); fault != nil {
			fault.Table, fault.Line = table, n+2
			return fault
		}
	}
	return nil
}

func unreadable(table string, err error) error {
	fault := &TableFault{Table: table, Line: 1, Code: "unreadable"}
	var parse *csv.ParseError
	if errors.As(err, &parse) {
		fault.Line = parse.Line
	}
	return fault
}

func checkHeader(header, columns, optional []string) *TableFault {
	for _, name := range header {
		if !slices.Contains(columns, name) && !slices.Contains(optional, name) {
			return &TableFault{Column: name, Code: "unknown_column", Value: name}
		}
	}
	for _, name := range columns {
		if !slices.Contains(header, name) {
			return &TableFault{Column: name, Code: "missing_column"}
		}
	}
	return nil
}

// missing names the first of the columns that says nothing.
func (r record) missing(columns ...string) *TableFault {
	for _, name := range columns {
		if r[name] == "" {
			return &TableFault{Column: name, Code: "missing"}
		}
	}
	return nil
}

var maskClasses = map[string]Masks{"ps": MaskPS, "psocial": MaskPSocial, "pt": MaskPT}

func (m *Matrix) addRow(rec record) *TableFault {
	if fault := rec.missing("system", "code", "seat"); fault != nil {
		return fault
	}
	mask, ok := maskClasses[rec["mask_class"]]
	if !ok {
		return &TableFault{Column: "mask_class", Code: "unknown_mask_class", Value: rec["mask_class"]}
	}
	row := Row{Profession: Profession{rec["system"], rec["code"]}, Speciality: rec[ColumnSpeciality], Seat: rec["seat"], Label: rec["label_fr"], MaskClass: mask}
	if row.Speciality != "" && !professions.Specialises(row.System, row.Code, row.Speciality) {
		return &TableFault{Column: ColumnSpeciality, Code: "unknown_speciality", Value: row.Speciality}
	}
	for i, code := range CategoryCodes {
		if fault := row.addCell(Categories(1<<i), rec[code]); fault != "" {
			return &TableFault{Column: code, Code: fault, Value: rec[code]}
		}
	}
	if m.rows[row.Profession] == nil {
		m.rows[row.Profession] = rowsAt{}
	}
	place := seatOf{row.Seat, row.Speciality}
	if _, twice := m.rows[row.Profession][place]; twice {
		return &TableFault{Column: "seat", Code: "twice", Value: strings.TrimSpace(strings.Join([]string{row.System, row.Code, row.Seat, row.Speciality}, " "))}
	}
	m.rows[row.Profession][place] = row
	m.ordered = append(m.ordered, row)
	return nil
}

// addCell reads the rights of a cell: letters r, w and a, or - for none.
func (r *Row) addCell(category Categories, cell string) (fault string) {
	if cell == "-" {
		return ""
	}
	if cell == "" {
		return "missing"
	}
	for _, right := range cell {
		switch right {
		case 'r':
			r.Reads |= category
		case 'w':
			r.Writes |= category
		case 'a':
			r.Alerts |= category
		default:
			return "unknown_right"
		}
	}
	if r.Alerts&category != 0 && r.Reads&category == 0 {
		return "alert_without_reading"
	}
	return ""
}

func (m *Matrix) addAction(rec record) *TableFault {
	if fault := rec.missing("action", "system", "code", "seat"); fault != nil {
		return fault
	}
	bit, ok := bitOf(ActionCodes, rec["action"])
	if !ok {
		return &TableFault{Column: "action", Code: "unknown_action", Value: rec["action"]}
	}
	m.actions = append(m.actions, ActionRow{Profession{rec["system"], rec["code"]}, Actions(bit), rec["seat"]})
	return nil
}

// MaskName is the class of masks that hide from the row, as the table writes it.
func (r Row) MaskName() string {
	for name, mask := range maskClasses {
		if mask == r.MaskClass {
			return name
		}
	}
	return ""
}

// Cell gives the rights on a category as the table writes them: letters r, w and a, or - for none.
func (r Row) Cell(c Categories) string {
	cell := ""
	for _, right := range []struct {
		letter string
		on     Categories
	}{{"r", r.Reads}, {"w", r.Writes}, {"a", r.Alerts}} {
		if right.on&c != 0 {
			cell += right.letter
		}
	}
	if cell == "" {
		return "-"
	}
	return cell
}
