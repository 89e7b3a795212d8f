package proof

import (
	"fmt"
	"net/http"
	"time"
)

// administer hires somebody of no world who administers.
func (a *arena) administer() {
	a.admin = &person{id: newID(), profession: Profession{"TRE_R85", "359"}, name: a.word()}
	a.stock = append(a.stock, a.admin)
}

func (a *arena) word() string { return newDice(uint64(time.Now().UnixNano())).name() }

func (a *arena) promote() {
	_, err := a.owner.Exec(a.Context(), "update accounts set administrator = true where person_id = $1", a.admin.id)
	a.must(err)
}

// structure is one of the world's, made when first wanted.
func (w *world) structure() string {
	if len(w.structures) < 2 {
		id := newID()
		w.into(w.ask(w.IntN(2), w.admin, "POST", "/admin/structures", object{"id": id, "kind": "ssiad", "name": w.name()}), &struct{}{})
		w.structures = append(w.structures, id)
	}
	return pick(w.dice, w.structures)
}

// structureOne has a structure take or lose a place, or somebody begin or cease to work in one.
func (w *world) structureOne(t *team) {
	id := w.structure()
	if placed := w.truthOf(t.id).places(id); !placed || w.chance(20) {
		w.placeStructure(t, id, placed)
		return
	}
	if w.chance(30) {
		w.check(w.leaveOne(w.IntN(2), id).status == http.StatusNoContent, "somebody's time in a structure is ended")
		w.meet("structure: left")
		return
	}
	got := w.ask(w.IntN(2), w.admin, "POST", "/admin/structures/"+id+"/people", w.joining(pick(w.dice, w.people)))
	w.check(got.status == http.StatusCreated || got.status == http.StatusConflict, "joining a structure: %s", got)
	w.meet(fmt.Sprintf("structure: joined, answered %d", got.status))
}

func (w *world) placeStructure(t *team, id string, placed bool) {
	by := w.somebody(t, "manage_circle")
	if placed && w.chance(50) {
		w.expect(t, "end structure", managing(by, "manage_circle"), func() answer {
			return w.ask(w.IntN(2), by, "DELETE", "/teams/"+t.id+"/structures/"+id, nil)
		})
		w.meet("structure: place ended")
		return
	}
	body := w.place(by, "intervenant")
	delete(body, "professional_id")
	body["structure_id"] = id
	got := w.expect(t, "add structure", managing(by, "manage_circle"), func() answer {
		return w.ask(w.IntN(2), by, "POST", "/teams/"+t.id+"/structures", body)
	})
	w.meet(fmt.Sprintf("structure: place, answered %d", got.status))
}

// joining is the body of a time in a structure; some begin or end by themselves within the second.
func (w *world) joining(p *person) object {
	body := object{"id": newID(), "professional_id": p.id}
	switch w.IntN(6) {
	case 0:
		body["until"] = w.now().Add(time.Duration(300+w.IntN(1200)) * time.Millisecond)
	case 1:
		body["from"] = w.now().Add(time.Duration(300+w.IntN(900)) * time.Millisecond)
	}
	return body
}

// leaveOne ends a time in the structure that lasts, if there is one.
func (w *world) leaveOne(node int, structure string) answer {
	var id string
	w.each(w.owner, []any{&id}, func() {}, "select id::text from belongings where organisation_id = $1 and ended_at is null order by id limit 1", structure)
	if id == "" {
		return answer{status: http.StatusNoContent}
	}
	return w.ask(node, w.admin, "DELETE", "/admin/structures/"+structure+"/people/"+id, nil)
}

// places says whether the structure ever had a place in the circle.
func (t *truth) places(structure string) bool {
	for _, p := range t.Places {
		if p.Structure == structure {
			return true
		}
	}
	return false
}

// working adds what may happen of structures during a race.
func (w *world) working(acts map[string]func() answer, known *truth, node int) {
	id := w.structure()
	if !known.places(id) {
		return
	}
	body := w.joining(pick(w.dice, w.people))
	acts["in flight: structure joined"] = func() answer { return w.ask(node, w.admin, "POST", "/admin/structures/"+id+"/people", body) }
	acts["in flight: structure left"] = func() answer { return w.leaveOne(node, id) }
}
