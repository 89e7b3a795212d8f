package teams

import (
	"context"
	"strings"

	"github.com/google/uuid"

	"liaison/access"
)

// Look gives the patients of these circles as the actor's list shows them, where she stands; and, first, the circles whose
// patient's names begin with every word of name ("" for none).
func (s *Service) Look(ctx context.Context, actor access.Actor, name string, circles []uuid.UUID) (named []Suggestion, of map[uuid.UUID]Patient, err error) {
	words := strings.Fields(givenKey(name))
	verb := "" // the request that shows these circles has a line of its own
	if len(words) > 0 {
		verb = "patients.search"
	}
	of = map[uuid.UUID]Patient{}
	named = []Suggestion{}
	if len(words)+len(circles) == 0 {
		return named, of, nil
	}
	err = s.gate.ReadMany(ctx, actor, verb, func(sc access.Scope) error {
		all, err := likenessesIn(ctx, sc)
		if err != nil {
			return err
		}
		answering := answeringTo(all, words)
		dossiers, err := dossiersOf(ctx, sc, append(answering, circles...), "")
		if err != nil {
			return err
		}
		for _, d := range dossiers {
			p := d.patient()
			p.Homonyms = d.likeness().homonyms(all)
			of[d.Space] = p
		}
		for _, space := range answering {
			if p, known := of[space]; known {
				named = append(named, Suggestion{space, p})
				sc.Shown(space)
			}
		}
		sc.Note("count", len(named))
		return nil
	})
	return named, of, err
}

// answeringTo lists the circles of those whose names answer, in the order of names.
func answeringTo(all []likeness, words []string) []uuid.UUID {
	var spaces []uuid.UUID
	for _, l := range all {
		if len(words) > 0 && len(spaces) < maxSuggestions && l.answers(words, false) {
			spaces = append(spaces, l.space)
		}
	}
	return spaces
}
