package access

import (
	_ "embed"
	"slices"
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
	SeatRemplacant      = "remplacant"  // beside the seat of who is replaced
	SeatSecretariat     = "secretariat" // held by delegation of who has a place
)

// everySeat are those that a row "*" stands for. The others (remplacant, secretariat, expert) are none of them: nobody holds one but
// through somebody else, and a place of that name gives what a row names for it, or nothing.
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
	Speciality string // "" for any
	Seat       string
	Label      string
	MaskClass  Masks
	Reads      Categories
	Writes     Categories
	Alerts     Categories
}

// Matrix is one version of the matrice d'habilitation. The zero matrix allows nothing.
type Matrix struct {
	Version    int
	rows       map[Profession]rowsAt
	former     map[Profession]rowsAt // by the code in force
	ordered    []Row
	actions    []ActionRow
	exceptions []ExceptionRow
	policy     []PolicyRow
}

// ActionRow is one thing that a profession ("*" of system "*" for all) at a seat ("*" for any) may do.
type ActionRow struct {
	Profession
	Action Actions
	Seat   string
}

// Rows lists the rows in the order of their table.
func (m *Matrix) Rows() []Row { return m.ordered }

// ActionRows lists what may be done in the order of its table.
func (m *Matrix) ActionRows() []ActionRow { return m.actions }

// DefaultMatrix gives the two tables a territory starts with, as CSV.
func DefaultMatrix() (categories, actions string) { return defaultCategories, defaultActions }

// rowsAt are a profession's rows, by seat and speciality.
type rowsAt map[seatOf]Row

type seatOf struct{ seat, speciality string }

// at is the row for a seat: of the speciality before the one of any.
func (rows rowsAt) at(seat, speciality string) (Row, bool) {
	row, ok := rows[seatOf{seat, speciality}]
	if !ok {
		row, ok = rows[seatOf{seat, ""}]
	}
	return row, ok
}

// Row gives the row of a profession and a speciality ("" for none) at a seat: its own, else the one for every seat; of both, that of the
// speciality first. No row or an unknown seat, no right.
func (m *Matrix) Row(p Profession, speciality, seat string) (Row, bool) {
	rows := m.rowsOf(p)
	if row, ok := rows.at(seat, speciality); ok || !slices.Contains(everySeat, seat) {
		return row, ok
	}
	return rows.at("*", speciality)
}

// secretarial gives what a profession may handle of administration as somebody's secretary: its row for that seat, else the one for
// every seat.
func (m *Matrix) secretarial(p Profession, speciality string) (Row, bool) {
	rows := m.rowsOf(p)
	row, ok := rows.at(SeatSecretariat, speciality)
	if !ok {
		row, ok = rows.at("*", speciality)
	}
	row.Reads &= Administration
	row.Writes &= Administration
	return row, ok
}

// At gives the row of a profession at a seat as it is shown: of a secretary, what is administrative. Nothing known is the zero row.
func (m *Matrix) At(p Profession, speciality, seat string) Row {
	row, ok := m.Row(p, speciality, seat)
	if !ok && seat == SeatSecretariat {
		row, _ = m.secretarial(p, speciality)
	}
	return row
}

// Actions gives what a profession holding these seats may do. Without a row in the first table it may do nothing.
func (m *Matrix) Actions(p Profession, seats []string) Actions {
	if !m.Knows(p) {
		return 0
	}
	var may Actions
	for _, row := range m.actions {
		professionFits := row.Profession.InForce() == p.InForce() || row.Profession == Profession{"*", "*"}
		if professionFits && (row.Seat == "*" || slices.Contains(seats, row.Seat)) {
			may |= row.Action
		}
	}
	return may
}
