package teams

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"liaison/access"
	"liaison/doctypes"
	"liaison/professions"
)

// AudienceQuery describes a message that is not sent yet. Thread is the root it would answer, or nil.
type AudienceQuery struct {
	Category string
	Masks    []string
	Types    []string // of its documents
	OnlyTo   []uuid.UUID
	Thread   uuid.UUID
}

// Audience is who would read the message and who would not, the caller always among the first.
type Audience struct {
	VisibleTo  []Reader    `json:"visible_to"`
	HiddenFrom []NonReader `json:"hidden_from"`
	AsOf       time.Time   `json:"as_of"`
	Total      int         `json:"total"`
	// AlertOrder is whom it would alert if it is urgent, in order; empty: nobody.
	AlertOrder []Alertable `json:"alert_order" doc:"Whom an urgent message alerts, in order; empty: nobody."`
}

// Alertable is a member whom an urgent message alerts. Whether a push may reach her is put at the edge.
type Alertable struct {
	Professional professions.Person `json:"professional"`
	Reachable    bool               `json:"reachable" doc:"A device of hers takes pushes now."`
}

// Reader is a member who would read the message.
type Reader struct {
	Professional professions.Person `json:"professional"`
	Seats        []string           `json:"seats"`
}

// NonReader is a member who would not.
type NonReader struct {
	Reader
	Reason Reason `json:"reason"`
}

// Reason is why; Detail is a sentence, put at the edge in the reader's language.
type Reason struct {
	Code   access.Reason `json:"code" enum:"profession,narrowed,no_access"`
	Detail string        `json:"detail"`
	Types  []string      `json:"document_types,omitempty" doc:"Of the reason « profession »: the types of its documents that the profession does not read, where it reads the category."`
}

const maxNamed = 100

func (q AudienceQuery) facts(author uuid.UUID) (access.Facts, error) {
	var c checker
	f := access.Facts{Author: author, OnlyTo: q.OnlyTo}
	if len(q.OnlyTo) == 0 {
		f.OnlyTo = nil
	}
	var ok bool
	f.Category, ok = access.ParseCategory(q.Category)
	c.want(ok, "category", "unknown_category")
	for _, code := range q.Masks {
		mask, ok := access.ParseMask(code)
		c.want(ok, "mask", "unknown_mask")
		f.Masks |= mask
	}
	for _, code := range q.Types {
		c.want(doctypes.Known(code), "document_type", "unknown_document_type")
		f.Types = append(f.Types, code)
	}
	c.want(len(q.OnlyTo) <= maxNamed, "only_to", "too_many")
	return f, c.err
}

// Audience says who would read a message before it is sent. Errors: *Invalid, ErrCategoryNotWritable, access.ErrNotFound also
// for a thread of another circle or one the caller does not read.
func (s *Service) Audience(ctx context.Context, actor access.Actor, team uuid.UUID, q AudienceQuery) (Audience, error) {
	facts, err := q.facts(actor.Person)
	if err != nil {
		return Audience{}, err
	}
	resource := access.Space(team)
	if q.Thread != uuid.Nil {
		resource = access.Message(q.Thread)
	}
	var verdicts []access.Verdict
	var order []access.Standing
	out := Audience{VisibleTo: []Reader{}, HiddenFrom: []NonReader{}, AlertOrder: []Alertable{}}
	err = s.gate.Read(ctx, actor, resource, "circle.audience", func(g access.Grant) error {
		if err := admits(g, team, facts); err != nil {
			return err
		}
		out.AsOf, facts.CreatedAt = moment(g.At()), g.At()
		if verdicts, err = g.Explain(ctx, facts); err != nil {
			return err
		}
		if order, err = g.Alertable(ctx, facts); err != nil {
			return err
		}
		g.Note("category", q.Category)
		return namedAreMembers(facts.OnlyTo, verdicts)
	})
	if err != nil {
		return Audience{}, err
	}
	err = s.fillAudience(ctx, &out, verdicts, order)
	return out, err
}

// admits wants the circle asked for, a thread's root if there is one, and a category the caller writes.
func admits(g access.Grant, team uuid.UUID, f access.Facts) error {
	switch {
	case g.Space() != team:
		return access.ErrNotFound
	case g.Thread() != uuid.Nil:
		return &Invalid{"thread_id", "thread_unknown"}
	case g.Standing().Writes&f.Category == 0:
		return ErrCategoryNotWritable
	}
	return nil
}

func namedAreMembers(named []uuid.UUID, verdicts []access.Verdict) error {
	for _, id := range named {
		if !slices.ContainsFunc(verdicts, func(v access.Verdict) bool { return v.Person == id }) {
			return &Invalid{"only_to", "only_to_unknown"}
		}
	}
	return nil
}

func (s *Service) fillAudience(ctx context.Context, out *Audience, verdicts []access.Verdict, order []access.Standing) error {
	ids := make([]uuid.UUID, 0, len(verdicts)+len(order))
	for _, v := range verdicts {
		ids = append(ids, v.Person)
	}
	for _, alerted := range order {
		ids = append(ids, alerted.Person)
	}
	people, err := s.persons(ctx, ids)
	if err != nil {
		return err
	}
	out.Total = len(verdicts)
	for _, alerted := range order {
		out.AlertOrder = append(out.AlertOrder, Alertable{Professional: people[alerted.Person]})
	}
	for _, v := range verdicts {
		r := Reader{people[v.Person], v.Seats}
		if v.Reads {
			out.VisibleTo = append(out.VisibleTo, r)
			continue
		}
		out.HiddenFrom = append(out.HiddenFrom, NonReader{r, Reason{Code: v.Reason, Types: v.Types}})
	}
	return nil
}
