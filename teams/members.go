package teams

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"liaison/access"
	"liaison/professions"
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
	m.From, m.Until = c.period(m.From, m.Until, now)
	return m, c.err
}

// period wants times that can be: from nil is at once, until nil has no end.
func (c *checker) period(from, until *time.Time, now time.Time) (*time.Time, *time.Time) {
	begins := now
	if from != nil {
		begins = moment(*from)
		from = &begins
		c.want(begins.After(now.AddDate(-oldestPlace, 0, 0)), "from", "from_too_old")
		c.want(begins.Before(now.AddDate(longestPlace, 0, 0)), "from", "from_too_far")
	}
	if until != nil {
		ends := moment(*until)
		until = &ends
		c.want(ends.After(begins), "until", "until_before_from")
		c.want(ends.After(now), "until", "until_past")
		c.want(ends.Before(now.AddDate(longestPlace, 0, 0)), "until", "until_too_far")
	}
	return from, until
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
		if created, err = givePlace(ctx, g, req.placing(person)); err != nil {
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

func (m NewMember) placing(person professions.Person) placing {
	return placing{
		id: m.ID, holder: holder{person: m.ProfessionalID}, field: "professional_id", held: "already_member", seat: m.Seat, basis: m.Basis, from: m.From, until: m.Until,
		fromNowOn: m.FromNowOn, may: func(ctx context.Context, g access.Grant) error { return mayJoin(ctx, g, m, person) },
	}
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
			if _, err := addPlace(ctx, g, req.placing(people[req.ProfessionalID])); err != nil {
				return err
			}
		}
		return recompile(ctx, g)
	})
}

// mayJoin wants somebody who works here now and fits the seat.
func mayJoin(ctx context.Context, g access.Grant, req NewMember, person professions.Person) error {
	var active bool
	err := g.Tx().QueryRow(ctx, "select exists (select from accounts where person_id = $1 and active)", req.ProfessionalID).Scan(&active)
	if err != nil {
		return fmt.Errorf("look for professional: %w", err)
	}
	var c checker
	c.want(active, "professional_id", "professional_unknown")
	c.seat(req.Seat, professionOf(person))
	return c.err
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
		return endPlaces(ctx, g, holder{person: professional})
	})
}
