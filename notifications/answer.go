package notifications

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"liaison/access"
	"liaison/events"
	"liaison/professions"
)

// ErrEnded tells somebody who answers too late how the alert ended.
type ErrEnded struct{ Alert Alert }

func (e *ErrEnded) Error() string { return "the alert has ended: " + e.Alert.State }

// Errors of answers.
var (
	// ErrNotAsked: she reads the alert and is nobody whom it asks.
	ErrNotAsked = fmt.Errorf("not somebody this alert asks: %w", access.ErrForbidden)
)

// messageOf finds the message of an alert: the gate is asked for that, so that an alert is hidden where its message is.
func (s *Service) messageOf(ctx context.Context, actor access.Actor, alert uuid.UUID, verb string) (uuid.UUID, error) {
	var message *uuid.UUID
	if err := s.cfg.DB.Pool.QueryRow(ctx, "select locate_alert($1)", alert).Scan(&message); err != nil {
		return uuid.Nil, fmt.Errorf("locate alert: %w", err)
	}
	if message == nil {
		return uuid.Nil, s.gate.Refuse(ctx, actor, verb, alert)
	}
	return *message, nil
}

// Take makes the alert the actor's: it has ended, and rings no more once this returns. *ErrEnded when somebody was first.
func (s *Service) Take(ctx context.Context, actor access.Actor, alert uuid.UUID) (Alert, error) {
	return s.answer(ctx, actor, alert, "alert.take", func(g access.Grant, a *whole, mine *step) error {
		if mine == nil {
			err := g.Change(ctx, `insert into alert_steps (alert_id, person_id, message_id, space_id, place) values ($1, $2, $3, $4, $5)`,
				a.ID, actor.Person, a.Message, a.Space, a.places()+1)
			if err != nil {
				return err
			}
			a.steps = append(a.steps, step{Alert: a.ID, Person: actor.Person, Place: a.places() + 1})
			mine = a.current()
		}
		if err := mine.reply(ctx, g, Taken); err != nil {
			return err
		}
		return a.end(ctx, g, g.Facts(), Taken, &actor.Person, &actor.Person)
	})
}

// HandOver passes the alert on: to a colleague whom it may ask, else to the next in order.
func (s *Service) HandOver(ctx context.Context, actor access.Actor, alert uuid.UUID, to uuid.UUID) (Alert, error) {
	return s.answer(ctx, actor, alert, "alert.hand_over", func(g access.Grant, a *whole, mine *step) error {
		if mine == nil {
			return ErrNotAsked
		}
		turnMine := a.live(mine.Place) != nil
		if err := mine.reply(ctx, g, HandedOver); err != nil {
			return err
		}
		switch {
		case to != uuid.Nil:
			return s.askChosen(ctx, g, a, to)
		case turnMine && len(a.waits()) == 0:
			return s.advance(ctx, g, a)
		}
		return a.tell(g, g.Facts())
	})
}

// Takers lists the colleagues to whom the actor may hand the alert over, in alerting order.
func (s *Service) Takers(ctx context.Context, actor access.Actor, alert uuid.UUID) ([]professions.Person, error) {
	message, err := s.messageOf(ctx, actor, alert, "alert.takers")
	if err != nil {
		return nil, err
	}
	var order []access.Standing
	err = s.gate.Read(ctx, actor, access.Message(message), "alert.takers", func(g access.Grant) (err error) {
		g.Object(alert)
		order, err = g.Alertable(ctx, g.Facts())
		return err
	})
	if err != nil {
		return nil, err
	}
	var ids []uuid.UUID
	for _, one := range order {
		if one.Person != actor.Person {
			ids = append(ids, one.Person)
		}
	}
	named, err := s.people.Persons(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("names of takers: %w", err)
	}
	takers := make([]professions.Person, len(ids))
	for i, id := range ids {
		takers[i] = named[id]
	}
	return takers, nil
}

