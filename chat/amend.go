package chat

import (
	"context"
	"fmt"
	"reflect"
	"time"

	"github.com/google/uuid"

	"liaison/access"
	"liaison/events"
)

// Amendment corrects a message: what is nil stays. The reason is kept with what was said before.
type Amendment struct {
	Text     *string
	Measures *[]Measure
	Reason   string
	// Revision is the one the author had before her eyes.
	Revision int
}

// Amend corrects the actor's own message. What it said before stays readable by its readers, with the reason.
func (s *Service) Amend(ctx context.Context, actor access.Actor, message uuid.UUID, a Amendment) (Message, error) {
	if err := checkReason(a.Reason); err != nil {
		return Message{}, err
	}
	return s.change(ctx, actor, message, "message.amend", func(g access.Grant, now row, said body) (row, body, error) {
		said.Text, said.Measures = a.apply(said)
		if now.State == Withdrawn {
			return now, said, ErrWithdrawn
		}
		if err := checkContent(said.Text, said.Measures, len(said.Documents)); err != nil {
			return now, said, err
		}
		if now.Revision == a.Revision+1 && now.State == Amended {
			return s.amended(ctx, g, now, said)
		}
		if now.Revision != a.Revision {
			return now, said, ErrRevision
		}
		return now.next(Amended, g.At()), said, nil
	}, a.Reason)
}

func (a Amendment) apply(said body) (string, []Measure) {
	text, measures := said.Text, said.Measures
	if a.Text != nil {
		text = *a.Text
	}
	if a.Measures != nil {
		measures = *a.Measures
	}
	return text, measures
}

// amended recognises the repetition of an amendment that was done: it is done once.
func (s *Service) amended(ctx context.Context, g access.Grant, now row, said body) (row, body, error) {
	present, err := s.unseal(ctx, g.Space(), now.ID, now.Revision, now.Body)
	if err != nil {
		return now, said, err
	}
	if present.Text == said.Text && reflect.DeepEqual(orEmpty(present.Measures), orEmpty(said.Measures)) {
		return now, present, nil
	}
	return now, said, ErrRevision
}

// Withdraw takes the actor's own message back. It leaves a mark with the reason; the text stays readable by its author and
// those entitled to full reasons.
func (s *Service) Withdraw(ctx context.Context, actor access.Actor, message uuid.UUID, reason string) (Message, error) {
	if err := checkReason(reason); err != nil {
		return Message{}, err
	}
	m, err := s.change(ctx, actor, message, "message.withdraw", func(g access.Grant, now row, said body) (row, body, error) {
		if now.State == Withdrawn {
			return now, said, nil
		}
		said.Reason = reason
		if now.Urgent {
			if err := s.Alerts.Cancel(ctx, g); err != nil {
				return now, said, fmt.Errorf("cancel alert: %w", err)
			}
		}
		return now.next(Withdrawn, g.At()), said, nil
	}, reason)
	if err == nil && m.Urgent {
		s.Alerts.Settle(ctx, message)
	}
	return m, err
}

func (r row) next(state string, at time.Time) row {
	r.Revision++
	r.State = state
	r.ChangedAt = &at
	return r
}

// change does to a message what decide says; the same revision back means that it was done before.
func (s *Service) change(ctx context.Context, actor access.Actor, message uuid.UUID, verb string,
	decide func(access.Grant, row, body) (row, body, error), reason string,
) (Message, error) {
	var out Message
	err := s.gate.Write(ctx, actor, access.Message(message), verb, func(g access.Grant) error {
		was, err := oneRow(ctx, g)
		if err != nil {
			return err
		}
		if was.Author != actor.Person {
			return access.ErrForbidden
		}
		said, err := s.unseal(ctx, g.Space(), was.ID, was.Revision, was.Body)
		if err != nil {
			return err
		}
		now, said, err := decide(g, was, said)
		if err != nil {
			return err
		}
		g.Note("revision", now.Revision)
		if now.Revision != was.Revision {
			if err := s.store(ctx, g, was, now, said, reason); err != nil {
				return err
			}
		}
		out, err = s.shown(ctx, g, now, said)
		return err
	})
	return out, err
}

func (s *Service) shown(ctx context.Context, g access.Grant, r row, said body) (Message, error) {
	names, err := s.people.of(ctx, g.Tx(), []uuid.UUID{r.Author})
	if err != nil {
		return Message{}, err
	}
	items := []Message{view(r, said, names[r.Author], g.Standing())}
	err = s.addPersonal(ctx, g, []row{r}, items)
	return items[0], err
}

// store keeps the revision that was, writes the one that is, and tells it.
func (s *Service) store(ctx context.Context, g access.Grant, was, now row, said body, reason string) error {
	why, err := s.seal(ctx, was.Space, was.ID, -was.Revision, body{Reason: reason})
	if err != nil {
		return err
	}
	sealed, err := s.seal(ctx, now.Space, now.ID, now.Revision, said)
	if err != nil {
		return err
	}
	e, err := s.tell(ctx, g, was, now, said)
	if err != nil {
		return err
	}
	if sameReaders(was, now) {
		g.Queue("insert into message_revisions (message_id, revision, space_id, body, reason, at) values ($1, $2, $3, $4, $5, $6)",
			was.ID, was.Revision, was.Space, was.Body, why, g.At())
		return g.Change(ctx, "update messages set body = $2, revision = $3, state = $4, changed_at = $5, measure_kinds = $7 where id = $1 and revision = $6",
			now.ID, sealed, now.Revision, now.State, now.ChangedAt, was.Revision, kindsOf(said.Measures))
	}
	g.Queue(`insert into message_revisions (message_id, revision, space_id, body, reason, at, category, masks, only_to, position)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		was.ID, was.Revision, was.Space, was.Body, why, g.At(), int32(was.Category), int32(was.Masks), was.OnlyTo, e.Position)
	return g.Change(ctx, "update messages set body = $2, revision = $3, narrowed_at = $4, category = $6, masks = $7, only_to = $8 where id = $1 and revision = $5",
		now.ID, sealed, now.Revision, now.NarrowedAt, was.Revision, int32(now.Category), int32(now.Masks), now.OnlyTo)
}

// kindOf says what a change is called.
func (r row) kindOf(was row) string {
	switch {
	case !sameReaders(was, r):
		return events.MessageNarrowed
	case r.State == Withdrawn:
		return events.MessageWithdrawn
	}
	return events.MessageUpdated
}

func (s *Service) tell(ctx context.Context, g access.Grant, was, now row, said body) (events.Event, error) {
	kind := now.kindOf(was)
	thread, root, err := threadOf(ctx, g.Tx(), now.ID)
	if err != nil {
		return events.Event{}, err
	}
	now.Thread = thread
	names, err := s.people.of(ctx, g.Tx(), []uuid.UUID{now.Author})
	if err != nil {
		return events.Event{}, err
	}
	// Shown to nobody in particular: a withdrawn text is in no frame.
	d, err := deliverable(kind, view(now, said, names[now.Author], access.Standing{}), now.facts(), root)
	if err != nil {
		return events.Event{}, err
	}
	e, err := g.Append(now.Channel, events.Event{Type: kind, Message: now.ID, Local: d})
	if err != nil {
		return e, fmt.Errorf("tell change: %w", err)
	}
	if kind == events.MessageNarrowed {
		err = lost(d, now.Channel, now.ID, map[int64]access.Facts{e.Position: was.facts()})
	}
	return e, err
}
