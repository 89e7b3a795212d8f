package access

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"liaison/storage"
)

// Reach is which circles a decision about somebody's places concerns.
type Reach struct {
	lock   string // holds what is decided about: no circle is compiled from it meanwhile
	spaces string
	args   []any
}

// ReachOf is every circle, or those chosen, where a person has a place now or later.
func ReachOf(person uuid.UUID, chosen []uuid.UUID) Reach {
	return Reach{
		spaces: `select distinct space_id from memberships where person_id = $1 and ($2::uuid[] is null or space_id = any ($2))
			and valid_until > clock_timestamp()`,
		args: []any{person, chosen},
	}
}

// ReachOfStandIn is every circle in which a stand-in gives something.
func ReachOfStandIn(id uuid.UUID) Reach {
	return Reach{
		lock: "select id from stand_ins where id = $1 for update",
		spaces: `select distinct m.space_id from stand_ins s join memberships m on m.person_id = s.for_id
			and (s.space_ids is null or m.space_id = any (s.space_ids)) where s.id = $1 and m.valid_until > clock_timestamp()`,
		args: []any{id},
	}
}

// ReachOfStructure is every circle where a structure has a place now or later; none is given to it meanwhile.
func ReachOfStructure(id uuid.UUID) Reach {
	return Reach{
		lock:   "select id from organisations where id = $1 for update",
		spaces: "select distinct space_id from memberships where organisation_id = $1 and valid_until > clock_timestamp()",
		args:   []any{id},
	}
}

// ReachOfBelonging is every circle in which who works in a structure acts through it.
func ReachOfBelonging(id uuid.UUID) Reach {
	return Reach{
		lock: "select id from belongings where id = $1 for update",
		spaces: `select distinct m.space_id from belongings b join memberships m on m.organisation_id = b.organisation_id
			where b.id = $1 and m.valid_until > clock_timestamp()`,
		args: []any{id},
	}
}

// ReachOfPerson is every circle where a person has a place now or later, of her own or through another, or lets another act for her.
func ReachOfPerson(id uuid.UUID) Reach {
	return Reach{
		lock: "select id from professionals where id = $1 for no key update",
		spaces: `select m.space_id from memberships m where m.valid_until > clock_timestamp() and (m.person_id = $1
			or m.organisation_id in (select organisation_id from belongings where person_id = $1)
			or m.person_id in (select for_id from stand_ins where by_id = $1)) group by 1`,
		args: []any{id},
	}
}

// ReachOfNone is no circle: what is decided changes nobody's places.
func ReachOfNone() Reach { return Reach{spaces: "select id from spaces where false"} }

// Entrust opens a transaction for what a person decides of places in many circles at once (stand-ins, structures): fn writes it. Where it
// reaches few circles they change in that very transaction, under the locks of their channels; many are marked in it and follow in batches.
// When this answers, every standing it gave or took is as it says. ErrNotFound and ErrForbidden of fn are journalled as refusals.
func (g *Gate) Entrust(ctx context.Context, actor Actor, verb string, id uuid.UUID, reach Reach, fn func(Scope) error) error {
	var rest []uuid.UUID
	err := asked(ctx, func() (err error) {
		rest, err = g.entrust(ctx, actor, verb, id, reach, fn)
		return err
	})
	if errors.Is(err, ErrNotFound) || errors.Is(err, ErrForbidden) {
		return errors.Join(err, g.journalRefusal(ctx, actor.Line(verb, id)))
	}
	if err != nil {
		return err
	}
	return g.Follow(ctx, rest)
}

