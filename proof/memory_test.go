package proof

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"liaison/access"
)

// compiled is a circle as package access takes it, and what it makes of it.
type compiled struct {
	circle    access.Circle
	ids       map[string]uuid.UUID
	standings map[string][]access.Standing
	facts     []access.Facts
}

func compile(c *circle, now time.Time) compiled {
	out := compiled{ids: map[string]uuid.UUID{}, standings: map[string][]access.Standing{}}
	in := access.Circle{Founder: uuid.MustParse(c.Founder), Professions: map[uuid.UUID]access.Profession{}}
	in.Specialities = map[uuid.UUID]string{}
	for id, code := range c.Specialities {
		in.Specialities[uuid.MustParse(id)] = code
	}
	for id, p := range c.Professions {
		out.ids[id] = uuid.MustParse(id)
		in.Professions[out.ids[id]] = access.Profession(p)
	}
	for _, p := range c.Places {
		in.Memberships = append(in.Memberships, access.Membership{
			Person: out.ids[p.Person], Organisation: idOf(p.Structure), Seat: p.Seat, Basis: p.Basis, From: p.From, Until: p.Until, FromNowOn: p.FromNowOn,
		})
	}
	for _, w := range c.Works {
		in.Belongings = append(in.Belongings, access.Belonging{Organisation: idOf(w.Structure), Person: out.ids[w.Person], From: w.From, Until: w.Until})
	}
	for _, s := range c.StandIns {
		in.StandIns = append(in.StandIns, access.StandIn{
			How: s.Kind, For: out.ids[s.For], By: out.ids[s.By], Lent: lentIn(s.Categories), From: s.From, Until: s.Until,
		})
	}
	for _, f := range c.Facts {
		w := access.Will{Kind: f.Kind, Profession: access.Profession(f.Profession), From: f.From, Until: f.Until}
		if f.Person != "" {
			w.Person = out.ids[f.Person]
		}
		w.Category, _ = access.ParseCategory(f.Category)
		in.Wills = append(in.Wills, w)
	}
	for _, s := range access.Compile(c.judged, in, now) {
		id := s.Person.String()
		out.standings[id] = append(out.standings[id], s)
	}
	out.circle = in.Expanded()
	for _, m := range c.messages {
		out.facts = append(out.facts, factsOf(m))
	}
	return out
}

func idOf(text string) uuid.UUID {
	if text == "" {
		return uuid.Nil
	}
	return uuid.MustParse(text)
}

func lentIn(codes []string) (lent access.Categories) {
	for _, code := range codes {
		category, _ := access.ParseCategory(code)
		lent |= category
	}
	return lent
}

func textsOf(ids []uuid.UUID) (out []string) {
	for _, id := range ids {
		out = append(out, id.String())
	}
	return out
}

func factsOf(m Message) access.Facts {
	f := access.Facts{Author: uuid.MustParse(m.Author), CreatedAt: m.At, Types: m.Types}
	f.Category, _ = access.ParseCategory(m.Category)
	for _, code := range m.Masks {
		mask, _ := access.ParseMask(code)
		f.Masks |= mask
	}
	if m.Named {
		f.OnlyTo = []uuid.UUID{}
		for _, id := range m.OnlyTo {
			f.OnlyTo = append(f.OnlyTo, uuid.MustParse(id))
		}
	}
	return f
}

// current gives the one standing that holds at t; two would be a fault by themselves.
func (x compiled) current(person string, t time.Time) (access.Standing, int) {
	var found access.Standing
	n := 0
	for _, s := range x.standings[person] {
		if s.Current(t) {
			found = s
			n++
		}
	}
	return found, n
}

// rightsOf tells a standing in the model's words.
func rightsOf(person string, s access.Standing, holds bool) Rights {
	if !holds {
		return Rights{Person: person}
	}
	classes := s.MaskClass.Codes()
	for i, code := range classes {
		for class, mask := range maskOf {
			if mask == code {
				classes[i] = class
			}
		}
	}
	return Rights{
		Person: person, Reads: s.Reads.Codes(), Writes: s.Writes.Codes(), Alerted: s.Alerts.Codes(), Actions: s.Actions.Codes(),
		Seats: slices.Clone(s.Seats), Classes: classes, History: s.History, For: textsOf(s.ActingFor), Barred: slices.Clone(s.Barred),
	}
}

func (r Rights) equal(o Rights) bool {
	same := func(a, b []string) bool {
		slices.Sort(a)
		slices.Sort(b)
		return slices.Equal(slices.Compact(a), slices.Compact(b))
	}
	return same(r.Reads, o.Reads) && same(r.Writes, o.Writes) && same(r.Alerted, o.Alerted) && same(r.Actions, o.Actions) &&
		same(r.Seats, o.Seats) && same(r.For, o.For) && same(r.Barred, o.Barred) && same(r.Classes, o.Classes) && r.History.Equal(o.History)
}

// judge compares one circle with the model at every instant from now on, and gives the first difference.
func judge(seed uint64, matrices []bothMatrices, met coverage) (comparisons int, difference string) {
	c := randomCircle(seed, matrices)
	instants := c.instants()
	now := instants[newDice(seed^1).IntN(len(instants)/2)]
	x := compile(c, now)
	for _, at := range instants {
		if at.Before(now) {
			continue
		}
		for _, person := range c.people {
			n, difference := c.judgeAt(x, person, at, met)
			comparisons += n
			if difference != "" {
				return comparisons, fmt.Sprintf("seed %d, compiled at %s: %s (%v) at %s: %s", seed, now, person, c.Professions[person], at, difference)
			}
		}
	}
	return comparisons, ""
}

