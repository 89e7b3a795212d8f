package matrices

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"liaison/access"
	"liaison/audit"
)

// Simulation is what publishing a draft would change for those who have a place at that moment: counts of professionals and
// circles, some professionals by name, never a patient.
type Simulation struct {
	At             time.Time          `json:"at"`
	Teams          int                `json:"teams"`
	Memberships    int                `json:"memberships"` // people standing in a circle, summed over circles
	ChangedTeams   int                `json:"changed_teams"`
	ChangedPeople  int                `json:"changed_people"`
	UnmanagedTeams int                `json:"unmanaged_teams"` // circles somebody manages now, and nobody afterwards
	Professions    []ProfessionChange `json:"professions"`
	Actions        []ActionChange     `json:"actions"`
	Examples       []Example          `json:"examples"`
}

// Count is of how many people, in how many circles.
type Count struct {
	People int `json:"people"`
	Teams  int `json:"teams"`
}

// Right is a category, and what may be done with it: read, write, alert.
type Right struct {
	Category string `json:"category"`
	Right    string `json:"right"`
}

// RightChange is a right that is gained or lost.
type RightChange struct {
	Right
	Count
}

// ProfessionChange is what changes for a profession.
type ProfessionChange struct {
	access.Profession
	Count
	Gains  []RightChange `json:"gains"`
	Losses []RightChange `json:"losses"`
	// Masks: other masks hide messages from it.
	Masks bool `json:"masks"`
	// Documents are the types of documents that some of it read again, or no longer, in categories they read.
	Documents []DocumentChange `json:"documents,omitempty"`
}

// ActionChange is how many gain and lose an action.
type ActionChange struct {
	Action string `json:"action"`
	Gains  Count  `json:"gains"`
	Losses Count  `json:"losses"`
}

// Example is a professional whose rights change.
type Example struct {
	Person uuid.UUID `json:"person"`
	Teams  int       `json:"teams"`
	Gains  []Right   `json:"gains"`
	Losses []Right   `json:"losses"`
}

// circlesAPage bounds what a simulation holds in memory at once.
const circlesAPage = 500

// Simulate compiles every circle with the present matrix and with the draft, as publishing would, and keeps with the draft what
// differs. Errors: ErrUnknown, ErrEnded, ErrRevision when it was changed meanwhile.
func (s *Service) Simulate(ctx context.Context, actor access.Actor, id uuid.UUID) (Draft, error) {
	d, err := s.atDraft(ctx, actor, "matrix.simulate", id, func(pgx.Tx, Draft) error { return nil })
	if err != nil {
		return Draft{}, err
	}
	found, err := s.compare(ctx, d.Tables)
	if err != nil {
		return Draft{}, err
	}
	told, err := json.Marshal(found)
	if err != nil {
		return Draft{}, err
	}
	return s.atDraft(ctx, actor, "matrix.simulate", id, func(tx pgx.Tx, now Draft) error {
		if now.Revision != d.Revision {
			return ErrRevision
		}
		_, err := tx.Exec(ctx, "update matrix_drafts set simulation = $2, simulated_at = $3, simulated_revision = revision where id = $1", id, told, found.At)
		if err != nil {
			return fmt.Errorf("keep simulation: %w", err)
		}
		return audit.Write(ctx, tx, line(actor, "matrix.simulate", id, map[string]any{"revision": d.Revision, "teams": found.Teams, "people": found.ChangedPeople}))
	})
}

func (s *Service) compare(ctx context.Context, to Tables) (Simulation, error) {
	after, err := to.Parse(0)
	if err != nil {
		return Simulation{}, err
	}
	before, err := s.gate.Matrix(ctx, s.db.Pool)
	if err != nil {
		return Simulation{}, err
	}
	t := newTally(before, after, time.Now())
	var last uuid.UUID
	for {
		circles, err := s.gate.CirclesAfter(ctx, last, circlesAPage)
		if err != nil {
			return Simulation{}, err
		}
		for _, c := range circles {
			t.add(c)
			last = c.Space
		}
		if len(circles) < circlesAPage {
			return t.simulation(), nil
		}
	}
}

