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

// NewStandIn lets somebody act for the caller: a remplaçant of the same profession from one day to another, or a secretary. TeamIDs nil is
// every circle where the caller has a place, those to come too. Categories is what a secretary is delegated beyond what is administrative.
type NewStandIn struct {
	ID             uuid.UUID   `json:"id"`
	Kind           string      `json:"kind" enum:"replacement,secretariat"`
	ProfessionalID uuid.UUID   `json:"professional_id" format:"uuid"`
	From           *time.Time  `json:"from,omitempty"`
	Until          *time.Time  `json:"until,omitempty" doc:"Needed for a replacement."`
	TeamIDs        []uuid.UUID `json:"team_ids,omitempty"`
	Categories     []string    `json:"categories,omitempty"`
}

// StandIn is somebody who acts for another.
type StandIn struct {
	ID         uuid.UUID          `json:"id"`
	Kind       string             `json:"kind" enum:"replacement,secretariat"`
	For        professions.Person `json:"for"`
	By         professions.Person `json:"by"`
	From       time.Time          `json:"from"`
	Until      *time.Time         `json:"until"`
	Ended      bool               `json:"ended"`    // before its date
	TeamIDs    []uuid.UUID        `json:"team_ids"` // null: every circle
	Categories []string           `json:"categories"`
}

// A replacement is not longer, and neither begins later, than this.
const (
	longestReplacement = 1 // year
	latestStandIn      = 1 // year
	mostTeamsChosen    = 1000
)

// errStandInProfession: who replaces is of the same profession (Code de la santé publique, R4127-65 for physicians, R4312-83 for nurses).
var errStandInProfession = &Invalid{"professional_id", "stand_in_profession"}

func (n NewStandIn) checked(now time.Time) (NewStandIn, error) {
	var c checker
	c.id("id", n.ID)
	c.want(n.ProfessionalID != uuid.Nil, "professional_id", "professional_unknown")
	c.want(n.Kind == access.ThroughReplacement || n.Kind == access.ThroughSecretariat, "kind", "stand_in_kind")
	replaces := n.Kind == access.ThroughReplacement
	c.want(!replaces || n.Until != nil, "until", "stand_in_until")
	c.want(!replaces || len(n.Categories) == 0, "categories", "stand_in_categories")
	for _, code := range n.Categories {
		c.want(slices.Contains(access.CategoryCodes, code), "categories", "unknown_category")
	}
	c.want(n.TeamIDs == nil || len(n.TeamIDs) > 0, "team_ids", "stand_in_teams")
	c.want(len(n.TeamIDs) <= mostTeamsChosen, "team_ids", "stand_in_teams")
	n.TeamIDs = slices.Clone(n.TeamIDs)
	slices.SortFunc(n.TeamIDs, func(a, b uuid.UUID) int { return slices.Compare(a[:], b[:]) })
	n.TeamIDs = slices.Compact(n.TeamIDs)
	n.dates(&c, now, replaces)
	return n, c.err
}

func (n *NewStandIn) dates(c *checker, now time.Time, replaces bool) {
	from := now
	if n.From != nil {
		from = moment(*n.From)
		n.From = &from
		c.want(from.Before(now.AddDate(latestStandIn, 0, 0)), "from", "from_too_far")
	}
	if n.Until == nil {
		return
	}
	until := moment(*n.Until)
	n.Until = &until
	c.want(until.After(from), "until", "until_before_from")
	c.want(until.After(now), "until", "until_past")
	c.want(until.Before(now.AddDate(longestPlace, 0, 0)), "until", "until_too_far")
	c.want(!replaces || !until.After(from.AddDate(longestReplacement, 0, 1)), "until", "stand_in_too_long")
}

