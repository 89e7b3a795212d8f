package documents

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"liaison/access"
)

// Get shows one document.
func (s *Service) Get(ctx context.Context, actor access.Actor, id uuid.UUID) (Document, error) {
	var r record
	err := s.open(ctx, s.Gate.Read, actor, id, "document.read", func(_ access.Grant, found record) error {
		r = found
		return nil
	})
	if err != nil {
		return Document{}, err
	}
	return s.showOne(ctx, r)
}

// Download is a document on its way out: what it is, and which of its bytes come.
type Download struct {
	Name      string
	MediaType string
	Size      int64
	From, To  int64 // To is exclusive
	Body      Stream
}

// Range chooses bytes of a file of some size; To is exclusive.
type Range func(size int64) (from, to int64, err error)

// Whole chooses every byte.
func Whole(size int64) (from, to int64, err error) { return 0, size, nil }

// Download opens a document for reading. It is journalled, durably, before the first byte; the first bytes are in hand when
// it returns, so that a store out of reach is an answer and not half of one.
func (s *Service) Download(ctx context.Context, actor access.Actor, id uuid.UUID, choose Range) (Download, error) {
	var r record
	var out Download
	err := s.open(ctx, s.Gate.Download, actor, id, "document.download", func(g access.Grant, found record) error {
		if found.State != Ready {
			return ErrNotReady
		}
		r = found
		from, to, err := choose(r.Size)
		if err != nil {
			return err
		}
		out = Download{MediaType: *r.MediaType, Size: r.Size, From: from, To: to}
		g.Note("from", from)
		g.Note("to", to)
		return nil
	})
	if err != nil {
		return Download{}, err
	}
	d, err := s.describedIn(ctx, r)
	if err != nil {
		return Download{}, err
	}
	out.Name = d.Name
	body := s.stream(context.WithoutCancel(ctx), r, out.From, out.To)
	if err := body.next(); err != nil {
		body.Close()
		return Download{}, s.told(ctx, r, err)
	}
	out.Body = &attended{Stream: body, asked: time.Now(), ask: func() error {
		return s.open(context.WithoutCancel(ctx), s.mark, actor, id, "document.download", func(access.Grant, record) error { return nil })
	}}
	return out, nil
}

// attended asks for its reader's standing again while a file is on its way: who loses it gets no more than what had left.
type attended struct {
	Stream
	ask   func() error
	asked time.Time
}

// askEvery is below the second within which access is cut everywhere.
const askEvery = 500 * time.Millisecond

func (a *attended) Read(p []byte) (int, error) {
	if time.Since(a.asked) >= askEvery {
		if err := a.ask(); err != nil {
			return 0, err
		}
		a.asked = time.Now()
	}
	return a.Stream.Read(p)
}

// Thumbnail reads the small picture of an image, under the same standing as the image.
func (s *Service) Thumbnail(ctx context.Context, actor access.Actor, id uuid.UUID) ([]byte, error) {
	var r record
	err := s.open(ctx, s.Gate.Read, actor, id, "document.thumbnail", func(_ access.Grant, found record) error {
		if !found.Thumbnail {
			return access.ErrNotFound
		}
		r = found
		return nil
	})
	if err != nil {
		return nil, err
	}
	picture, err := s.small(ctx, r)
	return picture, s.told(ctx, r, err)
}

// told logs damage, which the operator must hear of, on its way to the reader.
func (s *Service) told(ctx context.Context, r record, err error) error {
	if errors.Is(err, ErrDamaged) {
		s.Log.ErrorContext(ctx, "document damaged", "document", r.ID, "error", err)
	}
	return err
}

// small reads an object whose length the row does not know.
func (s *Service) small(ctx context.Context, r record) ([]byte, error) {
	if s.Bucket == nil {
		return nil, ErrStorage
	}
	body, err := s.Bucket.Get(ctx, r.thumbnailKey(), 0, -1)
	if err != nil {
		return nil, storageFault(err)
	}
	defer body.Close()
	sealed, err := io.ReadAll(io.LimitReader(body, sealedMost))
	if err != nil {
		return nil, storageFault(err)
	}
	plain, err := s.Keys.Unseal(ctx, r.Space, r.ID, place(thumbnailPart, 0, true), sealed)
	if err != nil {
		return nil, fmt.Errorf("thumbnail of document %s: %w", r.ID, asDamage(err))
	}
	return plain, nil
}

// Mark is where a page of the list ends.
type Mark struct {
	At time.Time
	ID uuid.UUID
}

// Page is a page of a circle's documents, newest first; Next continues it.
type Page struct {
	Items []Document
	Next  *Mark
}

const (
	pageDefault = 50
	pageMost    = 200
)

// List reads the documents of a circle's messages that the actor may see.
func (s *Service) List(ctx context.Context, actor access.Actor, team uuid.UUID, before *Mark, limit int) (Page, error) {
	if limit <= 0 || limit > pageMost {
		limit = pageDefault
	}
	var rows []record
	err := s.Gate.Read(ctx, actor, access.Space(team), "documents.list", func(g access.Grant) (err error) {
		rows, err = listed(ctx, g, before, limit+1)
		g.Note("count", min(len(rows), limit))
		return err
	})
	if err != nil {
		return Page{}, err
	}
	var page Page
	if len(rows) > limit {
		rows = rows[:limit]
		last := rows[limit-1]
		page.Next = &Mark{*last.AttachedAt, last.ID}
	}
	page.Items, err = s.show(ctx, rows...)
	return page, err
}

func listed(ctx context.Context, g access.Grant, before *Mark, limit int) ([]record, error) {
	a := args(g)
	a["limit"] = limit
	where := ""
	if before != nil {
		where = " and (d.attached_at, d.id) < (@at, @id)"
		a["at"], a["id"] = before.At, before.ID
	}
	rows, err := g.Tx().Query(ctx, "select "+columns+` from documents d join messages m on m.id = d.message_id
		where d.space_id = @space and d.message_id is not null and `+attachedWhere+where+" order by d.attached_at desc, d.id desc limit @limit", a)
	if err != nil {
		return nil, fmt.Errorf("documents of circle: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[record])
}