// tally counts over circles.
type tally struct {
	before, after *access.Matrix
	sum           Simulation
	counted       map[change]*count
	types         map[typeChange]*count
	professions   map[access.Profession]*count
	masks         map[access.Profession]bool
	people        map[uuid.UUID]*changed
}

// change is one right that a profession gains or loses; of an action Category is empty.
type change struct {
	profession access.Profession
	Right
	gained bool
}

type count struct {
	people map[uuid.UUID]bool
	teams  int
	last   uuid.UUID // the circle counted last
}

func (c *count) add(person, team uuid.UUID) {
	c.people[person] = true
	if c.last != team {
		c.teams, c.last = c.teams+1, team
	}
}

func (c *count) Count() Count { return Count{len(c.people), c.teams} }

// changed is what changes for a person over all her circles.
type changed struct {
	profession    access.Profession
	count         count
	gains, losses map[Right]bool
}

func newTally(before, after *access.Matrix, at time.Time) *tally {
	return &tally{
		before: before, after: after, sum: Simulation{At: at}, counted: map[change]*count{}, types: map[typeChange]*count{}, professions: map[access.Profession]*count{},
		masks: map[access.Profession]bool{}, people: map[uuid.UUID]*changed{},
	}
}

func (t *tally) add(c access.Circle) {
	was, will := t.standing(t.before, c), t.standing(t.after, c)
	t.sum.Teams++
	t.sum.Memberships += len(was)
	if access.Managed(was) && !access.Managed(will) {
		t.sum.UnmanagedTeams++
	}
	touched := false
	for person, profession := range c.Professions {
		touched = t.compare(c.Space, person, profession, was[person], will[person]) || touched
	}
	if touched {
		t.sum.ChangedTeams++
	}
}

func (t *tally) standing(m *access.Matrix, c access.Circle) map[uuid.UUID]access.Standing {
	out := map[uuid.UUID]access.Standing{}
	for _, s := range access.Compile(m, c, t.sum.At) {
		if s.Current(t.sum.At) {
			out[s.Person] = s
		}
	}
	return out
}

// compare counts what differs for one person in one circle, and says whether anything does.
func (t *tally) compare(team, person uuid.UUID, profession access.Profession, was, will access.Standing) bool {
	gains, losses := difference(was, will)
	masks := was.Reads|was.Writes != 0 && will.Reads|will.Writes != 0 && was.MaskClass != will.MaskClass
	types := t.compareTypes(team, person, profession, was, will)
	if len(gains)+len(losses) == 0 && !masks && !types {
		return false
	}
	t.masks[profession] = t.masks[profession] || masks
	counter(t.professions, profession).add(person, team)
	p := t.people[person]
	if p == nil {
		p = &changed{profession, count{people: map[uuid.UUID]bool{}}, map[Right]bool{}, map[Right]bool{}}
		t.people[person] = p
	}
	p.count.add(person, team)
	for _, r := range gains {
		counter(t.counted, change{profession, r, true}).add(person, team)
		p.gains[r] = true
	}
	for _, r := range losses {
		counter(t.counted, change{profession, r, false}).add(person, team)
		p.losses[r] = true
	}
	return true
}

func counter[K comparable](of map[K]*count, key K) *count {
	if of[key] == nil {
		of[key] = &count{people: map[uuid.UUID]bool{}}
	}
	return of[key]
}

// difference lists what one standing gives and the other does not, both ways.
func difference(was, will access.Standing) (gains, losses []Right) {
	for _, r := range []struct {
		name      string
		was, will access.Categories
	}{{"read", was.Reads, will.Reads}, {"write", was.Writes, will.Writes}, {"alert", was.Alerts, will.Alerts}} {
		for _, code := range (r.will &^ r.was).Codes() {
			gains = append(gains, Right{code, r.name})
		}
		for _, code := range (r.was &^ r.will).Codes() {
			losses = append(losses, Right{code, r.name})
		}
	}
	for _, code := range (will.Actions &^ was.Actions).Codes() {
		gains = append(gains, Right{"", code})
	}
	for _, code := range (was.Actions &^ will.Actions).Codes() {
		losses = append(losses, Right{"", code})
	}
	return gains, losses
}

