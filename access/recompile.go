package access

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"liaison/events"
)

// Recompile brings the standings of the grant's space to what matrix, memberships and will say now, and, where anything
// changed, bumps the epoch of every channel and appends an event for each person concerned. The grant must hold the locks
// of the space's channels (Write on Space, or Found).
func (g Grant) Recompile(ctx context.Context) error {
	return g.in().recompile(ctx, []uuid.UUID{g.Space()})
}

// recompile is Recompile of several spaces, all of whose channels are locked.
func (gr *grant) recompile(ctx context.Context, spaces []uuid.UUID) error {
	matrix, err := gr.gate.Matrix(ctx, gr.tx)
	if err != nil {
		return err
	}
	circles, held := map[uuid.UUID]*Circle{}, map[uuid.UUID][]Standing{}
	b := &pgx.Batch{}
	queueHold(b, spaces, gr.at)
	queueCircles(b, spaces, circles)
	queueHeld(b, spaces, gr.at, held)
	// The actor who changed one fact may not see the others.
	b.Queue("select set_config('liaison.actor', $1, true)", gr.actor.Person.String())
	if err := gr.tx.SendBatch(ctx, b).Close(); err != nil {
		return fmt.Errorf("read circles: %w", err)
	}
	changes := &pgx.Batch{}
	for _, space := range spaces {
		if err := gr.bring(changes, space, byPerson(held[space]), byPerson(Compile(matrix, *circles[space], gr.at))); err != nil {
			return err
		}
	}
	changes.Queue("update spaces set matrix_version = $2 where id = any ($1) and matrix_version <> $2", spaces, matrix.Version)
	if err := gr.tx.SendBatch(ctx, changes).Close(); err != nil {
		return fmt.Errorf("store standings: %w", err)
	}
	return nil
}

// bring queues what makes the held standings the wanted ones.
func (gr *grant) bring(b *pgx.Batch, space uuid.UUID, held, wanted map[uuid.UUID][]Standing) error {
	changed := changedPeople(held, wanted)
	if len(changed) == 0 {
		return nil
	}
	gr.queueStandings(b, space, changed, wanted)
	gr.queueBoundaries(b, space, wanted)
	return gr.bump(space, changed)
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

func (gr *grant) queueStandings(b *pgx.Batch, space uuid.UUID, changed []uuid.UUID, wanted map[uuid.UUID][]Standing) {
	b.Queue("delete from standings where space_id = $1 and person_id = any ($2)", space, changed)
	for _, p := range changed {
		for _, s := range wanted[p] {
			b.Queue(`insert into standings (person_id, space_id, valid_from, valid_until, reads, writes, alerts, mask_class, actions, seats, history_from, acting_for, barred_types)
				values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
				s.Person, space, s.From, s.Until, s.Reads, s.Writes, s.Alerts, s.MaskClass, s.Actions, s.Seats, s.History, s.ActingFor, s.Barred)
		}
		if p == gr.actor.Person {
			gr.standing = currentOf(wanted[p], gr.at)
		}
	}
}

func currentOf(standings []Standing, at time.Time) Standing {
	for _, s := range standings {
		if s.Current(at) {
			return s
		}
	}
	return Standing{}
}

// queueBoundaries keeps the instants at which somebody's standing will begin or end by itself.
func (gr *grant) queueBoundaries(b *pgx.Batch, space uuid.UUID, wanted map[uuid.UUID][]Standing) {
	var at []time.Time
	for _, standings := range wanted {
		for _, s := range standings {
			at = append(at, s.From, s.Until)
		}
	}
	at = slices.DeleteFunc(at, func(t time.Time) bool { return !t.After(gr.at) || !t.Before(Forever) })
	b.Queue("delete from boundaries where space_id = $1 and at > $2", space, gr.at)
	b.Queue("insert into boundaries (space_id, at) select distinct $1::uuid, unnest($2::timestamptz[])", space, at)
}

// bump opens a new epoch on every locked channel of a space and says in each whose standing changed.
func (gr *grant) bump(space uuid.UUID, people []uuid.UUID) error {
	for id, c := range gr.locked {
		if c.space != space {
			continue
		}
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
