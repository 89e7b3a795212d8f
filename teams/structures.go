package teams

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"liaison/access"
	"liaison/storage"
)

// Structure is a cabinet, a pharmacy, a SSIAD and so on, as it is shown.
type Structure struct {
	ID   uuid.UUID `json:"id"`
	Kind string    `json:"kind" enum:"cabinet,maison_de_sante,pharmacie,ssiad,saad,hopital,dac,autre"`
	Name string    `json:"name"`
	Town *string   `json:"town"`
}

// NewStructure is a structure as an administrator makes it.
type NewStructure struct {
	ID uuid.UUID `json:"id"`
	StructureFields
}

// StructureFields are what an administrator writes of a structure. ParentID is the DAC of a branch, the hospital of a unit.
type StructureFields struct {
	Kind     string     `json:"kind" enum:"cabinet,maison_de_sante,pharmacie,ssiad,saad,hopital,dac,autre"`
	Name     string     `json:"name"`
	Town     string     `json:"town,omitempty"`
	Finess   string     `json:"finess,omitempty"`
	ParentID *uuid.UUID `json:"parent_id,omitempty"`
}

// AdminStructure is what an administrator sees of one: of the circles where it has a place, how many.
type AdminStructure struct {
	Structure
	Finess  *string    `json:"finess"`
	Parent  *Structure `json:"parent"`
	Working int        `json:"working"` // people, now
	Circles int        `json:"circles"`
}

var structureKinds = []string{"cabinet", "maison_de_sante", "pharmacie", "ssiad", "saad", "hopital", "dac", "autre"}

// ErrNotAdministrator answers who may not keep the structures.
var ErrNotAdministrator = fmt.Errorf("not an administrator: %w", access.ErrForbidden)

// ErrStructure answers an id of no structure, or of nobody's time in it.
var ErrStructure = fmt.Errorf("no such structure: %w", access.ErrNotFound)

func (n NewStructure) checked() (NewStructure, error) {
	var c checker
	c.id("id", n.ID)
	c.want(slices.Contains(structureKinds, n.Kind), "kind", "structure_kind")
	n.Name = c.neededName("name", n.Name)
	n.Town = c.name("town", n.Town)
	n.Finess = c.finess("finess", n.Finess)
	c.want(n.ParentID == nil || *n.ParentID != n.ID, "parent_id", "structure_parent")
	return n, c.err
}

// finess wants nine characters of which the last is the key: a number mistyped is found. Corsica's 2A and 2B count as 21 and 22.
func (c *checker) finess(field, text string) string {
	number := strings.ToUpper(strings.Join(strings.Fields(text), ""))
	if number == "" {
		return ""
	}
	digits := number
	for letter, digit := range map[string]string{"2A": "21", "2B": "22"} {
		if rest, corsican := strings.CutPrefix(number, letter); corsican {
			digits = digit + rest
		}
	}
	c.want(len(digits) == 9 && strings.Trim(digits, "0123456789") == "" && luhn(digits), field, "structure_finess")
	return number
}

// luhn says whether the last digit is the key of those before it.
func luhn(digits string) bool {
	sum := 0
	for i := range len(digits) {
		d := int(digits[len(digits)-1-i] - '0')
		if i%2 == 1 {
			d = d*2/10 + d*2%10
		}
		sum += d
	}
	return sum%10 == 0
}

func (n NewStructure) key() string { return givenKey(n.Name + " " + n.Town) }

// administer is Entrust for an administrator; anybody else is refused, and the refusal journalled.
func (s *Service) administer(ctx context.Context, actor access.Actor, verb string, id uuid.UUID, reach access.Reach, fn func(access.Scope) error) error {
	return s.gate.Entrust(ctx, actor, verb, id, reach, func(sc access.Scope) error {
		var may bool
		if err := sc.Tx().QueryRow(ctx, "select app_administers()").Scan(&may); err != nil {
			return fmt.Errorf("read administrator: %w", err)
		}
		if !may {
			return ErrNotAdministrator
		}
		return fn(sc)
	})
}

// MakeStructure makes a structure; created is false for a replay. Errors: *Invalid, ErrConflict, ErrNotAdministrator.
func (s *Service) MakeStructure(ctx context.Context, actor access.Actor, req NewStructure) (made AdminStructure, created bool, err error) {
	if req, err = req.checked(); err != nil {
		return AdminStructure{}, false, err
	}
	err = s.administer(ctx, actor, "structure.add", req.ID, access.ReachOfNone(), func(sc access.Scope) error {
		created, err = makeStructure(ctx, sc, req)
		return err
	})
	if err != nil {
		return AdminStructure{}, false, err
	}
	made, err = s.adminStructure(ctx, actor, req.ID)
	return made, created, err
}

func makeStructure(ctx context.Context, sc access.Scope, req NewStructure) (bool, error) {
	was, by, err := structureWritten(ctx, sc, req.ID)
	if err == nil {
		sc.Quiet()
		if by != sc.Actor().Person || !was.same(req) {
			return false, ErrConflict
		}
		return false, nil
	}
	if !errors.Is(err, ErrStructure) {
		return false, err
	}
	if err := mayBranch(ctx, sc, req); err != nil {
		return false, err
	}
	_, err = sc.Tx().Exec(ctx, `insert into organisations (id, kind, name, town, finess, parent_id, name_key, created_by, created_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`, req.ID, req.Kind, req.Name, storage.OrNull(req.Town), storage.OrNull(req.Finess), req.ParentID,
		req.key(), sc.Actor().Person, sc.At())
	return err == nil, structureFault(err)
}

