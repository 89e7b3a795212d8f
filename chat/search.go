package chat

import (
	"context"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"liaison/access"
	"liaison/chat/words"
	"liaison/events"
)

// The kinds of things found here.
const (
	KindMessage  = "message"
	KindDocument = "document"
)

// MaxQuery bounds what is looked for, in characters.
const MaxQuery = 200

// Search is what somebody looks for: every word, among what she may read. Zero values do not narrow.
type Search struct {
	Query    string
	Kind     string // KindMessage, KindDocument
	Team     uuid.UUID
	Author   uuid.UUID
	Category string
	NoteType string
	From, To time.Time // of the message: From included, To not
	Cursor   string
	Limit    int
}

// Found is a page of what was found, newest first. Complete says that everything over when the search began was looked at.
type Found struct {
	Items    []FoundItem
	Next     *string
	Complete bool
}

// FoundItem is a message, or a document with the message it is attached to.
type FoundItem struct {
	Kind     string
	Space    uuid.UUID
	Message  Message
	Document *Document
	Snippet  []SnippetPiece
}

// SnippetPiece is a part of a snippet; Hit says that it stands for something looked for.
type SnippetPiece = words.Piece

// CheckQuery refuses what cannot be looked for at all.
func CheckQuery(query string) error {
	switch {
	case !utf8.ValidString(query):
		return &Invalid{"q", "invalid_utf8"}
	case utf8.RuneCountInString(query) > MaxQuery:
		return &Invalid{"q", "search_too_long"}
	case words.Blank(query):
		return &Invalid{"q", "search_empty"}
	}
	return nil
}

const (
	foundDefault = 20
	foundMost    = 50
)

// Search finds the messages and documents that hold every word and that the actor may read now. Whoever may read nothing of
// what holds them is answered as if nothing did.
func (s *Service) Search(ctx context.Context, actor access.Actor, req Search) (Found, error) {
	q, err := s.asked(actor, req)
	if err != nil {
		return Found{}, err
	}
	out := Found{Items: []FoundItem{}}
	if out.Complete, err = s.indexed(ctx); err != nil {
		return Found{}, err
	}
	err = s.gate.ReadMany(ctx, actor, "search", func(sc access.Scope) error {
		f := &finding{query: q, service: s, sc: sc}
		if err := f.find(ctx); err != nil {
			return err
		}
		if len(f.items) > q.Limit {
			last := f.items[q.Limit-1]
			next := s.cursors.SealPlace(events.Place{Person: actor.Person, Of: q.asked, At: last.at, ID: last.object})
			f.items, out.Next = f.items[:q.Limit], &next
		}
		out.Items, err = f.shown(ctx)
		return err
	})
	return out, err
}

// query is a search whose codes have been read.
type query struct {
	Search
	terms    []string
	category access.Categories
	before   events.Place
	asked    string
}

func (s *Service) asked(actor access.Actor, req Search) (query, error) {
	q := query{Search: req, terms: words.Of(req.Query)}
	if err := CheckQuery(req.Query); err != nil {
		return q, err
	}
	if len(q.terms) == 0 {
		return q, &Invalid{"q", "search_empty"}
	}
	var ok bool
	if q.category, ok = access.ParseCategory(req.Category); !ok && req.Category != "" {
		return q, &Invalid{"category", "unknown_category"}
	}
	if req.NoteType != "" && !slices.Contains(NoteTypes, req.NoteType) {
		return q, &Invalid{"note_type", "unknown_note_type"}
	}
	if req.Kind != "" && req.Kind != KindMessage && req.Kind != KindDocument {
		return q, &Invalid{"kind", "invalid_value"}
	}
	if req.Limit <= 0 || req.Limit > foundMost {
		q.Limit = foundDefault
	}
	if req.To.IsZero() {
		q.To = access.Forever
	}
	// An index knows one end better than two.
	q.before = events.Place{At: q.To}
	q.asked = fmt.Sprintf("%q %s %s %s %s %s %s %s", q.terms, q.Kind, q.Team, q.Author, q.Category, q.NoteType, q.From.UTC(), q.To.UTC())
	if req.Cursor == "" {
		return q, nil
	}
	before, err := s.cursors.OpenPlace(req.Cursor, actor.Person, q.asked)
	if before.At.Before(q.before.At) {
		q.before = before
	}
	return q, err
}

const (
	// indexPatience is how long a search waits for what was over when it began.
	indexPatience = time.Second
	indexGlance   = 20 * time.Millisecond
)

// indexed waits until the index holds everything that was over now, and says whether it does.
func (s *Service) indexed(ctx context.Context) (bool, error) {
	var start string
	patience := time.After(indexPatience)
	for {
		reached, err := s.indexReached(ctx, &start)
		if reached || err != nil {
			return reached, err
		}
		s.index.wake()
		select {
		case <-ctx.Done():
			return false, ctx.Err()
		case <-patience:
			return false, nil
		case <-time.After(indexGlance):
		}
	}
}

// indexReached compares the index's horizon with the snapshot at start, which is taken at the first call.
func (s *Service) indexReached(ctx context.Context, start *string) (reached bool, err error) {
	err = s.gate.Relay(ctx, func(sc access.Scope) error {
		if *start == "" {
			*start = string(sc.Horizon())
		}
		return sc.Tx().QueryRow(ctx, `select coalesce((select p.version = $2 and not p.whole and not exists (select from events e
				where e.message_id is not null and e.xid >= pg_snapshot_xmin(p.horizon::pg_snapshot)
				and not pg_visible_in_snapshot(e.xid, p.horizon::pg_snapshot) and pg_visible_in_snapshot(e.xid, $1::text::pg_snapshot))
			from search_progress p), false)`, *start, words.Version).Scan(&reached)
	})
	if err != nil {
		return false, fmt.Errorf("progress of index: %w", err)
	}
	return reached, nil
}
