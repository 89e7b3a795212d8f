package teams

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"liaison/access"
	"liaison/professions"
	"liaison/storage"
)

// Will is a dated fact of what the patient was told, accepts or refuses.
type Will struct {
	ID           uuid.UUID           `json:"id"`
	Kind         string              `json:"kind" enum:"information,non_opposition,consent,opposition"`
	Professional *professions.Person `json:"professional"`
	Profession   *professions.Shown  `json:"profession"`
	Category     *string             `json:"category"`
	GivenBy      *string             `json:"given_by"`
	GivenAt      time.Time           `json:"given_at"`
	How          *string             `json:"how"`
	RecordedBy   professions.Person  `json:"recorded_by"`
	RecordedAt   time.Time           `json:"recorded_at"`
	WithdrawnAt  *time.Time          `json:"withdrawn_at"`
}

// NewWill records a fact, or withdraws one. An opposition names a person, a profession or a category.
type NewWill struct {
	ID             uuid.UUID          `json:"id"`
	Kind           string             `json:"kind"`
	ProfessionalID *uuid.UUID         `json:"professional_id,omitempty"`
	Profession     *access.Profession `json:"profession,omitempty"`
	Category       string             `json:"category,omitempty"`
	GivenBy        string             `json:"given_by,omitempty"`
	GivenAt        *time.Time         `json:"given_at,omitempty"`
	How            string             `json:"how,omitempty"`
	Withdraws      *uuid.UUID         `json:"withdraws,omitempty"`
}

var willKinds = []string{access.WillInformation, access.WillNonOpposition, access.WillConsent, access.WillOpposition}

func (w NewWill) checked(now time.Time) (NewWill, error) {
	var c checker
	c.id("id", w.ID)
	c.want(slices.Contains(willKinds, w.Kind), "kind", "unknown_kind")
	if w.Profession != nil {
		c.want(professions.Known(w.Profession.System, w.Profession.Code), "profession", "unknown_profession")
	}
	if w.Category != "" {
		_, known := access.ParseCategory(w.Category)
		c.want(known, "category", "unknown_category")
	}
	w.GivenBy, w.How = c.line("given_by", w.GivenBy, maxLine), c.lines("how", w.How, maxHow)
	if w.GivenAt != nil {
		at := moment(*w.GivenAt)
		w.GivenAt = &at
		c.told("given_at", at, now)
	}
	w.checkTarget(&c)
	return w, c.err
}

func (w NewWill) checkTarget(c *checker) {
	targets := w.ProfessionalID != nil || w.Profession != nil || w.Category != ""
	if w.Kind != access.WillOpposition || w.Withdraws != nil {
		c.want(!targets, "kind", "opposition_target_unexpected")
		return
	}
	c.want(targets, "kind", "opposition_target_missing")
	c.want(w.ProfessionalID == nil || w.Profession == nil, "profession", "opposition_target_both")
}

// maySeeOppositions are the actions that show what the patient refuses to whom; the database knows the same.
const maySeeOppositions = access.ManageCircle | access.RecordWill | access.SeeFullReasons

// Will lists the facts, the newest first; oppositions only to who manages the circle, records the will or sees full reasons.
func (s *Service) Will(ctx context.Context, actor access.Actor, team uuid.UUID) ([]Will, error) {
	var rows []willRow
	err := s.gate.Read(ctx, actor, access.Space(team), "will.read", func(g access.Grant) (err error) {
		rows, err = willsOf(ctx, g, uuid.Nil)
		g.Note("count", len(rows))
		return err
	})
	if err != nil {
		return nil, err
	}
	return s.showWills(ctx, rows)
}

// willRow is a fact that is no withdrawal, with the moment it was withdrawn.
type willRow struct {
	Will
	person, recordedBy uuid.UUID
	system, code       string
	category           access.Categories
}

// willsOf reads the facts the grant may see, or the one of that id.
func willsOf(ctx context.Context, g access.Grant, only uuid.UUID) ([]willRow, error) {
	rows, err := g.Tx().Query(ctx, `select w.id, w.kind, coalesce(w.person_id, $3), coalesce(w.profession_system, ''), coalesce(w.profession_code, ''),
			coalesce(w.category, 0), w.given_by, w.given_at, w.how, w.recorded_by, w.recorded_at,
			(select min(x.given_at) from wills x where x.withdraws = w.id)
		from wills w where w.space_id = $1 and w.withdraws is null and (w.kind <> 'opposition' or $2) and ($4 = $3 or w.id = $4)
		order by w.given_at desc, w.id desc`,
		g.Space(), g.Standing().Actions&maySeeOppositions != 0, uuid.Nil, only)
	if err != nil {
		return nil, fmt.Errorf("read will: %w", err)
	}
	list, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (willRow, error) {
		var w willRow
		err := r.Scan(&w.ID, &w.Kind, &w.person, &w.system, &w.code, &w.category, &w.GivenBy, &w.GivenAt, &w.How, &w.recordedBy, &w.RecordedAt,
			&w.WithdrawnAt)
		return w, err
	})
	if err != nil {
		return nil, fmt.Errorf("read will: %w", err)
	}
	return list, nil
}

func (s *Service) showWills(ctx context.Context, rows []willRow) ([]Will, error) {
	var ids []uuid.UUID
	for _, w := range rows {
		ids = append(ids, w.recordedBy)
		if w.person != uuid.Nil {
			ids = append(ids, w.person)
		}
	}
	people, err := s.persons(ctx, ids)
	if err != nil {
		return nil, err
	}
	out := make([]Will, 0, len(rows))
	for _, w := range rows {
		out = append(out, w.shown(people))
	}
	return out, nil
}

func (w willRow) shown(people map[uuid.UUID]professions.Person) Will {
	w.GivenAt, w.RecordedAt, w.RecordedBy = w.GivenAt.UTC(), w.RecordedAt.UTC(), people[w.recordedBy]
	if w.WithdrawnAt != nil {
		at := w.WithdrawnAt.UTC()
		w.WithdrawnAt = &at
	}
	if w.person != uuid.Nil {
		person := people[w.person]
		w.Professional = &person
	}
	if w.system != "" {
		w.Profession = &professions.Shown{
			System: w.system, Code: w.code, Label: professions.Plural(w.system, w.code, "fr"), Short: professions.Short(w.system, w.code),
		}
	}
	if w.category != 0 {
		w.Category = &w.category.Codes()[0]
	}
	return w.Will
}

// RecordWill records a fact of the patient's will, which takes rights at once; created is false for a replay. It answers the
// fact, or the one it withdrew. Errors: *Invalid, ErrConflict, ErrLastManager, access.ErrForbidden; access.ErrNotFound for a
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
		req.ID, g.Space(), req.Kind, req.ProfessionalID, system, code, category, orNull(req.GivenBy), orNull(req.How), given,
		g.Actor().Person, g.At(), req.Withdraws)
	if _, used := storage.IsUnique(err); used {
		return false, ErrConflict
	}
	if err != nil {
		return false, fmt.Errorf("record will: %w", err)
	}
	return true, recompile(ctx, g)
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
	err := g.Tx().QueryRow(ctx, `select w.kind, w.given_at, exists (select from wills x where x.withdraws = w.id)
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
		req.ID, req.Kind, req.ProfessionalID, system, code, category, orNull(req.GivenBy), orNull(req.How), req.Withdraws, g.Actor().Person).
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