func (c *circle) judgeAt(x compiled, person string, at time.Time, met coverage) (int, string) {
	s, n := x.current(person, at)
	if n > 1 {
		return 1, fmt.Sprintf("%d standings at once", n)
	}
	want, got := c.At(person, at), rightsOf(person, s, n == 1)
	if !want.equal(got) {
		return 1, fmt.Sprintf("rights\n got %+v\nwant %+v", got, want)
	}
	for i, m := range c.messages {
		sees := n == 1 && s.Visible(x.facts[i])
		if sees != want.Sees(m) {
			return i + 2, fmt.Sprintf("sees %+v: %v, the model says %v", m, sees, want.Sees(m))
		}
		if i == at.Nanosecond()/1000%len(c.messages) { // a sixth is enough to count
			why := c.Why(want, m, at)
			met[why]++
			if told := x.told(c.judged, person, i, at); !slices.Contains(toldAs[why], told) {
				return i + 2, fmt.Sprintf("%+v is explained by %q, the model says %s", m, told, why)
			}
		}
		if sees {
			continue
		}
		told, _ := c.judged.Reason(access.Seated{
			Person: x.ids[person], Profession: access.Profession(c.Professions[person]), Speciality: c.Specialities[person],
			Seats: c.seatsAt(person, at), Lent: lentIn(c.lentAt(person, at)),
		}, x.facts[i])
		shown := string(told)
		if shown != c.Shown(person, m, at) {
			return i + 2, fmt.Sprintf("reason of %+v: %s, the model says %s", m, shown, c.Shown(person, m, at))
		}
		if i == 0 {
			met["shown: "+shown]++
		}
	}
	return 1 + 2*len(c.messages), ""
}

// told is the link that refuses the message in the explanation given afterwards; "" where none does.
func (x compiled) told(m *access.Matrix, person string, message int, at time.Time) string {
	if !slices.ContainsFunc(x.circle.Memberships, func(p access.Membership) bool { return p.Person == x.ids[person] }) {
		return "outsider"
	}
	chain := x.circle.Chain(m, x.ids[person], x.facts[message], at)
	if last := chain.Links[len(chain.Links)-1]; !last.OK {
		return last.Code
	}
	return ""
}

// toldAs lists how each true reason may be explained: where several hold, the explanation names the first.
var toldAs = map[string][]string{
	"seen: own message of a category not read": {""}, "seen: own message": {""}, "seen: by rights": {""}, "seen: through somebody else": {""}, "hidden: outsider": {"outsider"},
	"hidden: unknown profession": {"identity"}, "hidden: dates": {"seat"}, "hidden: unknown seat": {"rule", "through", "author"},
	"hidden: basis without consent": {"rule", "through", "consent", "author"}, "hidden: own message, without standing": {"author"},
	"hidden: profession": {"rule"}, "hidden: category without consent": {"rule", "through", "consent"},
	"hidden: opposition": {"rule", "through", "consent", "opposition"}, "hidden: beyond whom she stands in for": {"rule", "through", "consent"},
	"hidden: seat": {"rule", "through", "consent"}, "hidden: mask": {"masks", "history"}, "hidden: named audience": {"audience", "history"},
	"hidden: document type": {"document_type", "history"},
	"hidden: history":       {"history"},
}

// seatsAt are the seats a circle's page shows.
func (c *circle) seatsAt(person string, at time.Time) []string {
	var out []string
	for _, h := range c.held(person, at) {
		out = append(out, h.seats()...)
	}
	return out
}

func (c *circle) lentAt(person string, at time.Time) (out []string) {
	for _, h := range c.held(person, at) {
		out = append(out, h.lent...)
	}
	return out
}

const worldsInMemory = 10_000

// Ten thousand random circles: what access compiles and decides is what the model says, at every date and a microsecond
// before and after it.
func TestStandingsAgreeWithTheModel(t *testing.T) {
	t.Parallel()
	todo := seeds(t, worldsInMemory)
	matrices := randomMatrices(t)
	var mu sync.Mutex
	var wg sync.WaitGroup
	met, comparisons := coverage{}, 0
	for part := range slices.Chunk(todo, len(todo)/min(runtime.NumCPU(), len(todo))+1) {
		wg.Go(func() {
			mine, n := coverage{}, 0
			for _, seed := range part {
				more, difference := judge(seed, matrices, mine)
				n += more
				if difference != "" {
					t.Errorf("%s\nagain: go test ./proof -run %s -seed %d", difference, t.Name(), seed)
					break
				}
			}
			mu.Lock()
			defer mu.Unlock()
			met.add(mine)
			comparisons += n
		})
	}
	wg.Wait()
	t.Logf("%d worlds, seeds %d to %d, %d comparisons%s", len(todo), todo[0], todo[len(todo)-1], comparisons, met)
	if len(todo) > 1 {
		requireMet(t, met, append(slices.Clone(Reasons), "shown: profession", "shown: narrowed", "shown: no_access"))
	}
}

func requireMet(t *testing.T, met coverage, wanted []string) {
	t.Helper()
	var missing []string
	for _, name := range wanted {
		if met[name] == 0 {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		t.Errorf("never met: %s", strings.Join(missing, "; "))
	}
}
