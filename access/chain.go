package access

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
)

// The links of a chain, in their order.
const (
	LinkIdentity    = "identity"      // the profession, and whether the matrix knows it
	LinkSeat        = "seat"          // a place in the circle, now
	LinkThrough     = "through"       // the structure, or whom she stands in for: nothing beyond what that person has
	LinkRule        = "rule"          // the row of the matrix and its cell
	LinkConsent     = "consent"       // the fact of the patient's will that a basis or a profession needs
	LinkOpposition  = "opposition"    // what the patient refuses
	LinkHistory     = "history"       // a place that begins "from now on"
	LinkMasks       = "masks"         // the national visibility codes of the message
	LinkAudience    = "audience"      // the people the author named
	LinkTypes       = "document_type" // the types of its documents, and the exceptions of the matrix
	LinkAuthor      = "author"        // who wrote it reads it, while she has a place
	LinkUnspeakable = "unspeakable"   // something between the rules and what is stored: never expected
)

// Link is one step of why somebody reads a message or not. What does not apply is zero.
type Link struct {
	Code    string
	OK      bool
	Seats   []string
	Through []Through // whom the places are held through
	Version int       // of the matrix
	At      time.Time // since or until when
	Begins  bool      // a place that begins at At; else one that ended
	Masks   Masks
	// Speciality is whose row gave what the rule says; Types are those of the documents that are refused, or all of them.
	Speciality string
	Types      []string
	Needs      string // the fact that is missing
}

// Through is somebody, or a structure, through whom a place is held.
type Through struct {
	How string
	ID  uuid.UUID
}

// Chain is why one person reads a message, or not: every link that was asked, up to the first that refuses.
type Chain struct {
	Person     uuid.UUID
	Profession Profession
	Seats      []string
	Reads      bool
	Links      []Link
}

// Chains says of everybody who has or had a place in the circle whether she reads the message of the grant now, and why: for
// those who see full reasons.
func (g Grant) Chains(ctx context.Context) ([]Chain, error) {
	gr := g.in()
	circle, err := gr.circle(ctx)
	if err != nil {
		return nil, fmt.Errorf("read circle: %w", err)
	}
	matrix, err := gr.gate.Matrix(ctx, gr.tx)
	if err != nil {
		return nil, err
	}
	standings, err := g.StandingsIn(ctx)
	if err != nil {
		return nil, err
	}
	chains := []Chain{}
	for _, person := range circle.people() {
		c := circle.Chain(matrix, person, gr.facts, gr.at)
		standing, stands := standings[person]
		c.settle(stands && standing.Visible(gr.facts))
		chains = append(chains, c)
	}
	return chains, nil
}

// settle takes the verdict from what is enforced; a chain that says otherwise does not pretend to explain it.
func (c *Chain) settle(reads bool) {
	if said := c.Links[len(c.Links)-1].OK; said != reads {
		c.Links = append(c.Links, Link{Code: LinkUnspeakable, OK: reads})
	}
	c.Reads = reads
}

// Chain goes through the rules in the order a person would, and stops at the first that refuses.
func (c Circle) Chain(m *Matrix, person uuid.UUID, f Facts, t time.Time) Chain {
	out := Chain{Person: person, Profession: c.profession(person), Seats: []string{}}
	places, seat := c.placesOf(person, t)
	out.Seats = seatsOf(places)
	seat.Seats = out.Seats
	standing, stands := c.at(m, person, t)
	asked := []Link{{Code: LinkIdentity, OK: m.Knows(out.Profession)}, seat}
	if f.Author == person {
		out.Links = upToRefusal(append(asked, Link{Code: LinkAuthor, OK: stands}))
		return out
	}
	row, handed, consented := c.granted(m, out.Profession, places, t)
	asked = append(asked, Link{Code: LinkRule, OK: row.Reads&f.Category != 0, Seats: out.Seats, Version: m.Version, Speciality: c.decisive(m, places)})
	if through := throughOf(places); through != nil {
		asked = append(asked, Link{Code: LinkThrough, OK: handed.Reads&f.Category != 0, Through: through})
	}
	asked = append(asked,
		c.linkOfFacts(m, places, consented, f, t),
		Link{Code: LinkOpposition, OK: f.Category&c.opposed(person, out.Profession, t) == 0},
		Link{Code: LinkHistory, OK: !f.CreatedAt.Before(standing.History), At: standing.History},
		Link{Code: LinkMasks, OK: standing.MaskClass&f.Masks == 0, Masks: f.Masks},
		Link{Code: LinkAudience, OK: f.OnlyTo == nil || slices.Contains(f.OnlyTo, person)},
	)
	if f.Types != nil {
		asked = append(asked, Link{Code: LinkTypes, OK: !overlap(f.Types, standing.Barred), Types: refused(f.Types, standing.Barred)})
	}
	out.Links = upToRefusal(asked)
	return out
}

