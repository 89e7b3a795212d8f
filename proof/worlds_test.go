package proof

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"liaison/access"
)

var seedFlag = flag.Uint64("seed", 0, "repeat the one world of this seed (also LIAISON_SEED)")

// seeds gives count seeds, fresh at every run, or the one that was asked for.
func seeds(t *testing.T, count int) []uint64 {
	t.Helper()
	one := *seedFlag
	if text := os.Getenv("LIAISON_SEED"); one == 0 && text != "" {
		var err error
		if one, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatalf("LIAISON_SEED: %v", err)
		}
	}
	if one != 0 {
		return []uint64{one}
	}
	first := uint64(time.Now().UnixNano()) % 1_000_000_000_000
	out := make([]uint64, count)
	for i := range out {
		out[i] = first + uint64(i)
	}
	return out
}

// dice decides everything of a world.
type dice struct{ *rand.Rand }

func newDice(seed uint64) dice { return dice{rand.New(rand.NewPCG(seed, 0x5EED))} }

func (d dice) chance(percent int) bool { return d.IntN(100) < percent }

func pick[T any](d dice, list []T) T { return list[d.IntN(len(list))] }

// id is the seed's own, so that a world can be told again.
func (d dice) id() uuid.UUID {
	var id uuid.UUID
	for i := range id {
		id[i] = byte(d.Uint32())
	}
	id[6], id[8] = id[6]&0x0f|0x70, id[8]&0x3f|0x80
	return id
}

// circle is a random circle with messages; its dates are few, so that edges meet.
type circle struct {
	Circle
	judged   *access.Matrix
	people   []string
	dates    []time.Time
	messages []Message
}

// bothMatrices is one random matrix, as the model reads it and as access does. Worlds share them: reading one is the slow part.
type bothMatrices struct {
	model  Matrix
	judged *access.Matrix
}

const matrixKinds = 100

