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

// NewMember gives a person a place in a circle. From nil is at once; Until nil has no end; FromNowOn hides what was said
// before.
type NewMember struct {
	ID             uuid.UUID  `json:"id"`
	ProfessionalID uuid.UUID  `json:"professional_id"`
	Seat           string     `json:"seat"`
	Basis          string     `json:"basis"`
	From           *time.Time `json:"from,omitempty"`
	Until          *time.Time `json:"until,omitempty"`
	FromNowOn      bool       `json:"from_now_on,omitempty"`
}

// A place is not dated before this many years, nor later.
const (
	oldestPlace  = 10
	longestPlace = 50
)

func (m NewMember) checked(now time.Time) (NewMember, error) {
	var c checker
	c.id("id", m.ID)
	c.want(m.ProfessionalID != uuid.Nil, "professional_id", "professional_unknown")
	c.want(slices.Contains(knownSeats, m.Seat), "seat", "unknown_seat")
	c.want(slices.Contains(openSeats, m.Seat), "seat", "seat_not_open")
	c.want(slices.Contains(bases, m.Basis), "basis", "unknown_basis")
	from := now
	if m.From != nil {
		from = moment(*m.From)
		m.From = &from
		c.want(from.After(now.AddDate(-oldestPlace, 0, 0)), "from", "from_too_old")
		c.want(from.Before(now.AddDate(longestPlace, 0, 0)), "from", "from_too_far")
	}
	if m.Until != nil {
		until := moment(*m.Until)
		m.Until = &until
		c.want(until.After(from), "until", "until_before_from")
		c.want(until.After(now), "until", "until_past")
		c.want(until.Before(now.AddDate(longestPlace, 0, 0)), "until", "until_too_far")
	}
	return m, c.err
}

// AddMember gives a place; created is false for a replay. Where nobody manages, who may open dossiers may name who will.
// Errors: *Invalid, ErrConflict, access.ErrForbidden.
func (s *Service) AddMember(ctx context.Context, actor access.Actor, team uuid.UUID, req NewMember) (member Member, created bool, err error) {
	req, err = req.checked(s.now())
	if err != nil {
		return Member{}, false, err
	}
	people, err := s.persons(ctx, []uuid.UUID{req.ProfessionalID})
	if err != nil {
		return Member{}, false, err
	}
	person := people[req.ProfessionalID]
	var c circle
	err = s.gate.Write(ctx, actor, access.Space(team), "member.add", func(g access.Grant) error {
		g.Object(req.ProfessionalID)
		if created, err = seatOne(ctx, g, req, person); err != nil {
			return err
		}
		c, err = s.readCircle(ctx, g)
		return err
	})
	if err != nil {
		return Member{}, false, err
	}
	if people, err = s.persons(ctx, c.named()); err != nil {
		return Member{}, false, err
	}
	c.nameThrough(people)
	member, _ = c.member(person)
	return member, created, nil
}

func seatOne(ctx context.Context, g access.Grant, req NewMember, person professions.Person) (created bool, err error) {
	orphan, err := mayPlace(ctx, g)
	if err != nil {
		return false, err
	}
	if created, err = addMember(ctx, g, req, person); err != nil || !created {
		return created, err
	}
	g.Note("seat", req.Seat)
	g.Note("basis", req.Basis)
	if err := recompile(ctx, g); err != nil || !orphan {
		return created, err
	}
	if is, err := managed(ctx, g); err != nil || !is {
		return false, errors.Join(access.ErrForbidden, err) // only who will manage is named there
	}
	return true, nil
}

// mayPlace wants who manages the circle, or, in one that nobody manages, who may open dossiers.
func mayPlace(ctx context.Context, g access.Grant) (orphan bool, err error) {
	if g.Can(access.ManageCircle) {
		return false, nil
	}
	is, err := managed(ctx, g)
	if err == nil && (is || !g.Can(access.OpenDossier)) {
		err = access.ErrForbidden
	}
	return true, err
}

// AddMembers gives several people their places at once, or none of them; those given before are left alone. Errors as AddMember.
func (s *Service) AddMembers(ctx context.Context, actor access.Actor, team uuid.UUID, reqs []NewMember) error {
	if len(reqs) == 0 {
		return nil
	}
	reqs = slices.Clone(reqs)
	ids := make([]uuid.UUID, len(reqs))
	for i := range reqs {
		var err error
		if reqs[i], err = reqs[i].checked(s.now()); err != nil {
			return err
		}
		ids[i] = reqs[i].ProfessionalID
	}
	people, err := s.persons(ctx, ids)
	if err != nil {
		return err
	}
	return s.gate.Write(ctx, actor, access.Space(team), "member.add", func(g access.Grant) error {
		if !g.Can(access.ManageCircle) {
			return access.ErrForbidden
		}
		g.Note("people", ids)
		for _, req := range reqs {
			if _, err := addMember(ctx, g, req, people[req.ProfessionalID]); err != nil {
				return err
			}
		}
		return recompile(ctx, g)
	})
}