// linkOfFacts names the fact for want of which a place does not give the category.
func (c Circle) linkOfFacts(m *Matrix, places []Membership, given Standing, f Facts, t time.Time) Link {
	if given.Reads&f.Category != 0 {
		return Link{Code: LinkConsent, OK: true}
	}
	return Link{Code: LinkConsent, Needs: c.wanting(m, places, f.Category, t)}
}

// decisive is her speciality, where a row of it gave what one of the places gives.
func (c Circle) decisive(m *Matrix, places []Membership) string {
	for _, place := range places {
		if row, ok := c.ownRow(m, place); ok && row.Speciality != "" {
			return row.Speciality
		}
	}
	return ""
}

// refused are the types that are barred, or, where none is, all of them.
func refused(types, barred []string) []string {
	if !overlap(types, barred) {
		return types
	}
	return slices.DeleteFunc(slices.Clone(types), func(t string) bool { return !slices.Contains(barred, t) })
}

func upToRefusal(links []Link) []Link {
	if i := slices.IndexFunc(links, func(l Link) bool { return !l.OK }); i >= 0 {
		return links[:i+1]
	}
	return links
}

// placesOf gives the places a person holds at t, and the link that says so: since when, or when the last ended or the next begins.
func (c Circle) placesOf(person uuid.UUID, t time.Time) (now []Membership, l Link) {
	l = Link{Code: LinkSeat}
	for _, p := range c.Memberships {
		if p.Person != person || !p.From.Before(p.Until) {
			continue
		}
		switch {
		case !t.Before(p.From) && t.Before(p.Until):
			if !l.OK || p.From.Before(l.At) {
				l.At = p.From
			}
			now, l.OK, l.Begins = append(now, p), true, false
		case l.OK:
		case t.Before(p.From) && (!l.Begins || p.From.Before(l.At)):
			l.At, l.Begins = p.From, true
		case !t.Before(p.Until) && !l.Begins && p.Until.After(l.At):
			l.At = p.Until
		}
	}
	return now, l
}

// granted is what the matrix gives at these places: by her own profession, within what those have whom she stands in for, and of that
// what no missing fact suspends.
func (c Circle) granted(m *Matrix, p Profession, places []Membership, t time.Time) (row, handed, consented Standing) {
	for _, place := range places {
		if r, ok := c.ownRow(m, place); ok {
			row.join(r, place)
		}
		r, ok := c.row(m, place, t)
		if !ok {
			continue
		}
		handed.join(r, place)
		r.without(c.suspended(m, place.Basis, p, t))
		consented.join(r, place)
	}
	return row, handed, consented
}

func seatsOf(places []Membership) []string {
	out := []string{}
	for _, p := range places {
		for _, seat := range p.Seats() {
			if !slices.Contains(out, seat) {
				out = append(out, seat)
			}
		}
	}
	return out
}

func throughOf(places []Membership) (out []Through) {
	for _, p := range places {
		if t := (Through{p.How, p.Via}); p.Via != uuid.Nil && !slices.Contains(out, t) {
			out = append(out, t)
		}
	}
	return out
}
