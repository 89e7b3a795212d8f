package teams

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"liaison/access"
	"liaison/storage"
)

// RecordWill records a fact of the patient's will, which takes rights at once; created is false for a replay. It answers the
// fact, or the one it withdrew. Errors: *Invalid, ErrConflict, ErrLastManager (asked once: see LeaveUnmanaged), access.ErrForbidden; access.ErrNotFound for a
// withdrawal of what is not of this circle.
func (s *Service) RecordWill(ctx context.Context, actor access.Actor, team uuid.UUID, req NewWill) (will Will, created bool, err error) {
	req, err = req.checked(s.now())
	if err != nil {
		return Will{}, false, err
	}
	known, err := s.knownProfessional(ctx, req.ProfessionalID)
	if err != nil {
		return Will{}, false, err
	}
	var rows []willRow
	err = s.gate.Write(ctx, actor, access.Space(team), "will.record", func(g access.Grant) error {
		if !g.Can(access.ManageCircle) && !g.Can(access.RecordWill) {
			return access.ErrForbidden
		}
		if !known {
			return &Invalid{"professional_id", "professional_unknown"}
		}
		g.Object(req.ID)
		g.Note("kind", req.Kind)
		if created, err = recordWill(ctx, g, req); err != nil {
			return err
		}
		rows, err = willsOf(ctx, g, req.fact())
		return err
	})
	if err != nil {
		return Will{}, false, err
	}
	list, err := s.showWills(ctx, rows)
	if err != nil || len(list) == 0 {
		// Empty when the fact took the recorder's own right to see it.
		return Will{ID: req.fact(), Kind: req.Kind}, created, err
	}
	return list[0], created, nil
}

// fact is the one the answer shows: a withdrawal shows what it withdrew.
func (w NewWill) fact() uuid.UUID {
	if w.Withdraws != nil {
		return *w.Withdraws
	}
	return w.ID
}

func (s *Service) knownProfessional(ctx context.Context, id *uuid.UUID) (bool, error) {
	if id == nil {
		return true, nil
	}
	found, err := s.people.Persons(ctx, []uuid.UUID{*id})
	if err != nil {
		return false, fmt.Errorf("read people: %w", err)
	}
	_, known := found[*id]
	return known, nil
}

func recordWill(ctx context.Context, g access.Grant, req NewWill) (created bool, err error) {
	known, err := replayedWill(ctx, g, req)
	if known || err != nil {
		g.Note("replay", known)
		return false, err
	}
	given := g.At()
	if req.GivenAt != nil && req.GivenAt.Before(given) {
		given = *req.GivenAt
	}
	if req.Withdraws != nil {
		if err := mayWithdraw(ctx, g, req, given); err != nil {
			return false, err
		}
	}
	system, code, category := req.columns()
	_, err = g.Tx().Exec(ctx, `insert into wills (id, space_id, kind, person_id, profession_system, profession_code, category, given_by, how, given_at,
			recorded_by, recorded_at, withdraws) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
		req.ID, g.Space(), req.Kind, req.ProfessionalID, system, code, category, storage.OrNull(req.GivenBy), storage.OrNull(req.How), given,
		g.Actor().Person, g.At(), req.Withdraws)
	if _, used := storage.IsUnique(err); used {
		return false, ErrConflict
	}
	if err != nil {
		return false, fmt.Errorf("record will: %w", err)
	}
	err = recompile(ctx, g)
	if errors.Is(err, ErrLastManager) && req.LeaveUnmanaged {
		g.Note("unmanaged", true)
		err = nil
	}
	return true, err
}

func (w NewWill) columns() (system, code *string, category *int32) {
	if w.Profession != nil {
		system, code = &w.Profession.System, &w.Profession.Code
	}
	if bit, ok := access.ParseCategory(w.Category); ok {
		n := int32(bit)
		category = &n
	}
	return system, code, category
}

// mayWithdraw wants a fact of this circle, of the same kind, that stands and was given before.
func mayWithdraw(ctx context.Context, g access.Grant, req NewWill, given time.Time) error {
	var kind string
	var since time.Time
	var withdrawn bool
	err := g.Tx().QueryRow(ctx, `select w.kind, w.given_at, exists (select from wills x where x.space_id = w.space_id and x.withdraws = w.id)
		from wills w where w.id = $1 and w.space_id = $2 and w.withdraws is null`, *req.Withdraws, g.Space()).Scan(&kind, &since, &withdrawn)
	if errors.Is(err, pgx.ErrNoRows) {
		return access.ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("look for fact: %w", err)
	}
	var c checker
	c.want(kind == req.Kind, "withdraws", "withdraws_other_kind")
	c.want(!withdrawn, "withdraws", "already_withdrawn")
	c.want(!given.Before(since), "given_at", "given_at_before_fact")
	return c.err
}

// replayedWill says whether this very fact was recorded before by the same person.
func replayedWill(ctx context.Context, g access.Grant, req NewWill) (bool, error) {
	system, code, category := req.columns()
	var space uuid.UUID
	var is bool
	var given, recorded time.Time
	err := g.Tx().QueryRow(ctx, `select space_id, kind = $2 and person_id is not distinct from $3 and profession_system is not distinct from $4
			and profession_code is not distinct from $5 and category is not distinct from $6 and given_by is not distinct from $7
			and how is not distinct from $8 and withdraws is not distinct from $9 and recorded_by = $10, given_at, recorded_at
		from wills where id = $1`,
		req.ID, req.Kind, req.ProfessionalID, system, code, category, storage.OrNull(req.GivenBy), storage.OrNull(req.How), req.Withdraws, g.Actor().Person).
		Scan(&space, &is, &given, &recorded)
	if errors.Is(err, pgx.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look for fact: %w", err)
	}
	if !is || space != g.Space() || !sameGiven(req.GivenAt, given, recorded) {
		return false, ErrConflict
	}
	return true, nil
}

// sameGiven compares a moment asked for with the one kept, which is never after its recording.
func sameGiven(asked *time.Time, given, recorded time.Time) bool {
	if asked == nil || asked.After(recorded) {
		return given.Equal(recorded)
	}
	return given.Equal(*asked)
}
