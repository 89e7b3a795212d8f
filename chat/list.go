package chat

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"liaison/access"
)

// PageRequest asks for messages older than Before (nil: the newest), at most Limit.
type PageRequest struct {
	Limit     int
	Before    uuid.UUID
	RootsOnly bool
}

// Page is a page of messages, newest first; Next continues it.
type Page struct {
	Items []Message
	Next  *uuid.UUID
}

const (
	pageDefault = 50
	pageMost    = 200
)

// List reads a page of a channel as the actor may see it.
func (s *Service) List(ctx context.Context, actor access.Actor, channel uuid.UUID, req PageRequest) (Page, error) {
	if req.Limit <= 0 || req.Limit > pageMost {
		req.Limit = pageDefault
	}
	var page Page
	err := s.gate.Read(ctx, actor, access.Channel(channel), "messages.list", func(g access.Grant) error {
		rows, err := pageRows(ctx, g, req)
		if err != nil {
			return err
		}
		if len(rows) > req.Limit {
			rows = rows[:req.Limit]
			page.Next = &rows[len(rows)-1].ID
		}
		page.Items, err = s.show(ctx, g, rows, true)
		return err
	})
	return page, err
}

// pageSQL is the statement of a page; one row more than asked tells whether there is a next page.
func pageSQL(req PageRequest) string {
	where := ""
	if req.Before != uuid.Nil {
		// Nothing around the position: under row-level security a coalesce is no condition an index may use, and the walk would begin
		// at the newest message. A cursor that is not there gives null, and nothing.
		where += " and m.position < (select position from messages where id = @before and channel_id = @channel)"
	}
	if req.RootsOnly {
		// A reply whose root the viewer does not read stands alone for her. No « not exists »: PostgreSQL may answer that one for all
		// messages there are.
		where += " and (m.thread_id is null or (select r.id from messages r where r.id = m.thread_id) is null)"
	}
	return "select " + messageColumns + " from messages m where m.channel_id = @channel and " + access.VisibleWhere + where +
		" order by m.position desc limit @limit"
}

func pageArgs(g access.Grant, req PageRequest) pgx.NamedArgs {
	args := g.VisibleArgs()
	args["limit"], args["before"] = req.Limit+1, req.Before
	return args
}

func pageRows(ctx context.Context, g access.Grant, req PageRequest) ([]row, error) {
	rows, err := g.Tx().Query(ctx, pageSQL(req), pageArgs(g, req))
	if err != nil {
		return nil, fmt.Errorf("page of messages: %w", err)
	}
	return scanRows(rows)
}

// Thread reads a root and the replies the actor may see, oldest first. A reply whose root she does not read stands alone.
func (s *Service) Thread(ctx context.Context, actor access.Actor, message uuid.UUID) ([]Message, error) {
	var items []Message
	err := s.gate.Read(ctx, actor, access.Message(message), "thread.read", func(g access.Grant) error {
		args := g.VisibleArgs()
		args["root"] = message
		if g.Thread() != uuid.Nil {
			args["root"] = g.Thread()
		}
		rows, err := g.Tx().Query(ctx, "select "+messageColumns+` from messages m where m.channel_id = @channel and `+access.VisibleWhere+`
			and (m.id = @message or (exists (select from messages r where r.id = @root) and (m.id = @root or m.thread_id = @root)))
			order by m.position limit 1000`, args)
		if err != nil {
			return fmt.Errorf("thread: %w", err)
		}
		list, err := scanRows(rows)
		if err != nil {
			return err
		}
		items, err = s.show(ctx, g, list, true)
		return err
	})
	return items, err
}

// One reads one message.
func (s *Service) One(ctx context.Context, actor access.Actor, message uuid.UUID) (Message, error) {
	var m Message
	err := s.gate.Read(ctx, actor, access.Message(message), "message.read", func(g access.Grant) error {
		r, err := oneRow(ctx, g)
		if err != nil {
			return err
		}
		items, err := s.show(ctx, g, []row{r}, true)
		if err == nil {
			m = items[0]
		}
		return err
	})
	return m, err
}

