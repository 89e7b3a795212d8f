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
	Lent       Categories // delegated to her as somebody's secretary
}

// Explain says of everybody who holds a place in the circle now who would read a message with these facts, and why not.
func (g Grant) Explain(ctx context.Context, f Facts) ([]Verdict, error) {
	members, err := g.seatedNow(ctx)
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
			v.Reason = matrix.Reason(m.Person, m.Profession, m.Seats, m.Lent, f)
		}
		out = append(out, v)
	}
	return out, nil
}

// Reason is why somebody who holds these seats, and was lent these categories, does not read a message, told from the matrix and the
// message alone. The profession is named only when none of its rows reads the category, whatever the seat.
func (m *Matrix) Reason(person uuid.UUID, p Profession, seats []string, lent Categories, f Facts) Reason {
	reads := lent
	for _, row := range m.rowsOf(p) {
		reads |= row.Reads
	}
	var mask Masks
	for _, seat := range seats {
		mask |= m.At(p, seat).MaskClass
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
		row := matrix.At(p, seat)
		reads |= row.Reads
		writes |= row.Writes
	}
	return reads, writes, nil
}

// Places are all the places of the grant's circle, those that somebody holds through another among them.
func (g Grant) Places(ctx context.Context) ([]Membership, error) {
	c, err := g.in().circle(ctx)
	if err != nil {
		return nil, err
	}
	return c.Memberships, nil
}

// seatedNow is everybody who holds a place now, through others too, in the order of names.
func (g Grant) seatedNow(ctx context.Context) ([]seated, error) {
	circle, err := g.in().circle(ctx)
	if err != nil {
		return nil, err
	}
	var people []uuid.UUID
	held := map[uuid.UUID][]Membership{}
	for _, p := range circle.Memberships {
		if !g.At().Before(p.From) && g.At().Before(p.Until) {
			people = append(people, p.Person)
			held[p.Person] = append(held[p.Person], p)
		}
	}
	rows, err := g.Tx().Query(ctx, "select id from professionals where id = any ($1) order by family_name, given_name, id", people)
	if err != nil {
		return nil, fmt.Errorf("names of circle: %w", err)
	}
	return pgx.CollectRows(rows, func(r pgx.CollectableRow) (seated, error) {
		var s seated
		err := r.Scan(&s.Person)
		s.Profession, s.Seats, s.Lent = circle.profession(s.Person), seatsOf(held[s.Person]), lentWith(held[s.Person])
		return s, err
	})
}