// structureFault says what of a structure is another's already.
func structureFault(err error) error {
	constraint, used := storage.IsUnique(err)
	switch {
	case used && constraint == "organisations_finess":
		return &Invalid{"finess", "structure_finess_taken"}
	case used:
		return ErrConflict
	case err != nil:
		return fmt.Errorf("write structure: %w", err)
	}
	return nil
}

func (n NewStructure) same(o NewStructure) bool {
	return n.Kind == o.Kind && n.Name == o.Name && n.Town == o.Town && n.Finess == o.Finess && idOrNil(n.ParentID) == idOrNil(o.ParentID)
}

// structureWritten is a structure as it was last written, and who made it.
func structureWritten(ctx context.Context, sc access.Scope, id uuid.UUID) (n NewStructure, by uuid.UUID, err error) {
	n.ID = id
	err = sc.Tx().QueryRow(ctx, "select kind, name, coalesce(town, ''), coalesce(finess, ''), parent_id, created_by from organisations where id = $1", id).
		Scan(&n.Kind, &n.Name, &n.Town, &n.Finess, &n.ParentID, &by)
	if errors.Is(err, pgx.ErrNoRows) {
		return n, by, ErrStructure
	}
	if err != nil {
		return n, by, fmt.Errorf("read structure: %w", err)
	}
	return n, by, nil
}

// mayBranch wants a parent of the same kind that is no branch itself, and no branches of what becomes one.
func mayBranch(ctx context.Context, sc access.Scope, req NewStructure) error {
	if req.ParentID == nil {
		return nil
	}
	var fits bool
	err := sc.Tx().QueryRow(ctx, `select exists (select from organisations where id = $1 and parent_id is null and kind = $2)
		and not exists (select from organisations where parent_id = $3)`, req.ParentID, req.Kind, req.ID).Scan(&fits)
	if err != nil {
		return fmt.Errorf("look for the parent of a structure: %w", err)
	}
	if !fits {
		return &Invalid{"parent_id", "structure_parent"}
	}
	return nil
}

// CorrectStructure writes what a structure is; who works there and where it has places stays. Errors: *Invalid, ErrStructure,
// ErrNotAdministrator.
func (s *Service) CorrectStructure(ctx context.Context, actor access.Actor, id uuid.UUID, fields StructureFields) (AdminStructure, error) {
	req, err := NewStructure{id, fields}.checked()
	if err != nil {
		return AdminStructure{}, err
	}
	err = s.administer(ctx, actor, "structure.correct", req.ID, access.ReachOfNone(), func(sc access.Scope) error {
		was, _, err := structureWritten(ctx, sc, req.ID)
		if err != nil {
			return err
		}
		if was.same(req) {
			sc.Quiet()
			return nil
		}
		if err := mayBranch(ctx, sc, req); err != nil {
			return err
		}
		_, err = sc.Tx().Exec(ctx, "update organisations set kind = $2, name = $3, town = $4, finess = $5, parent_id = $6, name_key = $7 where id = $1",
			req.ID, req.Kind, req.Name, storage.OrNull(req.Town), storage.OrNull(req.Finess), req.ParentID, req.key())
		return structureFault(err)
	})
	if err != nil {
		return AdminStructure{}, err
	}
	return s.adminStructure(ctx, actor, req.ID)
}

// AdminStructuresPage is one page; Next, passed as after, gives the following one.
type AdminStructuresPage struct {
	Items []AdminStructure
	Next  uuid.UUID
}

// AdminStructures lists the structures of which words begin as those of q, for an administrator. Errors: ErrNotAdministrator.
func (s *Service) AdminStructures(ctx context.Context, actor access.Actor, q string, limit int, after uuid.UUID) (AdminStructuresPage, error) {
	var page AdminStructuresPage
	err := s.administer(ctx, actor, "structure.list", uuid.Nil, access.ReachOfNone(), func(sc access.Scope) (err error) {
		sc.Quiet()
		page, err = listStructures(ctx, sc.Tx(), structureQuery{q: q, limit: limit, after: after})
		return err
	})
	if err != nil {
		return page, err
	}
	return page, s.countCircles(ctx, page.Items)
}

func (s *Service) adminStructure(ctx context.Context, actor access.Actor, id uuid.UUID) (AdminStructure, error) {
	var page AdminStructuresPage
	err := s.administer(ctx, actor, "structure.read", id, access.ReachOfNone(), func(sc access.Scope) (err error) {
		sc.Quiet()
		page, err = listStructures(ctx, sc.Tx(), structureQuery{id: id, limit: 1})
		if err == nil && len(page.Items) == 0 {
			err = ErrStructure
		}
		return err
	})
	if err != nil {
		return AdminStructure{}, err
	}
	return page.Items[0], s.countCircles(ctx, page.Items)
}

func (s *Service) countCircles(ctx context.Context, items []AdminStructure) error {
	ids := make([]uuid.UUID, len(items))
	for i := range items {
		ids[i] = items[i].ID
	}
	counts, err := s.gate.CirclesOf(ctx, ids)
	for i := range items {
		items[i].Circles = counts[items[i].ID]
	}
	return err
}
