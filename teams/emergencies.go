package teams

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"liaison/access"
	"liaison/professions"
	"liaison/storage"
)

// Emergency is a bris de glace, as who opened it and those who answer for the circle see it.
type Emergency struct {
	ID           uuid.UUID          `json:"id"`
	TeamID       uuid.UUID          `json:"team_id"`
	Professional professions.Person `json:"professional"`
	Reason       string             `json:"reason"`
	OpenedAt     time.Time          `json:"opened_at"`
	Until        time.Time          `json:"until" doc:"When it ends, or ended if that was earlier."`
	Open         bool               `json:"open"`
	MessageID    uuid.UUID          `json:"message_id" doc:"The note that told the médecin traitant and the référents."`
	Informed     *Informed          `json:"informed" doc:"When the patient was told; null: still to be done."`
	Review       *Review            `json:"review" doc:"How it was judged; null: still to be done."`
	// MayReview says that the viewer may judge it.
	MayReview bool `json:"may_review"`
}

// Informed says when and how the patient was told of an emergency access.
type Informed struct {
	At  time.Time          `json:"at"`
	How string             `json:"how" enum:"letter,mail,in_person,telephone"`
	By  professions.Person `json:"by"`
}

// Review is how an emergency access was judged, once.
type Review struct {
	Verdict string             `json:"verdict" enum:"justified,unjustified"`
	Note    string             `json:"note"`
	At      time.Time          `json:"at"`
	By      professions.Person `json:"by"`
}

// emergencyRow is one as stored.
type emergencyRow struct {
	ID, Space, Person, Message uuid.UUID
	Reason                     []byte
	OpenedAt, Until            time.Time
	InformedAt                 *time.Time
	InformedHow                *string
	InformedBy                 *uuid.UUID
	ReviewedAt                 *time.Time
	ReviewedBy                 *uuid.UUID
	Verdict                    *string
	Note                       []byte
}

const emergencyColumns = `e.id, e.space_id, e.person_id, e.message_id, e.reason, e.opened_at, least(e.until, m.valid_until), e.informed_at, e.informed_how,
	e.informed_by, e.reviewed_at, e.reviewed_by, e.verdict, e.note`

