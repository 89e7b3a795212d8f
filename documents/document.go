package documents

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"liaison/access"
	"liaison/professions"
)

// Document is a document as those who may read it see it.
type Document struct {
	ID           uuid.UUID          `json:"id"`
	TeamID       uuid.UUID          `json:"team_id"`
	MessageID    *uuid.UUID         `json:"message_id"`
	ChannelID    *uuid.UUID         `json:"channel_id"`
	Uploader     professions.Person `json:"uploader"`
	Category     *string            `json:"category"`
	Name         string             `json:"name"`
	Caption      *string            `json:"caption"`
	Type         *string            `json:"document_type" doc:"A code of JDV_J07; null for none."`
	MediaType    *string            `json:"media_type"`
	Size         int64              `json:"size"`
	Received     int64              `json:"received"`
	Width        *int32             `json:"width"`
	Height       *int32             `json:"height"`
	HasThumbnail bool               `json:"has_thumbnail"`
	State        string             `json:"state" enum:"receiving,ready,refused"`
	Refusal      *string            `json:"refusal" doc:"The code of the problem for which it was refused."`
	CreatedAt    time.Time          `json:"created_at"`
	AttachedAt   *time.Time         `json:"attached_at" doc:"When it was posted; null before."`
}

// record is a document as stored, with what its message says of it.
type record struct {
	ID         uuid.UUID
	Space      uuid.UUID
	Uploader   uuid.UUID
	Message    *uuid.UUID
	State      string
	Refusal    *string
	Described  []byte
	Progress   []byte
	Size       int64
	Received   int64
	MediaType  *string
	Width      *int32
	Height     *int32
	Thumbnail  bool
	CreatedAt  time.Time
	AttachedAt *time.Time
	Channel    *uuid.UUID
	Category   *int32
}

// description is what is sealed of a document's row: everything its uploader said of it. The size is there so that a row
// changed in the database does not shorten a file.
type description struct {
	Name    string `json:"n"`
	Caption string `json:"c,omitempty"`
	SHA256  string `json:"h"`
	Size    int64  `json:"s"`
	Type    string `json:"t,omitempty"`
}

// What is sealed of a document, so that one part never opens as another, nor as a message of the same id: the numbers are
// far above any revision.
const (
	describedPart = iota + 1
	progressPart
	chunkPart
	tailPart
	thumbnailPart
)

// place binds a sealed part to where it belongs: which part, which number, and whether it is the file's last.
func place(part int, number int64, last bool) int {
	at := part<<48 | int(number)<<1
	if last {
		at |= 1
	}
	return at
}

func (s *Service) describe(ctx context.Context, space, id uuid.UUID, d description) ([]byte, error) {
	raw, err := json.Marshal(d)
	if err != nil {
		return nil, err
	}
	return s.Keys.Seal(ctx, space, id, place(describedPart, 0, false), raw)
}

func (s *Service) description(ctx context.Context, space, id uuid.UUID, size int64, sealed []byte) (description, error) {
	var d description
	raw, err := s.Keys.Unseal(ctx, space, id, place(describedPart, 0, false), sealed)
	if err != nil {
		return d, fmt.Errorf("open description of document %s: %w", id, asDamage(err))
	}
	if err := json.Unmarshal(raw, &d); err != nil {
		return d, fmt.Errorf("read description of document %s: %w", id, err)
	}
	if d.Size != size {
		return d, fmt.Errorf("document %s: %w: its size was changed", id, ErrDamaged)
	}
	return d, nil
}

func (s *Service) describedIn(ctx context.Context, r record) (description, error) {
	return s.description(ctx, r.Space, r.ID, r.Size, r.Described)
}

// show opens rows for their reader.
func (s *Service) show(ctx context.Context, rows ...record) ([]Document, error) {
	ids := make([]uuid.UUID, len(rows))
	for i, r := range rows {
		ids[i] = r.Uploader
	}
	people, err := s.People.Persons(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("uploaders: %w", err)
	}
	out := make([]Document, len(rows))
	for i, r := range rows {
		d, err := s.describedIn(ctx, r)
		if err != nil {
			return nil, err
		}
		out[i] = r.shown(d, people[r.Uploader])
	}
	return out, nil
}

func (s *Service) showOne(ctx context.Context, r record) (Document, error) {
	list, err := s.show(ctx, r)
	if err != nil {
		return Document{}, err
	}
	return list[0], nil
}

func (r record) shown(d description, uploader professions.Person) Document {
	out := Document{
		ID: r.ID, TeamID: r.Space, MessageID: r.Message, ChannelID: r.Channel, Uploader: uploader, Name: d.Name, MediaType: r.MediaType,
		Size: r.Size, Received: r.Received, Width: r.Width, Height: r.Height, HasThumbnail: r.Thumbnail, State: r.State, Refusal: r.Refusal,
		CreatedAt: r.CreatedAt.UTC(),
	}
	if r.AttachedAt != nil {
		at := r.AttachedAt.UTC()
		out.AttachedAt = &at
	}
	if d.Caption != "" {
		out.Caption = &d.Caption
	}
	if d.Type != "" {
		out.Type = &d.Type
	}
	if r.Category != nil {
		out.Category = &access.Categories(*r.Category).Codes()[0]
	}
	return out
}

func (d description) sum() ([]byte, error) { return hex.DecodeString(d.SHA256) }
