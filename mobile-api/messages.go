package mobileapi

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"liaison/chat"
)

// NewMessage is what an author posts. The client makes its id: posting it again changes nothing.
type NewMessage struct {
	ID          uuid.UUID      `json:"id" doc:"UUIDv7 made by the client."`
	Category    string         `json:"category"`
	Text        string         `json:"text" doc:"At most 20,000 characters; empty only with a measure or a document."`
	ThreadID    *uuid.UUID     `json:"thread_id,omitempty" nullable:"true"`
	NoteType    string         `json:"note_type,omitempty" nullable:"true"`
	Urgent      bool           `json:"urgent,omitempty"`
	Measures    []chat.Measure `json:"measures,omitempty"`
	DocumentIDs []uuid.UUID    `json:"document_ids,omitempty" doc:"At most ten: whole, one's own, of this circle, in no message yet."`
	OnlyTo      []uuid.UUID    `json:"only_to,omitempty"`
	Masks       []string       `json:"masks,omitempty"`
	Mentions    []uuid.UUID    `json:"mentions,omitempty"`
	WrittenAt   *time.Time     `json:"written_at,omitempty" nullable:"true" doc:"The author's clock, for the reader only."`
}

func (n NewMessage) draft() chat.Draft {
	d := chat.Draft{
		ID: n.ID, Category: n.Category, Text: n.Text, NoteType: n.NoteType, Urgent: n.Urgent, Measures: n.Measures,
		Documents: n.DocumentIDs, OnlyTo: n.OnlyTo, Masks: n.Masks, Mentions: n.Mentions,
	}
	if n.ThreadID != nil {
		d.ThreadID = *n.ThreadID
	}
	if n.WrittenAt != nil {
		d.WrittenAt = *n.WrittenAt
	}
	return d
}

// InChannel names the channel of a path. Exported, as the others of its kind, because huma looks into nothing else.
type InChannel struct {
	Channel uuid.UUID `path:"channel" format:"uuid"`
}

type postInput struct {
	InChannel
	Body NewMessage
}

type postedMessage struct {
	Status int
	Body   chat.Message
}

func (a *API) postMessage(ctx context.Context, in *postInput) (*postedMessage, error) {
	message, replay, err := a.cfg.Chat.Post(ctx, actorIn(ctx), in.Channel, in.Body.draft())
	if err != nil {
		return nil, err
	}
	return &postedMessage{statusOf(!replay), message}, nil
}

type listInput struct {
	InChannel
	PageInput
	Before   string `query:"before" doc:"Another name of cursor."`
	RootOnly bool   `query:"root_only" doc:"Leaves replies to their thread."`
}

func (a *API) messages(ctx context.Context, in *listInput) (*answer[page[chat.Message]], error) {
	cursor := in.Cursor
	if cursor == "" {
		cursor = in.Before
	}
	before, err := after(ctx, cursor)
	if err != nil {
		return nil, err
	}
	req := chat.PageRequest{Limit: in.Limit, Before: before, RootsOnly: in.RootOnly}
	found, err := a.cfg.Chat.List(ctx, actorIn(ctx), in.Channel, req)
	list := wholeList(found.Items)
	if found.Next != nil {
		list.Next = cursorOf(*found.Next)
	}
	return answered(list, err)
}

// InMessage names the message of a path.
type InMessage struct {
	Message uuid.UUID `path:"id" format:"uuid"`
}

func (a *API) message(ctx context.Context, in *InMessage) (*answer[chat.Message], error) {
	return answered(a.cfg.Chat.One(ctx, actorIn(ctx), in.Message))
}

func (a *API) thread(ctx context.Context, in *InMessage) (*answer[page[chat.Message]], error) {
	items, err := a.cfg.Chat.Thread(ctx, actorIn(ctx), in.Message)
	return answered(wholeList(items), err)
}

func (a *API) revisions(ctx context.Context, in *InMessage) (*answer[page[chat.Revision]], error) {
	items, err := a.cfg.Chat.Revisions(ctx, actorIn(ctx), in.Message)
	return answered(wholeList(items), err)
}

func (a *API) receipts(ctx context.Context, in *InMessage) (*answer[page[chat.Reader]], error) {
	items, err := a.cfg.Chat.Receipts(ctx, actorIn(ctx), in.Message)
	return answered(wholeList(items), err)
}

// Correction is what changes in a message; what is left out stays.
type Correction struct {
	Text     *string         `json:"text,omitempty"`
	Measures *[]chat.Measure `json:"measures,omitempty"`
	Reason   string          `json:"reason"`
}

type amendInput struct {
	InMessage
	IfMatch string `header:"If-Match" doc:"The revision that is corrected."`
	Body    Correction
}

func (a *API) amendMessage(ctx context.Context, in *amendInput) (*answer[chat.Message], error) {
	revision, err := revisionIn(ctx, in.IfMatch)
	if err != nil {
		return nil, err
	}
	change := chat.Amendment{Text: in.Body.Text, Measures: in.Body.Measures, Reason: in.Body.Reason, Revision: revision}
	return answered(a.cfg.Chat.Amend(ctx, actorIn(ctx), in.Message, change))
}

func revisionIn(ctx context.Context, ifMatch string) (int, error) {
	if ifMatch == "" {
		return 0, newProblem(langIn(ctx), "revision_required")
	}
	// What is no number was no revision of ours: it matches nothing.
	revision, err := strconv.Atoi(strings.Trim(strings.TrimPrefix(ifMatch, "W/"), `"`))
	if err != nil {
		return 0, newProblem(langIn(ctx), "revision_mismatch")
	}
	return revision, nil
}

// Narrowing says who may still read a message; what is left out stays.
type Narrowing struct {
	Category string      `json:"category,omitempty"`
	Masks    []string    `json:"masks,omitempty" doc:"All of them, those it has included."`
	OnlyTo   []uuid.UUID `json:"only_to,omitempty" doc:"The only ones, beside the author; none of them new where there were some."`
	Reason   string      `json:"reason"`
}

type narrowInput struct {
	InMessage
	IfMatch string `header:"If-Match" doc:"The revision that is narrowed."`
	Body    Narrowing
}

func (a *API) narrowMessage(ctx context.Context, in *narrowInput) (*answer[chat.Message], error) {
	revision, err := revisionIn(ctx, in.IfMatch)
	if err != nil {
		return nil, err
	}
	to := chat.Narrowing{Category: in.Body.Category, Masks: in.Body.Masks, OnlyTo: in.Body.OnlyTo, Reason: in.Body.Reason, Revision: revision}
	return answered(a.cfg.Chat.Narrow(ctx, actorIn(ctx), in.Message, to))
}

type withdrawInput struct {
	InMessage
	Body struct {
		Reason string `json:"reason"`
	}
}

func (a *API) withdrawMessage(ctx context.Context, in *withdrawInput) (*answer[chat.Message], error) {
	return answered(a.cfg.Chat.Withdraw(ctx, actorIn(ctx), in.Message, in.Body.Reason))
}

type readInput struct {
	InChannel
	Body struct {
		MessageID uuid.UUID `json:"message_id"`
	}
}

func (a *API) markRead(ctx context.Context, in *readInput) (*none, error) {
	return done(a.cfg.Chat.MarkRead(ctx, actorIn(ctx), in.Channel, in.Body.MessageID))
}

type receiptsInput struct {
	Body struct {
		Items []chat.Receipt `json:"items"`
	}
}

func (a *API) receive(ctx context.Context, in *receiptsInput) (*none, error) {
	return done(a.cfg.Chat.Receive(ctx, actorIn(ctx), in.Body.Items))
}
