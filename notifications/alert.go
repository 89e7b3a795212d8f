// Package notifications sees to it that somebody answers: alerts raised by urgent messages, whom they ask and in which order
// time passes them on, the devices they ring, until they are taken, cancelled, or unanswered and said so. Its SQL is here. It
// knows no transport (a push leaves through an interface, notifications/webpush behind it), no text of a message and no
// right: who reads and who may be alerted is decided by access.
package notifications

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"liaison/professions"
	"liaison/storage"
)

// The states of an alert: it is open, then ends once.
const (
	Open       = "open"
	Taken      = "taken"
	Cancelled  = "cancelled"
	Unanswered = "unanswered"
)

// The answers of somebody who was asked.
const HandedOver = "handed_over"

const urgent = "urgent"

// Alert is an alert as those who read its message see it.
type Alert struct {
	ID        uuid.UUID           `json:"id"`
	TeamID    uuid.UUID           `json:"team_id"`
	ChannelID uuid.UUID           `json:"channel_id"`
	MessageID uuid.UUID           `json:"message_id"`
	Severity  string              `json:"severity" enum:"urgent"`
	State     string              `json:"state" enum:"open,taken,cancelled,unanswered"`
	RaisedBy  professions.Person  `json:"raised_by"`
	RaisedAt  time.Time           `json:"raised_at"`
	Owner     *professions.Person `json:"owner" doc:"Who is asked now, then who took it; null when nobody did."`
	EndedAt   *time.Time          `json:"ended_at"`
	EndedBy   *professions.Person `json:"ended_by"`
	Mine      bool                `json:"mine" doc:"I was asked and have not answered."`
	Steps     []Step              `json:"steps"`
}

// Step is one person an alert asked. AskedAt is null of somebody who took it unasked.
type Step struct {
	Professional professions.Person `json:"professional"`
	AskedAt      *time.Time         `json:"asked_at"`
	RepeatedAt   *time.Time         `json:"repeated_at"`
	DeliveredAt  *time.Time         `json:"delivered_at"`
	SeenAt       *time.Time         `json:"seen_at"`
	AnsweredAt   *time.Time         `json:"answered_at"`
	Outcome      *string            `json:"outcome" enum:"taken,handed_over"`
}

// row is an alert as stored.
type row struct {
	ID       uuid.UUID
	Message  uuid.UUID
	Space    uuid.UUID
	Channel  uuid.UUID
	RaisedBy uuid.UUID
	Severity string
	State    string
	Owner    *uuid.UUID
	RaisedAt time.Time
	EndedAt  *time.Time
	EndedBy  *uuid.UUID
}

const columns = "a.id, a.message_id, a.space_id, a.channel_id, a.raised_by, a.severity, a.state, a.owner_id, a.raised_at, a.ended_at, a.ended_by"

// step is one person asked, as stored.
type step struct {
	Alert       uuid.UUID
	Person      uuid.UUID
	Place       int
	AskedAt     *time.Time
	RepeatedAt  *time.Time
	DeliveredAt *time.Time
	ShownAt     *time.Time
	SeenAt      *time.Time
	AnsweredAt  *time.Time
	Outcome     *string
}

const stepColumns = "t.alert_id, t.person_id, t.place, t.asked_at, t.repeated_at, t.delivered_at, t.shown_at, t.seen_at, t.answered_at, t.outcome"

// whole is an alert with everybody it asked, in order.
type whole struct {
	row
	steps []step
}

// current is the step whose turn it is: the last.
func (w *whole) current() *step {
	if len(w.steps) == 0 {
		return nil
	}
	return &w.steps[len(w.steps)-1]
}

// live is the step of a turn that still waits for its answer, or nil: the last one's, and those of people who were asked together.
func (w *whole) live(place int) *step {
	now := w.current()
	for i := range w.steps {
		t := &w.steps[i]
		if t.Place == place && (t == now || t.Outcome == nil && w.together(t)) {
			return t
		}
	}
	return nil
}

// together says whether somebody else was asked at the very same moment.
func (w *whole) together(t *step) bool {
	return t.AskedAt != nil && slices.ContainsFunc(w.steps, func(o step) bool {
		return o.Place != t.Place && o.AskedAt != nil && o.AskedAt.Equal(*t.AskedAt)
	})
}

// waits lists the turns that still wait for an answer.
func (w *whole) waits() []*step {
	var out []*step
	for i := range w.steps {
		if t := &w.steps[i]; w.live(t.Place) == t && t.AskedAt != nil && t.Outcome == nil {
			out = append(out, t)
		}
	}
	return out
}

// places is how many turns there were.
func (w *whole) places() int {
	if now := w.current(); now != nil {
		return now.Place
	}
	return 0
}

// of is the last step of a person, or nil.
func (w *whole) of(person uuid.UUID) *step {
	for i := range slices.Backward(w.steps) {
		if w.steps[i].Person == person {
			return &w.steps[i]
		}
	}
	return nil
}

// asks says whether a person was asked and may still answer.
func (w *whole) asks(person uuid.UUID) bool {
	t := w.of(person)
	return w.State == Open && t != nil && t.AskedAt != nil && t.Outcome == nil
}

// errNone: there is no such alert, or none to be seen.
var errNone = errors.New("no such alert")

// load reads the alert of a message, by the eyes of whoever acts.
func load(ctx context.Context, q storage.Querier, message uuid.UUID) (*whole, error) {
	found, err := loadWhere(ctx, q, "a.message_id = $1", message)
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, errNone
	}
	return found[0], nil
}

// loadWhere reads alerts with their steps, newest first.
func loadWhere(ctx context.Context, q storage.Querier, where string, args ...any) ([]*whole, error) {
	rows, err := q.Query(ctx, "select "+columns+" from alerts a where "+where+" order by a.id desc", args...)
	if err != nil {
		return nil, fmt.Errorf("read alerts: %w", err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[row])
	if err != nil {
		return nil, fmt.Errorf("read alerts: %w", err)
	}
	return withSteps(ctx, q, list)
}

func withSteps(ctx context.Context, q storage.Querier, list []row) ([]*whole, error) {
	out, byID, ids := make([]*whole, len(list)), map[uuid.UUID]*whole{}, make([]uuid.UUID, len(list))
	for i, r := range list {
		out[i] = &whole{row: r}
		byID[r.ID], ids[i] = out[i], r.ID
	}
	if len(list) == 0 {
		return out, nil
	}
	rows, err := q.Query(ctx, "select "+stepColumns+" from alert_steps t where t.alert_id = any ($1) order by t.alert_id, t.place", ids)
	if err != nil {
		return nil, fmt.Errorf("read steps: %w", err)
	}
	steps, err := pgx.CollectRows(rows, pgx.RowToStructByPos[step])
	if err != nil {
		return nil, fmt.Errorf("read steps: %w", err)
	}
	for _, t := range steps {
		byID[t.Alert].steps = append(byID[t.Alert].steps, t)
	}
	return out, nil
}
