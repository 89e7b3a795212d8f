package mobileapi

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"time"

	"github.com/google/uuid"

	"liaison/documents"
)

// NewDocument announces a file. The client makes its id: announcing it again changes nothing.
type NewDocument struct {
	ID      uuid.UUID `json:"id" doc:"UUIDv7 made by the client."`
	TeamID  uuid.UUID `json:"team_id"`
	Name    string    `json:"name" doc:"With an extension that says the type: jpg, jpeg, png, webp, pdf, txt, docx, xlsx, odt."`
	Size    int64     `json:"size" doc:"In bytes."`
	SHA256  string    `json:"sha256" doc:"Of the whole file, in lower-case hexadecimal."`
	Caption *string   `json:"caption,omitempty" nullable:"true" doc:"At most 500 characters."`
	Type    *string   `json:"document_type,omitempty" nullable:"true" doc:"A code of JDV_J07 (GET /document-types)."`
}

type newDocumentInput struct {
	Body NewDocument
}

type announcedDocument struct {
	Status int
	Body   documents.Document
}

func (a *API) createDocument(ctx context.Context, in *newDocumentInput) (*announcedDocument, error) {
	d := documents.Draft{ID: in.Body.ID, Team: in.Body.TeamID, Name: in.Body.Name, Size: in.Body.Size, SHA256: in.Body.SHA256}
	if in.Body.Caption != nil {
		d.Caption = *in.Body.Caption
	}
	if in.Body.Type != nil {
		d.Type = *in.Body.Type
	}
	doc, replay, err := a.cfg.Documents.Create(ctx, actorIn(ctx), d)
	if err != nil {
		return nil, err
	}
	return &announcedDocument{statusOf(!replay), doc}, nil
}

// InDocument names the document of a path.
type InDocument struct {
	Document uuid.UUID `path:"id" format:"uuid"`
}

func (a *API) readDocument(ctx context.Context, in *InDocument) (*answer[documents.Document], error) {
	return answered(a.cfg.Documents.Get(ctx, actorIn(ctx), in.Document))
}

func (a *API) deleteDocument(ctx context.Context, in *InDocument) (*none, error) {
	return done(a.cfg.Documents.Delete(ctx, actorIn(ctx), in.Document))
}

type teamDocumentsInput struct {
	InTeam
	PageInput
}

func (a *API) teamDocuments(ctx context.Context, in *teamDocumentsInput) (*answer[page[documents.Document]], error) {
	before, ok := markOf(in.Cursor)
	if !ok {
		return nil, newProblem(langIn(ctx), "cursor_invalid")
	}
	found, err := a.cfg.Documents.List(ctx, actorIn(ctx), in.Team, before, in.limit())
	if err != nil {
		return nil, err
	}
	list := wholeList(found.Items)
	list.Next = cursorOfMark(found.Next)
	return answered(list, nil)
}

// A cursor of documents is the last one's time and id: it holds its place even when that document is gone.
func cursorOfMark(m *documents.Mark) *string {
	if m == nil {
		return nil
	}
	raw := binary.BigEndian.AppendUint64(nil, uint64(m.At.UnixMicro()))
	text := base64.RawURLEncoding.EncodeToString(append(raw, m.ID[:]...))
	return &text
}

func markOf(cursor string) (*documents.Mark, bool) {
	if cursor == "" {
		return nil, true
	}
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil || len(raw) != 8+16 {
		return nil, false
	}
	return &documents.Mark{At: time.UnixMicro(int64(binary.BigEndian.Uint64(raw))).UTC(), ID: uuid.UUID(raw[8:])}, true
}
