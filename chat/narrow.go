package chat

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"liaison/access"
	"liaison/storage"
)

// ErrWidens refuses a change after which somebody would read a message who does not read it now.
var ErrWidens = errors.New("a message is narrowed, never widened")

// Narrowing says who may still read a message: never anybody who may not now. What is nil or empty stays.
type Narrowing struct {
	Category string
	Masks    []string
	OnlyTo   []uuid.UUID
	Reason   string
	// Revision is the one the author had before her eyes.
	Revision int
}

// Narrow takes the actor's own message away from some of its readers, at once and everywhere. What it was before stays with
// its revisions. Errors: *Invalid, ErrWidens, ErrWithdrawn, ErrRevision, access.ErrForbidden.
func (s *Service) Narrow(ctx context.Context, actor access.Actor, message uuid.UUID, n Narrowing) (Message, error) {
	if err := checkReason(n.Reason); err != nil {
		return Message{}, err
	}
	return s.change(ctx, actor, message, "message.narrow", func(g access.Grant, was row, said body) (row, body, error) {
		if was.State == Withdrawn {
			return was, said, ErrWithdrawn
		}
		now, err := n.apply(was)
		if err != nil {
			return was, said, err
		}
		if again := was.Revision == n.Revision+1 && was.NarrowedAt != nil && sameReaders(was, now); again {
			return was, said, nil
		}
		if was.Revision != n.Revision {
			return was, said, ErrRevision
		}
		if sameReaders(was, now) {
			return was, said, &Invalid{"only_to", "narrow_nothing"}
		}
		at := g.At()
		now.Revision, now.NarrowedAt = was.Revision+1, &at
		return now, said, mayNarrow(ctx, g, was, now)
	}, n.Reason)
}

// apply reads the codes, and refuses what takes a mask off or adds a name.
func (n Narrowing) apply(was row) (row, error) {
	now := was
	if n.Category != "" {
		var ok bool
		if now.Category, ok = access.ParseCategory(n.Category); !ok {
			return was, &Invalid{"category", "unknown_category"}
		}
	}
	if len(n.Masks) > 0 {
		now.Masks = 0
	}
	for _, code := range n.Masks {
		mask, ok := access.ParseMask(code)
		if !ok {
			return was, &Invalid{"masks", "unknown_mask"}
		}
		now.Masks |= mask
	}
	if len(n.OnlyTo) > MaxNames {
		return was, &Invalid{"only_to", "too_many"}
	}
	if len(n.OnlyTo) > 0 {
		now.OnlyTo = n.OnlyTo
	}
	// Its author reads it whatever the names: named alone, nobody else does.
	if was.Masks&^now.Masks != 0 || (was.OnlyTo != nil && !within(now.OnlyTo, append(slices.Clone(was.OnlyTo), was.Author))) {
		return was, ErrWidens
	}
	return now, nil
}

func within(names, in []uuid.UUID) bool {
	return !slices.ContainsFunc(names, func(id uuid.UUID) bool { return !slices.Contains(in, id) })
}

func sameReaders(a, b row) bool {
	return a.Category == b.Category && a.Masks == b.Masks && (a.OnlyTo == nil) == (b.OnlyTo == nil) && within(a.OnlyTo, b.OnlyTo) && within(b.OnlyTo, a.OnlyTo)
}

// mayNarrow asks what the message cannot say itself: that the names are of this circle, and that nobody reads the new category
// who does not read the old one.
func mayNarrow(ctx context.Context, g access.Grant, was, now row) error {
	if was.OnlyTo == nil && now.OnlyTo != nil {
		var members int
		err := g.Tx().QueryRow(ctx, "select count(distinct person_id) from circle_members($1) where person_id = any ($2)",
			[]uuid.UUID{now.Channel}, now.OnlyTo).Scan(&members)
		if err != nil {
			return fmt.Errorf("names of circle: %w", err)
		}
		if members < len(slices.Compact(slices.SortedFunc(slices.Values(now.OnlyTo), compareIDs))) {
			return &Invalid{"only_to", "only_to_unknown"}
		}
	}
	if was.Category != now.Category && g.Standing().Writes&now.Category == 0 {
		return ErrCategory
	}
	narrower, err := g.Narrower(ctx, was.Category, now.Category)
	if err == nil && !narrower {
		err = ErrWidens
	}
	return err
}

func compareIDs(a, b uuid.UUID) int { return slices.Compare(a[:], b[:]) }

// narrowedFrom gives, by message and by the event that ended it, who might read it before.
func narrowedFrom(ctx context.Context, q storage.Querier, ids []uuid.UUID) (map[uuid.UUID]map[int64]access.Facts, error) {
	out := map[uuid.UUID]map[int64]access.Facts{}
	if len(ids) == 0 {
		return out, nil
	}
	rows, err := q.Query(ctx, "select message_id, msg_position, category, masks, only_to, author_id, created_at, document_types from narrowed_from($1)", ids)
	if err != nil {
		return nil, fmt.Errorf("who read before: %w", err)
	}
	var id uuid.UUID
	var position int64
	var f access.Facts
	_, err = pgx.ForEachRow(rows, []any{&id, &position, &f.Category, &f.Masks, &f.OnlyTo, &f.Author, &f.CreatedAt, &f.Types}, func() error {
		if out[id] == nil {
			out[id] = map[int64]access.Facts{}
		}
		out[id][position] = f
		return nil
	})
	return out, err
}