func (s *Service) askChosen(ctx context.Context, g access.Grant, a *whole, to uuid.UUID) error {
	order, err := g.Alertable(ctx, g.Facts())
	if err != nil {
		return err
	}
	if to == g.Actor().Person || !holds(order, to) {
		return &Invalid{"to", "alert_to_unknown"}
	}
	return s.ask(ctx, g, a, to)
}

func (t *step) reply(ctx context.Context, g access.Grant, outcome string) error {
	at := g.At()
	t.AnsweredAt, t.Outcome = &at, &outcome
	return g.Change(ctx, "update alert_steps set answered_at = $3, outcome = $4 where alert_id = $1 and place = $2", t.Alert, t.Place, at, outcome)
}

// answer opens the gate for somebody whom the alert asks or may ask. The same answer again is no other answer.
func (s *Service) answer(ctx context.Context, actor access.Actor, alert uuid.UUID, verb string, fn func(access.Grant, *whole, *step) error) (Alert, error) {
	message, err := s.messageOf(ctx, actor, alert, verb)
	if err != nil {
		return Alert{}, err
	}
	var out *whole
	err = s.gate.Write(ctx, actor, access.Message(message), verb, func(g access.Grant) error {
		g.Object(alert)
		a, err := load(ctx, g.Tx(), message)
		if err != nil {
			return hidden(err)
		}
		out = a
		mine := a.of(actor.Person)
		if again := mine != nil && mine.Outcome != nil && "alert."+verbs[*mine.Outcome] == verb; again && !a.asks(actor.Person) {
			g.Quiet()
			return nil
		}
		if a.State != Open {
			return errTooLate
		}
		if mine == nil && !g.Standing().Alertable(g.Facts()) || mine == nil && g.Facts().Author == actor.Person {
			return ErrNotAsked
		}
		return fn(g, a, mine)
	})
	if errors.Is(err, errTooLate) {
		shown, err := s.shown(ctx, actor, out)
		if err != nil {
			return Alert{}, err
		}
		return shown, &ErrEnded{shown}
	}
	if err != nil {
		return Alert{}, err
	}
	s.Settle(ctx, message)
	return s.One(ctx, actor, alert)
}

var (
	errTooLate = errors.New("the alert has ended")
	verbs      = map[string]string{Taken: "take", HandedOver: "hand_over"}
)

// hidden answers what is not there as what may not be seen.
func hidden(err error) error {
	if errors.Is(err, errNone) {
		return access.ErrNotFound
	}
	return err
}

// The marks of somebody who was asked.
const (
	Delivered = "delivered" // a device has it
	Shown     = "shown"     // a visible page shows it: this round rings no device
	Seen      = "seen"      // she opened it
)

var marks = map[string]string{
	Delivered: "delivered_at = coalesce(delivered_at, clock_timestamp())",
	Shown:     "shown_at = clock_timestamp(), delivered_at = coalesce(delivered_at, clock_timestamp())",
	Seen:      "seen_at = coalesce(seen_at, clock_timestamp()), delivered_at = coalesce(delivered_at, clock_timestamp())",
}

// Mark notes how far an alert got with the actor; of somebody who was not asked it notes nothing. Its author is told.
func (s *Service) Mark(ctx context.Context, actor access.Actor, alert uuid.UUID, mark string) error {
	message, err := s.messageOf(ctx, actor, alert, "alert."+mark)
	if err != nil {
		return err
	}
	return s.gate.Mark(ctx, actor, access.Message(message), func(g access.Grant) error {
		tag, err := g.Tx().Exec(ctx, "update alert_steps set "+marks[mark]+` where alert_id = $1 and person_id = $2
			and place = (select max(place) from alert_steps where alert_id = $1 and person_id = $2)`, alert, actor.Person)
		if err != nil || tag.RowsAffected() == 0 {
			return err
		}
		e := events.Event{Type: events.Alert, Channel: g.Channel(), Message: message, Person: g.Facts().Author}
		err = g.Tx().QueryRow(ctx, `update alerts a set xid = pg_current_xact_id() from channels c where a.id = $1 and c.id = a.channel_id
			returning c.epoch`, alert).Scan(&e.Epoch)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("note mark: %w", err)
		}
		g.Tell(e)
		return nil
	})
}
