package access

import (
	"slices"
	"time"

	"github.com/google/uuid"
)

// Forever is the end of what has no end.
var Forever = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

// Standing is what one person may do in one space during [From, Until).
type Standing struct {
	Person    uuid.UUID
	From      time.Time
	Until     time.Time
	Reads     Categories
	Writes    Categories
	Alerts    Categories
	MaskClass Masks
	Actions   Actions
	Seats     []string
	// History: what was posted before is not read (a membership "from now on"); zero for no limit.
	History time.Time
	// ActingFor names the structures and people through whom she stands here, besides by herself.
	ActingFor []uuid.UUID
	// Barred are the types of documents that she does not read, whatever their message's category.
	Barred []string
}

// Facts are what a message shows of itself to the rule of visibility, and nothing of its content.
type Facts struct {
	Category  Categories
	Masks     Masks
	OnlyTo    []uuid.UUID
	Author    uuid.UUID
	CreatedAt time.Time
	// Types are those of the documents posted with it.
	Types []string
}

// Visible is the rule of design: category in rights, no mask on my class, in the named audience if there is one, no document of a
// type barred from me, within my history; or I wrote it. The standing must be a current one.
func (s Standing) Visible(f Facts) bool {
	if f.Author == s.Person {
		return true
	}
	return s.Reads&f.Category != 0 &&
		s.MaskClass&f.Masks == 0 &&
		(f.OnlyTo == nil || slices.Contains(f.OnlyTo, s.Person)) &&
		!overlap(f.Types, s.Barred) &&
		!f.CreatedAt.Before(s.History)
}

// Current says whether the standing holds at t.
func (s Standing) Current(t time.Time) bool { return !t.Before(s.From) && t.Before(s.Until) }

// Managed says whether somebody among those who stand in a circle manages it.
func Managed(standings map[uuid.UUID]Standing) bool {
	for _, s := range standings {
		if s.Actions&ManageCircle != 0 {
			return true
		}
	}
	return false
}

// sameRights compares what the standing gives, whatever its dates.
func (s Standing) sameRights(o Standing) bool {
	return s.Person == o.Person && s.Reads == o.Reads && s.Writes == o.Writes && s.Alerts == o.Alerts && s.MaskClass == o.MaskClass &&
		s.Actions == o.Actions && slices.Equal(s.Seats, o.Seats) && s.History.Equal(o.History) && slices.Equal(s.ActingFor, o.ActingFor) &&
		slices.Equal(s.Barred, o.Barred)
}

// Membership is one dated place in a circle, of a person or of a structure. Via, How, Lent and Began tell of one that somebody holds
// through another: they come of expanding, and are not stored.
type Membership struct {
	Person       uuid.UUID
	Organisation uuid.UUID
	Seat         string
	Basis        string
	From         time.Time
	Until        time.Time
	FromNowOn    bool

	Via   uuid.UUID
	How   string
	Lent  Categories
	Began time.Time
}

// The facts of a patient's will.
const (
	WillInformation   = "information"
	WillNonOpposition = "non_opposition"
	WillConsent       = "consent"
	WillOpposition    = "opposition"
)

// The bases of a membership that give less than the others.
const (
	// BasisConsent gives nothing until a consent is recorded.
	BasisConsent = "consent"
	// BasisEmergency is a bris de glace (L1110-4): it reads and writes what the profession's row allows, is asked by no alert, and does
	// nothing else than end.
	BasisEmergency = "emergency"
)

// Will is a dated fact of the patient's will. An opposition concerns a person, a profession or both unset (anyone),
// and a category or all of them (0).
type Will struct {
	Kind       string
	Person     uuid.UUID
	Profession Profession
	Category   Categories
	From       time.Time
	Until      time.Time
}

// Circle is everything standings are compiled from.
type Circle struct {
	Space       uuid.UUID
	Founder     uuid.UUID
	Professions map[uuid.UUID]Profession
	// Specialities are of those who have one.
	Specialities map[uuid.UUID]string

	Memberships []Membership
	Belongings  []Belonging
	StandIns    []StandIn
	Wills       []Will
}

// Compile gives the standings of everybody in the circle from now on: matrix ∩ memberships − oppositions, cut wherever
// one of them begins or ends. Whoever may read and write nothing has no standing.
func Compile(m *Matrix, c Circle, now time.Time) []Standing {
	c = c.Expanded()
	edges := c.edges()
	var out []Standing
	for _, person := range c.people() {
		out = append(out, c.segments(m, person, edges, now)...)
	}
	return out
}

func (c Circle) people() []uuid.UUID {
	var people []uuid.UUID
	for _, m := range c.Memberships {
		if !slices.Contains(people, m.Person) {
			people = append(people, m.Person)
		}
	}
	return people
}

