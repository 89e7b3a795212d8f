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

// Seats are the places in a circle that give rights now. The others (remplacant, secretariat, expert) give none before their
// rules exist.
var Seats = []string{"medecin_traitant", "referent", "coordonnateur", "intervenant"}

// Profession is a code in its national table.
type Profession struct{ System, Code string }

// Place is a dated place of a person in the circle.
type Place struct {
	Person, Seat, Basis string
	From, Until         time.Time
	FromNowOn           bool
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
}

// Circle is one patient's circle with everything that ever held in it.
type Circle struct {
	Matrix      Matrix
	Founder     string
	Professions map[string]Profession
	Places      []Place
	Facts       []Fact
}

func during(t, from, until time.Time) bool { return !t.Before(from) && t.Before(until) }

// places are those that give a person something at t: the seat is known, the dates hold, and so does the basis.
func (c Circle) places(person string, t time.Time) []Place {
	var out []Place
	for _, p := range c.Places {
		if p.Person == person && slices.Contains(Seats, p.Seat) && during(t, p.From, p.Until) && (p.Basis != "consent" || c.consents(t)) {
			out = append(out, p)
		}
	}
	return out
}

func (c Circle) consents(t time.Time) bool {
	return slices.ContainsFunc(c.Facts, func(f Fact) bool { return f.Kind == "consent" && during(t, f.From, f.Until) })
}

// withheld: a coordinator or a case manager gets health matters only while the team holds a consent.
func (c Circle) withheld(person, category string, t time.Time) bool {
	p := c.Professions[person]
	asksConsent := p.System == "TRE_R85" && (p.Code == "330" || p.Code == "309")
	return asksConsent && slices.Contains([]string{"medical", "medication", "nursing"}, category) && !c.consents(t)
}

