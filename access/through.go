package access

import (
	"slices"
	"time"

	"github.com/google/uuid"
)

// How a place is held when it is not one's own.
const (
	ThroughStructure   = "structure"   // as one of those who work in a structure that has the place
	ThroughReplacement = "replacement" // as the remplaçant of who has it
	ThroughSecretariat = "secretariat" // as the secretary of who has it
)

// Administration is what a secretariat handles without being delegated more.
const Administration = Administrative | Organisation

// Belonging is a time during which somebody works in a structure, and acts through its places.
type Belonging struct {
	Organisation uuid.UUID
	Person       uuid.UUID
	From         time.Time
	Until        time.Time
}

// StandIn is somebody who acts for another from one day to another: How is ThroughReplacement or ThroughSecretariat. Lent is what a
// secretariat is delegated beyond Administration.
type StandIn struct {
	How   string
	For   uuid.UUID
	By    uuid.UUID
	Lent  Categories
	From  time.Time
	Until time.Time
}

// Expanded gives the circle with the places of those who act through a structure or for somebody, and without the structures' own. Only
// one's own place is handed on: not one held through another, and never an emergency access.
func (c Circle) Expanded() Circle {
	var places []Membership
	for _, p := range c.Memberships {
		switch {
		case p.Organisation != uuid.Nil:
			places = append(places, c.ofMembers(p)...)
		case p.Basis == BasisEmergency || p.Via != uuid.Nil:
			places = append(places, p)
		default:
			places = append(append(places, p), c.ofStandIns(p)...)
		}
	}
	c.Memberships, c.StandIns, c.Belongings = places, nil, nil
	return c
}

func (c Circle) ofMembers(place Membership) (out []Membership) {
	for _, b := range c.Belongings {
		if b.Organisation == place.Organisation {
			out = place.handed(out, b.Person, b.Organisation, ThroughStructure, b.From, b.Until)
		}
	}
	return out
}

func (c Circle) ofStandIns(place Membership) (out []Membership) {
	for _, s := range c.StandIns {
		if s.For != place.Person {
			continue
		}
		n := len(out)
		out = place.handed(out, s.By, s.For, s.How, s.From, s.Until)
		for i := range out[n:] {
			out[n+i].Lent = s.Lent
		}
	}
	return out
}

// handed appends the place as somebody holds it through another, if the times meet.
func (m Membership) handed(out []Membership, to, via uuid.UUID, how string, from, until time.Time) []Membership {
	began := m.From
	if from.After(m.From) {
		m.From = from
	}
	if until.Before(m.Until) {
		m.Until = until
	}
	if !m.From.Before(m.Until) {
		return out
	}
	m.Person, m.Organisation, m.Via, m.How, m.Began = to, uuid.Nil, via, how, began
	return append(out, m)
}

// began is when the place began for whoever it belongs to: before it, a place "from now on" reads nothing.
func (m Membership) began() time.Time {
	if m.Via != uuid.Nil {
		return m.Began
	}
	return m.From
}

// Seats are what the place is called: who replaces a médecin traitant is asked as one, a secretary is none.
func (m Membership) Seats() []string {
	switch m.How {
	case ThroughReplacement:
		return []string{m.Seat, SeatRemplacant}
	case ThroughSecretariat:
		return []string{SeatSecretariat}
	}
	return []string{m.Seat}
}

// ownRow is what the matrix gives her own profession at the place, whoever she stands in for.
func (c Circle) ownRow(m *Matrix, place Membership) (Row, bool) {
	p := c.profession(place.Person)
	if place.How != ThroughSecretariat {
		return m.Row(p, c.Specialities[place.Person], place.Seat)
	}
	row, ok := m.secretarial(p, c.Specialities[place.Person])
	row.Reads |= place.Lent
	row.Writes |= place.Lent
	row.Alerts = 0
	return row, ok
}

// row is what a place gives at t: of who stands in for another, what both may, and every mask that hits one of them hits her.
func (c Circle) row(m *Matrix, place Membership, t time.Time) (Row, bool) {
	row, ok := c.ownRow(m, place)
	if !ok || place.How == "" || place.How == ThroughStructure {
		return row, ok
	}
	theirs, ok := m.Row(c.profession(place.Via), c.Specialities[place.Via], place.Seat)
	if !ok {
		return Row{}, false
	}
	lost := c.opposed(place.Via, c.profession(place.Via), t) | c.suspended(m, place.Basis, c.profession(place.Via), t)
	row.Reads &= theirs.Reads &^ lost
	row.Writes &= theirs.Writes &^ lost
	row.Alerts &= theirs.Alerts &^ lost
	row.MaskClass |= theirs.MaskClass
	return row, true
}

// holders are those by whose professions a place is held: who sits there, and whom she stands in for.
func holders(place Membership) []uuid.UUID {
	if place.How == ThroughReplacement || place.How == ThroughSecretariat {
		return []uuid.UUID{place.Person, place.Via}
	}
	return []uuid.UUID{place.Person}
}

// actions are what the places let a person do: her own and her structures' by her profession, one she replaces in by both professions.
// A secretariat manages nothing, and only who has a place of her own can leave it.
func (c Circle) actions(m *Matrix, person uuid.UUID, acting []Membership) Actions {
	var may Actions
	var seats []string
	own := false
	for _, place := range acting {
		switch place.How {
		case ThroughReplacement:
			one := []string{place.Seat}
			may |= m.Actions(c.profession(person), one) & m.Actions(c.profession(place.Via), one) &^ EndOwnMembership
		case ThroughSecretariat:
		default:
			own = own || place.How == ""
			seats = append(seats, place.Seat)
		}
	}
	if seats != nil {
		may |= m.Actions(c.profession(person), seats)
	}
	if !own {
		may &^= EndOwnMembership
	}
	return may
}

// vias are those through whom the places are held, in order.
func vias(places []Membership) []uuid.UUID {
	out := []uuid.UUID{}
	for _, p := range places {
		if p.Via != uuid.Nil && !slices.Contains(out, p.Via) {
			out = append(out, p.Via)
		}
	}
	slices.SortFunc(out, compareIDs)
	return out
}

// lentWith is what the places delegate to a secretary.
func lentWith(places []Membership) (lent Categories) {
	for _, p := range places {
		lent |= p.Lent
	}
	return lent
}
