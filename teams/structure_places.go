package teams

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"liaison/access"
)

// NewStructurePlace gives a structure a place in a circle: whoever works there acts through it. Dates as of NewMember.
type NewStructurePlace struct {
	ID          uuid.UUID  `json:"id"`
	StructureID uuid.UUID  `json:"structure_id" format:"uuid"`
	Seat        string     `json:"seat" enum:"intervenant,coordonnateur,referent"`
	Basis       string     `json:"basis"`
	From        *time.Time `json:"from,omitempty"`
	Until       *time.Time `json:"until,omitempty"`
	FromNowOn   bool       `json:"from_now_on,omitempty"`
}

// structureSeats: a médecin traitant is a person (Code de la sécurité sociale, L162-5-3).
var structureSeats = []string{access.SeatIntervenant, access.SeatCoordonnateur, access.SeatReferent}

func (n NewStructurePlace) checked(now time.Time) (NewStructurePlace, error) {
	var c checker
	c.id("id", n.ID)
	c.want(n.StructureID != uuid.Nil, "structure_id", "structure_unknown")
	c.want(slices.Contains(append(knownSeats, structureSeats...), n.Seat), "seat", "unknown_seat")
	c.want(slices.Contains(structureSeats, n.Seat), "seat", "structure_seat")
	c.want(slices.Contains(bases, n.Basis), "basis", "unknown_basis")
	n.From, n.Until = c.period(n.From, n.Until, now)
	return n, c.err
}

func (n NewStructurePlace) placing() placing {
	return placing{
		id: n.ID, holder: holder{structure: n.StructureID}, field: "structure_id", held: "structure_already", seat: n.Seat, basis: n.Basis, from: n.From, until: n.Until,
		fromNowOn: n.FromNowOn, may: func(ctx context.Context, g access.Grant) error { return isStructure(ctx, g, n.StructureID) },
	}
}

func isStructure(ctx context.Context, g access.Grant, id uuid.UUID) error {
	var is bool
	if err := g.Tx().QueryRow(ctx, "select exists (select from organisations where id = $1)", id).Scan(&is); err != nil {
		return fmt.Errorf("look for structure: %w", err)
	}
	if !is {
		return &Invalid{"structure_id", "structure_unknown"}
	}
	return nil
}

// AddStructure gives a structure a place; created is false for a replay. Who may, and where nobody manages, is as of AddMember. Errors:
// *Invalid, ErrConflict, access.ErrForbidden.
func (s *Service) AddStructure(ctx context.Context, actor access.Actor, team uuid.UUID, req NewStructurePlace) (out StructurePlace, created bool, err error) {
	if req, err = req.checked(s.now()); err != nil {
		return StructurePlace{}, false, err
	}
	err = s.gate.Write(ctx, actor, access.Space(team), "member.add_structure", func(g access.Grant) error {
		g.Object(req.StructureID)
		if created, err = givePlace(ctx, g, req.placing()); err != nil {
			return err
		}
		out, err = structurePlace(ctx, g, req.ID)
		return err
	})
	if err != nil {
		return StructurePlace{}, false, err
	}
	return out, created, nil
}

const structurePlaces = `select m.id, m.seat, m.basis, m.valid_from, m.valid_until, m.from_now_on, o.id, o.kind, o.name, o.town
	from memberships m join organisations o on o.id = m.organisation_id`

func structurePlace(ctx context.Context, g access.Grant, id uuid.UUID) (StructurePlace, error) {
	rows, err := g.Tx().Query(ctx, structurePlaces+" where m.id = $1", id)
	if err != nil {
		return StructurePlace{}, fmt.Errorf("read place: %w", err)
	}
	return pgx.CollectExactlyOneRow(rows, scanStructurePlace)
}

func scanStructurePlace(r pgx.CollectableRow) (p StructurePlace, err error) {
	var until time.Time
	err = r.Scan(&p.ID, &p.Seat, &p.Basis, &p.From, &until, &p.FromNowOn, &p.Structure.ID, &p.Structure.Kind, &p.Structure.Name, &p.Structure.Town)
	p.From, p.Until = p.From.UTC(), untilOf(until)
	return p, err
}

// EndStructure ends every place that structure has or will have here, by who manages the circle. Errors: ErrLastManager,
// access.ErrForbidden, access.ErrNotFound for a structure that never had a place.
func (s *Service) EndStructure(ctx context.Context, actor access.Actor, team, structure uuid.UUID) error {
	return s.gate.Write(ctx, actor, access.Space(team), "member.end_structure", func(g access.Grant) error {
		if !g.Can(access.ManageCircle) {
			return access.ErrForbidden
		}
		g.Object(structure)
		return endPlaces(ctx, g, holder{structure: structure})
	})
}