func (t *tally) simulation() Simulation {
	out := t.sum
	out.ChangedPeople = len(t.people)
	out.Professions, out.Actions, out.Examples = t.byProfession(), t.byAction(), t.examples()
	return out
}

func (t *tally) byProfession() []ProfessionChange {
	out := []ProfessionChange{}
	for p, c := range t.professions {
		one := ProfessionChange{Profession: p, Count: c.Count(), Gains: []RightChange{}, Losses: []RightChange{}, Masks: t.masks[p], Documents: t.documents(p)}
		for key, n := range t.counted {
			switch {
			case key.profession != p || key.Category == "":
			case key.gained:
				one.Gains = append(one.Gains, RightChange{key.Right, n.Count()})
			default:
				one.Losses = append(one.Losses, RightChange{key.Right, n.Count()})
			}
		}
		slices.SortFunc(one.Gains, func(a, b RightChange) int { return compareRights(a.Right, b.Right) })
		slices.SortFunc(one.Losses, func(a, b RightChange) int { return compareRights(a.Right, b.Right) })
		out = append(out, one)
	}
	slices.SortFunc(out, func(a, b ProfessionChange) int {
		return cmp.Or(b.People-a.People, cmp.Compare(a.System, b.System), cmp.Compare(a.Code, b.Code))
	})
	return out
}

func (t *tally) byAction() []ActionChange {
	out := []ActionChange{}
	for _, code := range access.ActionCodes {
		one := ActionChange{Action: code, Gains: t.ofAction(code, true), Losses: t.ofAction(code, false)}
		if one.Gains != (Count{}) || one.Losses != (Count{}) {
			out = append(out, one)
		}
	}
	return out
}

// ofAction adds up professions; a circle where two of them change counts once for each.
func (t *tally) ofAction(code string, gained bool) (sum Count) {
	for key, n := range t.counted {
		if key.Category == "" && key.Right.Right == code && key.gained == gained {
			sum.People += len(n.people)
			sum.Teams += n.teams
		}
	}
	return sum
}

const (
	examplesAProfession = 3
	examplesMost        = 30
)

// examples names, of each profession, those for whom it changes in the most circles.
func (t *tally) examples() []Example {
	people := make([]uuid.UUID, 0, len(t.people))
	for id := range t.people {
		people = append(people, id)
	}
	slices.SortFunc(people, func(a, b uuid.UUID) int {
		return cmp.Or(t.people[b].count.teams-t.people[a].count.teams, slices.Compare(a[:], b[:]))
	})
	out := []Example{}
	shown := map[access.Profession]int{}
	for _, id := range people {
		p := t.people[id]
		if shown[p.profession] == examplesAProfession || len(out) == examplesMost {
			continue
		}
		shown[p.profession]++
		out = append(out, Example{Person: id, Teams: p.count.teams, Gains: sorted(p.gains), Losses: sorted(p.losses)})
	}
	return out
}

func sorted(of map[Right]bool) []Right {
	out := []Right{}
	for r := range of {
		out = append(out, r)
	}
	slices.SortFunc(out, compareRights)
	return out
}

// compareRights orders as the matrix does: its categories, then actions; read before write before alert.
func compareRights(a, b Right) int {
	place := func(r Right) int {
		if r.Category == "" {
			return len(access.CategoryCodes)*3 + slices.Index(access.ActionCodes, r.Right)
		}
		return slices.Index(access.CategoryCodes, r.Category)*3 + slices.Index([]string{"read", "write", "alert"}, r.Right)
	}
	return place(a) - place(b)
}
