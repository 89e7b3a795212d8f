package chat

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"liaison/access"
	"liaison/events"
)

// Sync is what a client missed since its cursor: every event it may see, or a reset of the channel, all or nothing.
type Sync struct {
	Cursor   string      `json:"cursor"`
	More     bool        `json:"more"`
	Channels []Count     `json:"channels"`
	Events   []SyncEvent `json:"events"`
	Resets   []Reset     `json:"resets"`
}

// SyncEvent has the shape of a live frame.
type SyncEvent struct {
	Type      string    `json:"type"`
	ChannelID uuid.UUID `json:"channel_id"`
	Message   *Message  `json:"message,omitempty"`
	// MessageID names a message that was narrowed; alone where the reader lost it.
	MessageID *uuid.UUID `json:"message_id,omitempty"`
	Receipt   *ReceiptOf `json:"receipt,omitempty"`
	TeamID    *uuid.UUID `json:"team_id,omitempty"`
	Alert     *AlertOf   `json:"alert,omitempty"`
}

// AlertOf tells that an alert was raised, went on or ended.
type AlertOf struct {
	ID        uuid.UUID `json:"id"`
	MessageID uuid.UUID `json:"message_id"`
	State     string    `json:"state"`
}

// ReceiptOf tells an author that a colleague received or saw a message.
type ReceiptOf struct {
	MessageID    uuid.UUID `json:"message_id"`
	Professional Mention   `json:"professional"`
	State        string    `json:"state"`
	At           time.Time `json:"at"`
}

// The reasons of a reset.
const (
	AccessLost    = "access_lost"
	AccessChanged = "access_changed"
	TooLong       = "too_long"
)

// Reset tells a client to forget what it holds of a channel and, unless access was lost, to read it again.
type Reset struct {
	ChannelID uuid.UUID `json:"channel_id"`
	TeamID    uuid.UUID `json:"team_id"`
	Reason    string    `json:"reason" enum:"access_lost,access_changed,too_long"`
}

const syncMost = 500

// Sync gives what happened since the cursor; without one, where everything stands. events.ErrCursor: start without.
func (s *Service) Sync(ctx context.Context, actor access.Actor, cursor string) (Sync, error) {
	var from events.Cursor
	if cursor != "" {
		var err error
		if from, err = s.cursors.Open(cursor, actor.Person); err != nil {
			return Sync{}, err
		}
	}
	out := Sync{Channels: []Count{}, Events: []SyncEvent{}, Resets: []Reset{}}
	err := s.gate.ReadMany(ctx, actor, "sync", func(sc access.Scope) error {
		if cursor == "" {
			return s.firstSync(ctx, sc, &out)
		}
		return s.nextSync(ctx, sc, from, &out)
	})
	return out, err
}

func (s *Service) firstSync(ctx context.Context, sc access.Scope, out *Sync) error {
	list, err := counts(ctx, sc, nil)
	if err != nil {
		return err
	}
	out.Channels = append(out.Channels, list...)
	out.Cursor = s.cursors.Seal(events.Cursor{Person: sc.Actor().Person, Since: sc.Horizon()})
	sc.Note("channels", len(list))
	return nil
}

// catchUp is one step from a cursor to the next.
type catchUp struct {
	sc    access.Scope
	from  events.Cursor
	out   *Sync
	reset map[uuid.UUID]bool
	news  map[uuid.UUID]bool
}

func (s *Service) nextSync(ctx context.Context, sc access.Scope, from events.Cursor, out *Sync) error {
	c := &catchUp{sc: sc, from: from, out: out, reset: map[uuid.UUID]bool{}, news: map[uuid.UUID]bool{}}
	next := events.Cursor{Person: sc.Actor().Person, Since: sc.Horizon()}
	if from.Next != "" {
		next.Since = from.Next
	}
	if err := c.resets(ctx); err != nil {
		return err
	}
	after, err := s.happened(ctx, c)
	if err != nil {
		return err
	}
	if after != uuid.Nil {
		out.More = true
		next = events.Cursor{Person: next.Person, Since: from.Since, Next: next.Since, After: after}
	}
	if from.After == uuid.Nil {
		if err := s.ownNews(ctx, c); err != nil {
			return err
		}
	}
	if err := c.counts(ctx); err != nil {
		return err
	}
	out.Cursor = s.cursors.Seal(next)
	if len(out.Events) == 0 {
		sc.Quiet()
	}
	sc.Note("events", len(out.Events))
	return nil
}

