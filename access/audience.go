package access

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"liaison/storage"
)

// Audience is who stood in a channel's space under one epoch, until the next boundary.
type Audience struct {
	Space     uuid.UUID
	Epoch     int64
	Boundary  time.Time
	Standings []Standing
}

// Audiences keeps the audience of each channel a node delivers to. A cached one is used only for events of its epoch or an
// older one, before its boundary: whoever lost access before an event was committed is not in the audience it gets.
type Audiences struct {
	db *storage.DB
	mu sync.RWMutex
	by map[uuid.UUID]*Audience
}

// maxAudiences bounds the cache; a node that delivers to more channels than that reads audiences again.
const maxAudiences = 50_000

// NewAudiences makes an empty cache.
func NewAudiences(db *storage.DB) *Audiences {
	return &Audiences{db: db, by: map[uuid.UUID]*Audience{}}
}

// For gives the audience of an event committed in channel under epoch, at the database's time at.
func (a *Audiences) For(ctx context.Context, channel uuid.UUID, epoch int64, at time.Time) (*Audience, error) {
	a.mu.RLock()
	known := a.by[channel]
	a.mu.RUnlock()
	if known != nil && known.Epoch >= epoch && at.Before(known.Boundary) {
		return known, nil
	}
	fresh, err := a.load(ctx, channel)
	if err != nil {
		return nil, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.by) >= maxAudiences {
		clear(a.by)
	}
	if now := a.by[channel]; now == nil || now.Epoch <= fresh.Epoch {
		a.by[channel] = fresh
	}
	return fresh, nil
}

// Present is how far channels have come when it is asked: their epochs, and the database's clock.
type Present struct {
	Epochs map[uuid.UUID]int64
	At     time.Time
}

// Present asks how far these channels have come. What was read before in the same scope is no newer than the answer, so an
// audience of that epoch and time holds nobody who had lost access when it was written.
func (s Scope) Present(ctx context.Context, channels []uuid.UUID) (Present, error) {
	rows, err := s.Tx().Query(ctx, "select id, epoch, clock_timestamp() from channels where id = any ($1)", channels)
	if err != nil {
		return Present{}, fmt.Errorf("epochs of channels: %w", err)
	}
	out := Present{Epochs: map[uuid.UUID]int64{}}
	var id uuid.UUID
	var epoch int64
	_, err = pgx.ForEachRow(rows, []any{&id, &epoch, &out.At}, func() error { out.Epochs[id] = epoch; return nil })
	return out, err
}

// Drop forgets a channel nobody listens to any more.
func (a *Audiences) Drop(channel uuid.UUID) {
	a.mu.Lock()
	delete(a.by, channel)
	a.mu.Unlock()
}

// DropSpace forgets the audiences of every channel of a space: once somebody is told that her standing changed there, nothing
// may come to her by what it was before.
func (a *Audiences) DropSpace(space uuid.UUID) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for channel, known := range a.by {
		if known.Space == space {
			delete(a.by, channel)
		}
	}
}

// load reads epoch and standings in one statement, hence one snapshot: every change of standing bumps the epoch in its own
// transaction, so the two belong together. The clock is the database's.
func (a *Audiences) load(ctx context.Context, channel uuid.UUID) (*Audience, error) {
	rows, err := a.db.Pool.Query(ctx, `select c.space_id, c.epoch, statement_timestamp(), s.person_id is not null, `+
		`coalesce(s.person_id, c.id), coalesce(s.valid_from, now()), coalesce(s.valid_until, now()), coalesce(s.reads, 0), coalesce(s.writes, 0),
		coalesce(s.alerts, 0), coalesce(s.mask_class, 0), coalesce(s.actions, 0), coalesce(s.seats, '{}'), coalesce(s.history_from, now()), coalesce(s.acting_for, '{}'), coalesce(s.barred_types, '{}')
		from channels c left join standings s on s.space_id = c.space_id and s.valid_until > statement_timestamp()
		where c.id = $1`, channel)
	if err != nil {
		return nil, fmt.Errorf("load audience: %w", err)
	}
	defer rows.Close()
	out := &Audience{Boundary: Forever}
	for rows.Next() {
		var now time.Time
		var stands bool
		var s Standing
		if err := rows.Scan(&out.Space, &out.Epoch, &now, &stands, &s.Person, &s.From, &s.Until, &s.Reads, &s.Writes, &s.Alerts, &s.MaskClass,
			&s.Actions, &s.Seats, &s.History, &s.ActingFor, &s.Barred); err != nil {
			return nil, fmt.Errorf("scan audience: %w", err)
		}
		if stands {
			out.add(s, now)
		}
	}
	return out, rows.Err()
}

func (a *Audience) add(s Standing, now time.Time) {
	if s.Current(now) {
		a.Standings = append(a.Standings, s)
		a.until(s.Until)
		return
	}
	a.until(s.From)
}

func (a *Audience) until(t time.Time) {
	if t.Before(a.Boundary) {
		a.Boundary = t
	}
}

// Of gives the standing of a person in the audience.
func (a *Audience) Of(person uuid.UUID) (Standing, bool) {
	for _, s := range a.Standings {
		if s.Person == person {
			return s, true
		}
	}
	return Standing{}, false
}

// Through gives through whom those of these people stand here who do not by themselves alone; nil for none.
func (a *Audience) Through(people []uuid.UUID) map[uuid.UUID][]uuid.UUID {
	var out map[uuid.UUID][]uuid.UUID
	for _, s := range a.Standings {
		if len(s.ActingFor) == 0 || !slices.Contains(people, s.Person) {
			continue
		}
		if out == nil {
			out = map[uuid.UUID][]uuid.UUID{}
		}
		out[s.Person] = s.ActingFor
	}
	return out
}

// StandingsIn lists who stands in the grant's space now.
func (g Grant) StandingsIn(ctx context.Context) (map[uuid.UUID]Standing, error) {
	rows, err := g.Tx().Query(ctx, "select "+standingColumns+` from standings s where s.space_id = $1
		and s.valid_from <= statement_timestamp() and statement_timestamp() < s.valid_until`, g.Space())
	if err != nil {
		return nil, fmt.Errorf("standings of space: %w", err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Standing])
	if err != nil {
		return nil, fmt.Errorf("standings of space: %w", err)
	}
	out := make(map[uuid.UUID]Standing, len(list))
	for _, s := range list {
		out[s.Person] = s
	}
	return out, nil
}
