package notifications

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"liaison/access"
	"liaison/audit"
	"liaison/storage"
)

// scene is an alert as it stands when a device is about to ring for it.
type scene struct {
	*whole
	now   *step
	facts access.Facts
	may   bool // whose turn it is may still be asked: rights are asked again each time
}

// look reads the alert of a turn and asks rights again; nil when it is no longer that turn, or the alert has ended.
func (s *Service) look(ctx context.Context, sc access.Scope, t turn) (*scene, error) {
	a, err := load(ctx, sc.Tx(), t.Message)
	if errors.Is(err, errNone) || err == nil && (a.State != Open || a.live(t.Place) == nil) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	now := &scene{whole: a, now: a.live(t.Place)}
	err = sc.Tx().QueryRow(ctx, "select category, masks, only_to, author_id, created_at, document_types from locate_messages(array[$1::uuid])", t.Message).
		Scan(&now.facts.Category, &now.facts.Masks, &now.facts.OnlyTo, &now.facts.Author, &now.facts.CreatedAt, &now.facts.Types)
	if err != nil {
		return nil, fmt.Errorf("facts of message: %w", err)
	}
	standing, stands, err := sc.StandingOf(ctx, now.now.Person, a.Space)
	now.may = stands && standing.Alertable(now.facts)
	return now, err
}

// asked is when the present round of the turn began.
func (n *scene) asked() time.Time {
	if n.now.RepeatedAt != nil {
		return *n.now.RepeatedAt
	}
	return *n.now.AskedAt
}

// shown says that a visible page showed this round.
func (n *scene) shown() bool {
	at := n.now.ShownAt
	return at != nil && !at.Before(n.asked())
}

// ring has every device of the person rung, unless a visible page showed the alert within the grace. Somebody who lost the
// right to be asked is passed over.
func (s *Service) ring(ctx context.Context, j ringJob) error {
	pass := false
	err := s.watch.Watch(ctx, "", func(sc access.Scope) error {
		now, err := s.look(ctx, sc, j.turn)
		if err != nil || now == nil {
			return err
		}
		if err := notBefore(now.asked().Add(s.times.Grace), sc.At()); err != nil {
			return err
		}
		if pass = !now.may; pass || now.shown() {
			return nil
		}
		return s.planPushes(ctx, sc, j, now.now.Person)
	})
	if err == nil && pass {
		return s.passOver(ctx, j.turn)
	}
	return err
}

func (s *Service) planPushes(ctx context.Context, sc access.Scope, j ringJob, person uuid.UUID) error {
	devices, err := reachable(ctx, sc.Tx(), "d.person_id = $1", person)
	if err != nil {
		return err
	}
	jobs := make([]planned, len(devices))
	for i, d := range devices {
		jobs[i] = planned{pushJob{j.turn, j.Round, d.ID}, sc.At()}
	}
	return s.plan(ctx, sc.Tx(), jobs...)
}

