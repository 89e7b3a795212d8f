package access

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"liaison/events"
	"liaison/storage"
)

// matrixCache keeps the parsed matrix of the newest version seen.
type matrixCache struct {
	mu sync.Mutex
	m  *Matrix
}

// Matrix gives the published matrix; the default one is published at the first start.
func (g *Gate) Matrix(ctx context.Context, q storage.Querier) (*Matrix, error) {
	var version int
	if err := q.QueryRow(ctx, "select coalesce(max(version), 0) from matrices").Scan(&version); err != nil {
		return nil, fmt.Errorf("version of the matrix: %w", err)
	}
	g.matrix.mu.Lock()
	defer g.matrix.mu.Unlock()
	if g.matrix.m != nil && g.matrix.m.Version == version {
		return g.matrix.m, nil
	}
	var categories, actions string
	err := q.QueryRow(ctx, "select categories, actions from matrices where version = $1", version).Scan(&categories, &actions)
	if err != nil {
		return nil, fmt.Errorf("read matrix %d: %w", version, err)
	}
	m, err := ParseMatrix(version, categories, actions)
	if err != nil {
		return nil, err
	}
	g.matrix.m = m
	return m, nil
}

// PublishDefault publishes the default matrix on an instance that has none.
func (g *Gate) PublishDefault(ctx context.Context) error {
	categories, actions := DefaultMatrix()
	_, err := g.db.Pool.Exec(ctx, `insert into matrices (version, categories, actions, comment) values (1, $1, $2, 'default')
		on conflict do nothing`, categories, actions)
	return err
}

// Recompile brings the standings of the grant's space to what matrix, memberships and will say now, and, where anything
// changed, bumps the epoch of every channel and appends an event for each person concerned. The grant must hold the locks
// of the space's channels (Write on Space, or Found).
func (g Grant) Recompile(ctx context.Context) error {
	gr := g.in()
	circle, err := gr.circle(ctx)
	if err != nil {
		return fmt.Errorf("read circle: %w", err)
	}
	matrix, err := gr.gate.Matrix(ctx, gr.tx)
	if err != nil {
		return err
	}
	wanted := byPerson(Compile(matrix, circle, gr.at))
	held, err := gr.held(ctx)
	if err != nil {
		return err
	}
	changed := changedPeople(held, wanted)
	if len(changed) == 0 {
		return nil
	}
	if err := gr.store(ctx, changed, wanted); err != nil {
		return err
	}
	if err := gr.storeBoundaries(ctx, wanted); err != nil {
		return err
	}
	return gr.bump(changed)
}

// circle reads what standings come from, as the recompiler: the actor who changed one fact may not see the others.
func (gr *grant) circle(ctx context.Context) (Circle, error) {
	c := Circle{Professions: map[uuid.UUID]Profession{}}
	b := &pgx.Batch{}
	b.Queue("select set_config('liaison.actor', $1, true)", SystemRecompiler.String())
	b.Queue("select created_by from spaces where id = $1", gr.space).QueryRow(func(r pgx.Row) error { return r.Scan(&c.Founder) })
	b.Queue(`select m.person_id, m.seat, m.basis, m.valid_from, m.valid_until, m.from_now_on, p.profession_system, p.profession_code
		from memberships m join professionals p on p.id = m.person_id where m.space_id = $1 order by m.valid_from, m.id`, gr.space).
		Query(c.scanMemberships)
	b.Queue(`select w.kind, w.person_id, w.profession_system, w.profession_code, w.category, w.given_at,
			(select min(x.given_at) from wills x where x.space_id = w.space_id and x.withdraws = w.id)
		from wills w where w.space_id = $1 and w.withdraws is null`, gr.space).
		Query(c.scanWills)
	b.Queue("select set_config('liaison.actor', $1, true)", gr.actor.Person.String())
	return c, gr.tx.SendBatch(ctx, b).Close()
}

func (c *Circle) scanMemberships(rows pgx.Rows) error {
	for rows.Next() {
		var m Membership
		var p Profession
		if err := rows.Scan(&m.Person, &m.Seat, &m.Basis, &m.From, &m.Until, &m.FromNowOn, &p.System, &p.Code); err != nil {
			return err
		}
		c.Memberships = append(c.Memberships, m)
		c.Professions[m.Person] = p
	}
	return rows.Err()
}