// AddStandIn lets somebody act for the actor; created is false for a replay. When it answers, every circle follows it. Errors: *Invalid,
// ErrConflict.
func (s *Service) AddStandIn(ctx context.Context, actor access.Actor, req NewStandIn) (standIn StandIn, created bool, err error) {
	if req, err = req.checked(s.now()); err != nil {
		return StandIn{}, false, err
	}
	people, err := s.persons(ctx, []uuid.UUID{req.ProfessionalID, actor.Person})
	if err != nil {
		return StandIn{}, false, err
	}
	if req.Kind == access.ThroughReplacement && professionOf(people[req.ProfessionalID]).InForce() != professionOf(people[actor.Person]).InForce() {
		return StandIn{}, false, errStandInProfession
	}
	err = s.gate.Entrust(ctx, actor, "stand_in.add", req.ID, access.ReachOf(actor.Person, req.TeamIDs), func(sc access.Scope) error {
		sc.Note("kind", req.Kind)
		sc.Note("by", req.ProfessionalID)
		created, err = addStandIn(ctx, sc, req)
		return err
	})
	if err != nil {
		return StandIn{}, false, err
	}
	standIn, err = s.standIn(ctx, actor, req.ID)
	return standIn, created, err
}

func addStandIn(ctx context.Context, sc access.Scope, req NewStandIn) (created bool, err error) {
	known, err := replayedStandIn(ctx, sc, req)
	if known || err != nil {
		sc.Quiet()
		return false, err
	}
	if err := mayStandIn(ctx, sc, req); err != nil {
		return false, err
	}
	from, until := sc.At(), access.Forever
	if req.From != nil && req.From.After(from) {
		from = *req.From
	}
	if req.Until != nil {
		until = *req.Until
	}
	_, err = sc.Tx().Exec(ctx, `insert into stand_ins (id, kind, for_id, by_id, valid_from, valid_until, space_ids, categories, created_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`, req.ID, req.Kind, sc.Actor().Person, req.ProfessionalID, from, until, req.TeamIDs,
		categoriesOf(req.Categories), sc.At())
	if _, used := storage.IsUnique(err); used {
		return false, ErrConflict
	}
	if err != nil {
		return false, fmt.Errorf("add stand-in: %w", err)
	}
	return true, nil
}

func categoriesOf(codes []string) (out access.Categories) {
	for _, code := range codes {
		c, _ := access.ParseCategory(code)
		out |= c
	}
	return out
}

// mayStandIn wants somebody else who works here now, and circles in which the actor has a place of her own.
func mayStandIn(ctx context.Context, sc access.Scope, req NewStandIn) error {
	var active bool
	var own int
	err := sc.Tx().QueryRow(ctx, `select exists (select from accounts where person_id = $1 and active),
		(select count(distinct space_id) from memberships where person_id = $2 and space_id = any ($3)
			and basis <> '`+access.BasisEmergency+`' and valid_until > statement_timestamp())`,
		req.ProfessionalID, sc.Actor().Person, req.TeamIDs).Scan(&active, &own)
	if err != nil {
		return fmt.Errorf("look for professional: %w", err)
	}
	var c checker
	c.want(active, "professional_id", "professional_unknown")
	c.want(req.ProfessionalID != sc.Actor().Person, "professional_id", "stand_in_oneself")
	c.want(own == len(req.TeamIDs), "team_ids", "stand_in_teams")
	return c.err
}

