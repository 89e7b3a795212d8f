package chat

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"liaison/access"
	"liaison/events"
)

// lostMessage is one narrowed since the cursor, and by which events.
type lostMessage struct {
	id, channel, space uuid.UUID
	positions          []int64
}

// addLost tells which messages the person might read at her cursor and may not now, in the channels this call covers. Of others
// that were narrowed she learns nothing.
func (s *Service) addLost(ctx context.Context, c *catchUp, upTo uuid.UUID, shown []changedMessage) error {
	narrowed, err := c.narrowed(ctx, upTo, shown)
	if err != nil {
		return err
	}
	ids := make([]uuid.UUID, len(narrowed))
	for i, m := range narrowed {
		ids[i] = m.id
	}
	was, err := narrowedFrom(ctx, c.sc.Tx(), ids)
	if err != nil {
		return err
	}
	for _, m := range narrowed {
		standing, _ := c.sc.Standing(m.space)
		if m.readBy(standing, was[m.id]) {
			c.news[m.channel] = true
			c.out.Events = append(c.out.Events, SyncEvent{Type: events.MessageNarrowed, ChannelID: m.channel, MessageID: &m.id})
		}
	}
	return nil
}

func (m lostMessage) readBy(s access.Standing, was map[int64]access.Facts) bool {
	for _, position := range m.positions {
		if facts, known := was[position]; known && s.Visible(facts) {
			return true
		}
	}
	return false
}

// narrowed lists what was narrowed since the cursor and is not among what the person is shown.
func (c *catchUp) narrowed(ctx context.Context, upTo uuid.UUID, shown []changedMessage) ([]lostMessage, error) {
	args := c.args()
	args["after"], args["up_to"], args["skip"], args["shown"] = c.from.After, orForeverID(upTo), c.resetChannels(), idsOf(shown)
	rows, err := c.sc.Tx().Query(ctx, `select x.message_id, c.id, c.space_id, x.positions from standings s join channels c on c.space_id = s.space_id
		join lateral (select e.message_id, array_agg(e.position) as positions from events e
			where e.channel_id = c.id and `+events.NotSeen+` and e.type = 'message.narrowed' and e.message_id <> all (@shown) group by 1) x on true
		where `+access.StandingNow+` and c.xid >= pg_snapshot_xmin(@horizon::text::pg_snapshot) and c.id > @after and c.id <= @up_to and c.id <> all (@skip)
		order by c.id, x.message_id`, args)
	if err != nil {
		return nil, fmt.Errorf("narrowed messages: %w", err)
	}
	return pgx.CollectRows(rows, func(r pgx.CollectableRow) (m lostMessage, err error) {
		err = r.Scan(&m.id, &m.channel, &m.space, &m.positions)
		return m, err
	})
}

func (c *catchUp) resetChannels() []uuid.UUID {
	ids := make([]uuid.UUID, 0, len(c.reset))
	for id := range c.reset {
		ids = append(ids, id)
	}
	return ids
}

func idsOf(changed []changedMessage) []uuid.UUID {
	ids := make([]uuid.UUID, len(changed))
	for i, m := range changed {
		ids[i] = m.ID
	}
	return ids
}

// orForeverID is the last channel of a page, or beyond any.
func orForeverID(id uuid.UUID) uuid.UUID {
	if id == uuid.Nil {
		return uuid.Max
	}
	return id
}
