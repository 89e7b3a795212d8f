package access

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// Alarm opens the gate on a message for the machine that sees alerts through: its channel is locked as for a post, so that
// what it finds of rights and of the alert holds until it commits. It sees alerts, and of the message its facts alone.
func (g *Gate) Alarm(ctx context.Context, message uuid.UUID, verb string, fn func(Grant) error) error {
	return asked(ctx, func() error {
		return g.open(ctx, Actor{Person: SystemAlerts}, Message(message), verb, opening{lock: true, machine: true}, fn)
	})
}

// Watch opens a scope for the same machine over every alert: to ring, and to look after those that wait. Nothing is locked.
func (g *Gate) Watch(ctx context.Context, verb string, fn func(Scope) error) error {
	return g.machine(ctx, SystemAlerts, verb, fn)
}

// alertOrder is whom an alert asks first; everybody else follows.
var alertOrder = []string{SeatMedecinTraitant, SeatReferent, SeatCoordonnateur}

func rankOf(s Standing) int {
	for rank, seat := range alertOrder {
		if slices.Contains(s.Seats, seat) {
			return rank
		}
	}
	return len(alertOrder)
}

// Alertable says whether an alert of a message with these facts may ask the holder of the standing, which must be a current
// one: the alert column allows its category, she reads it, and she did not write it herself.
func (s Standing) Alertable(f Facts) bool {
	return s.Alerts&f.Category != 0 && s.Person != f.Author && s.Visible(f)
}

// Alertable lists whom an alert of a message with these facts asks, in order: médecin traitant, référent, coordonnateur, then
// the others by name; who is replaced comes after who replaces her.
func (g Grant) Alertable(ctx context.Context, f Facts) ([]Standing, error) {
	rows, err := g.Tx().Query(ctx, "select "+standingColumns+` from standings s join professionals p on p.id = s.person_id
		where s.space_id = $1 and s.valid_from <= clock_timestamp() and clock_timestamp() < s.valid_until
		order by p.family_name, p.given_name, p.id`, g.Space())
	if err != nil {
		return nil, fmt.Errorf("whom to alert: %w", err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Standing])
	if err != nil {
		return nil, fmt.Errorf("whom to alert: %w", err)
	}
	all = slices.DeleteFunc(all, func(s Standing) bool { return !s.Alertable(f) })
	slices.SortStableFunc(all, func(a, b Standing) int {
		return cmp.Or(cmp.Compare(rankOf(a), rankOf(b)), compareBools(replacedAmong(all, a), replacedAmong(all, b)))
	})
	return all, nil
}

func replacedAmong(all []Standing, s Standing) bool {
	return slices.ContainsFunc(all, func(o Standing) bool {
		return slices.Contains(o.Seats, SeatRemplacant) && slices.Contains(o.ActingFor, s.Person)
	})
}

func compareBools(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// StandingOf gives how a person stands in a space at this very moment; false when she does not.
func (s Scope) StandingOf(ctx context.Context, person, space uuid.UUID) (Standing, bool, error) {
	rows, err := s.Tx().Query(ctx, "select "+standingColumns+` from standings s where s.person_id = $1 and s.space_id = $2
		and s.valid_from <= clock_timestamp() and clock_timestamp() < s.valid_until`, person, space)
	if err != nil {
		return Standing{}, false, fmt.Errorf("standing: %w", err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Standing])
	if err != nil || len(found) == 0 {
		return Standing{}, false, err
	}
	return found[0], true, nil
}
