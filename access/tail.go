package access

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"liaison/events"
)

// Stream is a channel a person stands in, or will, and how far it has come.
type Stream struct {
	Channel uuid.UUID
	Space   uuid.UUID
	Head    int64
}

// StreamsOf lists the channels of the spaces where a person stands now or later, or stood until a moment ago: an end by date is
// told by the event of its boundary, and until that is written it must not be forgotten who is to be told.
func (g *Gate) StreamsOf(ctx context.Context, person uuid.UUID) ([]Stream, error) {
	rows, err := g.db.Pool.Query(ctx, `select distinct c.id, c.space_id, c.head from standings s join channels c on c.space_id = s.space_id
		where s.person_id = $1 and (s.valid_until > statement_timestamp()
			or exists (select from boundaries b where b.space_id = s.space_id and b.at = s.valid_until))`, person)
	if err != nil {
		return nil, fmt.Errorf("streams of person: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[Stream])
}

// EventsMost is how many events EventsAfter gives at once.
const EventsMost = 500

// EventsAfter reads what happened in a channel after a position, in order: ids and codes only.
func (g *Gate) EventsAfter(ctx context.Context, channel uuid.UUID, position int64) ([]events.Event, error) {
	rows, err := g.db.Pool.Query(ctx, `select type, space_id, channel_id, position, epoch, message_id, person_id, at from events
		where channel_id = $1 and position > $2 order by position limit $3`, channel, position, EventsMost)
	if err != nil {
		return nil, fmt.Errorf("events of channel: %w", err)
	}
	return pgx.CollectRows(rows, func(r pgx.CollectableRow) (events.Event, error) {
		var e events.Event
		var message, person *uuid.UUID
		err := r.Scan(&e.Type, &e.Space, &e.Channel, &e.Position, &e.Epoch, &message, &person, &e.At)
		e.Message, e.Person = idOf(message), idOf(person)
		return e, err
	})
}

// Interest is what a node serves: people with sockets, and channels with the position it has handed out.
type Interest struct {
	People   []uuid.UUID
	Channels map[uuid.UUID]int64
	Since    events.Horizon // of the last answer; empty at first
	Notices  bool           // also receipts, read marks and marks on alerts: hints may have been lost
}

// News is what a node may have missed. Everything that was over at Horizon is in it, or was in an earlier one.
type News struct {
	Horizon   events.Horizon
	Behind    []uuid.UUID // channels that went on
	Standings []uuid.UUID // people whose standing changed
	Notices   []events.Event
}

// NewsFor compares what a node has handed out with the database, in one snapshot.
func (g *Gate) NewsFor(ctx context.Context, in Interest) (News, error) {
	ids, heads := make([]uuid.UUID, 0, len(in.Channels)), make([]int64, 0, len(in.Channels))
	for id, head := range in.Channels {
		ids, heads = append(ids, id), append(heads, head)
	}
	var n News
	args := pgx.NamedArgs{"people": in.People, "horizon": string(in.Since)}
	if in.Since == "" {
		args["horizon"] = string(events.Beginning)
	}
	b := &pgx.Batch{}
	queueActor(b, SystemRelay, false)
	b.Queue("select pg_current_snapshot()::text").QueryRow(func(r pgx.Row) error { return r.Scan(&n.Horizon) })
	b.Queue("select c.id from unnest($1::uuid[], $2::bigint[]) v (id, head) join channels c on c.id = v.id where c.head > v.head", ids, heads).
		Query(collect(&n.Behind, pgx.RowTo[uuid.UUID]))
	b.Queue("select distinct person_id from standings where person_id = any (@people) and "+events.NotSeen, args).
		Query(collect(&n.Standings, pgx.RowTo[uuid.UUID]))
	if in.Notices && in.Since != "" {
		b.Queue(`select r.space_id, r.channel_id, r.message_id, r.author_id, r.person_id, r.seen_at is not null, coalesce(r.seen_at, r.delivered_at), c.epoch
			from (select * from receipts where author_id = any (@people) and `+events.NotSeen+` limit 5000) r
			join channels c on c.id = r.channel_id
			join standings s on s.person_id = r.author_id and s.space_id = r.space_id
				and s.valid_from <= statement_timestamp() and statement_timestamp() < s.valid_until`, args).Query(collectMore(&n.Notices, receiptEvent))
		b.Queue(`select a.space_id, a.channel_id, a.message_id, a.raised_by, c.epoch, statement_timestamp()
			from (select * from alerts where raised_by = any (@people) and `+events.NotSeen+` limit 5000) a join channels c on c.id = a.channel_id`, args).
			Query(collectMore(&n.Notices, alertEvent))
		b.Queue(`select k.channel_id, k.person_id, m.id from read_marks k join messages m on m.channel_id = k.channel_id and m.position = k.position
			where k.person_id = any (@people) and `+events.NotSeen+` limit 5000`, args).Query(collectMore(&n.Notices, readEvent))
	}
	tx, err := g.db.Begin(ctx, "isolation level repeatable read", b)
	if err != nil {
		return News{}, fmt.Errorf("news: %w", err)
	}
	return n, tx.Commit(ctx, nil)
}

func receiptEvent(r pgx.CollectableRow) (events.Event, error) {
	e := events.Event{Type: events.Receipt, State: "delivered"}
	var seen bool
	err := r.Scan(&e.Space, &e.Channel, &e.Message, &e.Person, &e.By, &seen, &e.At, &e.Epoch)
	if seen {
		e.State = "seen"
	}
	return e, err
}

func alertEvent(r pgx.CollectableRow) (events.Event, error) {
	e := events.Event{Type: events.Alert}
	err := r.Scan(&e.Space, &e.Channel, &e.Message, &e.Person, &e.Epoch, &e.At)
	return e, err
}

func readEvent(r pgx.CollectableRow) (events.Event, error) {
	e := events.Event{Type: events.Read}
	err := r.Scan(&e.Channel, &e.Person, &e.Message)
	return e, err
}

func collect[T any](into *[]T, read pgx.RowToFunc[T]) func(pgx.Rows) error {
	return func(rows pgx.Rows) (err error) {
		*into, err = pgx.CollectRows(rows, read)
		return err
	}
}

func collectMore[T any](into *[]T, read pgx.RowToFunc[T]) func(pgx.Rows) error {
	return func(rows pgx.Rows) error {
		more, err := pgx.CollectRows(rows, read)
		*into = append(*into, more...)
		return err
	}
}
