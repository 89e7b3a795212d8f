package chat

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"liaison/access"
	"liaison/events"
	"liaison/professions"
)

func (s *Service) seal(ctx context.Context, space, id uuid.UUID, revision int, b body) ([]byte, error) {
	raw, err := json.Marshal(b)
	if err != nil {
		return nil, err
	}
	return s.keys.Seal(ctx, space, id, revision, raw)
}

func (s *Service) unseal(ctx context.Context, space, id uuid.UUID, revision int, sealed []byte) (body, error) {
	var b body
	raw, err := s.keys.Unseal(ctx, space, id, revision, sealed)
	if err != nil {
		return b, fmt.Errorf("open message %s: %w", id, err)
	}
	if err := json.Unmarshal(raw, &b); err != nil {
		return b, fmt.Errorf("read message %s: %w", id, err)
	}
	return b, nil
}

// view shows a row to somebody who may read it. A withdrawn text is for its author and those entitled to full reasons.
func view(r row, b body, author professions.Person, viewer access.Standing) Message {
	m := Message{
		ID: r.ID, ChannelID: r.Channel, Author: author, Category: r.Category.Codes()[0], Text: b.Text, ThreadID: r.Thread, NoteType: r.NoteType,
		Urgent: r.Urgent, Measures: orEmpty(b.Measures), Documents: orEmpty(b.Documents), Mentions: orEmpty(b.Mentions), Masks: r.Masks.Codes(),
		OnlyTo: orEmpty(r.OnlyTo), WrittenAt: r.WrittenAt.UTC(), CreatedAt: r.CreatedAt.UTC(), Revision: r.Revision, State: r.State,
	}
	if r.NarrowedAt != nil {
		at := r.NarrowedAt.UTC()
		m.NarrowedAt = &at
	}
	switch r.State {
	case Amended:
		m.AmendedAt = r.ChangedAt
	case Withdrawn:
		m.Withdrawn = &Withdrawal{At: r.ChangedAt.UTC(), Reason: b.Reason}
		if viewer.Person != r.Author && viewer.Actions&access.SeeFullReasons == 0 {
			m.Text, m.Measures, m.Mentions, m.Documents = "", []Measure{}, []Mention{}, []Document{}
		}
	}
	return m
}

func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// Frame is what a live socket is told of a message; the same for everybody who gets it. Who lost the message is told its id alone.
type Frame struct {
	Type      string     `json:"type"`
	ChannelID uuid.UUID  `json:"channel_id"`
	Message   *Message   `json:"message,omitempty"`
	MessageID *uuid.UUID `json:"message_id,omitempty"`
}

// deliverable makes the frames of a message: one with its thread and, for those who do not read the root, one without.
func deliverable(kind string, m Message, facts access.Facts, root *access.Facts) (*access.Deliverable, error) {
	m.Replies, m.Receipts = nil, nil
	full, err := json.Marshal(Frame{Type: kind, ChannelID: m.ChannelID, Message: &m})
	if err != nil {
		return nil, err
	}
	d := &access.Deliverable{Facts: facts, Root: root, Full: full}
	if root != nil {
		m.ThreadID = nil
		if d.Rootless, err = json.Marshal(Frame{Type: kind, ChannelID: m.ChannelID, Message: &m}); err != nil {
			return nil, err
		}
	}
	return d, nil
}

// lost adds to a deliverable what those are told who might read the message until one of these events.
func lost(d *access.Deliverable, channel, message uuid.UUID, was map[int64]access.Facts) (err error) {
	d.Was = was
	d.Lost, err = json.Marshal(Frame{Type: events.MessageNarrowed, ChannelID: channel, MessageID: &message})
	return err
}

// IsInvalid gives the field and code of a refused request.
func IsInvalid(err error) (*Invalid, bool) {
	var i *Invalid
	ok := errors.As(err, &i)
	return i, ok
}
