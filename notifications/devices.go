package notifications

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"liaison/access"
	"liaison/audit"
	"liaison/storage"
)

// test is the class of a push that a person asks for herself.
const test = "test"

// Device is a device of one's own that alerts ring.
type Device struct {
	ID            uuid.UUID  `json:"id"`
	Name          string     `json:"name"`
	CreatedAt     time.Time  `json:"created_at"`
	LastReachedAt *time.Time `json:"last_reached_at"`
	Failing       bool       `json:"failing" doc:"The last push was not accepted, or the push service knows the device no more."`
	ThisSession   bool       `json:"this_session"`
}

// NewDevice is a push subscription as a browser gives it.
type NewDevice struct {
	ID   uuid.UUID
	Name string
	Subscription
}

// device is one as stored.
type device struct {
	ID            uuid.UUID
	Person        uuid.UUID
	Session       uuid.UUID
	Name          string
	Print         []byte
	Subscription  []byte
	CreatedAt     time.Time
	LastReachedAt *time.Time
	FailedAt      *time.Time
	GoneAt        *time.Time
}

const deviceColumns = "d.id, d.person_id, d.session_id, d.name, d.endpoint_print, d.subscription, d.created_at, d.last_reached_at, d.failed_at, d.gone_at"

func (d device) shown(actor access.Actor) Device {
	out := Device{ID: d.ID, Name: d.Name, CreatedAt: d.CreatedAt.UTC(), Failing: d.FailedAt != nil || d.GoneAt != nil, ThisSession: d.Session == actor.Session}
	if d.LastReachedAt != nil {
		at := d.LastReachedAt.UTC()
		out.LastReachedAt = &at
	}
	return out
}

// Errors of devices.
var (
	ErrConflict   = errors.New("this id is taken by something else")
	ErrNoDevice   = errors.New("no such device of one's own")
	ErrTooMany    = errors.New("too many devices")
	ErrPushFailed = errors.New("the push service did not accept")
)

// Invalid says which field cannot be.
type Invalid struct{ Field, Code string }

func (i *Invalid) Error() string { return i.Field + ": " + i.Code }

const (
	devicesMost = 20
	longestName = 80
)

// PushKey is what a browser subscribes with.
func (s *Service) PushKey() string { return s.push.PublicKey() }

// own does fn in a transaction as the actor, with one durable journal line.
func (s *Service) own(ctx context.Context, actor access.Actor, verb string, object uuid.UUID, fn func(pgx.Tx) error) error {
	return s.cfg.DB.InTx(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "select set_config('liaison.actor', $1, true)", actor.Person.String()); err != nil {
			return fmt.Errorf("set actor: %w", err)
		}
		if err := fn(tx); err != nil {
			return err
		}
		return audit.Write(ctx, tx, actor.Line(verb, object))
	})
}

// Register makes the actor's present browser a device that alerts ring. The same again changes nothing; an endpoint
// registered before, by whomever, is this device from now on. replay says that it was known.
func (s *Service) Register(ctx context.Context, actor access.Actor, d NewDevice) (out Device, replay bool, err error) {
	if d.ID == uuid.Nil {
		return out, false, &Invalid{"id", "invalid_id"}
	}
	host, err := s.push.Check(ctx, d.Subscription)
	if err != nil {
		return out, false, err
	}
	sealed, err := s.seals.seal(d.ID, d.Subscription)
	if err != nil {
		return out, false, err
	}
	row := device{ID: d.ID, Person: actor.Person, Session: actor.Session, Name: deviceName(d.Name), Print: s.seals.print(d.Endpoint), Subscription: sealed}
	err = s.own(ctx, actor, "device.add", d.ID, func(tx pgx.Tx) error {
		replay, err = register(ctx, tx, &row, host)
		return err
	})
	return row.shown(actor), replay, err
}

