package notifications

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"liaison/access"
	"liaison/professions"
	"liaison/storage"
)

// Page is a part of a list, newest first.
type Page struct {
	Items []Alert
	Next  uuid.UUID // nil on the last
}

const (
	pageDefault = 30
	pageMost    = 100
)

// List gives the alerts whose message the actor may read: those open, or those that ended.
func (s *Service) List(ctx context.Context, actor access.Actor, open bool, before uuid.UUID, limit int) (Page, error) {
	if limit <= 0 || limit > pageMost {
		limit = pageDefault
	}
	var found []*whole
	var page Page
	err := s.gate.ReadMany(ctx, actor, "alerts.list", func(sc access.Scope) error {
		rows, err := sc.Tx().Query(ctx, "select "+columns+` from alerts a join messages m on m.id = a.message_id
			join standings s on s.space_id = a.space_id
			where `+access.StandingNow+" and "+access.VisibleByStanding+` and (a.state = 'open') = @open and (@before::uuid is null or a.id < @before)
			order by a.id desc limit @limit`,
			pgx.NamedArgs{"actor": actor.Person, "open": open, "before": storage.OrNull(before), "limit": limit + 1})
		if err != nil {
			return fmt.Errorf("list alerts: %w", err)
		}
		list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[row])
		if err != nil {
			return fmt.Errorf("list alerts: %w", err)
		}
		if len(list) > limit {
			list = list[:limit]
			page.Next = list[limit-1].ID
		}
		for _, r := range list {
			sc.Shown(r.Space)
		}
		found, err = withSteps(ctx, sc.Tx(), list)
		sc.Note("count", len(found))
		return err
	})
	if err != nil {
		return Page{}, err
	}
	page.Items, err = s.shownAll(ctx, actor, found)
	return page, err
}

// One gives an alert; access.ErrNotFound where its message is not to be seen.
func (s *Service) One(ctx context.Context, actor access.Actor, alert uuid.UUID) (Alert, error) {
	message, err := s.messageOf(ctx, actor, alert, "alert.read")
	if err != nil {
		return Alert{}, err
	}
	return s.Of(ctx, actor, message)
}

// Of gives the alert of a message.
func (s *Service) Of(ctx context.Context, actor access.Actor, message uuid.UUID) (Alert, error) {
	var found *whole
	err := s.gate.Read(ctx, actor, access.Message(message), "alert.read", func(g access.Grant) (err error) {
		found, err = load(ctx, g.Tx(), message)
		return hidden(err)
	})
	if err != nil {
		return Alert{}, err
	}
	return s.shown(ctx, actor, found)
}

// Counts counts, per circle, the open alerts that ask the actor or that she raised.
func (s *Service) Counts(ctx context.Context, actor access.Actor) (map[uuid.UUID]int, error) {
	out := map[uuid.UUID]int{}
	err := s.gate.ReadMany(ctx, actor, "", func(sc access.Scope) error {
		rows, err := sc.Tx().Query(ctx, `select a.space_id, count(*) from alerts a join messages m on m.id = a.message_id
			join standings s on s.space_id = a.space_id
			where `+access.StandingNow+" and "+access.VisibleByStanding+` and a.state = 'open' and (a.raised_by = @actor
				or (select t.asked_at is not null and t.outcome is null from alert_steps t where t.alert_id = a.id and t.person_id = @actor
					order by t.place desc limit 1))
			group by 1`, pgx.NamedArgs{"actor": actor.Person})
		if err != nil {
			return fmt.Errorf("count alerts: %w", err)
		}
		var space uuid.UUID
		var n int
		_, err = pgx.ForEachRow(rows, []any{&space, &n}, func() error { out[space] = n; return nil })
		return err
	})
	return out, err
}

func (s *Service) shown(ctx context.Context, actor access.Actor, w *whole) (Alert, error) {
	list, err := s.shownAll(ctx, actor, []*whole{w})
	if err != nil {
		return Alert{}, err
	}
	return list[0], nil
}

func (s *Service) shownAll(ctx context.Context, actor access.Actor, list []*whole) ([]Alert, error) {
	names, err := s.people.Persons(ctx, peopleOf(list))
	if err != nil {
		return nil, fmt.Errorf("names of alerts: %w", err)
	}
	out := make([]Alert, len(list))
	for i, w := range list {
		out[i] = w.view(actor, names)
	}
	return out, nil
}

func peopleOf(list []*whole) []uuid.UUID {
	var ids []uuid.UUID
	for _, w := range list {
		ids = append(ids, w.RaisedBy)
		if w.EndedBy != nil {
			ids = append(ids, *w.EndedBy)
		}
		for _, t := range w.steps {
			ids = append(ids, t.Person)
		}
	}
	return ids
}

func (w *whole) view(actor access.Actor, names map[uuid.UUID]professions.Person) Alert {
	a := Alert{
		ID: w.ID, TeamID: w.Space, ChannelID: w.Channel, MessageID: w.Message, Severity: w.Severity, State: w.State,
		RaisedBy: names[w.RaisedBy], RaisedAt: w.RaisedAt.UTC(), Owner: named(names, w.Owner), EndedAt: inUTC(w.EndedAt), EndedBy: named(names, w.EndedBy),
		Mine: w.asks(actor.Person), Steps: make([]Step, len(w.steps)),
	}
	for i, t := range w.steps {
		a.Steps[i] = Step{
			Professional: names[t.Person], AskedAt: inUTC(t.AskedAt), RepeatedAt: inUTC(t.RepeatedAt), DeliveredAt: inUTC(t.DeliveredAt),
			SeenAt: inUTC(t.SeenAt), AnsweredAt: inUTC(t.AnsweredAt), Outcome: t.Outcome,
		}
	}
	return a
}

func named(names map[uuid.UUID]professions.Person, id *uuid.UUID) *professions.Person {
	if id == nil {
		return nil
	}
	p := names[*id]
	return &p
}

func inUTC(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	at := t.UTC()
	return &at
}
