package demo

import (
	"bytes"
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"liaison/access"
	"liaison/documents"
)

// Photos drawn for the demo, and letters that nobody signed.
//
//go:embed files/*
var sentFiles embed.FS

// attached is a file of a note, and what its author says of it.
type attached struct{ name, caption string }

// parseAttached reads « pilulier.jpg | Le pilulier ce matin ».
func parseAttached(line string) attached {
	name, caption, _ := strings.Cut(line, "|")
	return attached{strings.TrimSpace(name), strings.TrimSpace(caption)}
}

// files sends what a note holds, as its author. Without an object store the demo has no files.
func (l *loader) files(ctx context.Context, author access.Actor, p patient, team uuid.UUID, e entry) (ids []uuid.UUID, err error) {
	if l.Documents.Bucket == nil {
		return nil, nil
	}
	for _, f := range e.files {
		id := idOf("file", p.Key, e.channel, fmt.Sprint(e.place), f.name)
		if err := l.send(ctx, author, team, id, f); err != nil {
			return nil, fmt.Errorf("file %s: %w", f.name, err)
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// send goes on where an interrupted load stopped.
func (l *loader) send(ctx context.Context, author access.Actor, team, id uuid.UUID, f attached) error {
	raw, err := sentFiles.ReadFile("files/" + f.name)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(raw)
	doc, _, err := l.Documents.Create(ctx, author, documents.Draft{
		ID: id, Team: team, Name: f.name, Size: int64(len(raw)), SHA256: hex.EncodeToString(sum[:]), Caption: f.caption,
	})
	if err != nil || doc.State != documents.Receiving {
		return err
	}
	rest := raw[doc.Received:]
	_, err = l.Documents.Receive(ctx, author, id, doc.Received, int64(len(rest)), bytes.NewReader(rest))
	return err
}
