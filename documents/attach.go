package documents

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"liaison/access"
)

// Candidate is a document that an author names in a post, locked until the post's transaction ends.
type Candidate struct {
	ID, Space, Uploader uuid.UUID
	Free                bool // whole, and in no message
	Described           []byte
	Size                int64
	MediaType           *string
	Width, Height       *int32
	Thumbnail           bool
}

// Claim adds to a batch the question for documents that posts name; give is called for each that exists.
func (s *Service) Claim(b *pgx.Batch, ids []uuid.UUID, give func(Candidate)) {
	b.Queue("select id, space_id, uploader_id, free, described, size, media_type, width, height, thumbnail from claim_documents($1)", ids).
		Query(func(rows pgx.Rows) error {
			found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Candidate])
			for _, c := range found {
				give(c)
			}
			return err
		})
}

// Said is what the uploader called a document, said of it, and of which type it is.
type Said struct{ Name, Caption, Type string }

// Words opens what was said of a candidate.
func (s *Service) Words(ctx context.Context, c Candidate) (Said, error) {
	d, err := s.description(ctx, c.Space, c.ID, c.Size, c.Described)
	return Said{d.Name, d.Caption, d.Type}, err
}

// Attachment puts a document into a message, at a place among its documents.
type Attachment struct {
	Document, Message uuid.UUID
	Place             int
	At                time.Time
}

// Attach queues the attachments; what is not as Claim said undoes the batch.
func (s *Service) Attach(t access.Together, list []Attachment) {
	n := len(list)
	documents, messages, places, times := make([]uuid.UUID, n), make([]uuid.UUID, n), make([]int32, n), make([]time.Time, n)
	for i, a := range list {
		documents[i], messages[i], places[i], times[i] = a.Document, a.Message, int32(a.Place), a.At
	}
	t.Queue("select attach_documents($1, $2, $3, $4)", documents, messages, places, times)
}
