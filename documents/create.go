package documents

import (
	"context"
	"crypto/sha256"
	"encoding"
	"encoding/json"
	"fmt"
	"hash"
	"time"

	"github.com/google/uuid"

	"liaison/access"
	"liaison/storage"
)

// Create announces a document: its bytes may follow. replay says that it had been announced before.
func (s *Service) Create(ctx context.Context, actor access.Actor, d Draft) (doc Document, replay bool, err error) {
	if err := s.check(d); err != nil {
		return Document{}, false, err
	}
	r, replay, err := s.create(ctx, actor, d)
	if _, taken := storage.IsUnique(err); taken {
		// Somebody was faster: asked again, the row is there.
		r, replay, err = s.create(ctx, actor, d)
	}
	if err != nil {
		return Document{}, false, err
	}
	doc, err = s.showOne(ctx, r)
	return doc, replay, err
}

func (s *Service) create(ctx context.Context, actor access.Actor, d Draft) (r record, replay bool, err error) {
	err = s.Gate.Keep(ctx, actor, access.Space(d.Team), "document.create", func(g access.Grant) error {
		g.Object(d.ID)
		if g.Standing().Writes == 0 {
			return access.ErrForbidden
		}
		was, exists, err := locate(ctx, g.Tx(), d.ID)
		if err != nil {
			return err
		}
		if exists {
			replay = true
			r, err = s.again(ctx, g, was, d)
			return err
		}
		g.Note("size", d.Size)
		r, err = s.begin(ctx, g, d)
		return err
	})
	return r, replay, err
}

// again answers a repetition with the document as it is now.
func (s *Service) again(ctx context.Context, g access.Grant, was located, d Draft) (record, error) {
	g.Note("replay", true)
	if was.Uploader != g.Actor().Person || was.Space != g.Space() {
		return record{}, ErrConflict
	}
	same, err := s.Keys.SameFingerprint(ctx, g.Space(), was.Fingerprint, content(d))
	if err != nil {
		return record{}, err
	}
	if !same {
		return record{}, ErrConflict
	}
	return visible(ctx, g, d.ID)
}

// content is what makes two announcements the same.
func content(d Draft) []byte {
	raw, err := json.Marshal(d)
	if err != nil {
		panic(fmt.Sprintf("a checked draft does not encode: %v", err))
	}
	return raw
}

func (s *Service) begin(ctx context.Context, g access.Grant, d Draft) (record, error) {
	var pending int
	err := g.Tx().QueryRow(ctx, "select count(*) from documents where uploader_id = $1 and message_id is null and expires_at > statement_timestamp()",
		g.Actor().Person).Scan(&pending)
	if err != nil {
		return record{}, fmt.Errorf("count unattached documents: %w", err)
	}
	if pending >= pendingMost {
		return record{}, &Invalid{"id", "documents_pending"}
	}
	r := record{ID: d.ID, Space: g.Space(), Uploader: g.Actor().Person, State: Receiving, Size: d.Size, CreatedAt: g.At()}
	if r.Described, err = s.describe(ctx, r.Space, r.ID, description{d.Name, d.Caption, d.SHA256, d.Size, d.Type}); err != nil {
		return record{}, err
	}
	if r.Progress, err = s.sealProgress(ctx, r, 0, sha256.New()); err != nil {
		return record{}, err
	}
	print, err := s.Keys.Fingerprint(ctx, r.Space, content(d))
	if err != nil {
		return record{}, err
	}
	_, err = g.Tx().Exec(ctx, `insert into documents (id, space_id, uploader_id, described, progress, size, fingerprint, created_at, expires_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		r.ID, r.Space, r.Uploader, r.Described, r.Progress, r.Size, print, r.CreatedAt, r.CreatedAt.Add(unattachedFor))
	if err != nil {
		return record{}, fmt.Errorf("announce document: %w", err)
	}
	return r, nil
}

// sealProgress keeps the running sum where another node finds it.
func (s *Service) sealProgress(ctx context.Context, r record, received int64, sum hash.Hash) ([]byte, error) {
	state, err := sum.(encoding.BinaryMarshaler).MarshalBinary()
	if err != nil {
		return nil, fmt.Errorf("running sum: %w", err)
	}
	return s.Keys.Seal(ctx, r.Space, r.ID, place(progressPart, received, false), state)
}

func (s *Service) progress(ctx context.Context, r record) (hash.Hash, error) {
	state, err := s.Keys.Unseal(ctx, r.Space, r.ID, place(progressPart, r.Received, false), r.Progress)
	if err != nil {
		return nil, fmt.Errorf("open progress of document %s: %w", r.ID, err)
	}
	sum := sha256.New()
	if err := sum.(encoding.BinaryUnmarshaler).UnmarshalBinary(state); err != nil {
		return nil, fmt.Errorf("running sum of document %s: %w", r.ID, err)
	}
	return sum, nil
}

// Delete takes back a document of one's own that no message holds. Its bytes are swept within minutes: another node may
// still be writing some.
func (s *Service) Delete(ctx context.Context, actor access.Actor, id uuid.UUID) error {
	return s.open(ctx, s.Gate.Keep, actor, id, "document.delete", func(g access.Grant, r record) error {
		if r.Uploader != actor.Person {
			return access.ErrForbidden
		}
		if r.Message != nil {
			return ErrAttached
		}
		return g.Change(ctx, "update documents set expires_at = $2, xid = pg_current_xact_id() where id = $1 and message_id is null", r.ID, g.At().Add(-time.Microsecond))
	})
}
