package teams

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"liaison/access"
	"liaison/professions"
)

// Team is a circle as one of its members sees it.
type Team struct {
	TeamItem
	// Members are those who have a place now or will have one; Ended those who had one, for who manages the circle, and for
	// everybody her own.
	Members []Member `json:"members"`
	Ended   []Member `json:"ended"`
	// Structures are those that have a place, or will have one; who works there stands among the members.
	Structures []StructurePlace `json:"structures"`
	My         Rights           `json:"my"`
	// Managed says that somebody manages the circle now; where nobody does, who may open dossiers names a manager.
	Managed bool `json:"managed"`
}

// Member is one person's place in the circle; several memberships of one person are one member.
type Member struct {
	ID           uuid.UUID          `json:"id"` // of the first membership shown
	Professional professions.Person `json:"professional"`
	Seats        []string           `json:"seats"`
	Basis        string             `json:"basis"`
	From         time.Time          `json:"from"`
	Until        *time.Time         `json:"until"`
	Periods      []Period           `json:"periods"`
	Through      []Through          `json:"through,omitempty"` // of the places she holds now that are not her own
	// Reads and Writes are what she may do now: for herself and for who sees full reasons. To the others only what the
	// matrix gives her profession at her seats: the patient's will is nobody's business.
	Reads            []string `json:"reads,omitzero"`
	Writes           []string `json:"writes,omitzero"`
	ProfessionReads  []string `json:"profession_reads"`
	ProfessionWrites []string `json:"profession_writes"`
}

// Period is one membership.
type Period struct {
	ID        uuid.UUID  `json:"id"`
	Seat      string     `json:"seat"`
	Basis     string     `json:"basis"`
	From      time.Time  `json:"from"`
	Until     *time.Time `json:"until"`
	FromNowOn bool       `json:"from_now_on"`
	// Through is how a place is held that is not her own.
	Through *Through `json:"through,omitempty"`
}

// Through is through whom a place is held: as one of those who work in a structure, or as somebody's remplaçant or secretary.
type Through struct {
	Kind string    `json:"kind" enum:"structure,replacement,secretariat"`
	ID   uuid.UUID `json:"id"`
	Name string    `json:"name"`
}

// Rights are the viewer's own here and now.
type Rights struct {
	Reads           []string `json:"reads"`
	Writes          []string `json:"writes"`
	Alerts          []string `json:"alerts"`
	Actions         []string `json:"actions"`
	DefaultCategory *string  `json:"default_category"`
}

// Get gives one circle.
func (s *Service) Get(ctx context.Context, actor access.Actor, team uuid.UUID) (Team, error) {
	all, err := s.likenesses(ctx, actor)
	if err != nil {
		return Team{}, err
	}
	var d dossier
	var c circle
	err = s.gate.Read(ctx, actor, access.Space(team), "team.read", func(g access.Grant) error {
		if d, err = dossierOf(ctx, g); err != nil {
			return err
		}
		c, err = s.readCircle(ctx, g)
		g.Note("members", len(c.people))
		return err
	})
	if err != nil {
		return Team{}, err
	}
	people, err := s.persons(ctx, c.named())
	if err != nil {
		return Team{}, err
	}
	c.nameThrough(people)
	out := Team{TeamItem: itemOf(d, c.standing, c.channels), My: rightsOf(c.standing, professionOf(people[actor.Person])), Managed: access.Managed(c.standings)}
	out.OwnPlace = c.ownPlace()
	out.Patient.Homonyms = d.likeness().homonyms(all)
	out.Members, out.Ended = c.members(people)
	out.Structures = c.structures
	return out, nil
}

func rightsOf(st access.Standing, p access.Profession) Rights {
	return Rights{st.Reads.Codes(), st.Writes.Codes(), st.Alerts.Codes(), st.Actions.Codes(), defaultCategory(p, st.Writes)}
}

// circle is what is read of a circle under its grant.
type circle struct {
	viewer     uuid.UUID
	standing   access.Standing
	at         time.Time
	manages    bool
	full       bool
	channels   []Channel
	places     []place
	people     []uuid.UUID
	through    map[uuid.UUID]string // names of the structures and people through whom places are held
	structures []StructurePlace
	standings  map[uuid.UUID]access.Standing
	matrix     *access.Matrix
}

// place is somebody's place, her own or held through another.
type place struct {
	Period
	person uuid.UUID
	until  time.Time
	seats  []string
}

func (p place) state(at time.Time) int {
	switch {
	case !at.Before(p.until), !p.From.Before(p.until): // the second was ended before it began
		return ended
	case at.Before(p.From):
		return future
	}
	return current
}

const (
	current = iota
	future
	ended
)

