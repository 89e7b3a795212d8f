package chat

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"liaison/access"
)

// Document is a file of a message as every reader of the message sees it. It is sealed with the text and never changes.
type Document struct {
	ID           uuid.UUID `json:"id"`
	Name         string    `json:"name"`
	Caption      *string   `json:"caption"`
	MediaType    string    `json:"media_type"`
	Size         int64     `json:"size"`
	Width        *int32    `json:"width"`
	Height       *int32    `json:"height"`
	HasThumbnail bool      `json:"has_thumbnail"`
	Type         *string   `json:"document_type"`
}

// typesOf are the types of the documents of a message, in order, each once; nil for none.
func typesOf(documents []Document) (types []string) {
	for _, d := range documents {
		if d.Type != nil {
			types = append(types, *d.Type)
		}
	}
	slices.Sort(types)
	return slices.Compact(types)
}

// Candidate is a document that a post names, as it is under the locks of the post's transaction.
type Candidate struct {
	ID, Space, Uploader uuid.UUID
	Free                bool // whole, and in no message yet
	Show                func(context.Context) (Document, error)
}

// Attachment puts a document into a message, at a place among its documents.
type Attachment struct {
	Document, Message uuid.UUID
	Place             int
	At                time.Time
}

// Files is what posts need of the documents.
type Files interface {
	// Claim adds to the opening round trip of a batch the question for these documents, which locks them.
	Claim(b *pgx.Batch, ids []uuid.UUID, give func(Candidate))
	// Attach queues what commits with the posts.
	Attach(t access.Together, list []Attachment)
}

// attaching is the documents of a batch of posts.
type attaching struct {
	Files
	candidates map[uuid.UUID]Candidate
	list       []Attachment
}

func (a *attaching) look(q *pgx.Batch, posts []*post) {
	a.candidates, a.list = map[uuid.UUID]Candidate{}, nil
	var ids []uuid.UUID
	for _, p := range posts {
		ids = append(ids, p.Draft.Documents...)
	}
	if len(ids) > 0 && a.Files != nil {
		a.Claim(q, ids, func(c Candidate) { a.candidates[c.ID] = c })
	}
}

// check wants documents that are whole, the author's own, of this space, and in no message: anything else is as unknown as
// one that does not exist.
func (a *attaching) check(g access.Grant, p *post) error {
	for _, id := range p.Draft.Documents {
		c, known := a.candidates[id]
		if !known || !c.Free || c.Uploader != p.actor.Person || c.Space != g.Space() {
			return &Invalid{"document_ids", "document_unknown"}
		}
	}
	return nil
}

func (a *attaching) shown(ctx context.Context, p *post) ([]Document, error) {
	var out []Document
	for _, id := range p.Draft.Documents {
		d, err := a.candidates[id].Show(ctx)
		if err != nil {
			return nil, err
		}
		out = append(out, d)
	}
	return out, nil
}

// take keeps the documents of an accepted post from the others of its batch.
func (a *attaching) take(p *post, at time.Time) {
	for i, id := range p.Draft.Documents {
		a.list = append(a.list, Attachment{Document: id, Message: p.ID, Place: i, At: at})
		delete(a.candidates, id)
	}
}

func (a *attaching) attach(t access.Together) {
	if len(a.list) > 0 {
		a.Attach(t, a.list)
	}
}

func checkDocuments(ids []uuid.UUID) error {
	if len(ids) > MaxDocuments {
		return &Invalid{"document_ids", "too_many"}
	}
	seen := map[uuid.UUID]bool{}
	for _, id := range ids {
		if seen[id] {
			return &Invalid{"document_ids", "document_unknown"}
		}
		seen[id] = true
	}
	return nil
}
