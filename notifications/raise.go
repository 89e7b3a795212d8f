package notifications

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"liaison/access"
	"liaison/events"
)

// Raise raises the alert of an urgent message in the transaction that posts it: it exists as soon as the message does. It asks the
// first in order, or all of them at once. With nobody to ask it ends unanswered at once, and its author is told so.
func (s *Service) Raise(ctx context.Context, t access.Together, g access.Grant, message uuid.UUID, f access.Facts, everybody bool) error {
	order, err := g.Alertable(ctx, f)
	if err != nil {
		return err
	}
	at := g.At()
	a := &whole{row: row{
		ID: uuid.Must(uuid.NewV7()), Message: message, Space: g.Space(), Channel: g.Channel(), RaisedBy: f.Author, Severity: urgent,
		State: Open, RaisedAt: at,
	}}
	if !everybody {
		order = order[:min(len(order), 1)]
	}
	if len(order) == 0 {
		a.State, a.EndedAt = Unanswered, &at
	} else {
		a.Owner = &order[0].Person
	}
	t.Queue(`insert into alerts (id, message_id, space_id, channel_id, raised_by, severity, state, owner_id, raised_at, ended_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		a.ID, a.Message, a.Space, a.Channel, a.RaisedBy, a.Severity, a.State, a.Owner, a.RaisedAt, a.EndedAt)
	var asked []uuid.UUID
	for i, one := range order {
		asked = append(asked, one.Person)
		t.Queue(insertStep, a.ID, one.Person, a.Message, a.Space, i+1, at)
		if err := s.plan(ctx, t.Tx(), s.turnJobs(turn{a.ID, a.Message, i + 1}, at)...); err != nil {
			return err
		}
	}
	g.Note("alert", a.ID)
	g.Note("asked", asked)
	return a.tell(g, f)
}

const insertStep = `insert into alert_steps (alert_id, person_id, message_id, space_id, place, asked_at) values ($1, $2, $3, $4, $5, $6)`

// tell appends to the channel that the alert went on, for everybody who reads its message.
func (w *whole) tell(g access.Grant, f access.Facts) error {
	_, err := g.Append(w.Channel, events.Event{Type: events.Alert, Message: w.Message, Local: deliverable(w.row, f)})
	return err
}

// frame is what a listener is told of an alert.
type frame struct {
	Type      string    `json:"type"`
	ChannelID uuid.UUID `json:"channel_id"`
	TeamID    uuid.UUID `json:"team_id"`
	Alert     told      `json:"alert"`
}

type told struct {
	ID        uuid.UUID `json:"id"`
	MessageID uuid.UUID `json:"message_id"`
	State     string    `json:"state"`
}

func deliverable(r row, f access.Facts) *access.Deliverable {
	data, err := json.Marshal(frame{events.Alert, r.Channel, r.Space, told{r.ID, r.Message, r.State}})
	if err != nil {
		panic("a frame of ids does not encode: " + err.Error())
	}
	return &access.Deliverable{Facts: f, Full: data, Rootless: data}
}

// Cancel ends the alert of a message that its author withdraws, in that transaction; a message without one is no fault.
func (s *Service) Cancel(ctx context.Context, g access.Grant) error {
	a, err := load(ctx, g.Tx(), g.Message())
	if errors.Is(err, errNone) || err == nil && a.State != Open {
		return nil
	}
	if err != nil {
		return err
	}
	g.Note("alert_cancelled", a.ID)
	by := g.Actor().Person
	return a.end(ctx, g, g.Facts(), Cancelled, &by, nil)
}

// end ends an alert; owner is who has it from now on, or nobody.
func (w *whole) end(ctx context.Context, g access.Grant, f access.Facts, state string, by, owner *uuid.UUID) error {
	at := g.At()
	w.State, w.EndedAt, w.EndedBy, w.Owner = state, &at, by, owner
	err := g.Change(ctx, `update alerts set state = $2, ended_at = $3, ended_by = $4, owner_id = $5, xid = pg_current_xact_id() where id = $1`,
		w.ID, w.State, w.EndedAt, w.EndedBy, w.Owner)
	if err != nil {
		return err
	}
	return w.tell(g, f)
}

// Settle waits until no device is being rung for the alert of a message: once it returns, an alert that ended before it was
// called rings no more. A push under way is over within seconds.
func (s *Service) Settle(ctx context.Context, message uuid.UUID) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleMost)
	defer cancel()
	if _, err := s.cfg.DB.Pool.Exec(ctx, "select pg_advisory_xact_lock($1)", ringLock(message)); err != nil {
		s.log.Warn("a push was still under way when its alert ended", "message", message, "error", err)
	}
}

const settleMost = 5 * time.Second

// ringLock is the advisory lock held in common by those who ring for a message's alert, alone by who waits for their end.
func ringLock(message uuid.UUID) int64 {
	var key uint64
	for _, b := range message[8:] {
		key = key<<8 | uint64(b)
	}
	return int64(key ^ 0x616c657274) // "alert"
}

// Deliverables makes ready for their listeners the alerts of these messages; the scope is the relay's.
func (s *Service) Deliverables(ctx context.Context, sc access.Scope, messages []uuid.UUID) (map[uuid.UUID]*access.Deliverable, error) {
	rows, err := sc.Tx().Query(ctx, "select "+columns+`, m.category, m.masks, m.only_to, m.author_id, m.created_at, m.document_types
		from alerts a join locate_messages($1) m on m.id = a.message_id`, messages)
	if err != nil {
		return nil, fmt.Errorf("alerts to tell: %w", err)
	}
	defer rows.Close()
	out := map[uuid.UUID]*access.Deliverable{}
	for rows.Next() {
		var r row
		var f access.Facts
		if err := rows.Scan(&r.ID, &r.Message, &r.Space, &r.Channel, &r.RaisedBy, &r.Severity, &r.State, &r.Owner, &r.RaisedAt, &r.EndedAt, &r.EndedBy,
			&f.Category, &f.Masks, &f.OnlyTo, &f.Author, &f.CreatedAt, &f.Types); err != nil {
			return nil, fmt.Errorf("alerts to tell: %w", err)
		}
		out[r.Message] = deliverable(r, f)
	}
	return out, rows.Err()
}

// News gives the alerts that went on since a horizon, as the scope's person may see them.
func (s *Service) News(ctx context.Context, sc access.Scope, since events.Horizon) ([]events.Alerted, error) {
	rows, err := sc.Tx().Query(ctx, `select a.id, a.message_id, a.space_id, a.channel_id, a.state
		from alerts a join messages m on m.id = a.message_id join standings s on s.space_id = a.space_id
		where `+access.StandingNow+" and "+access.VisibleByStanding+` and a.xid >= pg_snapshot_xmin(@horizon::text::pg_snapshot)
			and not pg_visible_in_snapshot(a.xid, @horizon::text::pg_snapshot) order by a.id`,
		pgx.NamedArgs{"actor": sc.Actor().Person, "horizon": string(since)})
	if err != nil {
		return nil, fmt.Errorf("news of alerts: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[events.Alerted])
}
