package access

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// queueCircles reads what standings come from, as the recompiler, which sees every membership and every will.
func queueCircles(b *pgx.Batch, spaces []uuid.UUID, into map[uuid.UUID]*Circle) {
	b.Queue("select set_config('liaison.actor', $1, true)", SystemRecompiler.String())
	b.Queue("select id, created_by from spaces where id = any ($1)", spaces).Query(func(rows pgx.Rows) error {
		for rows.Next() {
			c := &Circle{Professions: map[uuid.UUID]Profession{}, Specialities: map[uuid.UUID]string{}}
			if err := rows.Scan(&c.Space, &c.Founder); err != nil {
				return err
			}
			into[c.Space] = c
		}
		return rows.Err()
	})
	b.Queue(`select space_id, person_id, organisation_id, seat, basis, valid_from, valid_until, from_now_on
		from memberships where space_id = any ($1) order by valid_from, id`, spaces).
		Query(func(rows pgx.Rows) error { return scanMemberships(rows, into) })
	queueThrough(b, spaces, into)
	b.Queue(`select h.space_id, p.id, p.profession_system, p.profession_code, coalesce(p.speciality, '') from (`+peopleOf+`) h join professionals p on p.id = h.person_id`, spaces).
		Query(func(rows pgx.Rows) error { return scanProfessions(rows, into) })
	b.Queue(`select w.space_id, w.kind, w.person_id, w.profession_system, w.profession_code, w.category, w.given_at,
			(select min(x.given_at) from wills x where x.space_id = w.space_id and x.withdraws = w.id)
		from wills w where w.space_id = any ($1) and w.withdraws is null`, spaces).
		Query(func(rows pgx.Rows) error { return scanWills(rows, into) })
}

func scanMemberships(rows pgx.Rows, into map[uuid.UUID]*Circle) error {
	for rows.Next() {
		var space uuid.UUID
		var m Membership
		var person, organisation *uuid.UUID
		if err := rows.Scan(&space, &person, &organisation, &m.Seat, &m.Basis, &m.From, &m.Until, &m.FromNowOn); err != nil {
			return err
		}
		m.Person, m.Organisation = idOf(person), idOf(organisation)
		into[space].Memberships = append(into[space].Memberships, m)
	}
	return rows.Err()
}

func scanProfessions(rows pgx.Rows, into map[uuid.UUID]*Circle) error {
	for rows.Next() {
		var space, person uuid.UUID
		var p Profession
		var speciality string
		if err := rows.Scan(&space, &person, &p.System, &p.Code, &speciality); err != nil {
			return err
		}
		into[space].Professions[person] = p
		if speciality != "" {
			into[space].Specialities[person] = speciality
		}
	}
	return rows.Err()
}

// Who works in a structure that has a place in one of the spaces $1, and who stands in there for somebody who has one.
const (
	belongingsOf = `select distinct m.space_id, b.organisation_id, b.person_id, b.valid_from, b.valid_until, b.id
		from memberships m join belongings b on b.organisation_id = m.organisation_id where m.space_id = any ($1)`
	standInsOf = `select distinct m.space_id, s.kind, s.for_id, s.by_id, s.categories, s.valid_from, s.valid_until, s.id
		from memberships m join stand_ins s on s.for_id = m.person_id and (s.space_ids is null or m.space_id = any (s.space_ids))
		where m.space_id = any ($1)`
	peopleOf = `select space_id, person_id from memberships where space_id = any ($1) and person_id is not null
		union select space_id, person_id from (` + belongingsOf + `) b union select space_id, by_id from (` + standInsOf + `) s`
)

func queueThrough(b *pgx.Batch, spaces []uuid.UUID, into map[uuid.UUID]*Circle) {
	var space, id uuid.UUID
	b.Queue(belongingsOf+" order by b.valid_from, b.id", spaces).Query(func(rows pgx.Rows) error {
		var w Belonging
		_, err := pgx.ForEachRow(rows, []any{&space, &w.Organisation, &w.Person, &w.From, &w.Until, &id}, func() error {
			into[space].Belongings = append(into[space].Belongings, w)
			return nil
		})
		return err
	})
	b.Queue(standInsOf+" order by s.valid_from, s.id", spaces).Query(func(rows pgx.Rows) error {
		var s StandIn
		_, err := pgx.ForEachRow(rows, []any{&space, &s.How, &s.For, &s.By, &s.Lent, &s.From, &s.Until, &id}, func() error {
			into[space].StandIns = append(into[space].StandIns, s)
			return nil
		})
		return err
	})
}

