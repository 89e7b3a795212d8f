package accounts

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"liaison/access"
)

// Professional is a person of this instance as colleagues see her.
type Professional struct {
	ID         uuid.UUID
	FamilyName string
	GivenName  string
	Gender     string // "F" or "M"
	Title      string // "Dr", "Pr" or nothing
	Profession access.Profession
	Town       string
	Speciality string // a code of TRE_R38, or ""
}

// DisplayName is how she is named everywhere: « Dr Hélène Baudry ».
func (p Professional) DisplayName() string {
	name := p.GivenName + " " + p.FamilyName
	if p.Title != "" {
		return p.Title + " " + name
	}
	return name
}

// Workplace is where a professional works; the active one is chosen at sign-in.
type Workplace struct {
	ID   uuid.UUID
	Name string
	Town string
}

// Me is what a person sees of her own account. Workplace is the session's, uuid.Nil when there is none.
type Me struct {
	Professional
	Login         string
	Workplaces    []Workplace
	Workplace     uuid.UUID
	Administrator bool
	MustChange    bool
	Since         time.Time
}

const professionalColumns = `p.id, p.family_name, p.given_name, p.gender, coalesce(p.title, ''), p.profession_system,
	p.profession_code, coalesce(p.town, ''), coalesce(p.speciality, '')`

func (p *Professional) fields() []any {
	return []any{&p.ID, &p.FamilyName, &p.GivenName, &p.Gender, &p.Title, &p.Profession.System, &p.Profession.Code, &p.Town, &p.Speciality}
}

func scanProfessional(row pgx.CollectableRow) (Professional, error) {
	var p Professional
	err := row.Scan(p.fields()...)
	return p, err
}

// Professionals gives the people of these ids, whatever became of their accounts; unknown ids are absent.
func (s *Service) Professionals(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]Professional, error) {
	rows, err := s.db.Pool.Query(ctx, "select "+professionalColumns+" from professionals p where p.id = any ($1)", ids)
	if err != nil {
		return nil, fmt.Errorf("read professionals: %w", err)
	}
	people, err := pgx.CollectRows(rows, scanProfessional)
	if err != nil {
		return nil, fmt.Errorf("read professionals: %w", err)
	}
	byID := make(map[uuid.UUID]Professional, len(people))
	for _, p := range people {
		byID[p.ID] = p
	}
	return byID, nil
}

// Me gives the actor's own account.
func (s *Service) Me(ctx context.Context, actor access.Actor) (Me, error) {
	me := Me{Workplace: actor.Workplace}
	row := s.db.Pool.QueryRow(ctx, "select "+professionalColumns+`, coalesce(a.login, ''), a.administrator, a.must_change, a.created_at
		from professionals p join accounts a on a.person_id = p.id where p.id = $1`, actor.Person)
	err := row.Scan(append(me.fields(), &me.Login, &me.Administrator, &me.MustChange, &me.Since)...)
	if err != nil {
		return Me{}, orUnknown("read account", err)
	}
	me.Workplaces, err = s.workplaces(ctx, actor.Person)
	return me, err
}

func (s *Service) workplaces(ctx context.Context, person uuid.UUID) ([]Workplace, error) {
	rows, err := s.db.Pool.Query(ctx,
		"select id, name, coalesce(town, '') from workplaces where professional_id = $1 order by name, id", person)
	if err != nil {
		return nil, fmt.Errorf("read workplaces: %w", err)
	}
	places, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Workplace])
	if err != nil {
		return nil, fmt.Errorf("read workplaces: %w", err)
	}
	return places, nil
}
