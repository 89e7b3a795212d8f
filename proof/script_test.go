package proof

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/google/uuid"
)

// world is one random story in an arena: people, two teams of theirs, what they write, and the model's word on every answer.
type world struct {
	*arena
	dice
	seed   uint64
	people []*person
	teams  []*team
	// corridor is a circle of everybody known to the matrix: what is posted there last has been preceded by everything else.
	corridor *team
	// structures are those the world's people may work in.
	structures []string

	mu       sync.Mutex
	said     map[string][]string // every acknowledged text of a message, by its id
	files    map[string]*file    // every document announced, by its id
	read     []fileRead          // those asked for while the circle changed
	met      coverage
	compared int
}

type team struct {
	id       string
	patient  object
	channels []string
}

func newWorld(a *arena, seed uint64, people []*person) *world {
	w := &world{arena: a, dice: newDice(seed), seed: seed, people: people, said: map[string][]string{}, files: map[string]*file{}, met: coverage{}}
	w.teams = []*team{w.open(people[0]), w.open(people[w.IntN(2)])}
	w.corridor = w.open(people[0])
	return w
}

func newID() string { return uuid.Must(uuid.NewV7()).String() }

// fault reports a difference, and how to see it again.
func (w *world) fault(format string, args ...any) {
	w.Helper()
	w.Errorf("seed %d: %s", w.seed, fmt.Sprintf(format, args...))
}

// check counts a comparison, and reports it when it fails.
func (w *world) check(same bool, format string, args ...any) {
	w.Helper()
	w.mu.Lock()
	w.compared++
	w.mu.Unlock()
	if !same {
		w.fault(format, args...)
	}
}

func (w *world) meet(name string) {
	w.mu.Lock()
	w.met[name]++
	w.mu.Unlock()
}

type object = map[string]any

func (w *world) open(by *person) *team {
	w.Helper()
	born := fmt.Sprintf("%d-%02d-%02d", 1920+w.IntN(90), 1+w.IntN(12), 1+w.IntN(28))
	body := object{
		"id": newID(), "birth_name": w.name(), "given_names": w.name(), "sex": "F", "birth_date": born,
		"information": object{"given_by": "Personne", "given_at": "2026-01-05T08:00:00Z"},
	}
	if by.profession == (Profession{"TRE_G15", "10"}) && w.chance(50) {
		body["seat"] = "medecin_traitant"
	}
	var opened struct {
		TeamID string `json:"team_id"`
	}
	w.into(w.ask(w.IntN(2), by, "POST", "/patients", body), &opened)
	t := &team{id: opened.TeamID, patient: body}
	var id string
	w.each(w.owner, []any{&id}, func() { t.channels = append(t.channels, id) }, "select id::text from channels where space_id = $1 order by id", t.id)
	return t
}

// expect compares an answer with what the model foresees, when no date passed meanwhile.
func (w *world) expect(t *team, what string, foresee func(*truth, time.Time) []int, do func() answer) answer {
	w.Helper()
	before := w.truthOf(t.id)
	from := w.now()
	got := do()
	to := w.now()
	for _, edge := range before.edges {
		if edge.After(from) && !edge.After(to) {
			return got
		}
	}
	want := foresee(before, from)
	w.check(slices.Contains(want, got.status), "%s: %s, the model says %v", what, got, want)
	return got
}

// managing is what the model says of somebody who asks for an action of the circle.
func managing(by *person, action string) func(*truth, time.Time) []int {
	return func(t *truth, at time.Time) []int {
		r := t.At(by.id, at)
		switch {
		case !r.Stands():
			return []int{http.StatusNotFound}
		case !slices.Contains(r.Actions, action):
			return []int{http.StatusForbidden}
		}
		return []int{http.StatusCreated, http.StatusNoContent, http.StatusConflict, http.StatusUnprocessableEntity}
	}
}

// somebody is mostly one who may do the action, if there is one.
func (w *world) somebody(t *team, action string) *person {
	if w.chance(15) {
		return pick(w.dice, w.people)
	}
	known, at := w.truthOf(t.id), w.now()
	may := slices.DeleteFunc(slices.Clone(w.people), func(p *person) bool {
		return !slices.Contains(known.At(p.id, at).Actions, action)
	})
	if len(may) == 0 {
		return w.people[0]
	}
	return pick(w.dice, may)
}

// place is the body of a new membership; some begin or end by themselves within the second.
func (w *world) place(p *person, seat string) object {
	body := object{"id": newID(), "professional_id": p.id, "seat": seat, "basis": "care_team_3"}
	if w.chance(20) {
		body["basis"] = "consent"
	}
	body["from_now_on"] = w.chance(15)
	switch w.IntN(8) {
	case 0:
		body["until"] = w.now().Add(time.Duration(300+w.IntN(1200)) * time.Millisecond)
	case 1:
		body["from"] = w.now().Add(time.Duration(300+w.IntN(900)) * time.Millisecond)
	case 2:
		body["from"] = w.now().Add(-time.Duration(w.IntN(100)) * time.Hour)
	}
	return body
}

func (w *world) addMember(t *team, by *person, body object) answer {
	return w.expect(t, "add member", managing(by, "manage_circle"), func() answer {
		return w.ask(w.IntN(2), by, "POST", "/teams/"+t.id+"/members", body)
	})
}

func (w *world) record(t *team, by *person, body object) answer {
	body["id"] = newID()
	return w.expect(t, "record will", managing(by, "record_will"), func() answer {
		return w.ask(w.IntN(2), by, "POST", "/teams/"+t.id+"/will", body)
	})
}