// replayedStandIn says whether this very stand-in was given before, whatever became of it since.
func replayedStandIn(ctx context.Context, sc access.Scope, req NewStandIn) (bool, error) {
	row, err := standInRow(ctx, sc, req.ID)
	if errors.Is(err, access.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	same := row.forID == sc.Actor().Person && row.byID == req.ProfessionalID && row.kind == req.Kind && slices.Equal(row.teams, req.TeamIDs) &&
		row.categories == categoriesOf(req.Categories) && (req.From == nil || !row.from.After(row.created) || row.from.Equal(*req.From)) &&
		(row.ended || req.Until == nil || row.until.Equal(*req.Until))
	if !same {
		return false, ErrConflict
	}
	return true, nil
}

type standInFound struct {
	id, forID, byID uuid.UUID
	kind            string
	from, until     time.Time
	teams           []uuid.UUID
	categories      access.Categories
	created         time.Time
	ended           bool
}

const standInColumns = "id, for_id, by_id, kind, valid_from, valid_until, space_ids, categories, created_at, ended_at is not null"

func scanStandIn(r pgx.CollectableRow) (f standInFound, err error) {
	err = r.Scan(&f.id, &f.forID, &f.byID, &f.kind, &f.from, &f.until, &f.teams, &f.categories, &f.created, &f.ended)
	return f, err
}

func standInRow(ctx context.Context, sc access.Scope, id uuid.UUID) (standInFound, error) {
	rows, err := sc.Tx().Query(ctx, "select "+standInColumns+" from stand_ins where id = $1", id)
	if err != nil {
		return standInFound{}, fmt.Errorf("read stand-in: %w", err)
	}
	found, err := pgx.CollectExactlyOneRow(rows, scanStandIn)
	if errors.Is(err, pgx.ErrNoRows) {
		err = access.ErrNotFound
	}
	return found, err
}

// StandIns lists who acts for the actor and for whom she acts, now or later, and those that ended within the year; the last begun first.
func (s *Service) StandIns(ctx context.Context, actor access.Actor) ([]StandIn, error) {
	var found []standInFound
	err := s.gate.ReadMany(ctx, actor, "", func(sc access.Scope) error {
		rows, err := sc.Tx().Query(ctx, "select "+standInColumns+` from stand_ins
			where valid_until > statement_timestamp() - interval '1 year' order by valid_from desc, id desc`)
		if err != nil {
			return fmt.Errorf("list stand-ins: %w", err)
		}
		found, err = pgx.CollectRows(rows, scanStandIn)
		return err
	})
	if err != nil {
		return nil, err
	}
	return s.shownStandIns(ctx, found)
}

func (s *Service) standIn(ctx context.Context, actor access.Actor, id uuid.UUID) (StandIn, error) {
	var found standInFound
	err := s.gate.ReadMany(ctx, actor, "", func(sc access.Scope) (err error) {
		found, err = standInRow(ctx, sc, id)
		return err
	})
	if err != nil {
		return StandIn{}, err
	}
	shown, err := s.shownStandIns(ctx, []standInFound{found})
	if err != nil {
		return StandIn{}, err
	}
	return shown[0], nil
}

func (s *Service) shownStandIns(ctx context.Context, found []standInFound) ([]StandIn, error) {
	var ids []uuid.UUID
	for _, f := range found {
		ids = append(ids, f.forID, f.byID)
	}
	people, err := s.persons(ctx, ids)
	if err != nil {
		return nil, err
	}
	out := make([]StandIn, len(found))
	for i, f := range found {
		out[i] = StandIn{
			ID: f.id, Kind: f.kind, For: people[f.forID], By: people[f.byID], From: f.from.UTC(), Until: untilOf(f.until), Ended: f.ended,
			TeamIDs: f.teams, Categories: f.categories.Codes(),
		}
	}
	return out, nil
}

// EndStandIn ends it now, by either of the two; ended before, it stays as it ended. When it answers, every circle follows. Errors:
// access.ErrNotFound.
func (s *Service) EndStandIn(ctx context.Context, actor access.Actor, id uuid.UUID) error {
	return s.gate.Entrust(ctx, actor, "stand_in.end", id, access.ReachOfStandIn(id), func(sc access.Scope) error {
		row, err := standInRow(ctx, sc, id)
		if err != nil {
			return err
		}
		if row.ended || !row.until.After(sc.At()) {
			sc.Quiet()
			return nil
		}
		_, err = sc.Tx().Exec(ctx, `update stand_ins set valid_until = greatest(valid_from, $2), ended_by = $3, ended_at = $2
			where id = $1 and ended_at is null`, id, sc.At(), actor.Person)
		if err != nil {
			return fmt.Errorf("end stand-in: %w", err)
		}
		return nil
	})
}
