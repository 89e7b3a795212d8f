package proof

import (
	"net/http"
	"slices"
	"sync"
)

// race posts from both nodes while the circle changes under the posters: a place ends or begins, the patient opposes,
// consents or withdraws consent.
func (w *world) race(t *team) {
	var wg sync.WaitGroup
	known, at := w.truthOf(t.id), w.now()
	for n := range 3 {
		mine := newDice(w.seed*31 + uint64(n))
		wg.Go(func() {
			for range 5 {
				w.postInFlight(mine, t, known.At(pick(mine, w.people).id, at), n%2)
			}
		})
	}
	for n := range 2 {
		mine := newDice(w.seed*37 + uint64(n))
		if len(known.filed) > 0 {
			wg.Go(func() {
				for range 8 {
					w.readInFlight(pick(mine, w.people), pick(mine, known.filed), pick(mine, []string{"", "/content", "/thumbnail"}), n)
				}
			})
		}
	}
	change := w.change(t, known)
	wg.Go(change)
	wg.Wait()
}

// postInFlight posts by what was so a moment ago. Whatever it is answered, it is answered precisely.
func (w *world) postInFlight(d dice, t *team, r Rights, node int) {
	category := pick(d, Categories)
	if len(r.Writes) > 0 {
		category = pick(d, r.Writes)
	}
	id := newID()
	by := w.people[slices.IndexFunc(w.people, func(p *person) bool { return p.id == r.Person })]
	body := writing(id, category)
	got := w.ask(node, by, "POST", "/channels/"+pick(d, t.channels)+"/messages", body)
	switch got.status {
	case http.StatusCreated:
		w.acknowledged(id, textOf(id))
		w.meet("in flight: posted")
	case http.StatusNotFound, http.StatusForbidden:
		w.meet("in flight: refused")
	default:
		w.fault("a post in flight was answered %s", got)
	}
}

// change chooses what happens during the race and gives the act.
func (w *world) change(t *team, known *truth) func() {
	manager, recorder := w.somebody(t, "manage_circle"), w.somebody(t, "record_will")
	target := pick(w.dice, w.people[1:])
	node := w.IntN(2)
	acts := map[string]func() answer{
		"in flight: place ended": func() answer {
			return w.ask(node, manager, "DELETE", "/teams/"+t.id+"/members/"+target.id, nil)
		},
		"in flight: left": func() answer {
			return w.ask(node, target, "DELETE", "/teams/"+t.id+"/members/"+target.id, nil)
		},
		"in flight: place given": func() answer {
			return w.ask(node, manager, "POST", "/teams/"+t.id+"/members", object{
				"id": newID(), "professional_id": target.id, "seat": "intervenant", "basis": "care_team_3", "from_now_on": target.id[35] < '8',
			})
		},
		"in flight: person opposed": func() answer {
			return w.ask(node, recorder, "POST", "/teams/"+t.id+"/will", object{"id": newID(), "kind": "opposition", "professional_id": target.id})
		},
		"in flight: category opposed": func() answer {
			return w.ask(node, recorder, "POST", "/teams/"+t.id+"/will", object{"id": newID(), "kind": "opposition", "category": "organisation"})
		},
		"in flight: profession opposed": func() answer {
			p := target.profession
			return w.ask(node, recorder, "POST", "/teams/"+t.id+"/will", object{
				"id": newID(), "kind": "opposition", "profession": object{"system": p.System, "code": p.Code}, "category": "organisation",
			})
		},
		"in flight: consent given": func() answer {
			return w.ask(node, recorder, "POST", "/teams/"+t.id+"/will", object{"id": newID(), "kind": "consent"})
		},
	}
	w.handing(acts, known, node)
	w.working(acts, known, node)
	if len(known.kept) > 0 {
		k := pick(w.dice, known.kept)
		author := w.people[slices.IndexFunc(w.people, func(p *person) bool { return p.id == k.Author })]
		body := w.narrowing(known, k)
		acts["in flight: narrowed"] = func() answer { return w.narrow(node, author, k, body) }
	}
	consents := []string{}
	var id string
	w.each(w.owner, []any{&id}, func() { consents = append(consents, id) }, `select w.id::text from wills w where w.space_id = $1 and w.kind = 'consent' and w.withdraws is null
		and not exists (select from wills x where x.withdraws = w.id)`, t.id)
	if len(consents) > 0 {
		acts["in flight: consent withdrawn"] = func() answer {
			return w.ask(node, recorder, "POST", "/teams/"+t.id+"/will", object{"id": newID(), "kind": "consent", "withdraws": consents[0]})
		}
	}
	return w.act(acts)
}

