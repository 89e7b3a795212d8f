package teams

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"liaison/access"
	"liaison/professions"
)

// StructurePlace is the place of a structure in a circle: whoever works there acts through it.
type StructurePlace struct {
	Period
	Structure Structure `json:"structure"`
}

// scanStructures keeps the names of all of them, and the places of now and to come.
func (c *circle) scanStructures(rows pgx.Rows) error {
	c.structures, c.through = []StructurePlace{}, map[uuid.UUID]string{}
	all, err := pgx.CollectRows(rows, scanStructurePlace)
	for _, p := range all {
		c.through[p.Structure.ID] = p.Structure.Name
		if p.Until == nil || p.Until.After(c.at) && p.From.Before(*p.Until) {
			c.structures = append(c.structures, p)
		}
	}
	return err
}

// addHanded adds the places that people hold through structures and for others: access says which, as standings do.
func (c *circle) addHanded(ctx context.Context, g access.Grant) error {
	places, err := g.Places(ctx)
	if err != nil {
		return err
	}
	for _, p := range places {
		if p.Via != uuid.Nil {
			c.keep(handed(p))
		}
	}
	return nil
}

// handed has an id of its own, the same as long as the place is: clients tell periods apart by it.
func handed(p access.Membership) place {
	id := uuid.NewSHA1(p.Via, []byte(p.Person.String()+p.How+p.Seat+p.From.UTC().Format(time.RFC3339Nano)))
	out := place{person: p.Person, until: p.Until, seats: p.Seats()}
	out.Period = Period{
		ID: id, Seat: out.seats[len(out.seats)-1], Basis: p.Basis, From: p.From, FromNowOn: p.FromNowOn,
		Through: &Through{Kind: p.How, ID: p.Via},
	}
	return out
}

// named are everybody whose name the circle shows.
func (c *circle) named() []uuid.UUID {
	out := c.people
	for _, p := range c.places {
		if p.Through != nil && p.Through.Kind != access.ThroughStructure {
			out = append(out[:len(out):len(out)], p.Through.ID)
		}
	}
	return out
}

// nameThrough says who it is that each handed place is held through.
func (c *circle) nameThrough(people map[uuid.UUID]professions.Person) {
	for i := range c.places {
		t := c.places[i].Through
		switch {
		case t == nil:
		case t.Kind == access.ThroughStructure:
			t.Name = c.through[t.ID]
		default:
			t.Name = people[t.ID].DisplayName
		}
	}
}

// structureNames are those of the structures among these ids.
func structureNames(ctx context.Context, g access.Grant, ids []uuid.UUID) (map[uuid.UUID]string, error) {
	return textsByID(ctx, g, "select id, name from organisations where id = any ($1)", ids)
}
