package proof

import (
	"bytes"
	"net/http"
	"slices"
	"time"
)

// fileRead is a document that somebody asked for while the circle changed.
type fileRead struct {
	person, id, below string
	from, to          time.Time
	answer            answer
}

func (w *world) readInFlight(p *person, d *filed, below string, node int) {
	got := fileRead{person: p.id, id: d.id, below: below, from: w.now()}
	got.answer = w.ask(node, p, "GET", "/documents/"+d.id+below, nil)
	got.to = w.now()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.read = append(w.read, got)
}

// committing is how long a change may be dated before anybody can see it: until it is committed.
const committing = 5 * time.Second

// agreeRead: what was read in flight was the reader's at some moment of the reading, and what was refused was not at some.
func (w *world) agreeRead(t *truth) {
	for _, got := range w.read {
		i := slices.IndexFunc(t.filed, func(d *filed) bool { return d.id == got.id })
		if i < 0 {
			continue
		}
		d, sent := t.filed[i], w.fileOf(got.id)
		k := t.byID[d.message]
		moments, edges := []time.Time{got.from, got.to}, slices.Clone(t.edges)
		if k != nil {
			edges = append(edges, k.told...)
		}
		for _, edge := range edges {
			if edge.After(got.from.Add(-committing)) && edge.Before(got.to) {
				moments = append(moments, edge, edge.Add(-time.Microsecond))
			}
		}
		might := func(want bool) bool {
			return slices.ContainsFunc(moments, func(at time.Time) bool { return t.readsThen(got.person, d, at) == want })
		}
		missing := got.below == "/thumbnail" && sent.width == 0
		if k != nil && k.state == "withdrawn" || missing || d.state != "ready" {
			continue // when it was withdrawn is no edge
		}
		switch got.answer.status {
		case http.StatusOK:
			w.check(might(true), "%s: read %s%s, which was never hers then", got.person, got.id, got.below)
			w.check(got.below != "/content" || bytes.Equal(got.answer.raw, sent.bytes), "%s: other bytes of %s", got.person, got.id)
			w.meet("in flight: document read")
		case http.StatusNotFound:
			w.check(might(false), "%s: refused %s%s, which was hers all the time", got.person, got.id, got.below)
			w.meet("in flight: document refused")
		default:
			w.fault("%s: %s%s in flight: %s", got.person, got.id, got.below, got.answer)
		}
	}
}
