package teams

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"liaison/access"
	"liaison/professions"
)

// Explained is why one person of the circle reads a message, or not.
type Explained struct {
	Professional professions.Person
	access.Chain
	// Names are those of whoever the places are held through.
	Names map[uuid.UUID]string
}

// Explain says who may read a message now and why, link by link, of everybody who has or had a place in its circle: readers first,
// then by name. For those who read it themselves and see full reasons; access.ErrForbidden for its other readers.
func (s *Service) Explain(ctx context.Context, actor access.Actor, message uuid.UUID) (category string, list []Explained, err error) {
	var chains []access.Chain
	var names map[uuid.UUID]string
	err = s.gate.Read(ctx, actor, access.Message(message), "message.explain", func(g access.Grant) (err error) {
		if !g.Can(access.SeeFullReasons) {
			return access.ErrForbidden
		}
		category = g.Facts().Category.Codes()[0]
		if chains, err = g.Chains(ctx); err != nil {
			return err
		}
		g.Note("people", len(chains))
		names, err = structureNames(ctx, g, throughIn(chains))
		return err
	})
	if err != nil {
		return "", nil, err
	}
	ids := throughIn(chains)
	for _, c := range chains {
		ids = append(ids, c.Person)
	}
	people, err := s.persons(ctx, ids)
	if err != nil {
		return "", nil, err
	}
	for id, p := range people {
		if names[id] == "" {
			names[id] = p.DisplayName
		}
	}
	list = make([]Explained, len(chains))
	for i, c := range chains {
		list[i] = Explained{people[c.Person], c, names}
	}
	slices.SortStableFunc(list, func(a, b Explained) int {
		if a.Reads != b.Reads {
			return map[bool]int{true: -1, false: 1}[a.Reads]
		}
		return byName(Member{Professional: a.Professional}, Member{Professional: b.Professional})
	})
	return category, list, nil
}

func throughIn(chains []access.Chain) (ids []uuid.UUID) {
	for _, c := range chains {
		for _, l := range c.Links {
			for _, t := range l.Through {
				ids = append(ids, t.ID)
			}
		}
	}
	return ids
}
