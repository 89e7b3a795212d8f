package chat

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"liaison/access"
	"liaison/events"
	"liaison/storage"
)

// Deliverables makes ready for their listeners the messages of events that another node committed, or that this node missed.
// The answer is by message; a message that is gone is left out. The scope is the relay's.
func (s *Service) Deliverables(ctx context.Context, sc access.Scope, evs []events.Event) (map[uuid.UUID]*access.Deliverable, error) {
	kinds := map[uuid.UUID]string{}
	var ids []uuid.UUID
	for _, e := range evs {
		if _, have := kinds[e.Message]; !have {
			ids = append(ids, e.Message)
		}
		kinds[e.Message] = e.Type
	}
	found, err := sc.Tx().Query(ctx, "select "+messageColumns+" from messages m where m.id = any ($1)", ids)
	if err != nil {
		return nil, fmt.Errorf("messages to deliver: %w", err)
	}
	rows, err := scanRows(found)
	if err != nil {
		return nil, err
	}
	roots, err := rootsOf(ctx, sc.Tx(), rows)
	if err != nil {
		return nil, err
	}
	was, err := narrowedFrom(ctx, sc.Tx(), narrowedIn(rows))
	if err != nil {
		return nil, err
	}
	out, err := s.frames(ctx, sc.Tx(), rows, roots, kinds)
	for _, r := range rows {
		if d := out[r.ID]; d != nil && was[r.ID] != nil && err == nil {
			err = lost(d, r.Channel, r.ID, was[r.ID])
		}
	}
	return out, err
}

func narrowedIn(rows []row) (ids []uuid.UUID) {
	for _, r := range rows {
		if r.NarrowedAt != nil {
			ids = append(ids, r.ID)
		}
	}
	return ids
}

func (s *Service) frames(ctx context.Context, q storage.Querier, rows []row, roots map[uuid.UUID]access.Facts, kinds map[uuid.UUID]string) (map[uuid.UUID]*access.Deliverable, error) {
	names, err := s.people.of(ctx, q, authorsOf(rows))
	if err != nil {
		return nil, err
	}
	out := make(map[uuid.UUID]*access.Deliverable, len(rows))
	for _, r := range rows {
		said, err := s.unseal(ctx, r.Space, r.ID, r.Revision, r.Body)
		if err != nil && !gone(err) {
			return nil, err
		}
		if err != nil {
			s.log.Warn("message not delivered", "message", r.ID, "error", err)
			continue
		}
		var root *access.Facts
		if r.Thread != nil {
			facts := roots[*r.Thread]
			root = &facts
		}
		d, err := deliverable(kinds[r.ID], view(r, said, names[r.Author], access.Standing{}), r.facts(), root)
		if err != nil {
			return nil, err
		}
		out[r.ID] = d
	}
	return out, nil
}

// gone says that a sealed text will never open again (its key was destroyed). Any other failure is tried again: what is
// passed over is never delivered.
func gone(err error) bool {
	var forEver interface{ Gone() bool }
	return errors.As(err, &forEver) && forEver.Gone()
}

func rootsOf(ctx context.Context, q storage.Querier, rows []row) (map[uuid.UUID]access.Facts, error) {
	var ids []uuid.UUID
	for _, r := range rows {
		if r.Thread != nil {
			ids = append(ids, *r.Thread)
		}
	}
	out := map[uuid.UUID]access.Facts{}
	if len(ids) == 0 {
		return out, nil
	}
	found, err := q.Query(ctx, "select id, category, masks, only_to, author_id, created_at, document_types from locate_messages($1)", ids)
	if err != nil {
		return nil, fmt.Errorf("roots of threads: %w", err)
	}
	var id uuid.UUID
	var f access.Facts
	_, err = pgx.ForEachRow(found, []any{&id, &f.Category, &f.Masks, &f.OnlyTo, &f.Author, &f.CreatedAt, &f.Types}, func() error {
		out[id] = f
		return nil
	})
	return out, err
}

// threadOf gives the root of a reply, also where row-level security hides it from its author; nil for a root.
func threadOf(ctx context.Context, q storage.Querier, message uuid.UUID) (*uuid.UUID, *access.Facts, error) {
	var thread *uuid.UUID
	if err := q.QueryRow(ctx, "select thread_id from locate_messages(array[$1::uuid])", message).Scan(&thread); err != nil {
		return nil, nil, fmt.Errorf("thread of message: %w", err)
	}
	if thread == nil {
		return nil, nil, nil
	}
	roots, err := rootsOf(ctx, q, []row{{Thread: thread}})
	facts := roots[deref(thread)]
	return thread, &facts, err
}

func deref(id *uuid.UUID) uuid.UUID {
	if id == nil {
		return uuid.Nil
	}
	return *id
}