// addMember writes a place; the rights it gives come with recompile.
func addMember(ctx context.Context, g access.Grant, req NewMember, person professions.Person) (created bool, err error) {
	known, err := replayedMember(ctx, g, req)
	if known || err != nil {
		g.Note("replay", known)
		return false, err
	}
	if err := mayJoin(ctx, g, req, person); err != nil {
		return false, err
	}
	from, until := g.At(), access.Forever
	if req.From != nil {
		from = *req.From
	}
	if req.Until != nil {
		until = *req.Until
	}
	_, err = g.Tx().Exec(ctx, `insert into memberships (id, space_id, person_id, seat, basis, valid_from, valid_until, from_now_on, added_by, created_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		req.ID, g.Space(), req.ProfessionalID, req.Seat, req.Basis, from, until, req.FromNowOn, g.Actor().Person, g.At())
	if _, used := storage.IsUnique(err); used {
		return false, ErrConflict
	}
	if err != nil {
		return false, fmt.Errorf("add member: %w", err)
	}
	return true, nil
}

// mayJoin wants somebody who works here now, fits the seat, and does not hold it already in that time.
func mayJoin(ctx context.Context, g access.Grant, req NewMember, person professions.Person) error {
	var active, holds bool
	err := g.Tx().QueryRow(ctx, `select exists (select from accounts where person_id = $1 and active),
		exists (select from memberships where space_id = $2 and person_id = $1 and seat = $3 and basis <> '`+access.BasisEmergency+`'
			and valid_until > valid_from and valid_until > greatest($4, statement_timestamp())
			and valid_from < coalesce($5, $6::timestamptz))`,
		req.ProfessionalID, g.Space(), req.Seat, req.From, req.Until, access.Forever).Scan(&active, &holds)
	if err != nil {
		return fmt.Errorf("look for professional: %w", err)
	}
	var c checker
	c.want(active, "professional_id", "professional_unknown")
	c.seat(req.Seat, professionOf(person))
	c.want(!holds, "professional_id", "already_member")
	return c.err
}

// replayedMember says whether this very place was given before by the same person, whatever became of it since.
func replayedMember(ctx context.Context, g access.Grant, req NewMember) (bool, error) {
	var was NewMember
	var from, until, created time.Time
	var endedAt *time.Time
	var by uuid.UUID
	err := g.Tx().QueryRow(ctx, `select person_id, seat, basis, valid_from, valid_until, from_now_on, created_at, ended_at, added_by
		from memberships where id = $1 and space_id = $2`, req.ID, g.Space()).
		Scan(&was.ProfessionalID, &was.Seat, &was.Basis, &from, &until, &was.FromNowOn, &created, &endedAt, &by)
	if errors.Is(err, pgx.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look for membership: %w", err)
	}
	wantFrom, wantUntil := created, access.Forever
	if req.From != nil {
		wantFrom = *req.From
	}
	if req.Until != nil {
		wantUntil = *req.Until
	}
	is := was.ProfessionalID == req.ProfessionalID && was.Seat == req.Seat && was.Basis == req.Basis && was.FromNowOn == req.FromNowOn &&
		by == g.Actor().Person && from.Equal(wantFrom) && (endedAt != nil || until.Equal(wantUntil))
	if !is {
		return false, ErrConflict
	}
	return true, nil
}

// EndMember ends every place that person has or will have here: by who manages the circle, or oneself. Errors:
// ErrLastManager, access.ErrForbidden, access.ErrNotFound for somebody who never had a place.
func (s *Service) EndMember(ctx context.Context, actor access.Actor, team, professional uuid.UUID) error {
	return s.gate.Write(ctx, actor, access.Space(team), "member.end", func(g access.Grant) error {
		own := professional == actor.Person && g.Can(access.EndOwnMembership)
		if !own && !g.Can(access.ManageCircle) {
			return access.ErrForbidden
		}
		g.Object(professional)
		return endMember(ctx, g, professional)
	})
}

func endMember(ctx context.Context, g access.Grant, professional uuid.UUID) error {
	tag, err := g.Tx().Exec(ctx, `update memberships set valid_until = greatest(valid_from, $3), ended_by = $4, ended_at = $3
		where space_id = $1 and person_id = $2 and valid_until > $3 and ended_at is null`, g.Space(), professional, g.At(), g.Actor().Person)
	if err != nil {
		return fmt.Errorf("end memberships: %w", err)
	}
	g.Note("places", tag.RowsAffected())
	if tag.RowsAffected() > 0 {
		return recompile(ctx, g)
	}
	var was bool
	err = g.Tx().QueryRow(ctx, "select exists (select from memberships where space_id = $1 and person_id = $2)", g.Space(), professional).Scan(&was)
	if err != nil {
		return fmt.Errorf("look for memberships: %w", err)
	}
	if !was {
		return access.ErrNotFound
	}
	return nil
}

// recompile brings standings to what is now written, and refuses what would leave a circle that is managed without anybody
// to manage it.
func recompile(ctx context.Context, g access.Grant) error {
	before, err := managed(ctx, g)
	if err != nil {
		return err
	}
	if err := g.Recompile(ctx); err != nil {
		return fmt.Errorf("recompile standings: %w", err)
	}
	after, err := managed(ctx, g)
	if err != nil {
		return err
	}
	if before && !after {
		return ErrLastManager
	}
	return nil
}

func managed(ctx context.Context, g access.Grant) (bool, error) {
	standings, err := g.StandingsIn(ctx)
	if err != nil {
		return false, err
	}
	return access.Managed(standings), nil
}
