// Package proof checks the product against an independent model of who may see what, and is used by tests only. The model
// is written from the design's words: it asks every rule anew for one person, one instant and one category, with plain
// strings, and shares nothing with package access but the two tables of the matrix. It is slow on purpose.
package proof

import (
	"slices"
	"strings"
	"time"
)

// Categories are the codes of what messages are about, in the order of the matrix.
var Categories = []string{
	"medical", "medication", "nursing", "psychological", "functional", "daily_life", "social", "administrative", "organisation",
}

// Seats are the places in a circle that give rights. The others give none by themselves: remplacant and secretariat are held through
// somebody else, and an expert has no rules yet.
var Seats = []string{"medecin_traitant", "referent", "coordonnateur", "intervenant"}

// Profession is a code in its national table.
type Profession struct{ System, Code string }

// Place is a dated place in the circle, of a person or of a structure.
type Place struct {
	Person, Structure string
	Seat, Basis       string
	From, Until       time.Time
	Given             time.Time // when it was recorded: it may begin earlier
	FromNowOn         bool
}

// KnownAt is the circle without the places that were recorded later, even those that began before.
func (c Circle) KnownAt(t time.Time) Circle {
	c.Places = slices.DeleteFunc(slices.Clone(c.Places), func(p Place) bool { return p.Given.After(t) })
	return c
}

// Fact is a dated fact of the patient's will. Of an opposition, an empty field means anybody, or anything.
type Fact struct {
	Kind, Person string
	Profession   Profession
	Category     string
	From, Until  time.Time
}

// Message is what decides about a message: never its text. Named says that it is for the people in OnlyTo alone.
type Message struct {
	ID, Author, Category string
	Masks, OnlyTo        []string
	Named                bool
	At                   time.Time
	Types                []string // of its documents
}

// Circle is one patient's circle with everything that ever held in it.
type Circle struct {
	Matrix      Matrix
	Founder     string
	Professions map[string]Profession
	// Specialities are of those who have one.
	Specialities map[string]string

	Places   []Place
	Works    []Work
	StandIns []StandIn
	Facts    []Fact
}

func during(t, from, until time.Time) bool { return !t.Before(from) && t.Before(until) }

// waits: a fact is missing for want of which a place on this basis gives this person's profession nothing of the category.
func (c Circle) waits(basis, person, category string, t time.Time) bool {
	return c.Matrix.waits(basis, c.of(person), category, func(fact string) bool {
		return slices.ContainsFunc(c.Facts, func(f Fact) bool { return f.Kind == fact && during(t, f.From, f.Until) })
	})
}

// withheld: no place gives her the category to read, and one would if it did not wait for a fact.
func (c Circle) withheld(person, category string, t time.Time) bool {
	given, waiting := false, false
	for _, h := range c.held(person, t) {
		if !c.gives(h, t) || !strings.Contains(c.rule(h, category, t), "r") {
			continue
		}
		waits := c.waits(h.Basis, person, category, t)
		given, waiting = given || !waits, waiting || waits
	}
	return waiting && !given
}

// refused: the patient opposes that this person, or her profession, or anybody, has this category, or anything.
func (c Circle) refused(person, category string, t time.Time) bool {
	for _, f := range c.Facts {
		if f.Kind == "opposition" && during(t, f.From, f.Until) &&
			(f.Person == "" || f.Person == person) &&
			(f.Profession == Profession{} || f.Profession.today() == c.of(person)) &&
			(f.Category == "" || f.Category == category) {
			return true
		}
	}
	return false
}

// Rights are what a person may do at one instant: lists of codes, in the order of the tables.
type Rights struct {
	Person                 string
	Reads, Writes, Alerted []string
	Actions                []string
	Seats, Classes         []string
	For                    []string // structures and people through whom she stands here
	Barred                 []string // types of documents she does not read
	// History: before it she reads nothing; the latest beginning of a membership "from now on".
	History time.Time
}

// Stands says whether a person has any right; who has none does not know that the circle exists.
func (r Rights) Stands() bool { return len(r.Reads)+len(r.Writes) > 0 }

// At asks every rule for one person at one instant.
func (c Circle) At(person string, t time.Time) Rights {
	r := c.seated(person, t)
	if !r.Stands() {
		return Rights{Person: person}
	}
	r.Actions = c.acting(person, t)
	if !c.hasOwn(person, t) {
		return r
	}
	// Who opened the dossier manages its circle, and records the will, while nobody named to it does.
	if person == c.Founder && !c.managed(t) {
		r.Actions = append(r.Actions, "manage_circle", "record_will")
	}
	return r
}

func addOnce(list []string, s string) []string {
	if slices.Contains(list, s) {
		return list
	}
	return append(list, s)
}

