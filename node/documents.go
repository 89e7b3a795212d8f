package node

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"liaison/access"
	"liaison/chat"
	"liaison/documents"
)

// openDocuments makes the documents' service and lets posts attach what it holds.
func (n *Node) openDocuments(who people) error {
	cfg := documents.Config{
		Gate: n.Gate, DB: n.DB, Keys: n.Vault, People: who, MaxSize: n.DocumentMax, Log: n.Log,
	}
	if n.Objects != nil {
		cfg.Bucket = n.Objects.Under("documents/")
	}
	if n.Clamd != "" {
		scanner, err := documents.NewClamd(n.Clamd)
		if err != nil {
			return fmt.Errorf("LIAISON_CLAMD: %w", err)
		}
		cfg.Scanner = scanner
	}
	n.Documents = documents.New(cfg)
	n.Chat.Files = Files{n.Documents}
	return nil
}

// Files shows the documents to the chat.
type Files struct{ Documents *documents.Service }

// Claim asks for documents that posts name.
func (f Files) Claim(b *pgx.Batch, ids []uuid.UUID, give func(chat.Candidate)) {
	f.Documents.Claim(b, ids, func(c documents.Candidate) {
		give(chat.Candidate{
			ID: c.ID, Space: c.Space, Uploader: c.Uploader, Free: c.Free,
			Show: func(ctx context.Context) (chat.Document, error) { return f.shown(ctx, c) },
		})
	})
}

func (f Files) shown(ctx context.Context, c documents.Candidate) (chat.Document, error) {
	said, err := f.Documents.Words(ctx, c)
	out := chat.Document{
		ID: c.ID, Name: said.Name, Size: c.Size, Width: c.Width, Height: c.Height, HasThumbnail: c.Thumbnail,
	}
	if c.MediaType != nil {
		out.MediaType = *c.MediaType
	}
	out.Caption, out.Type = textOrNil(said.Caption), textOrNil(said.Type)
	return out, err
}

// Attach queues what commits with the posts.
func (f Files) Attach(t access.Together, list []chat.Attachment) {
	to := make([]documents.Attachment, len(list))
	for i, a := range list {
		to[i] = documents.Attachment(a)
	}
	f.Documents.Attach(t, to)
}