// entrust gives the circles that are still to follow.
func (g *Gate) entrust(ctx context.Context, actor Actor, verb string, id uuid.UUID, reach Reach, fn func(Scope) error) (rest []uuid.UUID, err error) {
	gr := &grant{gate: g, actor: actor, locked: map[uuid.UUID]*lockedChannel{}}
	b := &pgx.Batch{}
	queueActor(b, actor.Person, true)
	if reach.lock != "" {
		b.Queue(reach.lock, reach.args...)
	}
	if gr.tx, err = g.db.Begin(ctx, "", b); err != nil {
		return nil, fmt.Errorf("open scope: %w", err)
	}
	defer gr.tx.Rollback(context.WithoutCancel(ctx))
	spaces, err := gr.reached(ctx, reach)
	if err != nil {
		return nil, err
	}
	sc := &scope{tx: gr.tx, actor: actor, at: gr.at, line: actor.Line(verb, id)}
	if err := fn(Scope{sc}); err != nil {
		return nil, err
	}
	if sc.line.Verb == "" {
		return nil, nil
	}
	Scope{sc}.Note("spaces", spaces)
	gr.line = sc.line
	if len(spaces) <= recompiledTogether {
		if err := gr.recompile(ctx, spaces); err != nil {
			return nil, err
		}
		return nil, gr.commit(ctx)
	}
	queueBehind(&gr.closing, spaces)
	return spaces, gr.commit(ctx)
}

// reached asks as the recompiler, for the actor may not see all of them, locks the channels of few circles, and takes the time.
func (gr *grant) reached(ctx context.Context, reach Reach) (spaces []uuid.UUID, err error) {
	b := &pgx.Batch{}
	b.Queue("select set_config('liaison.actor', $1, true)", SystemRecompiler.String())
	b.Queue(reach.spaces, reach.args...).Query(collect(&spaces, pgx.RowTo[uuid.UUID]))
	if err := gr.tx.SendBatch(ctx, b).Close(); err != nil {
		return nil, fmt.Errorf("circles reached: %w", err)
	}
	locks := &pgx.Batch{}
	if len(spaces) <= recompiledTogether {
		gr.queueLockWhere(locks, "space_id = any ($1)", spaces)
	}
	locks.Queue("select set_config('liaison.actor', $1, true)", gr.actor.Person.String())
	locks.Queue("select clock_timestamp()").QueryRow(func(r pgx.Row) error { return r.Scan(&gr.at) })
	if err := gr.tx.SendBatch(ctx, locks).Close(); err != nil {
		return nil, fmt.Errorf("lock circles: %w", err)
	}
	return spaces, nil
}

// queueBehind says that the spaces' standings are to be compiled anew, whatever becomes of this node.
func queueBehind(b *pgx.Batch, spaces []uuid.UUID) {
	b.Queue("update spaces set matrix_version = 0 where id = any ($1)", spaces)
}

// Follow brings the standings of these spaces to what is written of them, in batches.
func (g *Gate) Follow(ctx context.Context, spaces []uuid.UUID) error {
	for len(spaces) > 0 {
		n := min(len(spaces), recompiledTogether)
		if err := storage.Retry(ctx, func() error { return g.followBatch(ctx, spaces[:n]) }); err != nil {
			return fmt.Errorf("recompile circles: %w", err)
		}
		spaces = spaces[n:]
	}
	return nil
}

func (g *Gate) followBatch(ctx context.Context, spaces []uuid.UUID) error {
	gr := &grant{gate: g, actor: Actor{Person: SystemRecompiler}, locked: map[uuid.UUID]*lockedChannel{}}
	b := &pgx.Batch{}
	queueActor(b, SystemRecompiler, true)
	tx, err := g.db.Begin(ctx, "", b)
	if err != nil {
		return err
	}
	defer tx.Rollback(context.WithoutCancel(ctx))
	gr.tx = tx
	return gr.recompileLocked(ctx, spaces)
}

// queueHold keeps what the circles' places are held through from being changed until the standings compiled from it are committed.
func queueHold(b *pgx.Batch, spaces []uuid.UUID, at time.Time) {
	b.Queue("select set_config('liaison.actor', $1, true)", SystemRecompiler.String())
	b.Queue(`select id from stand_ins where for_id in (select person_id from memberships where space_id = any ($1)) and valid_until > $2
		order by id for share`, spaces, at)
	b.Queue(`select id from belongings where organisation_id in (select organisation_id from memberships where space_id = any ($1))
		and valid_until > $2 order by id for share`, spaces, at)
}
