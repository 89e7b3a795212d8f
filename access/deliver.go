package access

import "github.com/google/uuid"

// Deliverable is a committed message ready for its listeners: the facts that decide who gets it, and the frame made once
// for all of them. Root holds the facts of its thread's root: who does not read the root gets the frame without the thread.
type Deliverable struct {
	Facts    Facts
	Root     *Facts
	Full     []byte
	Rootless []byte
	// Was holds, by the event that narrowed the message, who might read it before; Lost is what those are told who no longer do.
	Was  map[int64]Facts
	Lost []byte
}

// Deliver says who in the audience gets, of the event at position, the full frame, the one without its thread, or that the message
// is no longer hers. Nobody else gets anything.
func (a *Audience) Deliver(d Deliverable, position int64) (full, rootless, lost []uuid.UUID) {
	was, narrowed := d.Was[position]
	for _, s := range a.Standings {
		switch {
		case !s.Visible(d.Facts):
			if narrowed && s.Visible(was) {
				lost = append(lost, s.Person)
			}
		case d.Root != nil && !s.Visible(*d.Root):
			rootless = append(rootless, s.Person)
		default:
			full = append(full, s.Person)
		}
	}
	return full, rootless, lost
}
