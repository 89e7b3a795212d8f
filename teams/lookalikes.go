package teams

import (
	"cmp"
	"context"
	"encoding/base64"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"liaison/access"
	"liaison/audit"
)

// LookAlike answers an opening that may make a second dossier of one person. Saying again the same with every token in
// NotADouble opens it.
type LookAlike struct{ Candidates []Candidate }

func (e *LookAlike) Error() string {
	return fmt.Sprintf("%d dossiers look alike", len(e.Candidates))
}

// Candidate is a dossier that looks alike. Who it is shows only to those who stand in its circle; the token is good for this
// caller and this request alone.
type Candidate struct {
	Token     string     `json:"token"`
	Name      *string    `json:"name"`
	BirthDate *string    `json:"birth_date"`
	Town      *string    `json:"town"`
	TeamID    *uuid.UUID `json:"team_id"`

	patient, space uuid.UUID
}

// maxLookAlikes are answered, the likest: whoever opens says of each that it is somebody else.
const maxLookAlikes = 500

// refuseDouble answers with the dossiers that look alike, unless the request says of each that it is somebody else.
func (s *Service) refuseDouble(ctx context.Context, g access.Grant, o opening) error {
	candidates, err := s.lookAlikes(ctx, g, o)
	if err != nil {
		return err
	}
	said := func(c Candidate) bool { return slices.Contains(o.NotADouble, c.Token) }
	if slices.ContainsFunc(candidates, func(c Candidate) bool { return !said(c) }) {
		return &LookAlike{candidates}
	}
	if len(candidates) > 0 {
		g.Note("not_a_double", len(candidates))
	}
	return nil
}

// lookAlikes asks by birth date, under a lock on it: two who open the same person's dossier at once come one after the other.
func (s *Service) lookAlikes(ctx context.Context, g access.Grant, o opening) ([]Candidate, error) {
	turned := swapped(o.born)
	lock := max(o.born, turned)
	if _, err := g.Tx().Exec(ctx, "select pg_advisory_xact_lock(hashtextextended('born ' || $1, 0))", lock); err != nil {
		return nil, fmt.Errorf("lock birth date: %w", err)
	}
	rows, err := g.Tx().Query(ctx, `select l.id, l.space_id, l.birth_name, coalesce(l.used_name, ''), l.given_names, l.sex,
			to_char(l.birth_date, 'YYYY-MM-DD'), l.town, l.birth_name_key, l.used_name_key, l.given_names_key,
			exists (select from standings s where s.space_id = l.space_id and s.person_id = $3
				and s.valid_from <= statement_timestamp() and statement_timestamp() < s.valid_until)
		from unnest(array[$1, nullif($2, '')]) d (born), look_alikes(d.born::date) l where d.born is not null and l.id <> $4`,
		o.born, turned, g.Actor().Person, o.ID)
	if err != nil {
		return nil, fmt.Errorf("look-alikes: %w", err)
	}
	defer rows.Close()
	var found []candidateRow
	for rows.Next() {
		c, err := scanCandidate(rows)
		if err != nil {
			return nil, fmt.Errorf("look-alikes: %w", err)
		}
		if o.lookAlike(c.named) {
			found = append(found, c)
		}
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("look-alikes: %w", err)
	}
	return s.answered(likest(found, o), o), nil
}

type candidateRow struct {
	Candidate
	named
}

func scanCandidate(r pgx.Rows) (candidateRow, error) {
	var c candidateRow
	var birth, used, given string
	var town *string
	var mine bool
	err := r.Scan(&c.patient, &c.space, &birth, &used, &given, &c.sex, &c.born, &town, &c.birth, &c.used, &c.given, &mine)
	if mine {
		name := shownName(birth, used, given)
		c.Name, c.BirthDate, c.Town, c.TeamID = &name, &c.born, town, &c.space
	}
	return c, err
}

// likest keeps as many as are answered, the likest. Which they are hangs on the names alone, so that who says of each that it
// is somebody else is not answered by others.
func likest(found []candidateRow, o opening) []candidateRow {
	slices.SortFunc(found, func(a, b candidateRow) int {
		return cmp.Or(cmp.Compare(o.unlike(a.named), o.unlike(b.named)), slices.Compare(a.patient[:], b.patient[:]))
	})
	return found[:min(len(found), maxLookAlikes)]
}

// answered gives candidates their tokens, and the order of these, which says nothing of who they are.
func (s *Service) answered(found []candidateRow, o opening) []Candidate {
	out := make([]Candidate, len(found))
	for i, c := range found {
		c.Token = base64.RawURLEncoding.EncodeToString(s.seal("look-alike", o.actor.Person[:], o.body, c.patient[:]))
		out[i] = c.Candidate
	}
	slices.SortFunc(out, func(a, b Candidate) int { return cmp.Compare(a.Token, b.Token) })
	return out
}

// journalLookAlike leaves a line in every circle concerned: those who manage it are to know that somebody met its patient's
// dossier from outside the gate.
func (s *Service) journalLookAlike(ctx context.Context, actor access.Actor, alike *LookAlike) error {
	lines := make([]audit.Line, len(alike.Candidates))
	for i, c := range alike.Candidates {
		answer := "hidden"
		if c.Name != nil {
			answer = "named"
		}
		lines[i] = actor.Line("patient.look_alike", c.patient)
		lines[i].Refused, lines[i].Space = true, c.space
		lines[i].Detail = map[string]any{"answer": answer, "candidates": len(alike.Candidates)}
	}
	return audit.Write(ctx, s.db.Pool, lines...)
}
