package chat

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"liaison/access"
	"liaison/events"
	"liaison/professions"
	"liaison/storage"
)

// MarkRead moves the actor's read mark in a channel up to a message she may see; a mark never moves back.
func (s *Service) MarkRead(ctx context.Context, actor access.Actor, channel, message uuid.UUID) error {
	return s.gate.Mark(ctx, actor, access.Channel(channel), func(g access.Grant) error {
		args := g.VisibleArgs()
		args["message"] = message
		var moved int64
		err := g.Tx().QueryRow(ctx, `insert into read_marks (person_id, channel_id, position)
			select @actor, m.channel_id, m.position from messages m where m.id = @message and m.channel_id = @channel and `+access.VisibleWhere+`
			on conflict (person_id, channel_id) do update set position = greatest(read_marks.position, excluded.position),
				xid = case when excluded.position > read_marks.position then pg_current_xact_id() else read_marks.xid end
			returning position`, args).Scan(&moved)
		if errors.Is(err, pgx.ErrNoRows) {
			return access.ErrNotFound
		}
		if err != nil {
			return fmt.Errorf("mark read: %w", err)
		}
		g.Tell(events.Event{Type: events.Read, Channel: channel, Person: actor.Person, Message: message})
		return nil
	})
}

// The states of a receipt; an acknowledgement is a third fact and belongs to alerts.
const (
	Delivered = "delivered"
	Seen      = "seen"
)

// Receipt says that a message reached one of the actor's devices, or was seen by her.
type Receipt struct {
	MessageID uuid.UUID `json:"message_id"`
	State     string    `json:"state" enum:"delivered,seen"`
}

const receiptsMost = 500

// Receive records receipts. Of a message the actor may not see, or wrote herself, nothing is recorded and nothing said.
func (s *Service) Receive(ctx context.Context, actor access.Actor, receipts []Receipt) error {
	if len(receipts) > receiptsMost {
		return &Invalid{"items", "too_many"}
	}
	ids, seen := make([]uuid.UUID, len(receipts)), make([]bool, len(receipts))
	for i, r := range receipts {
		if r.State != Delivered && r.State != Seen {
			return &Invalid{"items", "unknown_state"}
		}
		ids[i], seen[i] = r.MessageID, r.State == Seen
	}
	return storage.Retry(ctx, func() error {
		return s.gate.ReadMany(ctx, actor, "", func(sc access.Scope) error { return receive(ctx, sc, ids, seen) })
	})
}

func receive(ctx context.Context, sc access.Scope, ids []uuid.UUID, seen []bool) error {
	rows, err := sc.Tx().Query(ctx, `insert into receipts as was (message_id, person_id, author_id, space_id, channel_id, delivered_at, seen_at)
		select m.id, @actor, m.author_id, m.space_id, m.channel_id, @at, case when bool_or(v.seen) then @at::timestamptz end
		from unnest(@ids::uuid[], @seen::boolean[]) v (id, seen) join messages m on m.id = v.id
		join standings s on s.space_id = m.space_id and `+access.StandingNow+`
		where m.author_id <> @actor and `+access.VisibleByStanding+`
		group by m.id
		on conflict (message_id, person_id) do update set seen_at = excluded.seen_at, xid = pg_current_xact_id()
			where was.seen_at is null and excluded.seen_at is not null
		returning message_id, author_id, space_id, channel_id, seen_at is not null, (select c.epoch from channels c where c.id = was.channel_id)`,
		pgx.NamedArgs{"actor": sc.Actor().Person, "at": sc.At(), "ids": ids, "seen": seen})
	if err != nil {
		return fmt.Errorf("receipts: %w", err)
	}
	e := events.Event{Type: events.Receipt, By: sc.Actor().Person}
	var wasSeen bool
	_, err = pgx.ForEachRow(rows, []any{&e.Message, &e.Person, &e.Space, &e.Channel, &wasSeen, &e.Epoch}, func() error {
		e.State = Delivered
		if wasSeen {
			e.State = Seen
		}
		sc.Tell(e)
		return nil
	})
	return err
}