func (c Circle) managed(t time.Time) bool {
	return slices.ContainsFunc(c.everybody(), func(person string) bool {
		return c.seated(person, t).Stands() && slices.Contains(c.acting(person, t), "manage_circle")
	})
}

var maskOf = map[string]string{"ps": "MASQUE_PS", "psocial": "MASQUE_PSOCIAL", "pt": "MASQUE_PT"}

func (r Rights) masked(m Message) bool {
	return slices.ContainsFunc(r.Classes, func(class string) bool { return slices.Contains(m.Masks, maskOf[class]) })
}

func (r Rights) barredFrom(m Message) bool {
	return slices.ContainsFunc(m.Types, func(kind string) bool { return slices.Contains(r.Barred, kind) })
}

// Sees is the rule: category in rights, masks do not hit my class, no named audience or I am in it, no document of a type that one of
// my places takes from me, within my history; or I
// wrote it; and I have some standing here.
func (r Rights) Sees(m Message) bool {
	if !r.Stands() {
		return false
	}
	return m.Author == r.Person || (slices.Contains(r.Reads, m.Category) && !r.masked(m) && !r.barredFrom(m) &&
		(!m.Named || slices.Contains(m.OnlyTo, r.Person)) && !m.At.Before(r.History))
}

// Shown is the reason an ordinary author is given for somebody of the circle who will not read: the profession, whatever the
// seat, which does not read the category, or a type of documents; her own narrowing; or one word for everything that is the patient's or the circle's business.
func (c Circle) Shown(person string, m Message, t time.Time) string {
	narrowed := m.Named && !slices.Contains(m.OnlyTo, person)
	lent := false
	var seats []string
	for _, h := range c.held(person, t) {
		seats = append(seats, h.seats()...)
		lent = lent || slices.Contains(h.lent, m.Category)
		if slices.Contains(Seats, h.Seat) || h.how == "secretariat" {
			narrowed = narrowed || slices.Contains(m.Masks, maskOf[c.own(h)["mask_class"]])
		}
	}
	switch {
	case !lent && !c.Matrix.readsAnywhere(c.of(person), m.Category):
		return "profession"
	case slices.ContainsFunc(m.Types, func(kind string) bool { return c.Matrix.takes(kind, c.of(person), seats...) }):
		return "profession"
	case narrowed:
		return "narrowed"
	}
	return "no_access"
}

// Why tells the true reason, for the coverage of the tests; r are the person's rights at t.
func (c Circle) Why(r Rights, m Message, t time.Time) string {
	person := r.Person
	p := c.of(person)
	now := c.held(person, t)
	switch {
	case r.Sees(m) && m.Author == person && !slices.Contains(r.Reads, m.Category):
		return "seen: own message of a category not read"
	case r.Sees(m) && m.Author == person:
		return "seen: own message"
	case r.Sees(m) && c.onlyHanded(person, m.Category, t):
		return "seen: through somebody else"
	case r.Sees(m):
		return "seen: by rights"
	case len(c.holdings(person)) == 0:
		return "hidden: outsider"
	case !c.Matrix.knows(p):
		return "hidden: unknown profession"
	case len(now) == 0:
		return "hidden: dates"
	case !slices.ContainsFunc(now, func(h holding) bool { return slices.Contains(Seats, h.Seat) }):
		return "hidden: unknown seat"
	case !slices.ContainsFunc(now, func(h holding) bool { return c.gives(h, t) }):
		return "hidden: basis without consent"
	case m.Author == person:
		return "hidden: own message, without standing"
	case !c.Matrix.readsAnywhere(p, m.Category) && !c.lent(person, m.Category, t):
		return "hidden: profession"
	case c.withheld(person, m.Category, t):
		return "hidden: category without consent"
	case c.refused(person, m.Category, t):
		return "hidden: opposition"
	case !slices.Contains(r.Reads, m.Category) && c.alone(person, m.Category, t):
		return "hidden: beyond whom she stands in for"
	case !slices.Contains(r.Reads, m.Category):
		return "hidden: seat"
	case r.masked(m):
		return "hidden: mask"
	case m.Named && !slices.Contains(m.OnlyTo, person):
		return "hidden: named audience"
	case r.barredFrom(m):
		return "hidden: document type"
	default:
		return "hidden: history"
	}
}

// Reasons lists every answer of Why.
var Reasons = []string{
	"seen: own message of a category not read", "seen: own message", "seen: by rights", "seen: through somebody else", "hidden: outsider",
	"hidden: beyond whom she stands in for",
	"hidden: unknown profession", "hidden: dates", "hidden: unknown seat", "hidden: basis without consent",
	"hidden: own message, without standing", "hidden: profession", "hidden: category without consent", "hidden: opposition",
	"hidden: seat", "hidden: mask", "hidden: named audience", "hidden: document type", "hidden: history",
}