func (c *catchUp) args() pgx.NamedArgs {
	return pgx.NamedArgs{"actor": c.sc.Actor().Person, "horizon": string(c.from.Since)}
}

// resets finds the channels where the person's own standing changed: what she holds of them is no longer what she may see.
func (c *catchUp) resets(ctx context.Context) error {
	rows, err := c.sc.Tx().Query(ctx, "select distinct channel_id, space_id from events where person_id = @actor and "+events.NotSeen+" order by 1", c.args())
	if err != nil {
		return fmt.Errorf("resets: %w", err)
	}
	var channel, space uuid.UUID
	_, err = pgx.ForEachRow(rows, []any{&channel, &space}, func() error {
		c.reset[channel] = true
		reason := AccessLost
		if _, stands := c.sc.Standing(space); stands {
			reason = AccessChanged
			c.news[channel] = true
		}
		if c.from.After == uuid.Nil {
			c.out.Resets = append(c.out.Resets, Reset{channel, space, reason})
		}
		return nil
	})
	return err
}

// changedMessage is a visible message with what happened to it since the cursor.
type changedMessage struct {
	row
	Created, Narrowed bool
}

// happened adds the messages that came or changed, channel by channel, whole channels only. It gives the channel after which
// the next call goes on, or none.
func (s *Service) happened(ctx context.Context, c *catchUp) (uuid.UUID, error) {
	changed, err := c.changedMessages(ctx)
	if err != nil {
		return uuid.Nil, err
	}
	after := uuid.Nil
	if len(changed) > syncMost {
		changed, after = c.wholeChannels(changed)
	}
	if err := s.addEvents(ctx, c, changed); err != nil {
		return after, err
	}
	return after, s.addLost(ctx, c, after, changed)
}

func (c *catchUp) changedMessages(ctx context.Context) ([]changedMessage, error) {
	args := c.args()
	args["after"], args["skip"], args["most"] = c.from.After, c.resetChannels(), syncMost+1
	rows, err := c.sc.Tx().Query(ctx, "select "+messageColumns+`, x.created, x.narrowed
		from standings s join channels c on c.space_id = s.space_id
		join lateral (select e.message_id, bool_or(e.type = 'message.created') as created, bool_or(e.type = 'message.narrowed') as narrowed from events e
			where e.channel_id = c.id and `+events.NotSeen+` and e.message_id is not null and e.type <> 'alert' group by 1) x on true
		join messages m on m.id = x.message_id
		where `+access.StandingNow+` and c.xid >= pg_snapshot_xmin(@horizon::text::pg_snapshot) and c.id > @after and c.id <> all (@skip) and `+access.VisibleByStanding+`
		order by c.id, m.position limit @most`,
		args)
	if err != nil {
		return nil, fmt.Errorf("changed messages: %w", err)
	}
	return pgx.CollectRows(rows, func(r pgx.CollectableRow) (changedMessage, error) {
		var m changedMessage
		err := r.Scan(&m.ID, &m.Space, &m.Channel, &m.Position, &m.Author, &m.Thread, &m.Category, &m.Masks, &m.OnlyTo, &m.NoteType, &m.Urgent,
			&m.State, &m.Revision, &m.Body, &m.WrittenAt, &m.CreatedAt, &m.ChangedAt, &m.NarrowedAt, &m.Types, &m.Created, &m.Narrowed)
		return m, err
	})
}

// wholeChannels keeps the channels that fit; one that alone does not fit is reset.
func (c *catchUp) wholeChannels(changed []changedMessage) ([]changedMessage, uuid.UUID) {
	last := changed[len(changed)-1].Channel
	keep := len(changed)
	for keep > 0 && changed[keep-1].Channel == last {
		keep--
	}
	if keep > 0 {
		return changed[:keep], changed[keep-1].Channel
	}
	c.out.Resets = append(c.out.Resets, Reset{last, changed[0].Space, TooLong})
	c.reset[last] = true
	c.news[last] = true
	return nil, last
}

