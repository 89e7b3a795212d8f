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

// holder is whose a place is: a person's or a structure's.
type holder struct{ person, structure uuid.UUID }

func (h holder) args() (person, structure any) {
	return storage.OrNull(h.person), storage.OrNull(h.structure)
}

// placing is a place to give: may says whether its holder can have it, field what of the request names the holder, held what is wrong
// with it when the holder has that seat already.
type placing struct {
	id          uuid.UUID
	holder      holder
	field, held string
	seat, basis string
	from, until *time.Time
	fromNowOn   bool
	may         func(context.Context, access.Grant) error
}

// times are when the place begins and ends, asked for at that moment.
func (p placing) times(asked time.Time) (from, until time.Time) {
	from, until = asked, access.Forever
	if p.from != nil {
		from = *p.from
	}
	if p.until != nil {
		until = *p.until
	}
	return from, until
}

// givePlace gives a place by who may, and its rights with it.
func givePlace(ctx context.Context, g access.Grant, p placing) (created bool, err error) {
	orphan, err := mayPlace(ctx, g)
	if err != nil {
		return false, err
	}
	if created, err = addPlace(ctx, g, p); err != nil || !created {
		return created, err
	}
	g.Note("seat", p.seat)
	g.Note("basis", p.basis)
	if err := recompile(ctx, g); err != nil || !orphan {
		return created, err
	}
	if is, err := managed(ctx, g); err != nil || !is {
		return false, errors.Join(access.ErrForbidden, err) // only who will manage is named there
	}
	return true, nil
}

// mayPlace wants who manages the circle, or, in one that nobody manages, who may open dossiers.
func mayPlace(ctx context.Context, g access.Grant) (orphan bool, err error) {
	if g.Can(access.ManageCircle) {
		return false, nil
	}
	is, err := managed(ctx, g)
	if err == nil && (is || !g.Can(access.OpenDossier)) {
		err = access.ErrForbidden
	}
	return true, err
}

// addPlace writes a place; the rights it gives come with recompile.
func addPlace(ctx context.Context, g access.Grant, p placing) (created bool, err error) {
	known, err := replayedPlace(ctx, g, p)
	if known || err != nil {
		g.Note("replay", known)
		return false, err
	}
	if err := p.may(ctx, g); err != nil {
		return false, err
	}
	if err := notHeld(ctx, g, p); err != nil {
		return false, err
	}
	person, structure := p.holder.args()
	from, until := p.times(g.At())
	_, err = g.Tx().Exec(ctx, `insert into memberships (id, space_id, person_id, organisation_id, seat, basis, valid_from, valid_until, from_now_on,
		added_by, created_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
		p.id, g.Space(), person, structure, p.seat, p.basis, from, until, p.fromNowOn, g.Actor().Person, g.At())
	if _, used := storage.IsUnique(err); used {
		return false, ErrConflict
	}
	if err != nil {
		return false, fmt.Errorf("add place: %w", err)
	}
	return true, nil
}

// notHeld wants that the holder does not have the seat already in that time.
func notHeld(ctx context.Context, g access.Grant, p placing) error {
	var holds bool
	person, structure := p.holder.args()
	err := g.Tx().QueryRow(ctx, `select exists (select from memberships where space_id = $1 and (person_id = $2 or organisation_id = $3) and seat = $4
			and basis <> '`+access.BasisEmergency+`' and valid_until > valid_from and valid_until > greatest($5, statement_timestamp())
			and valid_from < coalesce($6, $7::timestamptz))`,
		g.Space(), person, structure, p.seat, p.from, p.until, access.Forever).Scan(&holds)
	if err != nil {
		return fmt.Errorf("look for place: %w", err)
	}
	if holds {
		return &Invalid{p.field, p.held}
	}
	return nil
}

// replayedPlace says whether this very place was given before by the same person, whatever became of it since.
func replayedPlace(ctx context.Context, g access.Grant, p placing) (bool, error) {
	var was placing
	var person, structure *uuid.UUID
	var from, until, created time.Time
	var ended bool
	var by uuid.UUID
	err := g.Tx().QueryRow(ctx, `select person_id, organisation_id, seat, basis, valid_from, valid_until, from_now_on, created_at, ended_at is not null,
		added_by from memberships where id = $1 and space_id = $2`, p.id, g.Space()).
		Scan(&person, &structure, &was.seat, &was.basis, &from, &until, &was.fromNowOn, &created, &ended, &by)
	if errors.Is(err, pgx.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look for place: %w", err)
	}
	wantFrom, wantUntil := p.times(created)
	is := holder{idOrNil(person), idOrNil(structure)} == p.holder && was.seat == p.seat && was.basis == p.basis && was.fromNowOn == p.fromNowOn &&
		by == g.Actor().Person && from.Equal(wantFrom) && (ended || until.Equal(wantUntil))
	if !is {
		return false, ErrConflict
	}
	return true, nil
}

func idOrNil(id *uuid.UUID) uuid.UUID {
	if id == nil {
		return uuid.Nil
	}
	return *id
}

// endPlaces ends what the holder has or will have here; access.ErrNotFound for who never had a place.
func endPlaces(ctx context.Context, g access.Grant, h holder) error {
	person, structure := h.args()
	tag, err := g.Tx().Exec(ctx, `update memberships set valid_until = greatest(valid_from, $4), ended_by = $5, ended_at = $4
		where space_id = $1 and (person_id = $2 or organisation_id = $3) and valid_until > $4 and ended_at is null`,
		g.Space(), person, structure, g.At(), g.Actor().Person)
	if err != nil {
		return fmt.Errorf("end places: %w", err)
	}
	g.Note("places", tag.RowsAffected())
	if tag.RowsAffected() > 0 {
		return recompile(ctx, g)
	}
	var was bool
	err = g.Tx().QueryRow(ctx, "select exists (select from memberships where space_id = $1 and (person_id = $2 or organisation_id = $3))",
		g.Space(), person, structure).Scan(&was)
	if err != nil {
		return fmt.Errorf("look for places: %w", err)
	}
	if !was {
		return access.ErrNotFound
	}
	return nil
}

// recompile brings standings to what is now written, and refuses what would leave a circle that is managed without anybody
// to manage it.
func recompile(ctx context.Context, g access.Grant) error {
	before, err := managed(ctx, g)
	if err != nil {
		return err
	}
	if err := g.Recompile(ctx); err != nil {
		return fmt.Errorf("recompile standings: %w", err)
	}
	after, err := managed(ctx, g)
	if err != nil {
		return err
	}
	if before && !after {
		return ErrLastManager
	}
	return nil
}

func managed(ctx context.Context, g access.Grant) (bool, error) {
	standings, err := g.StandingsIn(ctx)
	if err != nil {
		return false, err
	}
	return access.Managed(standings), nil
}
