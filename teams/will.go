package teams

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"liaison/access"
	"liaison/professions"
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
	// LeaveUnmanaged records it though nobody would manage the circle any more: a patient's will is never refused for good.
	LeaveUnmanaged bool `json:"leave_unmanaged,omitempty"`
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
			(select min(x.given_at) from wills x where x.space_id = w.space_id and x.withdraws = w.id)
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
