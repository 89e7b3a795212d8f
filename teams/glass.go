package teams

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"liaison/access"
	"liaison/audit"
	"liaison/storage"
)

// NewEmergency asks to break the glass: the exact identity of a patient met in an emergency (L1110-4 of the Code de la santé
// publique), why, and for how many hours.
type NewEmergency struct {
	ID         uuid.UUID `json:"id"`
	FamilyName string    `json:"family_name" doc:"Of birth, or the one used."`
	GivenName  string    `json:"given_name" doc:"One of the given names."`
	BirthDate  string    `json:"birth_date" format:"date"`
	Sex        string    `json:"sex" enum:"F,M,U"`
	Reason     string    `json:"reason"`
	Hours      int       `json:"hours" doc:"1 to 24."`
}

const (
	shortestReason = 10
	longestReason  = 500
	mostHours      = 24
	// What a seal is bound to beside the emergency's id.
	reasonPart, notePart = 1, 2
)

func (e NewEmergency) checked(now time.Time) (NewEmergency, error) {
	var c checker
	c.id("id", e.ID)
	e.FamilyName = c.neededName("family_name", e.FamilyName)
	e.GivenName = c.neededName("given_name", e.GivenName)
	c.birthDate("birth_date", e.BirthDate, now)
	c.want(e.Sex == "F" || e.Sex == "M" || e.Sex == "U", "sex", "sex_unknown")
	e.Reason = c.lines("reason", e.Reason, longestReason)
	c.want(len([]rune(e.Reason)) >= shortestReason, "reason", "emergency_reason_short")
	c.want(e.Hours >= 1 && e.Hours <= mostHours, "hours", "emergency_hours")
	return e, c.err
}

// glass is a checked request, by whom, and the keyed hash it is recognised by.
type glass struct {
	NewEmergency
	actor   access.Actor
	request []byte
}

// BreakGlass opens a dossier in an emergency: a place of the basis emergency, at once, for the hours asked; its médecin traitant and its
// référents are told. created is false for a replay. Errors: *Invalid, ErrEmergency, ErrNoMatch, ErrSeveral, ErrStands, ErrConflict,
// ErrTooMany.
func (s *Service) BreakGlass(ctx context.Context, actor access.Actor, req NewEmergency) (e Emergency, created bool, err error) {
	if req, err = req.checked(s.now()); err != nil {
		return Emergency{}, false, err
	}
	body, err := json.Marshal(req)
	if err != nil {
		return Emergency{}, false, fmt.Errorf("encode request: %w", err)
	}
	b := glass{req, actor, s.seal("emergency", actor.Person[:], body)}
	if err := s.mayBreakGlass(ctx, actor); err != nil {
		return Emergency{}, false, err
	}
	space, known, err := s.broken(ctx, b)
	if err != nil {
		return Emergency{}, false, err
	}
	// What is not told now is told within seconds (RunTeller): the patient does not wait for it.
	_ = s.tell(ctx, actor, space, req.ID)
	e, err = s.emergencyOf(ctx, actor, space, req.ID)
	return e, !known, err
}

// broken gives the circle, and whether this very request was granted before: long ago, or on another node at the same time.
func (s *Service) broken(ctx context.Context, b glass) (space uuid.UUID, known bool, err error) {
	if space, known, err = s.brokenBefore(ctx, b); known || err != nil {
		return space, known, err
	}
	space, err = s.breakInto(ctx, b)
	if _, raced := storage.IsUnique(err); !raced {
		return space, false, err
	}
	if space, known, err = s.brokenBefore(ctx, b); err == nil && !known {
		err = ErrConflict
	}
	return space, known, err
}

func (s *Service) mayBreakGlass(ctx context.Context, actor access.Actor) error {
	may, err := s.gate.MayBreakGlass(ctx, actor.Person)
	if err != nil || may {
		return err
	}
	return errors.Join(ErrEmergency, s.journalGlass(ctx, actor, "profession", uuid.Nil))
}

// journalGlass leaves a durable line of an attempt, in each circle that it met.
func (s *Service) journalGlass(ctx context.Context, actor access.Actor, answer string, spaces ...uuid.UUID) error {
	lines := make([]audit.Line, len(spaces))
	for i, space := range spaces {
		lines[i] = actor.Line("emergency.open", space)
		lines[i].Space, lines[i].Refused, lines[i].Detail = space, true, map[string]any{"answer": answer}
	}
	return audit.Write(ctx, s.db.Pool, lines...)
}

