package teams

import (
	"context"
	"fmt"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

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
		near := newNeighbours(all)
		dossiers, err := dossiersIn(ctx, sc, append(answering, circles...))
		if err != nil {
			return err
		}
		for _, d := range dossiers {
			p := d.patient()
			p.Homonyms = near.of(d.likeness())
			of[d.Space] = p
		}
		for _, space := range answering {
			if p, known := of[space]; known {
				named = append(named, Suggestion{space, p})
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

func dossiersIn(ctx context.Context, sc access.Scope, spaces []uuid.UUID) ([]dossier, error) {
	if len(spaces) == 0 {
		return nil, nil
	}
	rows, err := sc.Tx().Query(ctx, "select "+dossierColumns+dossierFrom+"where p.space_id = any ($1)", spaces)
	if err != nil {
		return nil, fmt.Errorf("read patients: %w", err)
	}
	list, err := pgx.CollectRows(rows, scanDossier)
	if err != nil {
		return nil, fmt.Errorf("read patients: %w", err)
	}
	return list, nil
}