func randomMatrices(t *testing.T) []bothMatrices {
	t.Helper()
	out := make([]bothMatrices, matrixKinds)
	for i := range out {
		categories, exceptions, policy := defaultCategories, defaultExceptions, defaultPolicy
		if i > matrixKinds/3 {
			d := newDice(uint64(i))
			categories, exceptions, policy = d.specialised(d.otherMatrix()), d.otherExceptions(), d.otherPolicy()
		}
		var err error
		if out[i].model, err = ReadMatrix(categories, defaultActions, exceptions, policy); err != nil {
			t.Fatal(err)
		}
		if out[i].judged, err = access.ParseMatrix(1, access.Tables{Categories: categories, Actions: defaultActions, Exceptions: exceptions, Policy: policy}); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

var defaultCategories, defaultActions, defaultExceptions, defaultPolicy = readTables()

// readTables reads the default matrix from the files, not through the code that is judged.
func readTables() (categories, actions, exceptions, policy string) {
	texts := [4]string{}
	for i, name := range []string{"matrix-default.csv", "matrix-actions.csv", "matrix-exceptions.csv", "matrix-policy.csv"} {
		raw, err := os.ReadFile("../access/" + name)
		if err != nil {
			panic(err)
		}
		texts[i] = string(raw)
	}
	return texts[0], texts[1], texts[2], texts[3]
}

func randomCircle(seed uint64, matrices []bothMatrices) *circle {
	d := newDice(seed)
	matrix := pick(d, matrices)
	c := &circle{judged: matrix.judged, dates: d.someDates()}
	c.Matrix = matrix.model
	d.people(c)
	d.places(c)
	d.through(c)
	d.facts(c)
	d.messages(c)
	return c
}

// named gives a profession by its code of today or, where it had another, sometimes by that one.
func (d dice) named(p Profession) Profession {
	if was, had := p.today().before(); had && d.chance(50) {
		return was
	}
	return p.today()
}

// otherMatrix changes cells, writes some professions by the code they had, and gives some professions a line of their own at a seat.
func (d dice) otherMatrix() string {
	var out []string
	for i, line := range strings.Split(strings.TrimSpace(defaultCategories), "\n") {
		out = append(out, line)
		if i == 0 || !d.chance(30) {
			continue
		}
		cells := strings.Split(line, ",")
		if p := d.named(Profession{cells[0], cells[1]}); cells[2] == "*" {
			cells[0], cells[1] = p.System, p.Code
		}
		for j := 5; j < len(cells); j++ {
			cells[j] = pick(d, []string{"-", "-", "r", "w", "rw", "ra", "rwa"})
		}
		if cells[2] != "*" || d.chance(40) {
			out[len(out)-1] = strings.Join(cells, ",")
			continue
		}
		cells[2], cells[4] = pick(d, []string{"coordonnateur", "referent", "intervenant"}), pick(d, []string{"ps", "psocial", "pt"})
		out = append(out, strings.Join(cells, ","))
	}
	return strings.Join(out, "\n") + "\n"
}

func (d dice) someDates() []time.Time {
	at := time.Date(2026, 1, 5, 8, 0, 0, 123456000, time.UTC)
	var out []time.Time
	for range 4 + d.IntN(3) {
		out = append(out, at)
		at = at.Add(pick(d, []time.Duration{time.Microsecond, time.Second, time.Hour, 40 * 24 * time.Hour}))
	}
	return out
}

func (d dice) people(c *circle) {
	c.Professions, c.Specialities = map[string]Profession{}, map[string]string{}
	var known []Profession
	for p := range c.Matrix.rows {
		known = append(known, p)
	}
	slices.SortFunc(known, func(a, b Profession) int { return strings.Compare(a.System+a.Code, b.System+b.Code) })
	for range 5 + d.IntN(3) {
		id := d.id().String()
		p := pick(d, known)
		switch d.IntN(12) {
		case 0, 1:
			p = pick(d, []Profession{{"TRE_R85", "330"}, {"TRE_R85", "309"}})
		case 2, 3, 4:
			p = pick(d, []Profession{{"TRE_G15", "10"}, {"TRE_G15", "60"}, {"TRE_G15", "21"}, {"TRE_R85", "372"}})
		case 6:
			p = pick(d, []Profession{{"TRE_G15", "35"}, {"TRE_G15", "93"}, {"TRE_R94", "42"}, {"TRE_R94", "53"}, {"TRE_R85", "350"}, {"TRE_R94", "49"}})
		case 5:
			p = pick(d, []Profession{{"TRE_G15", "00"}, {"TRE_X", "10"}, {"", ""}})
		}
		c.people, c.Professions[id] = append(c.people, id), p
		if codes := specialitiesOf[p]; codes != nil && d.chance(60) {
			c.Specialities[id] = pick(d, codes)
		}
	}
	c.Founder = pick(d, c.people)
}

// until is an end: any of the dates, also one before the beginning (ended before it began), or never.
func (d dice) until(c *circle) time.Time {
	if d.chance(50) {
		return access.Forever
	}
	return pick(d, c.dates)
}

func (d dice) places(c *circle) {
	for _, person := range c.people[1:] { // the first one is in no circle
		for range 1 + d.IntN(3) {
			p := Place{Person: person, Seat: "intervenant", Basis: "care_team_3", From: pick(d, c.dates), Until: d.until(c), FromNowOn: d.chance(15)}
			switch d.IntN(10) {
			case 0, 1, 2:
				p.Seat = pick(d, Seats)
			case 3:
				p.Seat = pick(d, []string{"expert", "remplacant", "bogus", ""})
			}
			switch {
			case d.chance(20):
				p.Basis = "consent"
			case d.chance(15):
				p.Basis, p.Seat = "emergency", pick(d, []string{"intervenant", "intervenant", "referent"})
			}
			c.Places = append(c.Places, p)
		}
	}
}

// through gives structures places, people work in them, and people act for each other.
func (d dice) through(c *circle) {
	for range d.IntN(3) {
		structure := d.id().String()
		c.Places = append(c.Places, Place{
			Structure: structure, Seat: pick(d, []string{"intervenant", "intervenant", "coordonnateur", "referent", "bogus"}), Basis: "care_team_3",
			From: pick(d, c.dates), Until: d.until(c), FromNowOn: d.chance(15),
		})
		if d.chance(25) {
			c.Places[len(c.Places)-1].Basis = "consent"
		}
		for range 1 + d.IntN(3) {
			c.Works = append(c.Works, Work{Structure: structure, Person: pick(d, c.people), From: pick(d, c.dates), Until: d.until(c)})
		}
	}
	for range d.IntN(4) {
		s := StandIn{Kind: "replacement", For: pick(d, c.people), By: pick(d, c.people), From: pick(d, c.dates), Until: d.until(c)}
		if s.For == s.By {
			continue
		}
		if d.chance(50) {
			s.Kind = "secretariat"
			for range d.IntN(3) {
				s.Categories = append(s.Categories, pick(d, Categories))
			}
		}
		c.StandIns = append(c.StandIns, s)
	}
}

func (d dice) facts(c *circle) {
	for range d.IntN(6) {
		f := Fact{Kind: "opposition", From: pick(d, c.dates), Until: d.until(c)}
		switch d.IntN(8) {
		case 0, 1, 2:
			f.Kind = "consent"
		case 3:
			f.Kind = pick(d, []string{"information", "non_opposition"})
		case 4:
			f.Profession = d.named(c.Professions[pick(d, c.people)])
		case 5, 6:
			f.Person = pick(d, c.people)
		}
		if f.Kind == "opposition" && (d.chance(60) || (f.Person == "" && f.Profession == Profession{})) {
			f.Category = pick(d, Categories)
		}
		c.Facts = append(c.Facts, f)
	}
}

func (d dice) messages(c *circle) {
	for i := range 6 {
		m := Message{ID: strconv.Itoa(i), Author: pick(d, c.people), Category: pick(d, Categories), At: pick(d, c.dates)}
		m.At = m.At.Add(time.Duration(d.IntN(3)-1) * time.Microsecond)
		for _, mask := range []string{"MASQUE_PS", "MASQUE_PSOCIAL", "MASQUE_PT", "INVISIBLE_PATIENT"} {
			if d.chance(10) {
				m.Masks = append(m.Masks, mask)
			}
		}
		if m.Named = d.chance(25); m.Named {
			for range 1 + d.IntN(3) {
				m.OnlyTo = append(m.OnlyTo, pick(d, c.people))
			}
		}
		if d.chance(40) {
			m.Types = append(m.Types, pick(d, someTypes))
		}
		if d.chance(10) {
			m.Types = append(m.Types, pick(d, someTypes))
		}
		c.messages = append(c.messages, m)
	}
}

// instants are every date, and a microsecond before and after it.
func (c *circle) instants() []time.Time {
	var out []time.Time
	for _, at := range c.dates {
		out = append(out, at.Add(-time.Microsecond), at, at.Add(time.Microsecond))
	}
	slices.SortFunc(out, time.Time.Compare)
	return slices.CompactFunc(out, time.Time.Equal)
}

// coverage counts how often each thing was met; a test that never met one has proved nothing about it.
type coverage map[string]int

func (c coverage) String() string {
	var b strings.Builder
	names := make([]string, 0, len(c))
	for name := range c {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		fmt.Fprintf(&b, "\n%10d  %s", c[name], name)
	}
	return b.String()
}

func (c coverage) add(other coverage) {
	for name, n := range other {
		c[name] += n
	}
}
