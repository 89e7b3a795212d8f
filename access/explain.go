package access

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// Reason is why somebody of the circle will not read a message, as an ordinary author may know it. Seat, dates, missing
// consent and opposition share NoAccess: a patient's refusal is nobody's business.
type Reason string

// The reasons.
const (
	ByProfession Reason = "profession" // the profession's row of the matrix
	ByNarrowing  Reason = "narrowed"   // the author's own masks or named audience
	NoAccess     Reason = "no_access"
)

// Verdict says whether one member of the circle would read a message.
type Verdict struct {
	Person     uuid.UUID
	Profession Profession
	Seats      []string
	Reads      bool
	Reason     Reason
}

type seated struct {
	Person     uuid.UUID
	Profession Profession
	Seats      []string
}

// Explain says of everybody who holds a place in the circle now who would read a message with these facts, and why not.
func (g Grant) Explain(ctx context.Context, f Facts) ([]Verdict, error) {
	members, err := g.seated(ctx)
	if err != nil {
		return nil, err
	}
	standings, err := g.StandingsIn(ctx)
	if err != nil {
		return nil, err
	}
	matrix, err := g.in().gate.Matrix(ctx, g.Tx())
	if err != nil {
		return nil, err
	}
	out := make([]Verdict, 0, len(members))
	for _, m := range members {
		v := Verdict{Person: m.Person, Profession: m.Profession, Seats: m.Seats}
		standing, stands := standings[m.Person]
		v.Reads = stands && standing.Visible(f)
		if !v.Reads {
			v.Reason = matrix.Reason(m.Person, m.Profession, m.Seats, f)
		}
		out = append(out, v)
	}
	return out, nil
}

// Reason is why somebody who holds these seats does not read a message, told from the matrix and the message alone. The
// profession is named only when none of its rows reads the category, whatever the seat.
func (m *Matrix) Reason(person uuid.UUID, p Profession, seats []string, f Facts) Reason {
	var reads Categories
	for _, row := range m.rows[p] {
		reads |= row.Reads
	}
	var mask Masks
	for _, seat := range seats {
		row, _ := m.Row(p, seat)
		mask |= row.MaskClass
	}
	switch {
	case reads&f.Category == 0:
		return ByProfession
	case mask&f.Masks != 0 || (f.OnlyTo != nil && !slices.Contains(f.OnlyTo, person)):
		return ByNarrowing
	default:
		return NoAccess
	}
}

// RightsOf is what the matrix gives a profession at these seats, before dates, will and consent.
func (g Grant) RightsOf(ctx context.Context, p Profession, seats []string) (reads, writes Categories, err error) {
	matrix, err := g.in().gate.Matrix(ctx, g.Tx())
	if err != nil {
		return 0, 0, err
	}
	for _, seat := range seats {
		row, _ := matrix.Row(p, seat)
		reads |= row.Reads
		writes |= row.Writes
	}
	return reads, writes, nil
}

func (g Grant) seated(ctx context.Context) ([]seated, error) {
	rows, err := g.Tx().Query(ctx, `select m.person_id, p.profession_system, p.profession_code, array_agg(distinct m.seat)
		from memberships m join professionals p on p.id = m.person_id
		where m.space_id = $1 and m.valid_from <= statement_timestamp() and statement_timestamp() < m.valid_until
		group by 1, 2, 3, p.family_name, p.given_name order by p.family_name, p.given_name, 1`, g.Space())
	if err != nil {
		return nil, fmt.Errorf("members of circle: %w", err)
	}
	return pgx.CollectRows(rows, func(r pgx.CollectableRow) (seated, error) {
		var s seated
		err := r.Scan(&s.Person, &s.Profession.System, &s.Profession.Code, &s.Seats)
		return s, err
	})
}
