package proof

import (
	"slices"
	"strings"
	"time"
)

// Work is a time during which somebody works in a structure.
type Work struct {
	Structure, Person string
	From, Until       time.Time
}

// StandIn is somebody who acts for another in this circle: kind "replacement", or "secretariat" with what was delegated to it.
type StandIn struct {
	Kind, For, By string
	Categories    []string
	From, Until   time.Time
}

// holding is a place as one person holds it: her own (how is ""), that of a structure she works in, or that of whom she acts for.
type holding struct {
	Place
	how, through string
	lent         []string
	began        time.Time
}

// holdings are all of a person's, whenever.
func (c Circle) holdings(person string) (out []holding) {
	c.eachHolding(person, func(h holding) { out = append(out, h) })
	return out
}

// held are those of an instant.
func (c Circle) held(person string, t time.Time) (out []holding) {
	c.eachHolding(person, func(h holding) {
		if during(t, h.From, h.Until) {
			out = append(out, h)
		}
	})
	return out
}

// eachHolding finds them: one hands on one's own places only, and no emergency access.
func (c Circle) eachHolding(person string, found func(holding)) {
	for _, p := range c.Places {
		of := p.Person
		p.Person = person
		if of == person {
			found(holding{Place: p, began: p.From})
		}
		if of == "" {
			for _, w := range c.Works {
				if w.Structure == p.Structure && w.Person == person {
					within(holding{Place: p, how: "structure", through: p.Structure, began: p.From}, w.From, w.Until, found)
				}
			}
			continue
		}
		for _, s := range c.StandIns {
			if p.Basis != "emergency" && s.For == of && s.By == person {
				within(holding{Place: p, how: s.Kind, through: of, lent: s.Categories, began: p.From}, s.From, s.Until, found)
			}
		}
	}
}

// within is the holding in the time that both have, if there is any.
func within(h holding, from, until time.Time, found func(holding)) {
	if from.After(h.From) {
		h.From = from
	}
	if until.Before(h.Until) {
		h.Until = until
	}
	if h.From.Before(h.Until) {
		found(h)
	}
}

// everybody is who has, had or will have a place, of her own or through another.
func (c Circle) everybody() []string {
	var out []string
	for _, p := range c.Places {
		if p.Person != "" {
			out = addOnce(out, p.Person)
		}
	}
	for _, w := range c.Works {
		out = addOnce(out, w.Person)
	}
	for _, s := range c.StandIns {
		out = addOnce(out, s.By)
	}
	return out
}

// seats are what the holding is called: who replaces sits there too, a secretary does not.
func (h holding) seats() []string {
	switch h.how {
	case "secretariat":
		return []string{"secretariat"}
	case "replacement":
		return []string{h.Seat, "remplacant"}
	}
	return []string{h.Seat}
}

func (h holding) standsIn() bool { return h.how == "replacement" || h.how == "secretariat" }

// own is the line of the matrix of her own profession.
func (c Circle) own(h holding) map[string]string {
	if h.how == "secretariat" {
		return c.Matrix.line(c.of(h.Person), c.Specialities[h.Person], "secretariat")
	}
	return c.Matrix.line(c.of(h.Person), c.Specialities[h.Person], h.Seat)
}

// theirs is the line of whom she stands in for.
func (c Circle) theirs(h holding) map[string]string {
	return c.Matrix.line(c.of(h.through), c.Specialities[h.through], h.Seat)
}

// gives: the seat is known, the basis holds, and so do the lines of the matrix it needs.
func (c Circle) gives(h holding, t time.Time) bool {
	return slices.Contains(Seats, h.Seat) && !c.waitsWhole(h, t) && c.own(h) != nil && (!h.standsIn() || c.theirs(h) != nil)
}

// waitsWhole: the place gives nothing of anything yet.
func (c Circle) waitsWhole(h holding, t time.Time) bool {
	return !slices.ContainsFunc(Categories, func(category string) bool { return !c.waits(h.Basis, h.Person, category, t) })
}

// ownCell is what her own profession has of a category there: a secretary what is administrative, and what she was delegated, but no alerts.
func (c Circle) ownCell(h holding, category string) string {
	cell := c.own(h)[category]
	if h.how != "secretariat" {
		return cell
	}
	if slices.Contains(h.lent, category) {
		return "rw"
	}
	if category != "administrative" && category != "organisation" {
		return ""
	}
	return strings.ReplaceAll(cell, "a", "")
}

// cell is what the holding gives of a category at t.
func (c Circle) cell(h holding, category string, t time.Time) string {
	if c.waits(h.Basis, h.Person, category, t) {
		return ""
	}
	return c.rule(h, category, t)
}