// brokenBefore recognises a replay.
func (s *Service) brokenBefore(ctx context.Context, b glass) (space uuid.UUID, known bool, err error) {
	err = s.gate.ReadMany(ctx, b.actor, "", func(sc access.Scope) error {
		var request []byte
		err := sc.Tx().QueryRow(ctx, "select space_id, request from emergencies where id = $1 and person_id = $2", b.ID, b.actor.Person).Scan(&space, &request)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("look for emergency: %w", err)
		}
		if known = subtle.ConstantTimeCompare(request, b.request) == 1; !known {
			return ErrConflict
		}
		return nil
	})
	return space, known, err
}

// breakInto finds the one dossier of exactly this identity and seats the actor in its circle. Who misses waits as one who opens doubles.
func (s *Service) breakInto(ctx context.Context, b glass) (uuid.UUID, error) {
	if wait := s.probes.wait(b.actor.Person, s.now()); wait > 0 {
		return uuid.Nil, ErrTooMany{wait}
	}
	spaces, err := s.exactly(ctx, b)
	if err != nil {
		return uuid.Nil, err
	}
	if len(spaces) == 1 {
		err = s.gate.BreakGlass(ctx, b.actor, spaces[0], func(g access.Grant) error { return s.seatInEmergency(ctx, g, b) })
		switch {
		case errors.Is(err, access.ErrStands):
			return uuid.Nil, ErrStands{spaces[0]}
		case !errors.Is(err, access.ErrNotFound):
			return spaces[0], err
		}
	}
	return uuid.Nil, s.missed(ctx, b, spaces)
}

func (s *Service) missed(ctx context.Context, b glass, spaces []uuid.UUID) error {
	s.probes.answered(b.actor.Person, s.now())
	switch len(spaces) {
	case 0:
		return errors.Join(ErrNoMatch, s.journalGlass(ctx, b.actor, "none", uuid.Nil))
	case 1:
		return ErrNoMatch // the gate journalled it
	}
	return errors.Join(ErrSeveral, s.journalGlass(ctx, b.actor, "several", spaces...))
}

// exactly lists the circles of the patients of this identity: birth date, sex, a family name and a given name, whatever accents and
// hyphens.
func (s *Service) exactly(ctx context.Context, b glass) ([]uuid.UUID, error) {
	rows, err := s.db.Pool.Query(ctx, `select l.space_id from look_alikes($1::text::date) l
		where $2 in (l.birth_name_key, l.used_name_key) and (l.sex = $3 or 'U' in (l.sex, $3))
			and ($4 = l.given_names_key or $4 = any (string_to_array(l.given_names_key, ' ')))`,
		b.BirthDate, familyKey(b.FamilyName), b.Sex, givenKey(b.GivenName))
	if err != nil {
		return nil, fmt.Errorf("look for patient: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
}

func (s *Service) seatInEmergency(ctx context.Context, g access.Grant, b glass) error {
	reason, err := s.keys.Seal(ctx, g.Space(), b.ID, reasonPart, []byte(b.Reason))
	if err != nil {
		return fmt.Errorf("seal reason: %w", err)
	}
	membership, until := newID(), g.At().Add(time.Duration(b.Hours)*time.Hour)
	g.Object(b.ID)
	g.Note("hours", b.Hours)
	_, err = g.Tx().Exec(ctx, `insert into emergencies (id, space_id, person_id, membership_id, message_id, request, reason, opened_at, until)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`, b.ID, g.Space(), b.actor.Person, membership, newID(), b.request, reason, g.At(), until)
	if err != nil {
		return fmt.Errorf("keep emergency: %w", err)
	}
	_, err = g.Tx().Exec(ctx, `insert into memberships (id, space_id, person_id, seat, basis, valid_from, valid_until, added_by, created_at)
		values ($1, $2, $3, $4, $5, $6, $7, $3, $6)`, membership, g.Space(), b.actor.Person, access.SeatIntervenant, access.BasisEmergency, g.At(), until)
	if err != nil {
		return fmt.Errorf("emergency place: %w", err)
	}
	if err := g.Recompile(ctx); err != nil {
		return fmt.Errorf("recompile standings: %w", err)
	}
	if g.Standing().Person == uuid.Nil {
		return access.ErrNotFound // the matrix gives her nothing here, or the patient refuses
	}
	return nil
}
