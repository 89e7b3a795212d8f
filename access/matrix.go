package access

import (
	_ "embed"
	"encoding/csv"
	"fmt"
	"slices"
	"strings"
)

//go:embed matrix-default.csv
var defaultCategories string

//go:embed matrix-actions.csv
var defaultActions string

// The seats a person may hold in a circle.
const (
	SeatMedecinTraitant = "medecin_traitant"
	SeatReferent        = "referent"
	SeatCoordonnateur   = "coordonnateur"
	SeatIntervenant     = "intervenant"
)

// everySeat are those that a row "*" stands for. A seat without rules of its own yet (remplacant, secretariat, expert) is
// none of them: it gives what a row names for it, or nothing.
var everySeat = []string{SeatMedecinTraitant, SeatReferent, SeatCoordonnateur, SeatIntervenant}

// Profession is a code of TRE_G15, TRE_R94, TRE_R95, or a role of TRE_R85.
type Profession struct {
	System string `json:"system"`
	Code   string `json:"code"`
}

// Physician is the profession that may be médecin traitant.
var Physician = Profession{"TRE_G15", "10"}

// Row is what a profession at a seat may do with each category; Seat "*" stands for every known seat without a row of its own.
type Row struct {
	Profession
	Seat      string
	MaskClass Masks
	Reads     Categories
	Writes    Categories
	Alerts    Categories
}

// Matrix is one version of the matrice d'habilitation. The zero matrix allows nothing.
type Matrix struct {
	Version int
	rows    map[Profession]map[string]Row
	actions []actionRow
}

type actionRow struct {
	action     Actions
	profession Profession
	seat       string
}

// DefaultMatrix gives the two tables a territory starts with, as CSV.
func DefaultMatrix() (categories, actions string) { return defaultCategories, defaultActions }

// ParseMatrix reads the two tables. An unknown column, code of category, action or right is an error: nothing is guessed.
func ParseMatrix(version int, categories, actions string) (*Matrix, error) {
	m := &Matrix{Version: version, rows: map[Profession]map[string]Row{}}
	if err := eachRecord(categories, m.addRow); err != nil {
		return nil, fmt.Errorf("matrix of categories: %w", err)
	}
	if err := eachRecord(actions, m.addAction); err != nil {
		return nil, fmt.Errorf("matrix of actions: %w", err)
	}
	return m, nil
}

func eachRecord(table string, add func(map[string]string) error) error {
	records, err := csv.NewReader(strings.NewReader(table)).ReadAll()
	if err != nil {
		return err
	}
	if len(records) == 0 {
		return fmt.Errorf("no header")
	}
	for n, rec := range records[1:] {
		row := make(map[string]string, len(rec))
		for i, name := range records[0] {
			row[name] = rec[i]
		}
		if err := add(row); err != nil {
			return fmt.Errorf("line %d: %w", n+2, err)
		}
	}
	return nil
}

func (m *Matrix) addRow(rec map[string]string) error {
	row := Row{Profession: Profession{rec["system"], rec["code"]}, Seat: rec["seat"]}
	if row.System == "" || row.Code == "" || row.Seat == "" {
		return fmt.Errorf("system, code and seat are needed")
	}
	mask, ok := map[string]Masks{"ps": MaskPS, "psocial": MaskPSocial, "pt": MaskPT}[rec["mask_class"]]
	if !ok {
		return fmt.Errorf("unknown mask class %q", rec["mask_class"])
	}
	row.MaskClass = mask
	for i, code := range CategoryCodes {
		if err := row.addCell(Categories(1<<i), rec[code]); err != nil {
			return fmt.Errorf("%s: %w", code, err)
		}
	}
	if m.rows[row.Profession] == nil {
		m.rows[row.Profession] = map[string]Row{}
	}
	if _, twice := m.rows[row.Profession][row.Seat]; twice {
		return fmt.Errorf("a second row for %s %s, seat %s", row.System, row.Code, row.Seat)
	}
	m.rows[row.Profession][row.Seat] = row
	return nil
}

func (r *Row) addCell(category Categories, cell string) error {
	if cell == "-" {
		return nil
	}
	if cell == "" {
		return fmt.Errorf("empty cell: write - for nothing")
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
			return fmt.Errorf("unknown right %q", right)
		}
	}
	if r.Alerts&category != 0 && r.Reads&category == 0 {
		return fmt.Errorf("alerted of what is not read")
	}
	return nil
}

func (m *Matrix) addAction(rec map[string]string) error {
	bit, ok := bitOf(ActionCodes, rec["action"])
	if !ok {
		return fmt.Errorf("unknown action %q", rec["action"])
	}
	m.actions = append(m.actions, actionRow{Actions(bit), Profession{rec["system"], rec["code"]}, rec["seat"]})
	return nil
}

// Row gives the row of a profession at a seat: its own, else the one for every seat. No row or an unknown seat, no right.
func (m *Matrix) Row(p Profession, seat string) (Row, bool) {
	if row, ok := m.rows[p][seat]; ok {
		return row, true
	}
	if !slices.Contains(everySeat, seat) {
		return Row{}, false
	}
	row, ok := m.rows[p]["*"]
	return row, ok
}

// Actions gives what a profession holding these seats may do. Without a row in the first table it may do nothing.
func (m *Matrix) Actions(p Profession, seats []string) Actions {
	if _, known := m.rows[p]; !known {
		return 0
	}
	var may Actions
	for _, row := range m.actions {
		professionFits := row.profession == p || row.profession == Profession{"*", "*"}
		if professionFits && (row.seat == "*" || slices.Contains(seats, row.seat)) {
			may |= row.action
		}
	}
	return may
}

// consentNeeded is what a coordinator (330) or a case manager (309) reads only while the team holds a consent:
// they stand outside the care team of L1110-12, so sharing with them asks for it (L1110-4).
func consentNeeded(p Profession) Categories {
	if p == (Profession{"TRE_R85", "330"}) || p == (Profession{"TRE_R85", "309"}) {
		return Medical | Medication | Nursing
	}
	return 0
}