func (c Circle) edges() []time.Time {
	var edges []time.Time
	for _, m := range c.Memberships {
		edges = append(edges, m.From, m.Until)
	}
	for _, w := range c.Wills {
		edges = append(edges, w.From, w.Until)
	}
	slices.SortFunc(edges, time.Time.Compare)
	return slices.CompactFunc(edges, time.Time.Equal)
}

func (c Circle) segments(m *Matrix, person uuid.UUID, edges []time.Time, now time.Time) []Standing {
	var out []Standing
	for i := 0; i+1 < len(edges); i++ {
		s, ok := c.at(m, person, edges[i])
		if !ok {
			continue
		}
		s.From, s.Until = edges[i], edges[i+1]
		if n := len(out); n > 0 && out[n-1].Until.Equal(s.From) && out[n-1].sameRights(s) {
			out[n-1].Until = s.Until
			continue
		}
		out = append(out, s)
	}
	// Only after merging: an edge of somebody else's must not move the beginning of what goes on.
	return slices.DeleteFunc(out, func(s Standing) bool { return !s.Until.After(now) })
}

// at evaluates one person at one instant. Whoever opened the dossier manages its circle while nobody named to it does.
func (c Circle) at(m *Matrix, person uuid.UUID, t time.Time) (Standing, bool) {
	s, lasting, ok := c.seated(m, person, t)
	if ok && lasting && person == c.Founder && !c.managed(m, t) {
		s.Actions |= ManageCircle | RecordWill
	}
	return s, ok
}

// seated is what a person's places give her; lasting says that one of them is her own, and more than a bris de glace.
func (c Circle) seated(m *Matrix, person uuid.UUID, t time.Time) (s Standing, lasting, ok bool) {
	s.Person = person
	var held, acting []Membership
	profession := c.profession(person)
	for _, place := range c.Memberships {
		if place.Person != person || t.Before(place.From) || !t.Before(place.Until) {
			continue
		}
		row, ok := c.row(m, place, t)
		lost := c.suspended(m, place.Basis, profession, t)
		if !ok || lost == AllCategories {
			continue
		}
		row.without(lost)
		if place.Basis == BasisEmergency {
			row.Alerts = 0
		} else {
			acting = append(acting, place)
			lasting = lasting || place.How == ""
		}
		held = append(held, place)
		s.join(row, place)
		s.Barred = append(s.Barred, c.barred(m, place)...)
	}
	s.without(c.opposed(person, profession, t))
	slices.Sort(s.Seats)
	s.Barred = once(s.Barred)
	s.ActingFor = vias(held)
	s.Actions = c.actions(m, person, acting)
	if len(held) > len(acting) {
		s.Actions |= m.Actions(profession, nil) & EndOwnMembership
	}
	return s, lasting, s.Reads|s.Writes != 0
}

// join adds a seat: rights are the union of its seats' rows; of two histories the shorter, when in doubt.
func (s *Standing) join(row Row, place Membership) {
	s.Reads |= row.Reads
	s.Writes |= row.Writes
	s.Alerts |= row.Alerts
	s.MaskClass |= row.MaskClass
	for _, seat := range place.Seats() {
		if !slices.Contains(s.Seats, seat) {
			s.Seats = append(s.Seats, seat)
		}
	}
	if place.FromNowOn && place.began().After(s.History) {
		s.History = place.began()
	}
}

func (r *Row) without(c Categories) {
	r.Reads &^= c
	r.Writes &^= c
	r.Alerts &^= c
}

func (s *Standing) without(c Categories) {
	s.Reads &^= c
	s.Writes &^= c
	s.Alerts &^= c
}

func (c Circle) holds(kind string, t time.Time) bool {
	for _, w := range c.Wills {
		if w.Kind == kind && !t.Before(w.From) && t.Before(w.Until) {
			return true
		}
	}
	return false
}

// opposed gives what the patient refuses this person to have at t.
func (c Circle) opposed(person uuid.UUID, p Profession, t time.Time) Categories {
	var out Categories
	for _, w := range c.Wills {
		if w.Kind != WillOpposition || t.Before(w.From) || !t.Before(w.Until) {
			continue
		}
		if (w.Person != uuid.Nil && w.Person != person) || (w.Profession != Profession{} && w.Profession.InForce() != p) {
			continue
		}
		if w.Category == 0 {
			return AllCategories
		}
		out |= w.Category
	}
	return out
}

// managed says whether somebody named to it manages the circle at t.
func (c Circle) managed(m *Matrix, t time.Time) bool {
	return slices.ContainsFunc(c.people(), func(person uuid.UUID) bool {
		s, _, ok := c.seated(m, person, t)
		return ok && s.Actions&ManageCircle != 0
	})
}
