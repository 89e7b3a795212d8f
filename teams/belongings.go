package teams

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"liaison/access"
	"liaison/professions"
	"liaison/storage"
)

// NewBelonging says that somebody works in a structure. From nil is at once; Until nil has no end.
type NewBelonging struct {
	ID             uuid.UUID  `json:"id"`
	ProfessionalID uuid.UUID  `json:"professional_id" format:"uuid"`
	From           *time.Time `json:"from,omitempty"`
	Until          *time.Time `json:"until,omitempty"`
}

// Belonging is a time during which somebody works in a structure. Ended: somebody put an end to it.
type Belonging struct {
	ID           uuid.UUID          `json:"id"`
	Professional professions.Person `json:"professional"`
	From         time.Time          `json:"from"`
	Until        *time.Time         `json:"until"`
	Ended        bool               `json:"ended"`
}

// StructureDetail is a structure with everybody who works, will work or worked there, the last begun first.
type StructureDetail struct {
	AdminStructure
	People []Belonging `json:"people"`
}

// AdminStructure gives one structure to an administrator. Errors: ErrStructure, ErrNotAdministrator.
func (s *Service) AdminStructure(ctx context.Context, actor access.Actor, id uuid.UUID) (StructureDetail, error) {
	structure, err := s.adminStructure(ctx, actor, id)
	if err != nil {
		return StructureDetail{}, err
	}
	rows, err := s.db.Pool.Query(ctx, "select "+belongingColumns+" from belongings where organisation_id = $1 order by valid_from desc, id", id)
	if err != nil {
		return StructureDetail{}, fmt.Errorf("read who works in a structure: %w", err)
	}
	found, err := pgx.CollectRows(rows, scanBelonging)
	if err != nil {
		return StructureDetail{}, fmt.Errorf("read who works in a structure: %w", err)
	}
	people, err := s.shownBelongings(ctx, found)
	return StructureDetail{structure, people}, err
}

type belongingFound struct {
	id, structure, person, by uuid.UUID
	from, until, created      time.Time
	ended                     bool
}

const belongingColumns = "id, organisation_id, person_id, added_by, valid_from, valid_until, created_at, ended_at is not null"

func scanBelonging(r pgx.CollectableRow) (f belongingFound, err error) {
	err = r.Scan(&f.id, &f.structure, &f.person, &f.by, &f.from, &f.until, &f.created, &f.ended)
	return f, err
}

func belongingRow(ctx context.Context, sc access.Scope, id uuid.UUID) (belongingFound, error) {
	rows, err := sc.Tx().Query(ctx, "select "+belongingColumns+" from belongings where id = $1", id)
	if err != nil {
		return belongingFound{}, fmt.Errorf("read belonging: %w", err)
	}
	found, err := pgx.CollectExactlyOneRow(rows, scanBelonging)
	if errors.Is(err, pgx.ErrNoRows) {
		err = ErrStructure
	}
	return found, err
}

func (s *Service) shownBelongings(ctx context.Context, found []belongingFound) ([]Belonging, error) {
	ids := make([]uuid.UUID, len(found))
	for i, f := range found {
		ids[i] = f.person
	}
	people, err := s.persons(ctx, ids)
	out := make([]Belonging, len(found))
	for i, f := range found {
		out[i] = Belonging{ID: f.id, Professional: people[f.person], From: f.from.UTC(), Until: untilOf(f.until), Ended: f.ended}
	}
	return out, err
}

func (n NewBelonging) checked(now time.Time) (NewBelonging, error) {
	var c checker
	c.id("id", n.ID)
	c.want(n.ProfessionalID != uuid.Nil, "professional_id", "professional_unknown")
	n.From, n.Until = c.period(n.From, n.Until, now)
	return n, c.err
}

// JoinStructure says that somebody works in a structure: she acts through its places, in every circle when this answers. Created is false
// for a replay. Errors: *Invalid, ErrConflict, ErrStructure, ErrNotAdministrator.
func (s *Service) JoinStructure(ctx context.Context, actor access.Actor, structure uuid.UUID, req NewBelonging) (out Belonging, created bool, err error) {
	if req, err = req.checked(s.now()); err != nil {
		return Belonging{}, false, err
	}
	var row belongingFound
	err = s.administer(ctx, actor, "structure.join", structure, access.ReachOfStructure(structure), func(sc access.Scope) error {
		sc.Note("person", req.ProfessionalID)
		if created, err = joinStructure(ctx, sc, structure, req); err != nil {
			return err
		}
		row, err = belongingRow(ctx, sc, req.ID)
		return err
	})
	if err != nil {
		return Belonging{}, false, err
	}
	shown, err := s.shownBelongings(ctx, []belongingFound{row})
	if err != nil {
		return Belonging{}, false, err
	}
	return shown[0], created, nil
}