// refused: the patient opposes that this person, or her profession, or anybody, has this category, or anything.
func (c Circle) refused(person, category string, t time.Time) bool {
	for _, f := range c.Facts {
		if f.Kind == "opposition" && during(t, f.From, f.Until) &&
			(f.Person == "" || f.Person == person) &&
			(f.Profession == Profession{} || f.Profession == c.Professions[person]) &&
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
	if c.intruding(person, t) {
		return r
	}
	// Who opened the dossier manages its circle, and records the will, while nobody named to it does.
	if person == c.Founder && !c.managed(t) {
		r.Actions = append(r.Actions, "manage_circle", "record_will")
	}
	return r
}

// lasting are a person's places that are more than an emergency access.
func (c Circle) lasting(person string, t time.Time) []Place {
	return slices.DeleteFunc(c.places(person, t), func(p Place) bool {
		return p.Basis == "emergency" || c.Matrix.line(c.Professions[person], p.Seat) == nil
	})
}

// intruding: nothing but an emergency access gives her a place.
func (c Circle) intruding(person string, t time.Time) bool { return len(c.lasting(person, t)) == 0 }

// acting is what a person may do: of an emergency access, leave.
func (c Circle) acting(person string, t time.Time) []string {
	var seats []string
	for _, p := range c.lasting(person, t) {
		seats = addOnce(seats, p.Seat)
	}
	may := c.Matrix.actionsOf(c.Professions[person], seats)
	if c.intruding(person, t) {
		may = slices.DeleteFunc(may, func(action string) bool { return action != "end_own_membership" })
	}
	return may
}

func (c Circle) seated(person string, t time.Time) Rights {
	r := Rights{Person: person}
	profession := c.Professions[person]
	cells := make([]string, len(Categories)) // the union of her seats' lines
	for _, p := range c.places(person, t) {
		line := c.Matrix.line(profession, p.Seat)
		if line == nil {
			continue
		}
		for i, category := range Categories {
			cell := line[category]
			if p.Basis == "emergency" {
				cell = strings.ReplaceAll(cell, "a", "") // no alert asks her
			}
			cells[i] += cell
		}
		r.Seats, r.Classes = addOnce(r.Seats, p.Seat), addOnce(r.Classes, line["mask_class"])
		if p.FromNowOn && p.From.After(r.History) {
			r.History = p.From
		}
	}
	for i, category := range Categories {
		if cells[i] == "" || c.withheld(person, category, t) || c.refused(person, category, t) {
			continue
		}
		if strings.Contains(cells[i], "r") {
			r.Reads = append(r.Reads, category)
		}
		if strings.Contains(cells[i], "w") {
			r.Writes = append(r.Writes, category)
		}
		if strings.Contains(cells[i], "a") {
			r.Alerted = append(r.Alerted, category)
		}
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
	return slices.ContainsFunc(c.Places, func(p Place) bool {
		r := c.seated(p.Person, t)
		return r.Stands() && slices.Contains(c.acting(p.Person, t), "manage_circle")
	})
}

var maskOf = map[string]string{"ps": "MASQUE_PS", "psocial": "MASQUE_PSOCIAL", "pt": "MASQUE_PT"}

func (r Rights) masked(m Message) bool {
	return slices.ContainsFunc(r.Classes, func(class string) bool { return slices.Contains(m.Masks, maskOf[class]) })
}

// Sees is the rule: category in rights, masks do not hit my class, no named audience or I am in it, within my history; or I
// wrote it; and I have some standing here.
func (r Rights) Sees(m Message) bool {
	if !r.Stands() {
		return false
	}
	return m.Author == r.Person || (slices.Contains(r.Reads, m.Category) && !r.masked(m) &&
		(!m.Named || slices.Contains(m.OnlyTo, r.Person)) && !m.At.Before(r.History))
}

// Shown is the reason an ordinary author is given for somebody of the circle who will not read: the profession, whatever the
// seat; her own narrowing; or one word for everything that is the patient's or the circle's business.
func (c Circle) Shown(person string, m Message, t time.Time) string {
	if !c.Matrix.readsAnywhere(c.Professions[person], m.Category) {
		return "profession"
	}
	narrowed := m.Named && !slices.Contains(m.OnlyTo, person)
	for _, p := range c.Places {
		if p.Person == person && slices.Contains(Seats, p.Seat) && during(t, p.From, p.Until) {
			class := c.Matrix.line(c.Professions[person], p.Seat)["mask_class"]
			narrowed = narrowed || slices.Contains(m.Masks, maskOf[class])
		}
	}
	if narrowed {
		return "narrowed"
	}
	return "no_access"
}

// Why tells the true reason, for the coverage of the tests; r are the person's rights at t.
func (c Circle) Why(r Rights, m Message, t time.Time) string {
	person := r.Person
	p := c.Professions[person]
	mine := func(p Place) bool { return p.Person == person }
	now := func(p Place) bool { return mine(p) && during(t, p.From, p.Until) }
	switch {
	case r.Sees(m) && m.Author == person && !slices.Contains(r.Reads, m.Category):
		return "seen: own message of a category not read"
	case r.Sees(m) && m.Author == person:
		return "seen: own message"
	case r.Sees(m):
		return "seen: by rights"
	case !slices.ContainsFunc(c.Places, mine):
		return "hidden: outsider"
	case !c.Matrix.knows(p):
		return "hidden: unknown profession"
	case !slices.ContainsFunc(c.Places, now):
		return "hidden: dates"
	case !slices.ContainsFunc(c.Places, func(p Place) bool { return now(p) && slices.Contains(Seats, p.Seat) }):
		return "hidden: unknown seat"
	case len(c.places(person, t)) == 0:
		return "hidden: basis without consent"
	case m.Author == person:
		return "hidden: own message, without standing"
	case !c.Matrix.readsAnywhere(p, m.Category):
		return "hidden: profession"
	case c.withheld(person, m.Category, t):
		return "hidden: category without consent"
	case c.refused(person, m.Category, t):
		return "hidden: opposition"
	case !slices.Contains(r.Reads, m.Category):
		return "hidden: seat"
	case r.masked(m):
		return "hidden: mask"
	case m.Named && !slices.Contains(m.OnlyTo, person):
		return "hidden: named audience"
	default:
		return "hidden: history"
	}
}

// Reasons lists every answer of Why.
var Reasons = []string{
	"seen: own message of a category not read", "seen: own message", "seen: by rights", "hidden: outsider",
	"hidden: unknown profession", "hidden: dates", "hidden: unknown seat", "hidden: basis without consent",
	"hidden: own message, without standing", "hidden: profession", "hidden: category without consent", "hidden: opposition",
	"hidden: seat", "hidden: mask", "hidden: named audience", "hidden: history",
}
