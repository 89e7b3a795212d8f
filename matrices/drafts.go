package matrices

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"liaison/access"
	"liaison/audit"
)

// Draft is a version that somebody works at.
type Draft struct {
	ID        uuid.UUID
	BasedOn   int // the version that was present when it was begun
	Comment   string
	Author    uuid.UUID
	CreatedAt time.Time
	UpdatedAt time.Time
	Revision  int
	// Simulation is of the present revision, or nil.
	Simulation  *Simulation
	SimulatedAt *time.Time
	Tables
	ended bool
}

const draftColumns = `id, based_on, comment, author, created_at, updated_at, revision,
	case when simulated_revision = revision then simulation end, case when simulated_revision = revision then simulated_at end,
	categories, actions, exceptions, policy, published_version is not null or discarded_at is not null`

func scanDraft(row pgx.CollectableRow) (Draft, error) {
	var d Draft
	err := row.Scan(&d.ID, &d.BasedOn, &d.Comment, &d.Author, &d.CreatedAt, &d.UpdatedAt, &d.Revision, &d.Simulation, &d.SimulatedAt,
		&d.Categories, &d.Actions, &d.Exceptions, &d.Policy, &d.ended)
	return d, err
}

// MaxComment bounds a comment, in characters.
const MaxComment = 500

// Drafts lists those that were neither published nor discarded, the last changed first.
func (s *Service) Drafts(ctx context.Context, actor access.Actor) (list []Draft, err error) {
	err = s.admins.Administer(ctx, actor, "matrix.list", uuid.Nil, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, "select "+draftColumns+` from matrix_drafts where published_version is null and discarded_at is null
			order by updated_at desc, id`)
		if err != nil {
			return fmt.Errorf("list drafts: %w", err)
		}
		list, err = pgx.CollectRows(rows, scanDraft)
		return err
	})
	return list, err
}

// NewDraft begins a draft from a version (0: the present one): returning to an earlier one is a draft made from it. Repeated with the
// same id it answers the draft there is.
func (s *Service) NewDraft(ctx context.Context, actor access.Actor, id uuid.UUID, from int, comment string) (d Draft, err error) {
	err = s.admins.Administer(ctx, actor, "matrix.draft", id, func(tx pgx.Tx) error {
		if d, err = draftWith(ctx, tx, id, ""); !errors.Is(err, ErrUnknown) {
			return err
		}
		present, err := versionWhere(ctx, tx, "version = (select max(version) from matrices)")
		if err != nil {
			return err
		}
		source := present
		if from > 0 {
			if source, err = versionWhere(ctx, tx, "version = $1", from); err != nil {
				return err
			}
		}
		_, err = tx.Exec(ctx, "insert into matrix_drafts (id, based_on, categories, actions, comment, author, exceptions, policy) values ($1, $2, $3, $4, $5, $6, $7, $8)",
			id, present.Number, source.Categories, source.Actions, comment, actor.Person, source.Exceptions, source.Policy)
		if err != nil {
			return fmt.Errorf("begin draft: %w", err)
		}
		if d, err = draftWith(ctx, tx, id, ""); err != nil {
			return err
		}
		return audit.Write(ctx, tx, line(actor, "matrix.draft", id, map[string]any{"from": source.Number}))
	})
	return d, err
}

// Draft gives one.
func (s *Service) Draft(ctx context.Context, actor access.Actor, id uuid.UUID) (d Draft, err error) {
	err = s.admins.Administer(ctx, actor, "matrix.list", id, func(tx pgx.Tx) error {
		d, err = draftWith(ctx, tx, id, "")
		return err
	})
	return d, err
}

// Change replaces the tables and the comment of a draft; exceptions or a policy that are ""
// stay as they are. What was simulated no longer holds. Errors: *access.TableFault,
// ErrRevision, ErrEnded, ErrUnknown.
func (s *Service) Change(ctx context.Context, actor access.Actor, id uuid.UUID, revision int, to Tables, comment string) (Draft, error) {
	if _, err := to.Parse(0); err != nil {
		return Draft{}, err
	}
	return s.atDraft(ctx, actor, "matrix.change", id, func(tx pgx.Tx, d Draft) error {
		if to.Exceptions == "" {
			to.Exceptions = d.Exceptions
		}
		if to.Policy == "" {
			to.Policy = d.Policy
		}
		if d.Revision == revision+1 && d.Tables == to && d.Comment == comment {
			return nil // said again
		}
		if d.Revision != revision {
			return ErrRevision
		}
		_, err := tx.Exec(ctx, `update matrix_drafts set categories = $2, actions = $3, comment = $4, exceptions = $5, policy = $6, revision = revision + 1, updated_at = now()
			where id = $1`, id, to.Categories, to.Actions, comment, to.Exceptions, to.Policy)
		if err != nil {
			return fmt.Errorf("change draft: %w", err)
		}
		return audit.Write(ctx, tx, line(actor, "matrix.change", id, map[string]any{"revision": revision + 1}))
	})
}

