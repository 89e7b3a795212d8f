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
	ByProfession Reason = "profession" // the profession's row of the matrix, or an exception to it
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
	// Types are those of the message's documents that the profession does not read, where that is the reason.
	Types []string
}

// Seated is somebody who holds these seats now.
type Seated struct {
	Person     uuid.UUID
	Profession Profession
	Speciality string
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
			v.Reason, v.Types = matrix.Reason(m, f)
		}
		out = append(out, v)
	}
	return out, nil
}

// Reason is why somebody does not read a message, told from the matrix and the message alone. The profession is named only when none of
// its rows reads the category, whatever seat and speciality, or when it does not read types of documents (then they are given too).
func (m *Matrix) Reason(s Seated, f Facts) (why Reason, types []string) {
	reads := s.Lent
	for _, row := range m.rowsOf(s.Profession) {
		reads |= row.Reads
	}
	var mask Masks
	for _, seat := range s.Seats {
		mask |= m.At(s.Profession, s.Speciality, seat).MaskClass
	}
	types = m.typesHit(s.Profession, s.Seats, f)
	switch {
	case reads&f.Category == 0:
		return ByProfession, nil
	case len(types) > 0:
		return ByProfession, types
	case mask&f.Masks != 0 || (f.OnlyTo != nil && !slices.Contains(f.OnlyTo, s.Person)):
		return ByNarrowing, nil
	default:
		return NoAccess, nil
	}
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
func (g Grant) seatedNow(ctx context.Context) ([]Seated, error) {
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
	return pgx.CollectRows(rows, func(r pgx.CollectableRow) (Seated, error) {
		var s Seated
		err := r.Scan(&s.Person)
		s.Profession, s.Speciality = circle.profession(s.Person), circle.Specialities[s.Person]
		s.Seats, s.Lent = seatsOf(held[s.Person]), lentWith(held[s.Person])
		return s, err
	})
}