// oneRow reads the message the grant is for.
func oneRow(ctx context.Context, g access.Grant) (row, error) {
	rows, err := g.Tx().Query(ctx, "select "+messageColumns+" from messages m where m.id = @message and "+access.VisibleWhere, g.VisibleArgs())
	if err != nil {
		return row{}, fmt.Errorf("message: %w", err)
	}
	r, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[row])
	if errors.Is(err, pgx.ErrNoRows) {
		return row{}, access.ErrNotFound
	}
	return r, err
}

// Revision is what a message said before it was amended.
type Revision struct {
	Revision int       `json:"revision"`
	Text     string    `json:"text"`
	Measures []Measure `json:"measures"`
	Reason   *string   `json:"reason"`
	At       time.Time `json:"at"`
	// Readers is who might read it until then, where that is what changed.
	Readers *Readers `json:"readers"`
}

// Readers is what of a message decides who may read it.
type Readers struct {
	Category string      `json:"category"`
	Masks    []string    `json:"masks"`
	OnlyTo   []uuid.UUID `json:"only_to"`
}

// Revisions reads what a message said before, oldest first, and why it was changed. Of a withdrawn message only the author
// and those entitled to full reasons read it.
func (s *Service) Revisions(ctx context.Context, actor access.Actor, message uuid.UUID) ([]Revision, error) {
	out := []Revision{}
	err := s.gate.Read(ctx, actor, access.Message(message), "message.revisions", func(g access.Grant) error {
		now, err := oneRow(ctx, g)
		if err != nil {
			return err
		}
		if now.State == Withdrawn && now.Author != actor.Person && !g.Can(access.SeeFullReasons) {
			return nil
		}
		rows, err := g.Tx().Query(ctx, "select revision, body, reason, at, category, masks, only_to from message_revisions where message_id = $1 order by revision", message)
		if err != nil {
			return fmt.Errorf("revisions: %w", err)
		}
		past, err := pgx.CollectRows(rows, pgx.RowToStructByPos[pastRow])
		if err != nil {
			return err
		}
		g.Note("count", len(past))
		for _, p := range past {
			r, err := s.showPast(ctx, g, message, p)
			if err != nil {
				return err
			}
			out = append(out, r)
		}
		return nil
	})
	return out, err
}

type pastRow struct {
	Revision int
	Body     []byte
	Reason   []byte
	At       time.Time
	Category *int32
	Masks    *int32
	OnlyTo   []uuid.UUID
}

func (s *Service) showPast(ctx context.Context, g access.Grant, message uuid.UUID, p pastRow) (Revision, error) {
	b, err := s.unseal(ctx, g.Space(), message, p.Revision, p.Body)
	if err != nil {
		return Revision{}, err
	}
	r := Revision{Revision: p.Revision, Text: b.Text, Measures: orEmpty(b.Measures), At: p.At.UTC()}
	if p.Category != nil && p.Masks != nil {
		r.Readers = &Readers{access.Categories(*p.Category).Codes()[0], access.Masks(*p.Masks).Codes(), orEmpty(p.OnlyTo)}
	}
	if p.Reason != nil {
		why, err := s.unseal(ctx, g.Space(), message, -p.Revision, p.Reason)
		if err != nil {
			return Revision{}, err
		}
		r.Reason = &why.Reason
	}
	return r, nil
}

// show opens rows for their reader and notes in the journal how many and which range. personal adds what is the viewer's own.
func (s *Service) show(ctx context.Context, g access.Grant, rows []row, personal bool) ([]Message, error) {
	items := make([]Message, 0, len(rows))
	names, err := s.people.of(ctx, g.Tx(), authorsOf(rows))
	if err != nil {
		return nil, err
	}
	for _, r := range rows {
		b, err := s.unseal(ctx, r.Space, r.ID, r.Revision, r.Body)
		if err != nil {
			return nil, err
		}
		items = append(items, view(r, b, names[r.Author], g.Standing()))
	}
	if len(rows) > 0 {
		g.Note("count", len(rows))
		g.Note("first", rows[0].ID)
		g.Note("last", rows[len(rows)-1].ID)
	}
	if personal {
		err = s.addPersonal(ctx, g, rows, items)
	}
	return items, err
}

func authorsOf(rows []row) []uuid.UUID {
	ids := map[uuid.UUID]bool{}
	for _, r := range rows {
		ids[r.Author] = true
	}
	return slices.Collect(maps.Keys(ids))
}