func (s *Service) readCircle(ctx context.Context, g access.Grant) (circle, error) {
	c := circle{
		viewer: g.Actor().Person, standing: g.Standing(), at: g.At(),
		manages: g.Can(access.ManageCircle), full: g.Can(access.SeeFullReasons),
	}
	b := &pgx.Batch{}
	b.Queue("select id, kind from channels where space_id = $1 order by kind, id", g.Space()).Query(c.scanChannels)
	b.Queue(`select id, person_id, seat, basis, valid_from, valid_until, from_now_on from memberships where space_id = $1
		and person_id is not null order by valid_from, id`, g.Space()).Query(c.scanPlaces)
	b.Queue(structurePlaces+" where m.space_id = $1 order by o.name, m.valid_from, m.id", g.Space()).Query(c.scanStructures)
	if err := g.Tx().SendBatch(ctx, b).Close(); err != nil {
		return c, fmt.Errorf("read circle: %w", err)
	}
	err := c.addHanded(ctx, g)
	if err != nil {
		return c, err
	}
	if c.matrix, err = s.gate.Matrix(ctx, g.Tx()); err != nil {
		return c, err
	}
	c.standings, err = g.StandingsIn(ctx)
	return c, err
}

// ownPlace says whether the viewer has a place here that she may hand on.
func (c *circle) ownPlace() bool {
	return slices.ContainsFunc(c.places, func(p place) bool {
		return p.person == c.viewer && p.Through == nil && p.Basis != access.BasisEmergency && p.state(c.at) != ended
	})
}

func (c *circle) scanChannels(rows pgx.Rows) error {
	for rows.Next() {
		var ch Channel
		if err := rows.Scan(&ch.ID, &ch.Kind); err != nil {
			return err
		}
		c.channels = append(c.channels, ch)
	}
	return rows.Err()
}

// scanPlaces keeps what the viewer may see: ended places only of herself, or for who manages the circle.
func (c *circle) scanPlaces(rows pgx.Rows) error {
	for rows.Next() {
		var p place
		if err := rows.Scan(&p.ID, &p.person, &p.Seat, &p.Basis, &p.From, &p.until, &p.FromNowOn); err != nil {
			return err
		}
		p.seats = []string{p.Seat}
		c.keep(p)
	}
	return rows.Err()
}

func (c *circle) keep(p place) {
	p.From, p.Until = p.From.UTC(), untilOf(p.until)
	if p.state(c.at) == ended && !c.manages && p.person != c.viewer {
		return
	}
	c.places = append(c.places, p)
	if !slices.Contains(c.people, p.person) {
		c.people = append(c.people, p.person)
	}
}

func untilOf(t time.Time) *time.Time {
	if !t.Before(access.Forever) {
		return nil
	}
	t = t.UTC()
	return &t
}

// members groups the places by person, in the order of names: those of now and to come, and those that ended.
func (c *circle) members(people map[uuid.UUID]professions.Person) (members, past []Member) {
	members, past = []Member{}, []Member{}
	for _, id := range c.people {
		m, state := c.member(people[id])
		if state == ended {
			past = append(past, m)
			continue
		}
		members = append(members, m)
	}
	slices.SortStableFunc(members, byName)
	slices.SortStableFunc(past, byName)
	return members, past
}

func byName(a, b Member) int { return byFamilyName(a.Professional, b.Professional) }

func byFamilyName(a, b professions.Person) int { return strings.Compare(orderOf(a), orderOf(b)) }

func orderOf(p professions.Person) string {
	return givenKey(p.FamilyName) + " " + givenKey(p.GivenName)
}

// member is one person: seen by her places of now; without any by those to come, else by the ended ones.
func (c *circle) member(person professions.Person) (Member, int) {
	m := Member{Professional: person, Seats: []string{}, Periods: []Period{}}
	state := ended
	for _, p := range c.places {
		if p.person == person.ID {
			state = min(state, p.state(c.at))
		}
	}
	for _, p := range c.places {
		if p.person != person.ID {
			continue
		}
		m.Periods = append(m.Periods, p.Period)
		if p.state(c.at) == state {
			m.add(p)
		}
	}
	c.addRights(&m)
	return m, state
}

func (m *Member) add(p place) {
	if len(m.Seats) == 0 {
		m.ID, m.Basis, m.From, m.Until = p.ID, p.Basis, p.From, p.Until
	}
	for _, seat := range p.seats {
		if !slices.Contains(m.Seats, seat) {
			m.Seats = append(m.Seats, seat)
		}
	}
	if p.Through != nil && !slices.Contains(m.Through, *p.Through) {
		m.Through = append(m.Through, *p.Through)
	}
	if m.Until != nil && (p.Until == nil || p.Until.After(*m.Until)) {
		m.Until = p.Until
	}
}

func (c *circle) addRights(m *Member) {
	var reads, writes access.Categories
	for _, seat := range m.Seats {
		row := c.matrix.At(professionOf(m.Professional), specialityOf(m.Professional), seat)
		reads |= row.Reads
		writes |= row.Writes
	}
	m.ProfessionReads, m.ProfessionWrites = reads.Codes(), writes.Codes()
	if c.full || m.Professional.ID == c.viewer {
		st := c.standings[m.Professional.ID]
		m.Reads, m.Writes = st.Reads.Codes(), st.Writes.Codes()
	}
}