func register(ctx context.Context, tx pgx.Tx, d *device, host string) (replay bool, err error) {
	var known []byte
	err = tx.QueryRow(ctx, "select endpoint_print from devices where id = $1 for update", d.ID).Scan(&known)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
	case err != nil:
		return false, fmt.Errorf("known device: %w", err)
	case string(known) != string(d.Print):
		return false, ErrConflict
	default:
		replay = true
	}
	if _, err := tx.Exec(ctx, "select forget_endpoint($1, $2)", d.Print, d.ID); err != nil {
		return false, fmt.Errorf("forget endpoint: %w", err)
	}
	var others int
	if err := tx.QueryRow(ctx, "select count(*) from devices where person_id = $1 and gone_at is null and id <> $2", d.Person, d.ID).Scan(&others); err != nil {
		return false, fmt.Errorf("count devices: %w", err)
	}
	if others >= devicesMost {
		return false, ErrTooMany
	}
	// A browser that registers is there: what was noted against it is over.
	err = tx.QueryRow(ctx, `insert into devices (id, person_id, session_id, name, endpoint_print, subscription, host) values ($1, $2, $3, $4, $5, $6, $7)
		on conflict (id) do update set session_id = excluded.session_id, name = excluded.name, subscription = excluded.subscription,
			failed_at = null, gone_at = null
		returning created_at, last_reached_at`, d.ID, d.Person, d.Session, d.Name, d.Print, d.Subscription, host).Scan(&d.CreatedAt, &d.LastReachedAt)
	if storage.IsRefused(err) {
		return false, ErrConflict // somebody else's
	}
	if err != nil {
		return false, fmt.Errorf("register device: %w", err)
	}
	return replay, nil
}

// deviceName keeps what a client says of itself readable in a list.
func deviceName(said string) string {
	clean := strings.TrimSpace(strings.Map(func(r rune) rune {
		if r == unicode.ReplacementChar || !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, said))
	if runes := []rune(clean); len(runes) > longestName {
		clean = string(runes[:longestName])
	}
	return clean
}

// Devices lists one's own.
func (s *Service) Devices(ctx context.Context, actor access.Actor) ([]Device, error) {
	out := []Device{}
	err := s.own(ctx, actor, "device.list", uuid.Nil, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, "select "+deviceColumns+" from devices d where d.person_id = $1 order by d.created_at desc, d.id", actor.Person)
		if err != nil {
			return fmt.Errorf("list devices: %w", err)
		}
		list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[device])
		for _, d := range list {
			out = append(out, d.shown(actor))
		}
		return err
	})
	return out, err
}

// Remove ends one of one's own devices.
func (s *Service) Remove(ctx context.Context, actor access.Actor, id uuid.UUID) error {
	return s.own(ctx, actor, "device.remove", id, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, "delete from devices where id = $1 and person_id = $2", id, actor.Person)
		if err == nil && tag.RowsAffected() == 0 {
			return ErrNoDevice
		}
		return err
	})
}

// Test rings one of one's own devices now.
func (s *Service) Test(ctx context.Context, actor access.Actor, id uuid.UUID) error {
	var found []device
	err := s.own(ctx, actor, "device.test", id, func(tx pgx.Tx) (err error) {
		found, err = reachable(ctx, tx, "d.id = $1 and d.person_id = $2", id, actor.Person)
		return err
	})
	if err != nil {
		return err
	}
	if len(found) == 0 {
		return ErrNoDevice
	}
	sub, err := s.seals.open(id, found[0].Subscription)
	if err != nil {
		return err
	}
	result := outcome{s.push.Send(ctx, Push{Subscription: sub, Body: s.body("", test), Topic: s.seals.topic(uuid.Nil, id), Urgent: true, TTL: time.Minute})}
	if result.err != nil {
		s.failures.Add(1)
		err = errors.Join(ErrPushFailed, result.err)
	}
	return errors.Join(err, s.own(ctx, actor, "device.tested", id, func(tx pgx.Tx) error { return result.keep(ctx, tx, id) }))
}

// Reachable says which of these people a push may reach now.
func (s *Service) Reachable(ctx context.Context, people []uuid.UUID) (map[uuid.UUID]bool, error) {
	rows, err := s.cfg.DB.Pool.Query(ctx, "select person_id from reachable_people($1)", people)
	if err != nil {
		return nil, fmt.Errorf("reachable people: %w", err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	out := make(map[uuid.UUID]bool, len(ids))
	for _, id := range ids {
		out[id] = true
	}
	return out, err
}

// Forget removes the devices of ended sessions: a browser that signed out rings no more.
func (s *Service) Forget(ctx context.Context, sessions []uuid.UUID) error {
	return s.watch.Watch(ctx, "", func(sc access.Scope) error {
		_, err := sc.Tx().Exec(ctx, "delete from devices where session_id = any ($1)", sessions)
		return err
	})
}

// Prune removes the devices that will never ring again.
func (s *Service) Prune(ctx context.Context) error {
	return s.watch.Watch(ctx, "", func(sc access.Scope) error {
		_, err := sc.Tx().Exec(ctx, `delete from devices d using sessions s where s.id = d.session_id
			and (s.revoked_at is not null or s.last_used_at < now() - rings_for() or d.gone_at < now() - interval '30 days')`)
		return err
	})
}
