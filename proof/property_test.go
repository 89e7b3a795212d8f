package proof

import (
	"fmt"
	"os"
	"sync"
	"testing"
)

// worldsThroughFaces is how many worlds go through the product: 20, or 200 in the long form.
func worldsThroughFaces() int {
	if os.Getenv("LIAISON_LONG") != "" {
		return 200
	}
	return 20
}

const (
	arenas         = 2 // one with Redis; one whose nodes find everything from the database
	postsATeam     = 18
	atOnce         = 4
	messagesAWorld = 30
)

// Random worlds, each through every face of two nodes on a real database, with a change of standing racing with posts: lists,
// pages, thread, one message, revisions, audience, counts, sync from an old cursor, live sockets, receipts, errors, and each
// of the two locks alone.
func TestEveryFaceAgreesWithTheModel(t *testing.T) {
	t.Parallel()
	todo := seeds(t, worldsThroughFaces())
	met := coverage{}
	var mu sync.Mutex
	t.Run("worlds", func(t *testing.T) {
		for i := range arenas {
			t.Run([]string{"redis", "without hints"}[i], func(t *testing.T) {
				t.Parallel()
				var mine []uint64
				for j, seed := range todo {
					if j%arenas == i || len(todo) == 1 {
						mine = append(mine, seed)
					}
				}
				found := runArena(t, i == 0, mine)
				mu.Lock()
				defer mu.Unlock()
				met.add(found)
			})
		}
	})
	t.Logf("%d worlds, seeds %d to %d, %d messages, %d comparisons%s", len(todo), todo[0], todo[len(todo)-1], met["messages"], met["comparisons"], met)
	// Few worlds may miss a rare reason by chance; the long form must meet them all.
	if len(todo) >= 100 && !t.Failed() {
		requireMet(t, met, []string{
			"seen: by rights", "seen: own message", "hidden: outsider", "hidden: dates", "hidden: profession", "hidden: mask", "hidden: named audience",
			"hidden: opposition", "hidden: history", "hidden: document type", "typed", "hidden: basis without consent", "hidden: unknown profession",
			"audience: reads", "audience: profession", "audience: narrowed", "audience: no_access",
			"face: refused like absent", "face: message shown", "face: reply without its hidden root", "face: former revision", "face: own receipts",
			"face: found", "face: hidden not found", "face: withdrawn not found", "face: former word not found", "face: measure",
			"face: alert shown", "face: alert hidden", "alert told", "alert: asked by right", "alert: asked next", "push: rung by right",
			"face: document shown", "face: document hidden", "face: unattached, its uploader's alone", "face: document of a withdrawn message",
			"face: whole file", "face: range", "face: thumbnail", "face: document found", "face: hidden document not found",
			"in flight: document read", "in flight: document refused",
			"glass: answered 201", "glass: answered 403", "glass: answered 404", "glass: answered 409", "face: emergency told",
			"stand-in: replacement, answered 201", "stand-in: replacement, answered 422", "stand-in: secretariat, answered 201", "stand-in: ended",
			"structure: joined, answered 201", "structure: left", "structure: place, answered 201", "structure: place ended",
			"in flight: structure joined", "in flight: structure left",
			"in flight: stand-in given", "in flight: stand-in ended", "seen: through somebody else", "hidden: beyond whom she stands in for",
			"narrowed", "in flight: narrowed", "narrowed: told who lost it", "face: explained", "face: history told",
			"in flight: posted", "row security alone", "predicate alone",
		})
	}
}

