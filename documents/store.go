package documents

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"liaison/access"
	"liaison/storage"
)

const columns = `d.id, d.space_id, d.uploader_id, d.message_id, d.state, d.refusal, d.described, d.progress, d.size, d.received, d.media_type,
	d.width, d.height, d.thumbnail, d.created_at, d.attached_at, m.channel_id, m.category`

// attachedWhere is the standing of an attached document: its message's; of a withdrawn one, as of its text.
const attachedWhere = `(` + access.VisibleWhere + ` and (m.state <> 'withdrawn' or m.author_id = @actor or @full))`

// visibleWhere adds those nobody but their uploader sees.
const visibleWhere = `((d.message_id is null and d.uploader_id = @actor and d.expires_at > statement_timestamp())
	or (m.id is not null and ` + attachedWhere + `))`

func args(g access.Grant) pgx.NamedArgs {
	a := g.VisibleArgs()
	a["full"] = g.Can(access.SeeFullReasons)
	return a
}

// visible reads a document of the grant's space as its actor may see it.
func visible(ctx context.Context, g access.Grant, id uuid.UUID) (record, error) {
	a := args(g)
	a["document"] = id
	rows, err := g.Tx().Query(ctx, "select "+columns+` from documents d left join messages m on m.id = d.message_id
		where d.id = @document and d.space_id = @space and `+visibleWhere, a)
	if err != nil {
		return record{}, fmt.Errorf("document: %w", err)
	}
	r, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[record])
	if errors.Is(err, pgx.ErrNoRows) {
		return record{}, access.ErrNotFound
	}
	return r, err
}

// located is where a document lives and whose it is, whoever asks.
type located struct {
	ID, Space, Uploader uuid.UUID
	Message             *uuid.UUID
	State               string
	Fingerprint         []byte
}

func locate(ctx context.Context, q storage.Querier, id uuid.UUID) (located, bool, error) {
	rows, err := q.Query(ctx, "select id, space_id, uploader_id, message_id, state, fingerprint from locate_documents(array[$1::uuid])", id)
	if err != nil {
		return located{}, false, fmt.Errorf("locate document: %w", err)
	}
	at, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[located])
	if errors.Is(err, pgx.ErrNoRows) {
		return at, false, nil
	}
	return at, err == nil, err
}

// door is a way of opening the gate.
type door func(context.Context, access.Actor, access.Resource, string, func(access.Grant) error) error

// open asks the gate for the space of a document, and then for the document itself.
func (s *Service) open(ctx context.Context, through door, actor access.Actor, id uuid.UUID, verb string, fn func(access.Grant, record) error) error {
	at, exists, err := locate(ctx, s.DB.Pool, id)
	if err != nil {
		return err
	}
	if !exists {
		return s.Gate.Refuse(ctx, actor, verb, id)
	}
	return through(ctx, actor, access.Space(at.Space), verb, func(g access.Grant) error {
		g.Object(id)
		r, err := visible(ctx, g, id)
		if err != nil {
			return err
		}
		return fn(g, r)
	})
}

// mark is a door without journal line, for what only says how far an upload has come.
func (s *Service) mark(ctx context.Context, actor access.Actor, res access.Resource, _ string, fn func(access.Grant) error) error {
	return s.Gate.Mark(ctx, actor, res, fn)
}