func (s *Service) addEvents(ctx context.Context, c *catchUp, changed []changedMessage) error {
	rows := make([]row, len(changed))
	for i := range changed {
		rows[i] = changed[i].row
	}
	names, err := s.people.of(ctx, c.sc.Tx(), authorsOf(rows))
	if err != nil {
		return err
	}
	for i, r := range rows {
		said, err := s.unseal(ctx, r.Space, r.ID, r.Revision, r.Body)
		if err != nil {
			return err
		}
		c.sc.Shown(r.Space)
		standing, _ := c.sc.Standing(r.Space)
		m := view(r, said, names[r.Author], standing)
		c.news[r.Channel] = true
		c.out.Events = append(c.out.Events, SyncEvent{Type: kindOf(changed[i]), ChannelID: r.Channel, Message: &m})
	}
	return nil
}

func kindOf(m changedMessage) string {
	switch {
	case m.Created:
		return events.MessageCreated
	case m.State == Withdrawn:
		return events.MessageWithdrawn
	case m.Narrowed:
		return events.MessageNarrowed
	default:
		return events.MessageUpdated
	}
}

// ownNews adds what concerns only this person: her other devices' read marks, receipts of her messages.
func (s *Service) ownNews(ctx context.Context, c *catchUp) error {
	marks, err := c.sc.Tx().Query(ctx, "select channel_id from read_marks where person_id = @actor and "+events.NotSeen, c.args())
	if err != nil {
		return fmt.Errorf("read marks: %w", err)
	}
	channels, err := pgx.CollectRows(marks, pgx.RowTo[uuid.UUID])
	if err != nil {
		return err
	}
	for _, id := range channels {
		c.news[id] = true
	}
	if err := s.alertNews(ctx, c); err != nil {
		return err
	}
	return s.receiptNews(ctx, c)
}

func (s *Service) alertNews(ctx context.Context, c *catchUp) error {
	news, err := s.Alerts.News(ctx, c.sc, c.from.Since)
	for _, a := range news {
		c.out.Events = append(c.out.Events, SyncEvent{
			Type: events.Alert, ChannelID: a.Channel, TeamID: &a.Space, Alert: &AlertOf{a.ID, a.Message, a.State},
		})
	}
	return err
}

func (s *Service) receiptNews(ctx context.Context, c *catchUp) error {
	args := c.args()
	args["most"] = syncMost
	rows, err := c.sc.Tx().Query(ctx, `select r.channel_id, r.message_id, r.person_id, r.seen_at is not null, coalesce(r.seen_at, r.delivered_at)
		from receipts r join standings s on s.space_id = r.space_id and s.person_id = r.author_id
			and s.valid_from <= statement_timestamp() and statement_timestamp() < s.valid_until
		where r.author_id = @actor and r.xid >= pg_snapshot_xmin(@horizon::text::pg_snapshot)
			and not pg_visible_in_snapshot(r.xid, @horizon::text::pg_snapshot) order by r.xid limit @most`, args)
	if err != nil {
		return fmt.Errorf("receipts: %w", err)
	}
	var found []SyncEvent
	var readers []uuid.UUID
	var channel, reader uuid.UUID
	var r ReceiptOf
	var seen bool
	_, err = pgx.ForEachRow(rows, []any{&channel, &r.MessageID, &reader, &seen, &r.At}, func() error {
		one := r
		one.State = map[bool]string{true: Seen, false: Delivered}[seen]
		found, readers = append(found, SyncEvent{Type: events.Receipt, ChannelID: channel, Receipt: &one}), append(readers, reader)
		return nil
	})
	if err != nil {
		return err
	}
	names, err := s.people.of(ctx, c.sc.Tx(), readers)
	for i := range found {
		found[i].Receipt.Professional = Mention{readers[i], names[readers[i]].DisplayName}
	}
	c.out.Events = append(c.out.Events, found...)
	return err
}

// counts gives figures for the channels with news for this person, and no others.
func (c *catchUp) counts(ctx context.Context) error {
	if len(c.news) == 0 {
		return nil
	}
	ids := make([]uuid.UUID, 0, len(c.news))
	for id := range c.news {
		ids = append(ids, id)
	}
	list, err := counts(ctx, c.sc, ids)
	c.out.Channels = append(c.out.Channels, list...)
	return err
}
