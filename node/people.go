package node

import (
	"context"

	"github.com/google/uuid"

	"liaison/accounts"
	"liaison/professions"
)

// people shows the accounts' professionals as every feature shows them.
type people struct {
	accounts *accounts.Service
}

// Persons gives how these people are shown; unknown ids are absent.
func (p people) Persons(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]professions.Person, error) {
	found, err := p.accounts.Professionals(ctx, ids)
	if err != nil {
		return nil, err
	}
	out := make(map[uuid.UUID]professions.Person, len(found))
	for id, a := range found {
		out[id] = shown(id, a)
	}
	return out, nil
}

func shown(id uuid.UUID, a accounts.Professional) professions.Person {
	return professions.NewPerson(id, a.FamilyName, a.GivenName, a.Gender, textOrNil(a.Title), a.Profession.System, a.Profession.Code, textOrNil(a.Town)).
		With(a.Speciality)
}

func textOrNil(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}