// reachable reads devices that a push may reach: not gone, of a session that nobody ended and that was used of late. One that
// merely lapsed still rings, since a push says nothing of anybody; to read what it is about she signs in.
func reachable(ctx context.Context, q storage.Querier, where string, args ...any) ([]device, error) {
	rows, err := q.Query(ctx, "select "+deviceColumns+` from devices d
		join sessions s on s.id = d.session_id and s.person_id = d.person_id and s.revoked_at is null and s.last_used_at > statement_timestamp() - rings_for()
		join accounts a on a.person_id = d.person_id and a.active
		where d.gone_at is null and `+where+" order by d.id", args...)
	if err != nil {
		return nil, fmt.Errorf("devices to ring: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[device])
}

// deliver rings one device. From the last look to the answer of the push service it holds the alert's lock in common, so that
// who ends the alert can wait for it (Settle); nothing is written before, so that no horizon waits.
func (s *Service) deliver(ctx context.Context, j pushJob, since time.Time) error {
	var later error
	err := s.watch.Watch(ctx, audit.VerbPush, func(sc access.Scope) error {
		if _, err := sc.Tx().Exec(ctx, "select pg_advisory_xact_lock_shared($1)", ringLock(j.Message)); err != nil {
			return fmt.Errorf("lock alert: %w", err)
		}
		now, err := s.look(ctx, sc, j.turn)
		if err != nil {
			return err
		}
		if now == nil || !now.may || now.shown() {
			sc.Quiet()
			return nil
		}
		devices, err := reachable(ctx, sc.Tx(), "d.id = $1 and d.person_id = $2", j.Device, now.now.Person)
		if err != nil || len(devices) == 0 {
			sc.Quiet()
			return err
		}
		s.beforeSend()
		outcome := s.send(ctx, devices[0], now.row)
		sc.About(now.Space, now.ID)
		sc.Note("device", j.Device)
		sc.Note("person", now.now.Person)
		sc.Note("outcome", outcome.code())
		later = s.again(outcome, since, now.now.AskedAt.Add(s.times.Next))
		return outcome.keep(ctx, sc.Tx(), j.Device)
	})
	return errors.Join(err, later)
}

// outcome is what became of a push.
type outcome struct{ err error }

func (o outcome) code() string {
	var later *Later
	switch {
	case o.err == nil:
		return "accepted"
	case errors.Is(o.err, ErrGone):
		return "gone"
	case errors.As(o.err, &later):
		return later.Code
	case errors.Is(o.err, ErrEndpoint):
		return "endpoint_refused"
	}
	return "refused"
}

// keep notes it on the device.
func (o outcome) keep(ctx context.Context, q storage.Querier, device uuid.UUID) error {
	what := "failed_at = clock_timestamp()"
	switch {
	case o.err == nil:
		what = "last_reached_at = clock_timestamp(), failed_at = null"
	case errors.Is(o.err, ErrGone):
		what = "gone_at = clock_timestamp()"
	}
	if _, err := q.Exec(ctx, "update devices set "+what+" where id = $1", device); err != nil {
		return fmt.Errorf("note push: %w", err)
	}
	return nil
}

// again puts a push off that may succeed later: as long as the service asks, else twice as long as since the first, while it
// is still this person's turn.
func (s *Service) again(o outcome, since, until time.Time) error {
	var later *Later
	if !errors.As(o.err, &later) {
		return nil
	}
	wait := max(later.After, min(max(time.Since(since), time.Second), time.Minute))
	if time.Now().Add(wait).After(until) {
		return nil
	}
	return river.JobSnooze(wait)
}

func (s *Service) send(ctx context.Context, d device, a row) outcome {
	sub, err := s.seals.open(d.ID, d.Subscription)
	if err != nil {
		return outcome{fmt.Errorf("subscription of device: %w", err)}
	}
	err = s.push.Send(ctx, Push{
		Subscription: sub, Body: s.body(a.ID.String(), urgent), Topic: s.seals.topic(a.ID, d.ID), Urgent: true, TTL: s.times.Next,
	})
	if err != nil {
		s.failures.Add(1)
	}
	return outcome{err}
}

// body has the shape of Declarative Web Push: shown even where no worker runs. It holds an opaque id and a class of urgency;
// the words are the same for everybody.
func (s *Service) body(alert, class string) []byte {
	words := map[string]string{
		urgent: "Une alerte urgente vous attend. Ouvrez Liaison.",
		test:   "Essai : cet appareil reçoit les alertes de Liaison.",
	}[class]
	path := "/compte"
	if alert != "" {
		path = "/alertes/" + alert
	}
	raw, err := json.Marshal(map[string]any{
		"web_push": 8030, "mutable": true, "alert_id": alert, "urgency": class,
		"notification": map[string]any{"title": "Liaison", "body": words, "lang": "fr", "navigate": *s.address.Load() + path, "tag": "liaison-" + alert},
	})
	if err != nil {
		panic("a push of ids does not encode: " + strconv.Quote(err.Error()))
	}
	return raw
}

// topic lets a push replace the one that still waits for the same device; to the push service it says nothing.
func (s seals) topic(alert, device uuid.UUID) string {
	mac := hmac.New(sha256.New, s.topics)
	mac.Write(alert[:])
	mac.Write(device[:])
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:24])
}