func runArena(t *testing.T, redis bool, seeds []uint64) coverage {
	if len(seeds) == 0 {
		return coverage{}
	}
	a := newArena(t, redis, len(seeds)*peopleAWorld)
	worlds := make([]*world, len(seeds))
	// Worlds mostly wait: for a database, for a date, for a node that was told nothing. So several at once, whatever the cores.
	var wg sync.WaitGroup
	slots := make(chan struct{}, atOnce)
	for i, seed := range seeds {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
				mine := *a
				mine.T = t
				worlds[i] = newWorld(&mine, seed, a.stock[i*peopleAWorld:(i+1)*peopleAWorld])
				worlds[i].live()
			})
		})
	}
	wg.Wait()
	met := coverage{}
	_, err := a.owner.Exec(t.Context(), "alter table messages disable row level security")
	a.must(err)
	for _, w := range worlds {
		if w == nil || t.Failed() {
			continue
		}
		w.T = t
		w.firstLock(w.truths())
		met.add(w.met)
		met["comparisons"] += w.compared
		met["messages"] += len(w.said)
	}
	return met
}

func (w *world) truths() []*truth {
	var all []*truth
	for _, t := range w.teams {
		all = append(all, w.truthOf(t.id))
	}
	return all
}

// live is the whole story of one world.
func (w *world) live() {
	w.settle()
	for i := range postsATeam * len(w.teams) {
		if i == postsATeam {
			w.lateComer()
		}
		w.postOne(pick(w.dice, w.teams))
		if w.chance(12) {
			w.breakOne(pick(w.dice, w.teams))
		}
		if w.chance(12) {
			w.handOne(pick(w.dice, w.teams))
		}
		if w.chance(20) {
			w.structureOne(pick(w.dice, w.teams))
		}
		if w.chance(15) {
			w.changeOne(pick(w.dice, w.teams))
		}
	}
	var live, away []*device
	for _, p := range w.people {
		d, off := w.device(p, w.IntN(2)), w.device(p, w.IntN(2))
		d.connect()
		defer d.close()
		off.start()
		live, away = append(live, d), append(away, off)
	}
	w.race(w.teams[0])
	w.race(w.teams[1])
	for len(w.said) < messagesAWorld {
		w.postOne(pick(w.dice, w.teams))
	}
	w.changeOne(pick(w.dice, w.teams))
	for range 4 {
		w.answerOne(pick(w.dice, w.teams))
	}
	w.still()
	for _, t := range w.teams {
		w.rungOut(t.id)
	}
	w.receive(live)
	w.quiet(live)
	all := w.truths()
	for i := range live {
		live[i].agree("live", all)
		live[i].agreeFrames(all)
		away[i].start()
		away[i].agree("sync from an old cursor", all)
	}
	for _, t := range all {
		w.agreeInFlight(t)
		w.agreeReceipts(t)
		w.agreeAsked(t)
		w.agreeRung(t)
		w.agreeRead(t)
		w.agreeTypes(t)
	}
	w.agreeSaid(all)
	w.faces(all)
}

// receive sends receipts of everything the teams ever said, hidden messages included: for those nothing is recorded.
func (w *world) receive(live []*device) {
	for _, t := range w.truths() {
		for _, d := range live {
			var items []object
			for _, k := range t.kept {
				if w.chance(40) {
					items = append(items, object{"message_id": k.ID, "state": pick(w.dice, []string{"delivered", "seen"})})
				}
			}
			got := w.ask(d.node, d.person, "POST", "/receipts", object{"items": items})
			w.check(got.status == 204, "receipts: %s", got)
		}
	}
}

func (w *world) agreeReceipts(t *truth) {
	at := w.now()
	for key := range t.receipts {
		k, r := t.byID[key[0]], t.At(key[1], at)
		w.check(k != nil && k.Author != key[1] && r.Sees(k.Message), "a receipt was recorded of %s by %s", key[0], key[1])
	}
}

// agreeSaid: every message acknowledged is there, once, and nothing else is.
func (w *world) agreeSaid(all []*truth) {
	kept := len(w.truthOf(w.corridor.id).kept)
	for _, t := range all {
		kept += len(t.kept)
	}
	w.check(kept == len(w.said), "%d messages are kept, %d were acknowledged", kept, len(w.said))
}
