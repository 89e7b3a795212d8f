package notifications

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"

	"liaison/access"
)

// inTurn opens the gate on an alert for the machine, under its channel's lock, and does fn while it is this turn's: an alert
// that ended, or was passed on, is left alone.
func (s *Service) inTurn(ctx context.Context, t turn, verb string, fn func(access.Grant, *whole, *step) error) error {
	return s.watch.Alarm(ctx, t.Message, verb, func(g access.Grant) error {
		a, err := load(ctx, g.Tx(), t.Message)
		if errors.Is(err, errNone) || err == nil && (a.State != Open || a.live(t.Place) == nil) {
			g.Quiet()
			return nil
		}
		if err != nil {
			return err
		}
		g.Note("alert", a.ID)
		return fn(g, a, a.live(t.Place))
	})
}

// next passes the alert on when nobody answered in time.
func (s *Service) next(ctx context.Context, j nextJob) error {
	return s.inTurn(ctx, j.turn, "alert.next", func(g access.Grant, a *whole, now *step) error {
		if err := notBefore(now.AskedAt.Add(s.times.Next), g.At()); err != nil {
			return err
		}
		return s.advance(ctx, g, a)
	})
}

// repeat asks the same person again; one who may no longer be asked is passed over.
func (s *Service) repeat(ctx context.Context, j repeatJob) error {
	return s.inTurn(ctx, j.turn, "alert.repeat", func(g access.Grant, a *whole, now *step) error {
		if err := notBefore(now.AskedAt.Add(time.Duration(j.Round)*s.times.Repeat), g.At()); err != nil {
			return err
		}
		order, err := g.Alertable(ctx, g.Facts())
		if err != nil {
			return err
		}
		if !holds(order, now.Person) {
			return s.advanceWithout(ctx, g, a, now)
		}
		g.Queue("update alert_steps set repeated_at = $3 where alert_id = $1 and place = $2", a.ID, now.Place, g.At())
		g.Queue("update alerts set xid = pg_current_xact_id() where id = $1", a.ID)
		jobs := append(s.repetition(j.turn, *now.AskedAt, j.Round+1), planned{ringJob(j), g.At().Add(s.times.Grace)})
		if err := s.plan(ctx, g.Tx(), jobs...); err != nil {
			return err
		}
		return a.tell(g, g.Facts())
	})
}

// passOver asks the next person at once when the one whose turn it is lost the right to be asked.
func (s *Service) passOver(ctx context.Context, t turn) error {
	return s.inTurn(ctx, t, "alert.next", func(g access.Grant, a *whole, now *step) error {
		order, err := g.Alertable(ctx, g.Facts())
		if err != nil {
			return err
		}
		if holds(order, now.Person) {
			g.Quiet()
			return nil
		}
		return s.advanceWithout(ctx, g, a, now)
	})
}

// advanceWithout passes over somebody who may no longer be asked: those asked together with her still are.
func (s *Service) advanceWithout(ctx context.Context, g access.Grant, a *whole, gone *step) error {
	i := slices.IndexFunc(a.waits(), func(t *step) bool { return t.Place != gone.Place })
	if i < 0 {
		return s.advance(ctx, g, a)
	}
	if *a.Owner != gone.Person {
		g.Quiet()
		return nil
	}
	return s.owns(ctx, g, a, a.waits()[i].Person)
}

func holds(order []access.Standing, person uuid.UUID) bool {
	return slices.ContainsFunc(order, func(s access.Standing) bool { return s.Person == person })
}

// advance asks the first in order who was not asked yet. When there is none, nobody answered: the author is told.
func (s *Service) advance(ctx context.Context, g access.Grant, a *whole) error {
	order, err := g.Alertable(ctx, g.Facts())
	if err != nil {
		return err
	}
	for _, candidate := range order {
		if a.of(candidate.Person) == nil {
			return s.ask(ctx, g, a, candidate.Person)
		}
	}
	g.Note("state", Unanswered)
	return a.end(ctx, g, g.Facts(), Unanswered, nil, nil)
}

// ask makes it somebody's turn.
func (s *Service) ask(ctx context.Context, g access.Grant, a *whole, person uuid.UUID) error {
	t := turn{a.ID, a.Message, a.places() + 1}
	g.Note("asked", person)
	g.Queue(insertStep, a.ID, person, a.Message, a.Space, t.Place, g.At())
	if err := s.plan(ctx, g.Tx(), s.turnJobs(t, g.At())...); err != nil {
		return err
	}
	return s.owns(ctx, g, a, person)
}

// owns says who is asked now.
func (s *Service) owns(ctx context.Context, g access.Grant, a *whole, person uuid.UUID) error {
	a.Owner = &person
	if err := g.Change(ctx, "update alerts set owner_id = $2, xid = pg_current_xact_id() where id = $1", a.ID, person); err != nil {
		return err
	}
	return a.tell(g, g.Facts())
}