func (c *Circle) scanWills(rows pgx.Rows) error {
	for rows.Next() {
		var w Will
		var person *uuid.UUID
		var system, code *string
		var category *int32
		var until *time.Time
		if err := rows.Scan(&w.Kind, &person, &system, &code, &category, &w.From, &until); err != nil {
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
		c.Wills = append(c.Wills, w)
	}
	return rows.Err()
}

func (gr *grant) held(ctx context.Context) (map[uuid.UUID][]Standing, error) {
	rows, err := gr.tx.Query(ctx, "select "+standingColumns+" from standings s where s.space_id = $1 and s.valid_until > $2 order by s.valid_from",
		gr.space, gr.at)
	if err != nil {
		return nil, err
	}
	standings, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Standing])
	if err != nil {
		return nil, fmt.Errorf("read standings: %w", err)
	}
	return byPerson(standings), nil
}

func byPerson(standings []Standing) map[uuid.UUID][]Standing {
	out := map[uuid.UUID][]Standing{}
	for _, s := range standings {
		out[s.Person] = append(out[s.Person], s)
	}
	return out
}

func changedPeople(held, wanted map[uuid.UUID][]Standing) []uuid.UUID {
	same := func(a, b Standing) bool { return a.sameRights(b) && a.From.Equal(b.From) && a.Until.Equal(b.Until) }
	people := map[uuid.UUID]bool{}
	for p := range held {
		people[p] = true
	}
	for p := range wanted {
		people[p] = true
	}
	var changed []uuid.UUID
	for _, p := range slices.SortedFunc(maps.Keys(people), compareIDs) {
		if !slices.EqualFunc(held[p], wanted[p], same) {
			changed = append(changed, p)
		}
	}
	return changed
}

func compareIDs(a, b uuid.UUID) int { return slices.Compare(a[:], b[:]) }

func (gr *grant) store(ctx context.Context, changed []uuid.UUID, wanted map[uuid.UUID][]Standing) error {
	b := &pgx.Batch{}
	b.Queue("delete from standings where space_id = $1 and person_id = any ($2)", gr.space, changed)
	for _, p := range changed {
		for _, s := range wanted[p] {
			b.Queue(`insert into standings (person_id, space_id, valid_from, valid_until, reads, writes, alerts, mask_class, actions, seats, history_from)
				values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
				s.Person, gr.space, s.From, s.Until, s.Reads, s.Writes, s.Alerts, s.MaskClass, s.Actions, s.Seats, s.History)
		}
		if p == gr.actor.Person {
			gr.standing = currentOf(wanted[p], gr.at)
		}
	}
	if err := gr.tx.SendBatch(ctx, b).Close(); err != nil {
		return fmt.Errorf("store standings: %w", err)
	}
	return nil
}

func currentOf(standings []Standing, at time.Time) Standing {
	for _, s := range standings {
		if s.Current(at) {
			return s
		}
	}
	return Standing{}
}

// storeBoundaries keeps the instants at which somebody's standing will begin or end by itself.
func (gr *grant) storeBoundaries(ctx context.Context, wanted map[uuid.UUID][]Standing) error {
	var at []time.Time
	for _, standings := range wanted {
		for _, s := range standings {
			at = append(at, s.From, s.Until)
		}
	}
	at = slices.DeleteFunc(at, func(t time.Time) bool { return !t.After(gr.at) || !t.Before(Forever) })
	b := &pgx.Batch{}
	b.Queue("delete from boundaries where space_id = $1 and at > $2", gr.space, gr.at)
	b.Queue("insert into boundaries (space_id, at) select distinct $1::uuid, unnest($2::timestamptz[])", gr.space, at)
	if err := gr.tx.SendBatch(ctx, b).Close(); err != nil {
		return fmt.Errorf("store boundaries: %w", err)
	}
	return nil
}

// bump opens a new epoch on every locked channel and says in each whose standing changed.
func (gr *grant) bump(people []uuid.UUID) error {
	for id, c := range gr.locked {
		c.epoch++
		c.changed = true
		for _, p := range people {
			if _, err := gr.append(id, events.Event{Type: events.Membership, Person: p}); err != nil {
				return err
			}
		}
	}
	return nil
}