// rule is what it would give if no fact were missing: of who stands in for another, the letters that both have, and nothing of what the
// other is refused or wants a fact for. No alert asks who is there in an emergency.
func (c Circle) rule(h holding, category string, t time.Time) string {
	cell := c.ownCell(h, category)
	if h.Basis == "emergency" {
		cell = strings.ReplaceAll(cell, "a", "")
	}
	if !h.standsIn() {
		return cell
	}
	if c.waits(h.Basis, h.through, category, t) || c.refused(h.through, category, t) {
		return ""
	}
	both := ""
	for _, letter := range []string{"r", "w", "a"} {
		if strings.Contains(cell, letter) && strings.Contains(c.theirs(h)[category], letter) {
			both += letter
		}
	}
	return both
}

// hasOwn: she has a place of her own that is more than an emergency access.
func (c Circle) hasOwn(person string, t time.Time) bool {
	return slices.ContainsFunc(c.held(person, t), func(h holding) bool { return c.gives(h, t) && h.how == "" && h.Basis != "emergency" })
}

// acting is what a person may do: by her own places and her structures'; what both may where she replaces; nothing as a secretary, and of
// an emergency access, leave. Only one's own place can be left.
func (c Circle) acting(person string, t time.Time) []string {
	var seats, may []string
	leaves := false
	for _, h := range c.held(person, t) {
		switch {
		case !c.gives(h, t) || h.how == "secretariat":
		case h.Basis == "emergency":
			leaves = leaves || h.how == ""
		case h.how == "replacement":
			for _, action := range c.Matrix.actionsOf(c.of(person), []string{h.Seat}) {
				if slices.Contains(c.Matrix.actionsOf(c.of(h.through), []string{h.Seat}), action) {
					may = addOnce(may, action)
				}
			}
		default:
			leaves = leaves || h.how == ""
			seats = addOnce(seats, h.Seat)
		}
	}
	mine := c.Matrix.actionsOf(c.of(person), seats)
	if len(seats) > 0 {
		for _, action := range mine {
			may = addOnce(may, action)
		}
	}
	may = slices.DeleteFunc(may, func(action string) bool { return action == "end_own_membership" })
	if leaves && slices.Contains(mine, "end_own_membership") {
		may = append(may, "end_own_membership")
	}
	return may
}

func (c Circle) seated(person string, t time.Time) Rights {
	r := Rights{Person: person}
	cells := make([]string, len(Categories)) // the union of what her places give
	for _, h := range c.held(person, t) {
		if !c.gives(h, t) {
			continue
		}
		for i, category := range Categories {
			cells[i] += c.cell(h, category, t)
		}
		r.sits(c, h)
	}
	for i, category := range Categories {
		if cells[i] == "" || c.refused(person, category, t) {
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

// sits notes the seat, the types of documents that it takes from her (from whom she stands in for too), the classes whose masks hit her (those of whom she stands in for too), and from when she may read.
func (r *Rights) sits(c Circle, h holding) {
	for _, seat := range h.seats() {
		r.Seats = addOnce(r.Seats, seat)
	}
	for _, line := range c.Matrix.exceptions {
		kind := line["document_type"]
		if c.Matrix.takes(kind, c.of(h.Person), h.seats()...) || h.standsIn() && c.Matrix.takes(kind, c.of(h.through), h.Seat) {
			r.Barred = addOnce(r.Barred, kind)
		}
	}
	r.Classes = addOnce(r.Classes, c.own(h)["mask_class"])
	if h.standsIn() {
		r.Classes = addOnce(r.Classes, c.theirs(h)["mask_class"])
	}
	if h.through != "" {
		r.For = addOnce(r.For, h.through)
	}
	if h.FromNowOn && h.began.After(r.History) {
		r.History = h.began
	}
}

func (c Circle) lent(person, category string, t time.Time) bool {
	return slices.ContainsFunc(c.held(person, t), func(h holding) bool { return slices.Contains(h.lent, category) })
}

// onlyHanded: none of the places that let her read the category is her own.
func (c Circle) onlyHanded(person, category string, t time.Time) bool {
	return !slices.ContainsFunc(c.held(person, t), func(h holding) bool {
		return h.how == "" && c.gives(h, t) && strings.Contains(c.cell(h, category, t), "r")
	})
}

// alone: by her own profession she would read the category where she stands in for somebody who does not.
func (c Circle) alone(person, category string, t time.Time) bool {
	return slices.ContainsFunc(c.held(person, t), func(h holding) bool {
		return h.standsIn() && c.gives(h, t) && strings.Contains(c.ownCell(h, category), "r")
	})
}