// Reader is one colleague a message of the actor's reached.
type Reader struct {
	Professional professions.Person `json:"professional"`
	DeliveredAt  *time.Time         `json:"delivered_at"`
	SeenAt       *time.Time         `json:"seen_at"`
}

// Receipts lists, for its author only, whom a message reached and who saw it.
func (s *Service) Receipts(ctx context.Context, actor access.Actor, message uuid.UUID) ([]Reader, error) {
	out := []Reader{}
	err := s.gate.Read(ctx, actor, access.Message(message), "receipts.list", func(g access.Grant) error {
		if g.Facts().Author != actor.Person {
			return access.ErrForbidden
		}
		readers, ids, err := readersIn(ctx, g)
		if err != nil {
			return err
		}
		names, err := s.people.of(ctx, g.Tx(), ids)
		for i := range readers {
			readers[i].Professional = names[ids[i]]
		}
		out = append(out, readers...)
		return err
	})
	return out, err
}

// readersIn joins those who may read the message now with what they received.
func readersIn(ctx context.Context, g access.Grant) ([]Reader, []uuid.UUID, error) {
	standings, err := g.StandingsIn(ctx)
	if err != nil {
		return nil, nil, err
	}
	rows, err := g.Tx().Query(ctx, "select person_id, delivered_at, seen_at from receipts where message_id = $1 order by coalesce(seen_at, delivered_at)", g.Message())
	if err != nil {
		return nil, nil, fmt.Errorf("receipts: %w", err)
	}
	var readers []Reader
	var ids []uuid.UUID
	for rows.Next() {
		var id uuid.UUID
		var r Reader
		if err := rows.Scan(&id, &r.DeliveredAt, &r.SeenAt); err != nil {
			return nil, nil, err
		}
		readers, ids = append(readers, r), append(ids, id)
		delete(standings, id)
	}
	for id, s := range standings {
		if id != g.Actor().Person && s.Visible(g.Facts()) {
			readers, ids = append(readers, Reader{}), append(ids, id)
		}
	}
	return readers, ids, rows.Err()
}

// Count is what one person has not read in a channel, and when something she may see came last.
type Count struct {
	ID     uuid.UUID  `json:"id"`
	Unread int        `json:"unread"`
	LastAt *time.Time `json:"last_at"`
}

// countMost is where counting stops: « 99+ » says enough.
const countMost = 100

// Counts counts per channel of the actor, by her own eyes.
func (s *Service) Counts(ctx context.Context, actor access.Actor) (map[uuid.UUID]Count, error) {
	out := map[uuid.UUID]Count{}
	err := s.gate.ReadMany(ctx, actor, "", func(sc access.Scope) error {
		counts, err := counts(ctx, sc, nil)
		for _, c := range counts {
			out[c.ID] = c
		}
		return err
	})
	return out, err
}

// countsSQL counts the unread ones of each channel and looks for the last one. The mark is no coalesce: an index would not be used
// for it under row-level security (chat/list.go).
const countsSQL = `select c.id, u.n, l.at
	from standings s join channels c on c.space_id = s.space_id
	left join read_marks k on k.person_id = s.person_id and k.channel_id = c.id
	cross join lateral (select count(*) as n from (select from messages m where m.channel_id = c.id
		and m.position > case when k.position is null then 0 else k.position end and m.author_id <> s.person_id and m.state <> 'withdrawn' and ` + access.VisibleByStanding + ` limit @most) x) u
	left join lateral (select m.created_at as at from messages m where m.channel_id = c.id and ` + access.VisibleByStanding + `
		order by m.position desc limit 1) l on true
	where ` + access.StandingNow + ` and (@channels::uuid[] is null or c.id = any (@channels)) order by c.id`

// counts counts the given channels, or all of them when nil.
func counts(ctx context.Context, sc access.Scope, channels []uuid.UUID) ([]Count, error) {
	rows, err := sc.Tx().Query(ctx, countsSQL,
		pgx.NamedArgs{"actor": sc.Actor().Person, "most": countMost, "channels": channels})
	if err != nil {
		return nil, fmt.Errorf("counts: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[Count])
}