func (w *world) act(acts map[string]func() answer) func() {
	names := make([]string, 0, len(acts))
	for name := range acts {
		names = append(names, name)
	}
	slices.Sort(names)
	name := pick(w.dice, names)
	return func() {
		got := acts[name]()
		switch {
		case got.status/100 == 2:
			w.meet(name)
		case got.status/100 != 4:
			w.fault("%s: answered %s", name, got)
		}
	}
}

// still waits until no standing will change by itself.
func (w *world) still() {
	w.wait("every boundary passed", func() bool {
		var due int
		// Also of those who never had a standing: their places have no boundary, and are told in the circle's list.
		w.must(w.owner.QueryRow(w.Context(), `select (select count(*) from boundaries where at < now() + interval '1 hour')
			+ (select count(*) from stand_ins where valid_from between now() and now() + interval '1 hour'
				or valid_until between now() and now() + interval '1 hour')
			+ (select count(*) from belongings where valid_from between now() and now() + interval '1 hour'
				or valid_until between now() and now() + interval '1 hour')
			+ (select count(*) from memberships where valid_from between now() and now() + interval '1 hour'
				or valid_until between now() and now() + interval '1 hour')`).Scan(&due))
		return due == 0
	})
}

// quiet waits until every socket was given everything. What a node did not hear of, it finds from the database all at once and
// in no order of channels; so it was given everything when it hands out something that followed that.
func (w *world) quiet(live []*device) {
	for _, n := range []int{0, 1, 0} {
		come := w.sentinel(n, live)
		w.wait("the sentinel at every socket", func() bool {
			come = slices.DeleteFunc(come, func(c chan struct{}) bool {
				select {
				case <-c:
					return true
				default:
					return false
				}
			})
			return len(come) == 0
		})
	}
}

// sentinel posts in the corridor through one node, and gives what closes where it comes.
func (w *world) sentinel(n int, live []*device) []chan struct{} {
	id := newID()
	known := w.truthOf(w.corridor.id)
	var come []chan struct{}
	for _, d := range live {
		if slices.Contains(known.At(d.id, w.now()).Reads, "organisation") {
			come = append(come, d.expects(id))
		}
	}
	got := w.ask(n, w.people[0], "POST", "/channels/"+w.corridor.channels[0]+"/messages", writing(id, "organisation"))
	if got.status != http.StatusCreated {
		w.Fatalf("seed %d: sentinel: %s", w.seed, got)
	}
	w.acknowledged(id, textOf(id))
	return come
}

// agreeInFlight compares what was posted during the race with the model at the very instant of its commit.
func (w *world) agreeInFlight(t *truth) {
	for _, k := range t.kept {
		r := t.At(k.Author, k.told[0])
		w.check(slices.Contains(r.Writes, k.at(1).Category), "%s of %s was posted by %s who could not write it at %s", k.ID, k.Category, k.Author, k.told[0])
		w.check(k.At.Equal(k.told[0]) || k.At.After(k.told[0]), "%s was created before its event", k.ID)
	}
}

// agreeFrames wants each socket to have told a creation once, in the order of its channel, and receipts to authors alone.
func (d *device) agreeFrames(all []*truth) {
	d.mu.Lock()
	defer d.mu.Unlock()
	last, created, revision := map[string]int64{}, map[string]bool{}, map[string]int{}
	for _, f := range d.frames {
		for _, t := range all {
			switch {
			case f.Message != nil && t.byID[f.Message.ID] != nil:
				k := t.byID[f.Message.ID]
				if f.Type == "message.created" {
					d.check(!created[k.ID], "%s was told twice to a socket of %s", k.ID, d.id)
					d.check(k.position > last[k.channel], "%s came to %s out of order", k.ID, d.id)
					created[k.ID], last[k.channel] = true, k.position
				}
				d.check(f.Message.Revision >= revision[k.ID], "%s went back to revision %d at %s", k.ID, f.Message.Revision, d.id)
				revision[k.ID] = f.Message.Revision
			case f.Receipt != nil && t.byID[f.Receipt.MessageID] != nil:
				k := t.byID[f.Receipt.MessageID]
				d.check(k.Author == d.id && t.At(d.id, d.now()).Stands(), "a receipt of %s came to %s", k.ID, d.id)
			}
		}
	}
}
