// Package chat holds what a circle writes to each other: messages and notes in channels, threads, read marks, receipts,
// catching up. Its SQL is in the store files. It knows no transport, and who may read what is decided by access.
package chat

import (
	"time"

	"github.com/google/uuid"

	"liaison/access"
	"liaison/professions"
)

// NoteTypes are the types of a note of the liaison notebook (JDV_J23-TypeNoteCahierLiaison).
var NoteTypes = []string{"DEM-AVIS", "GEN", "INST", "INTERV", "OBS"}

// The states of a message.
const (
	Posted    = "posted"
	Amended   = "amended"
	Withdrawn = "withdrawn"
)

// Draft is what an author posts. ID is made by the client (UUIDv7) and makes the post repeatable.
type Draft struct {
	ID        uuid.UUID   `json:"id"`
	Category  string      `json:"category"`
	Text      string      `json:"text,omitempty"`
	ThreadID  uuid.UUID   `json:"thread_id,omitempty"`
	NoteType  string      `json:"note_type,omitempty"`
	Urgent    bool        `json:"urgent,omitempty"`
	Measures  []Measure   `json:"measures,omitempty"`
	Documents []uuid.UUID `json:"document_ids,omitempty"`
	OnlyTo    []uuid.UUID `json:"only_to,omitempty"`
	Masks     []string    `json:"masks,omitempty"`
	Mentions  []uuid.UUID `json:"mentions,omitempty"`
	WrittenAt time.Time   `json:"written_at"`
	// AskAll: the alert of an urgent message asks everybody it may ask at once, not in turn.
	AskAll bool `json:"ask_all,omitempty"`
}

// Message is a message as its readers see it. The fields under Replies and Receipts are the viewer's own and absent from
// live frames.
type Message struct {
	ID        uuid.UUID          `json:"id"`
	ChannelID uuid.UUID          `json:"channel_id"`
	Author    professions.Person `json:"author"`
	Category  string             `json:"category"`
	Text      string             `json:"text"`
	ThreadID  *uuid.UUID         `json:"thread_id"`
	NoteType  *string            `json:"note_type"`
	Urgent    bool               `json:"urgent"`
	Measures  []Measure          `json:"measures"`
	Documents []Document         `json:"documents"`
	Mentions  []Mention          `json:"mentions"`
	Masks     []string           `json:"masks"`
	OnlyTo    []uuid.UUID        `json:"only_to"`
	WrittenAt time.Time          `json:"written_at"`
	CreatedAt time.Time          `json:"created_at"`
	Revision  int                `json:"revision"`
	State     string             `json:"state" enum:"posted,amended,withdrawn"`
	AmendedAt *time.Time         `json:"amended_at"`
	Withdrawn *Withdrawal        `json:"withdrawn"`
	// NarrowedAt: since then fewer may read it than when it was posted.
	NarrowedAt *time.Time    `json:"narrowed_at"`
	Replies    *Replies      `json:"replies,omitempty"`
	Receipts   *ReceiptCount `json:"receipts,omitempty"`
}

// Mention names a member the message speaks to.
type Mention struct {
	ID          uuid.UUID `json:"id"`
	DisplayName string    `json:"display_name"`
}

// Withdrawal is the mark a withdrawn message leaves.
type Withdrawal struct {
	At     time.Time `json:"at"`
	Reason string    `json:"reason"`
}

// Replies sums up, for one viewer, the replies of a thread she may read.
type Replies struct {
	Count   int       `json:"count"`
	Unread  int       `json:"unread"`
	LastAt  time.Time `json:"last_at"`
	Authors []string  `json:"authors"`
}

// ReceiptCount tells an author how far a message got: devices reached, seen, out of how many readers.
type ReceiptCount struct {
	Delivered int `json:"delivered"`
	Seen      int `json:"seen"`
	Of        int `json:"of"`
}

// body is what is sealed of a message: everything its author said.
type body struct {
	Text      string     `json:"t,omitempty"`
	Measures  []Measure  `json:"m,omitempty"`
	Mentions  []Mention  `json:"n,omitempty"`
	Documents []Document `json:"d,omitempty"`
	Reason    string     `json:"r,omitempty"` // of a withdrawal
}

// row is a message as stored.
type row struct {
	ID         uuid.UUID
	Space      uuid.UUID
	Channel    uuid.UUID
	Position   int64
	Author     uuid.UUID
	Thread     *uuid.UUID
	Category   access.Categories
	Masks      access.Masks
	OnlyTo     []uuid.UUID
	NoteType   *string
	Urgent     bool
	State      string
	Revision   int
	Body       []byte
	WrittenAt  time.Time
	CreatedAt  time.Time
	ChangedAt  *time.Time
	NarrowedAt *time.Time
	Types      []string // of its documents, in order
	// Kinds are the measures the body holds; written, and read from the body.
	Kinds int32 `db:"-"`
}

func (r row) facts() access.Facts {
	return access.Facts{Category: r.Category, Masks: r.Masks, OnlyTo: r.OnlyTo, Author: r.Author, CreatedAt: r.CreatedAt, Types: r.Types}
}