// emergenciesWhere reads them, newest first: row-level security leaves one's own and those of the circles one answers for.
func emergenciesWhere(ctx context.Context, q storage.Querier, where string, args ...any) ([]emergencyRow, error) {
	rows, err := q.Query(ctx, "select "+emergencyColumns+" from emergencies e join memberships m on m.id = e.membership_id where "+where+
		" order by e.opened_at desc, e.id", args...)
	if err != nil {
		return nil, fmt.Errorf("read emergencies: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[emergencyRow])
}

// Emergencies lists those of a circle, newest first: for who sees full reasons all, for others their own.
func (s *Service) Emergencies(ctx context.Context, actor access.Actor, team uuid.UUID) ([]Emergency, error) {
	return s.emergenciesIn(ctx, actor, team, "emergencies.list", "true")
}

// emergencyOf gives one, just after it was written by the actor.
func (s *Service) emergencyOf(ctx context.Context, actor access.Actor, team, id uuid.UUID) (Emergency, error) {
	list, err := s.emergenciesIn(ctx, actor, team, "", "e.id = $2", id)
	if err != nil || len(list) == 0 {
		return Emergency{}, errors.Join(err, access.ErrNotFound)
	}
	return list[0], nil
}

func (s *Service) emergenciesIn(ctx context.Context, actor access.Actor, team uuid.UUID, verb, where string, args ...any) ([]Emergency, error) {
	var rows []emergencyRow
	var judge bool
	var at time.Time
	err := s.gate.Read(ctx, actor, access.Space(team), verb, func(g access.Grant) (err error) {
		judge, at = g.Can(access.SeeFullReasons), g.At()
		rows, err = emergenciesWhere(ctx, g.Tx(), "e.space_id = $1 and "+where, append([]any{team}, args...)...)
		g.Note("count", len(rows))
		return err
	})
	if err != nil {
		return nil, err
	}
	return s.showEmergencies(ctx, rows, at, func(r emergencyRow) bool { return judge && r.Person != actor.Person })
}

// Due is an emergency access that somebody has to follow up, with its patient.
type Due struct {
	Emergency
	Patient Patient `json:"patient"`
}

// EmergenciesDue lists, over every circle of the actor, those not judged or whose patient was not told, and the actor's own that are
// open.
func (s *Service) EmergenciesDue(ctx context.Context, actor access.Actor) ([]Due, error) {
	var rows []emergencyRow
	patients := map[uuid.UUID]Patient{}
	judge := map[uuid.UUID]bool{}
	var at time.Time
	err := s.gate.ReadMany(ctx, actor, "emergencies.due", func(sc access.Scope) (err error) {
		at = sc.At()
		rows, err = emergenciesWhere(ctx, sc.Tx(), `e.space_id = any ($1) and (e.informed_at is null or e.reviewed_at is null and e.person_id <> $2
			or e.person_id = $2 and least(e.until, m.valid_until) > $3)`, sc.Spaces(), actor.Person, at)
		if err != nil || len(rows) == 0 {
			sc.Quiet()
			return err
		}
		dossiers, err := dossiersOf(ctx, sc, spacesOf(rows), "")
		for _, d := range dossiers {
			standing, _ := sc.Standing(d.Space)
			patients[d.Space], judge[d.Space] = d.patient(), standing.Actions&access.SeeFullReasons != 0
			sc.Shown(d.Space)
		}
		sc.Note("count", len(rows))
		return err
	})
	if err != nil {
		return nil, err
	}
	list, err := s.showEmergencies(ctx, rows, at, func(r emergencyRow) bool { return judge[r.Space] && r.Person != actor.Person })
	out := make([]Due, len(list))
	for i, e := range list {
		out[i] = Due{e, patients[e.TeamID]}
	}
	return out, err
}

func spacesOf(rows []emergencyRow) []uuid.UUID {
	var out []uuid.UUID
	for _, r := range rows {
		if !slices.Contains(out, r.Space) {
			out = append(out, r.Space)
		}
	}
	return out
}

func (s *Service) showEmergencies(ctx context.Context, rows []emergencyRow, at time.Time, may func(emergencyRow) bool) ([]Emergency, error) {
	var ids []uuid.UUID
	for _, r := range rows {
		ids = append(ids, r.Person)
		for _, by := range []*uuid.UUID{r.InformedBy, r.ReviewedBy} {
			if by != nil {
				ids = append(ids, *by)
			}
		}
	}
	people, err := s.persons(ctx, ids)
	if err != nil {
		return nil, err
	}
	out := make([]Emergency, len(rows))
	for i, r := range rows {
		if out[i], err = s.shownEmergency(ctx, r, people, at); err != nil {
			return nil, err
		}
		out[i].MayReview = may(r) && r.Verdict == nil
	}
	return out, nil
}

func (s *Service) shownEmergency(ctx context.Context, r emergencyRow, people map[uuid.UUID]professions.Person, at time.Time) (Emergency, error) {
	reason, err := s.unsealed(ctx, r, reasonPart, r.Reason)
	if err != nil {
		return Emergency{}, err
	}
	e := Emergency{
		ID: r.ID, TeamID: r.Space, Professional: people[r.Person], Reason: reason, OpenedAt: r.OpenedAt.UTC(), Until: r.Until.UTC(),
		Open: at.Before(r.Until), MessageID: r.Message,
	}
	if r.InformedAt != nil {
		e.Informed = &Informed{r.InformedAt.UTC(), *r.InformedHow, people[*r.InformedBy]}
	}
	if r.ReviewedAt != nil {
		note, err := s.unsealed(ctx, r, notePart, r.Note)
		if err != nil {
			return Emergency{}, err
		}
		e.Review = &Review{*r.Verdict, note, r.ReviewedAt.UTC(), people[*r.ReviewedBy]}
	}
	return e, nil
}

// unsealed opens what was said of an emergency access; nothing once the patient's key was destroyed, so that one dossier forgotten by its
// key hides no other's.
func (s *Service) unsealed(ctx context.Context, r emergencyRow, part int, sealed []byte) (string, error) {
	plain, err := s.keys.Unseal(ctx, r.Space, r.ID, part, sealed)
	var forEver interface{ Gone() bool }
	if errors.As(err, &forEver) && forEver.Gone() {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("open emergency %s: %w", r.ID, err)
	}
	return string(plain), nil
}