func joinStructure(ctx context.Context, sc access.Scope, structure uuid.UUID, req NewBelonging) (bool, error) {
	if _, _, err := structureWritten(ctx, sc, structure); err != nil {
		return false, err
	}
	known, err := replayedBelonging(ctx, sc, structure, req)
	if known || err != nil {
		sc.Quiet()
		return false, err
	}
	if err := mayWorkIn(ctx, sc, structure, req); err != nil {
		return false, err
	}
	from, until := req.times(sc.At())
	_, err = sc.Tx().Exec(ctx, `insert into belongings (id, organisation_id, person_id, valid_from, valid_until, added_by, created_at)
		values ($1, $2, $3, $4, $5, $6, $7)`, req.ID, structure, req.ProfessionalID, from, until, sc.Actor().Person, sc.At())
	if _, used := storage.IsUnique(err); used {
		return false, ErrConflict
	}
	if err != nil {
		return false, fmt.Errorf("join structure: %w", err)
	}
	return true, nil
}

func (n NewBelonging) times(asked time.Time) (from, until time.Time) {
	return placing{from: n.From, until: n.Until}.times(asked)
}

// mayWorkIn wants somebody else than who administers, with an open account, who does not work there already in that time.
func mayWorkIn(ctx context.Context, sc access.Scope, structure uuid.UUID, req NewBelonging) error {
	var active, already bool
	from, until := req.times(sc.At())
	err := sc.Tx().QueryRow(ctx, `select exists (select from accounts where person_id = $1 and active),
		exists (select from belongings where organisation_id = $2 and person_id = $1 and valid_until > greatest($3, statement_timestamp())
			and valid_until > valid_from and valid_from < $4)`, req.ProfessionalID, structure, from, until).Scan(&active, &already)
	if err != nil {
		return fmt.Errorf("look for professional: %w", err)
	}
	var c checker
	c.want(active, "professional_id", "professional_unknown")
	c.want(req.ProfessionalID != sc.Actor().Person, "professional_id", "structure_oneself")
	c.want(!already, "professional_id", "structure_joined")
	return c.err
}

// replayedBelonging says whether this very time was given before by the same administrator, whatever became of it since.
func replayedBelonging(ctx context.Context, sc access.Scope, structure uuid.UUID, req NewBelonging) (bool, error) {
	row, err := belongingRow(ctx, sc, req.ID)
	if errors.Is(err, ErrStructure) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	from, until := req.times(row.created)
	if row.structure != structure || row.person != req.ProfessionalID || row.by != sc.Actor().Person || !row.from.Equal(from) ||
		row.until.After(until) {
		return false, ErrConflict
	}
	return true, nil
}

// LeaveStructure ends somebody's time in a structure, at until or now: when this answers, she acts through it in no circle from then on.
// What ended earlier stays as it ended. Errors: *Invalid, ErrStructure, ErrNotAdministrator.
func (s *Service) LeaveStructure(ctx context.Context, actor access.Actor, structure, belonging uuid.UUID, until *time.Time) error {
	return s.administer(ctx, actor, "structure.leave", structure, access.ReachOfBelonging(belonging), func(sc access.Scope) error {
		row, err := belongingRow(ctx, sc, belonging)
		if err != nil {
			return err
		}
		if row.structure != structure {
			return ErrStructure
		}
		sc.Note("person", row.person)
		return leaveStructure(ctx, sc, row, until)
	})
}

func leaveStructure(ctx context.Context, sc access.Scope, row belongingFound, until *time.Time) error {
	at := sc.At()
	if until != nil && until.After(at) {
		at = moment(*until)
	}
	if until != nil && at.After(row.until) {
		return &Invalid{"until", "structure_until"}
	}
	if row.ended || !row.until.After(at) {
		sc.Quiet()
		return nil
	}
	var ended *time.Time
	if !at.After(sc.At()) {
		ended = &at
	}
	_, err := sc.Tx().Exec(ctx, "update belongings set valid_until = greatest(valid_from, $2), ended_by = $3, ended_at = $4 where id = $1",
		row.id, at, sc.Actor().Person, ended)
	if err != nil {
		return fmt.Errorf("leave structure: %w", err)
	}
	return nil
}