func (w *world) opposition() object {
	body := object{"kind": "opposition"}
	switch w.IntN(4) {
	case 0:
		p := pick(w.dice, w.people).profession
		body["profession"] = object{"system": p.System, "code": p.Code}
	case 1:
	default:
		body["professional_id"] = pick(w.dice, w.people[2:]).id
	}
	if len(body) == 1 || w.chance(60) {
		body["category"] = pick(w.dice, Categories)
	}
	return body
}

// settle gives everybody but the last two, who stay outside, places in the teams; and some wills.
func (w *world) settle() {
	for _, p := range w.people[1:] {
		w.into(w.ask(0, w.people[0], "POST", "/teams/"+w.corridor.id+"/members", object{
			"id": newID(), "professional_id": p.id, "seat": "intervenant", "basis": "care_team_3",
		}), &struct{}{})
	}
	for _, t := range w.teams {
		for _, p := range w.people[:len(w.people)-2] {
			for range 1 + w.IntN(2) {
				seat := "intervenant"
				if w.chance(20) {
					seat = pick(w.dice, Seats)
				}
				w.addMember(t, w.somebody(t, "manage_circle"), w.place(p, seat))
			}
		}
		if w.chance(50) {
			w.record(t, w.somebody(t, "record_will"), object{"kind": "consent"})
		}
		if w.chance(50) {
			w.record(t, w.somebody(t, "record_will"), object{"kind": "non_opposition"})
		}
		for range w.IntN(3) {
			w.record(t, w.somebody(t, "record_will"), w.opposition())
		}
	}
}

// lateComer gives somebody a place when much has been said, in the first team "from now on".
func (w *world) lateComer() {
	for i, t := range w.teams {
		place := w.place(w.people[len(w.people)-2], "intervenant")
		if i == 0 {
			delete(place, "until")
			delete(place, "from")
			place["from_now_on"], place["basis"] = true, "care_team_3"
		}
		w.addMember(t, w.somebody(t, "manage_circle"), place)
	}
}

// draft is a message somebody might write: mostly of a category she writes, sometimes in a thread, narrowed, or neither.
func (w *world) draft(known *truth, r Rights, channel string) object {
	body := writing(newID(), pick(w.dice, Categories))
	if len(r.Writes) > 0 && w.chance(85) {
		body["category"] = pick(w.dice, r.Writes)
	}
	if roots := known.seenBy(r, channel); len(roots) > 0 && w.chance(35) {
		if root := pick(w.dice, roots); root.thread == "" {
			body["thread_id"] = root.ID
		}
	}
	if w.chance(30) {
		body["urgent"] = true
	}
	if w.chance(15) {
		body["masks"] = []string{pick(w.dice, []string{"MASQUE_PS", "MASQUE_PSOCIAL", "MASQUE_PT"})}
	}
	if seated := known.seated(w.now()); w.chance(15) && len(seated) > 0 {
		body["only_to"] = []string{pick(w.dice, seated), pick(w.dice, seated)}
	}
	return body
}

func (w *world) postOne(t *team) {
	channel, by := pick(w.dice, t.channels), pick(w.dice, w.people)
	known := w.truthOf(t.id)
	r := known.At(by.id, w.now())
	body := w.draft(known, r, channel)
	if w.chance(25) {
		w.enclose(t, by, body)
	}
	got := w.expect(t, "post", posting(by, body), func() answer {
		return w.ask(w.IntN(2), by, "POST", "/channels/"+channel+"/messages", body)
	})
	if got.status == http.StatusCreated {
		w.acknowledged(body["id"].(string), body["text"].(string))
	}
}

func posting(by *person, body object) func(*truth, time.Time) []int {
	return func(t *truth, at time.Time) []int {
		r := t.At(by.id, at)
		switch {
		case !r.Stands():
			return []int{http.StatusNotFound}
		case !slices.Contains(r.Writes, body["category"].(string)):
			return []int{http.StatusForbidden}
		}
		return []int{http.StatusCreated, http.StatusUnprocessableEntity} // a named member may have left meanwhile
	}
}

func (w *world) acknowledged(id, text string) {
	w.mu.Lock()
	w.said[id] = append(w.said[id], text)
	w.mu.Unlock()
}

// changeOne amends or withdraws a message: the author's own, sometimes somebody else's.
func (w *world) changeOne(t *team) {
	known := w.truthOf(t.id)
	if len(known.kept) == 0 {
		return
	}
	k := pick(w.dice, known.kept)
	by := pick(w.dice, w.people)
	for _, p := range w.people {
		if p.id == k.Author && w.chance(80) {
			by = p
		}
	}
	if w.chance(30) {
		w.expect(t, "withdraw", changing(by, k), func() answer {
			return w.ask(w.IntN(2), by, "POST", "/messages/"+k.ID+"/withdraw", object{"reason": "erreur"})
		})
		return
	}
	if w.chance(40) {
		w.narrowOne(t, known, by, k)
		return
	}
	text := fmt.Sprintf("révision %d de %s %s", k.revision+1, k.ID, wordOf(k.ID, k.revision+1))
	got := w.expect(t, "amend", changing(by, k), func() answer {
		return w.ask(w.IntN(2), by, "PATCH", "/messages/"+k.ID, object{"text": text, "reason": "faute"}, "If-Match", strconv.Itoa(k.revision))
	})
	if got.status == http.StatusOK {
		w.acknowledged(k.ID, text)
	}
}

func changing(by *person, k *kept) func(*truth, time.Time) []int {
	return func(t *truth, at time.Time) []int {
		switch {
		case !t.At(by.id, at).Sees(k.Message):
			return []int{http.StatusNotFound}
		case k.Author != by.id:
			return []int{http.StatusForbidden}
		case k.state == "withdrawn":
			return []int{http.StatusOK, http.StatusConflict, http.StatusUnprocessableEntity}
		}
		return []int{http.StatusOK}
	}
}