func scanWills(rows pgx.Rows, into map[uuid.UUID]*Circle) error {
	for rows.Next() {
		var space uuid.UUID
		var w Will
		var person *uuid.UUID
		var system, code *string
		var category *int32
		var until *time.Time
		if err := rows.Scan(&space, &w.Kind, &person, &system, &code, &category, &w.From, &until); err != nil {
			return err
		}
		w.Person, w.Until = idOf(person), Forever
		if system != nil && code != nil {
			w.Profession = Profession{*system, *code}
		}
		if category != nil {
			w.Category = Categories(*category)
		}
		if until != nil {
			w.Until = *until
		}
		into[space].Wills = append(into[space].Wills, w)
	}
	return rows.Err()
}

func queueHeld(b *pgx.Batch, spaces []uuid.UUID, at time.Time, into map[uuid.UUID][]Standing) {
	b.Queue("select s.space_id, "+standingColumns+" from standings s where s.space_id = any ($1) and s.valid_until > $2 order by s.valid_from", spaces, at).
		Query(func(rows pgx.Rows) error {
			for rows.Next() {
				var space uuid.UUID
				var s Standing
				if err := rows.Scan(append([]any{&space}, s.columns()...)...); err != nil {
					return err
				}
				into[space] = append(into[space], s)
			}
			return rows.Err()
		})
}

func (s *Standing) columns() []any {
	return []any{&s.Person, &s.From, &s.Until, &s.Reads, &s.Writes, &s.Alerts, &s.MaskClass, &s.Actions, &s.Seats, &s.History, &s.ActingFor, &s.Barred}
}

// circle reads the circle of the grant's space, and goes on as its actor.
func (gr *grant) circle(ctx context.Context) (Circle, error) {
	circles := map[uuid.UUID]*Circle{}
	b := &pgx.Batch{}
	queueCircles(b, []uuid.UUID{gr.space}, circles)
	b.Queue("select set_config('liaison.actor', $1, true)", gr.actor.Person.String())
	if err := gr.tx.SendBatch(ctx, b).Close(); err != nil {
		return Circle{}, fmt.Errorf("read circle: %w", err)
	}
	return circles[gr.space].Expanded(), nil
}

// CirclesAfter reads up to limit circles whose ids come after one, in order: places, dates and will, nothing that was written.
func (g *Gate) CirclesAfter(ctx context.Context, after uuid.UUID, limit int) ([]Circle, error) {
	rows, err := g.db.Pool.Query(ctx, "select id from spaces where id > $1 order by id limit $2", after, limit)
	if err != nil {
		return nil, fmt.Errorf("list circles: %w", err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	circles := map[uuid.UUID]*Circle{}
	b := &pgx.Batch{}
	queueCircles(b, ids, circles)
	tx, err := g.db.Begin(ctx, "", b)
	if err != nil {
		return nil, fmt.Errorf("read circles: %w", err)
	}
	out := make([]Circle, 0, len(ids))
	for _, id := range ids {
		out = append(out, *circles[id])
	}
	return out, tx.Commit(ctx, nil)
}

// CirclesOf counts the circles where each of these structures has a place now or later: how many, and nothing else of them.
func (g *Gate) CirclesOf(ctx context.Context, structures []uuid.UUID) (map[uuid.UUID]int, error) {
	var id uuid.UUID
	var n int
	counts := map[uuid.UUID]int{}
	b := &pgx.Batch{}
	b.Queue("select set_config('liaison.actor', $1, true)", SystemRecompiler.String())
	b.Queue(`select organisation_id, count(distinct space_id) from memberships
		where organisation_id = any ($1) and valid_until > clock_timestamp() group by 1`, structures).
		Query(func(rows pgx.Rows) error {
			_, err := pgx.ForEachRow(rows, []any{&id, &n}, func() error { counts[id] = n; return nil })
			return err
		})
	tx, err := g.db.Begin(ctx, "", b)
	if err != nil {
		return nil, fmt.Errorf("count circles: %w", err)
	}
	return counts, tx.Commit(ctx, nil)
}