// Discard puts a draft away; nobody sees it any more.
func (s *Service) Discard(ctx context.Context, actor access.Actor, id uuid.UUID) error {
	_, err := s.atDraft(ctx, actor, "matrix.discard", id, func(tx pgx.Tx, _ Draft) error {
		if _, err := tx.Exec(ctx, "update matrix_drafts set discarded_at = now() where id = $1", id); err != nil {
			return fmt.Errorf("discard draft: %w", err)
		}
		return audit.Write(ctx, tx, line(actor, "matrix.discard", id, nil))
	})
	return err
}

// atDraft works at a draft that nobody else changes meanwhile, and gives it as it is afterwards.
func (s *Service) atDraft(ctx context.Context, actor access.Actor, verb string, id uuid.UUID, fn func(pgx.Tx, Draft) error) (d Draft, err error) {
	err = s.admins.Administer(ctx, actor, verb, id, func(tx pgx.Tx) error {
		if d, err = draftWith(ctx, tx, id, " for update"); err != nil {
			return err
		}
		if d.ended {
			return ErrEnded
		}
		if err := fn(tx, d); err != nil {
			return err
		}
		d, err = draftWith(ctx, tx, id, "")
		return err
	})
	return d, err
}

func draftWith(ctx context.Context, tx pgx.Tx, id uuid.UUID, lock string) (Draft, error) {
	rows, err := tx.Query(ctx, "select "+draftColumns+" from matrix_drafts where id = $1"+lock, id)
	if err != nil {
		return Draft{}, fmt.Errorf("read draft: %w", err)
	}
	d, err := pgx.CollectExactlyOneRow(rows, scanDraft)
	if errors.Is(err, pgx.ErrNoRows) {
		return d, ErrUnknown
	}
	return d, err
}

// Publish makes of a draft, simulated as it now is and begun from the present version, the matrix that holds. Every circle follows
// within seconds. Errors: ErrNotSimulated, ErrOutdated, ErrEnded, ErrUnknown, *access.TableFault.
func (s *Service) Publish(ctx context.Context, actor access.Actor, id uuid.UUID, comment string) (number int, err error) {
	_, err = s.atDraft(ctx, actor, "matrix.publish", id, func(tx pgx.Tx, d Draft) error {
		number, err = publish(ctx, tx, actor, d, comment)
		return err
	})
	if err == nil {
		s.gate.Published()
	}
	return number, err
}

func publish(ctx context.Context, tx pgx.Tx, actor access.Actor, d Draft, comment string) (number int, err error) {
	if d.Simulation == nil {
		return 0, ErrNotSimulated
	}
	if _, err := d.Parse(0); err != nil {
		return 0, err
	}
	// One at a time, so that of two drafts from the same version the second is told that it is outdated.
	if _, err := tx.Exec(ctx, "select pg_advisory_xact_lock(hashtext('matrices'))"); err != nil {
		return 0, fmt.Errorf("publish alone: %w", err)
	}
	err = tx.QueryRow(ctx, `insert into matrices (version, categories, actions, comment, published_by, exceptions, policy)
		select max(version) + 1, $2, $3, $4, $5, $6, $7 from matrices having max(version) = $1 returning version`,
		d.BasedOn, d.Categories, d.Actions, comment, actor.Person, d.Exceptions, d.Policy).Scan(&number)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, ErrOutdated
	}
	if err != nil {
		return 0, fmt.Errorf("publish: %w", err)
	}
	if _, err := tx.Exec(ctx, "update matrix_drafts set published_version = $2 where id = $1", d.ID, number); err != nil {
		return 0, fmt.Errorf("end draft: %w", err)
	}
	return number, audit.Write(ctx, tx, line(actor, "matrix.publish", d.ID, map[string]any{"version": number}))
}
