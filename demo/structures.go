package demo

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"liaison/access"
	"liaison/teams"
)

//go:embed structures.json
var structuresFile []byte

// structure is one of the territory, who works there, and its places in circles. A parent stands before its branches.
type structure struct {
	Key    string           `json:"key"`
	Kind   string           `json:"kind"`
	Name   string           `json:"name"`
	Town   string           `json:"town"`
	Parent string           `json:"parent"`
	People []string         `json:"people"`
	Places []structurePlace `json:"places"`
}

type structurePlace struct {
	Patient string `json:"patient"`
	Seat    string `json:"seat"`
	DaysAgo int    `json:"days_ago"`
}

func readStructures() ([]structure, error) {
	var list []structure
	if err := json.Unmarshal(structuresFile, &list); err != nil {
		return nil, fmt.Errorf("structures of the demo: %w", err)
	}
	return list, nil
}

func (s structure) id() uuid.UUID { return idOf("structure", s.Key) }

// worksSince is how long ago everybody of the demo began where she works.
const worksSince = 400

func (l *loader) build(ctx context.Context, which func(structure) bool) error {
	for _, s := range l.structures {
		if !which(s) {
			continue
		}
		if err := l.structure(ctx, s); err != nil {
			return fmt.Errorf("structure %s: %w", s.Key, err)
		}
	}
	return nil
}

// structure has who administers make one and its people join it, and who opened a dossier give it its place.
func (l *loader) structure(ctx context.Context, s structure) error {
	admin := l.actor(last)
	fields := teams.StructureFields{Kind: s.Kind, Name: s.Name, Town: s.Town}
	if s.Parent != "" {
		parent := idOf("structure", s.Parent)
		fields.ParentID = &parent
	}
	if _, _, err := l.Teams.MakeStructure(ctx, admin, teams.NewStructure{ID: s.id(), StructureFields: fields}); err != nil {
		return fmt.Errorf("make: %w", err)
	}
	from := workdayBefore(l.day.at(-worksSince, 8, 0))
	for _, login := range s.People {
		b := teams.NewBelonging{ID: idOf("belonging", s.Key, login), ProfessionalID: l.people[login].ID, From: &from}
		if err := l.join(ctx, admin, s, b); err != nil {
			return fmt.Errorf("%s joins: %w", login, err)
		}
	}
	for _, p := range s.Places {
		if err := l.placed(ctx, s, p); err != nil {
			return fmt.Errorf("place with %s: %w", p.Patient, err)
		}
	}
	return nil
}

// join leaves alone who joined by a load of another day.
func (l *loader) join(ctx context.Context, admin access.Actor, s structure, b teams.NewBelonging) error {
	detail, err := l.Teams.AdminStructure(ctx, admin, s.id())
	if err != nil {
		return err
	}
	if slices.ContainsFunc(detail.People, func(other teams.Belonging) bool { return other.ID == b.ID }) {
		return nil
	}
	_, _, err = l.Teams.JoinStructure(ctx, admin, s.id(), b)
	return err
}

func (l *loader) placed(ctx context.Context, s structure, p structurePlace) error {
	i := slices.IndexFunc(l.patients, func(one patient) bool { return one.Key == p.Patient })
	opener := l.actor(l.patients[i].Circle[0].Login)
	id, err := l.open(ctx, opener, l.patients[i])
	if err != nil {
		return err
	}
	team, err := l.Teams.Get(ctx, opener, id)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(team.Structures, func(one teams.StructurePlace) bool { return one.Structure.ID == s.id() }) {
		return nil
	}
	from := place{DaysAgo: p.DaysAgo}.began(l.day)
	_, _, err = l.Teams.AddStructure(ctx, opener, id, teams.NewStructurePlace{
		ID: idOf("place", p.Patient, s.Key), StructureID: s.id(), Seat: p.Seat, Basis: "care_team_1", From: &from,
	})
	return err
}
