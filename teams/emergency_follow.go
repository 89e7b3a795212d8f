package teams

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"liaison/access"
)

// NewInformed says that the patient was told of an emergency access, how and when.
type NewInformed struct {
	At  time.Time `json:"at"`
	How string    `json:"how" enum:"letter,mail,in_person,telephone"`
}

// NewReview judges an emergency access.
type NewReview struct {
	Verdict string `json:"verdict" enum:"justified,unjustified"`
	Note    string `json:"note,omitempty" doc:"Needed where it was not justified."`
}

// Inform records that the patient was told: by who opened the access, or who answers for the circle. Said again it is corrected; the
// journal keeps both. Errors: *Invalid, access.ErrNotFound.
func (s *Service) Inform(ctx context.Context, actor access.Actor, team, emergency uuid.UUID, req NewInformed) (Emergency, error) {
	var c checker
	c.want(slices.Contains([]string{"letter", "mail", "in_person", "telephone"}, req.How), "how", "emergency_how")
	c.want(!req.At.IsZero(), "at", "field_required")
	c.told("at", req.At, s.now())
	if c.err != nil {
		return Emergency{}, c.err
	}
	return s.follow(ctx, actor, team, emergency, "emergency.inform", func(g access.Grant, was emergencyRow) error {
		at := moment(req.At)
		if at.Before(was.OpenedAt) {
			return &Invalid{"at", "emergency_informed_before"}
		}
		g.Note("how", req.How)
		return g.Change(ctx, "update emergencies set informed_at = $2, informed_how = $3, informed_by = $4 where id = $1", emergency, at, req.How, actor.Person)
	})
}

// ReviewEmergency judges an access, once, by who answers for the circle and did not open it. Errors: *Invalid, ErrReviewed, ErrOwnReview,
// access.ErrForbidden, access.ErrNotFound.
func (s *Service) ReviewEmergency(ctx context.Context, actor access.Actor, team, emergency uuid.UUID, req NewReview) (Emergency, error) {
	var c checker
	c.want(req.Verdict == "justified" || req.Verdict == "unjustified", "verdict", "emergency_verdict")
	req.Note = c.lines("note", req.Note, longestReason)
	c.want(req.Note != "" || req.Verdict == "justified", "note", "emergency_note_missing")
	if c.err != nil {
		return Emergency{}, c.err
	}
	return s.follow(ctx, actor, team, emergency, "emergency.review", func(g access.Grant, was emergencyRow) error {
		switch {
		case was.Person == actor.Person:
			return ErrOwnReview
		case !g.Can(access.SeeFullReasons):
			return access.ErrForbidden
		case was.Verdict != nil && *was.Verdict == req.Verdict && *was.ReviewedBy == actor.Person:
			g.Quiet()
			return nil
		case was.Verdict != nil:
			return ErrReviewed
		}
		note, err := s.keys.Seal(ctx, g.Space(), emergency, notePart, []byte(req.Note))
		if err != nil {
			return fmt.Errorf("seal note: %w", err)
		}
		g.Note("verdict", req.Verdict)
		return g.Change(ctx, "update emergencies set reviewed_at = $2, reviewed_by = $3, verdict = $4, note = $5 where id = $1",
			emergency, g.At(), actor.Person, req.Verdict, note)
	})
}

// follow changes what became of an emergency access the actor sees.
func (s *Service) follow(ctx context.Context, actor access.Actor, team, emergency uuid.UUID, verb string, fn func(access.Grant, emergencyRow) error) (Emergency, error) {
	err := s.gate.Write(ctx, actor, access.Space(team), verb, func(g access.Grant) error {
		g.Object(emergency)
		found, err := emergenciesWhere(ctx, g.Tx(), "e.space_id = $1 and e.id = $2", team, emergency)
		if err != nil {
			return err
		}
		if len(found) == 0 {
			return access.ErrNotFound
		}
		return fn(g, found[0])
	})
	if err != nil {
		return Emergency{}, err
	}
	return s.emergencyOf(ctx, actor, team, emergency)
}

// EmergencyLetter is what a patient is told in writing of an emergency access.
type EmergencyLetter struct {
	Emergency
	Patient Patient
	At      time.Time
}

// EmergencyLetter gives what the letter to the patient says; that it left is durable in the journal before. Errors: access.ErrNotFound.
func (s *Service) EmergencyLetter(ctx context.Context, actor access.Actor, team, emergency uuid.UUID) (EmergencyLetter, error) {
	var out EmergencyLetter
	var found []emergencyRow
	err := s.gate.Download(ctx, actor, access.Space(team), "emergency.letter", func(g access.Grant) (err error) {
		g.Object(emergency)
		if found, err = emergenciesWhere(ctx, g.Tx(), "e.space_id = $1 and e.id = $2", team, emergency); err != nil {
			return err
		}
		if len(found) == 0 {
			return access.ErrNotFound
		}
		d, err := dossierOf(ctx, g)
		out.Patient, out.At = d.patient(), g.At()
		return err
	})
	if err != nil {
		return out, err
	}
	list, err := s.showEmergencies(ctx, found, out.At, func(emergencyRow) bool { return false })
	if err == nil {
		out.Emergency = list[0]
	}
	return out, err
}
