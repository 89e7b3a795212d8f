package access

import "github.com/google/uuid"

// Deliverable is a committed message ready for its listeners: the facts that decide who gets it, and the frame made once
// for all of them. Root holds the facts of its thread's root: who does not read the root gets the frame without the thread.
type Deliverable struct {
	Facts    Facts
	Root     *Facts
	Full     []byte
	Rootless []byte
}

// Deliver says who in the audience gets the full frame and who the one without its thread. Nobody else gets anything.
func (a *Audience) Deliver(d Deliverable) (full, rootless []uuid.UUID) {
	for _, s := range a.Standings {
		switch {
		case !s.Visible(d.Facts):
		case d.Root != nil && !s.Visible(*d.Root):
			rootless = append(rootless, s.Person)
		default:
			full = append(full, s.Person)
		}
	}
	return full, rootless
}
