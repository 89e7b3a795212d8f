package teams

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"liaison/access"
	"liaison/storage"
)

// Information is what the patient was told of the sharing, by whom and when, before anything is shared (L1110-4).
type Information struct {
	GivenBy string    `json:"given_by"`
	GivenAt time.Time `json:"given_at"`
	How     string    `json:"how,omitempty"`
}

// OpenRequest opens a dossier. NotADouble holds the tokens of a look-alike answer to this very request.
type OpenRequest struct {
	ID uuid.UUID `json:"id"`
	Identity
	Information Information `json:"information"`
	Seat        string      `json:"seat,omitempty"`
	NotADouble  []string    `json:"not_a_double,omitempty"`
}

// Opened names the patient and the circle.
type Opened struct {
	ID     uuid.UUID `json:"id"`
	TeamID uuid.UUID `json:"team_id"`
}

// founderBasis: the patient, once told, recognises who opens the dossier as one of the team (L1110-12, 2°).
const founderBasis = "care_team_2"

// opening is a request that was checked, and the circle it makes. The circle's id is a keyed hash of author and content
// under the time of the client's id: a replay finds the same circle, whatever was corrected since.
type opening struct {
	OpenRequest
	actor access.Actor
	team  uuid.UUID
	body  []byte
	since time.Time // of the founder's place; zero for the opening itself
	named
}

// Open makes a patient's dossier and circle, its opener the first member. created is false for a replay. Errors: *Invalid,
// *LookAlike, ErrConflict, ErrTooMany, access.ErrForbidden for a profession that opens none.
func (s *Service) Open(ctx context.Context, actor access.Actor, req OpenRequest) (opened Opened, created bool, err error) {
	return s.open(ctx, actor, req, time.Time{})
}

// OpenPast opens the dossier of a circle that began before: its founder's place is dated from since. It works in a demo
// instance only: elsewhere nobody had a place in a circle before opening it.
func (s *Service) OpenPast(ctx context.Context, actor access.Actor, req OpenRequest, since time.Time) (Opened, error) {
	var demo bool
	if err := s.db.Pool.QueryRow(ctx, "select coalesce(bool_or(demo), false) from instance").Scan(&demo); err != nil {
		return Opened{}, fmt.Errorf("read instance: %w", err)
	}
	if !demo {
		return Opened{}, ErrNotDemo
	}
	var c checker
	c.want(!since.After(s.now()), "from", "from_too_far")
	c.want(since.After(s.now().AddDate(-oldestPlace, 0, 0)), "from", "from_too_old")
	if c.err != nil {
		return Opened{}, c.err
	}
	opened, _, err := s.open(ctx, actor, req, moment(since))
	return opened, err
}

func (s *Service) open(ctx context.Context, actor access.Actor, req OpenRequest, since time.Time) (opened Opened, created bool, err error) {
	o, err := s.checkOpening(ctx, actor, req)
	if err != nil {
		return Opened{}, false, err
	}
	o.since, opened = since, Opened{o.ID, o.team}
	if known, err := s.replayed(ctx, o); known || err != nil {
		return opened, false, err
	}
	if wait := s.probes.wait(actor.Person, s.now()); wait > 0 {
		return Opened{}, false, ErrTooMany{wait}
	}
	err = s.gate.Found(ctx, actor, o.team, "patient.open", func(g access.Grant) error { return s.found(ctx, g, o) })
	if _, raced := storage.IsUnique(err); raced {
		return s.afterRace(ctx, o)
	}
	var alike *LookAlike
	if errors.As(err, &alike) {
		s.probes.answered(actor.Person, s.now())
		err = errors.Join(err, s.journalLookAlike(ctx, actor, alike))
	}
	if err != nil {
		return Opened{}, false, err
	}
	return opened, true, nil
}

func (s *Service) checkOpening(ctx context.Context, actor access.Actor, req OpenRequest) (opening, error) {
	var c checker
	c.id("id", req.ID)
	req.Identity = req.Identity.checked(&c, s.now())
	req.Information = req.Information.checked(&c, s.now())
	if req.Seat == "" {
		req.Seat = access.SeatIntervenant
	}
	people, err := s.persons(ctx, []uuid.UUID{actor.Person})
	if err != nil {
		return opening{}, err
	}
	c.seat(req.Seat, professionOf(people[actor.Person]))
	c.want(req.Seat != access.SeatReferent && req.Seat != access.SeatCoordonnateur, "seat", "seat_not_open")
	c.want(len(req.NotADouble) <= maxLookAlikes, "not_a_double", "too_many")
	if c.err != nil {
		return opening{}, c.err
	}
	return s.opening(actor, req)
}

func (in Information) checked(c *checker, now time.Time) Information {
	in.GivenBy = c.line("information", in.GivenBy, maxLine)
	in.How = c.line("information", in.How, maxHow)
	c.want(in.GivenBy != "" && !in.GivenAt.IsZero(), "information", "information_missing")
	c.told("information", in.GivenAt, now)
	in.GivenAt = moment(in.GivenAt)
	return in
}

func (s *Service) opening(actor access.Actor, req OpenRequest) (opening, error) {
	o := opening{OpenRequest: req, actor: actor, named: namedOf(req.Identity)}
	content := req
	content.NotADouble = nil
	var err error
	if o.body, err = json.Marshal(content); err != nil {
		return opening{}, fmt.Errorf("encode request: %w", err)
	}
	sum := s.seal("circle", actor.Person[:], o.body)
	copy(o.team[:], req.ID[:6])
	copy(o.team[6:], sum)
	o.team[6] = o.team[6]&0x0f | 0x70
	o.team[8] = o.team[8]&0x3f | 0x80
	return o, nil
}

func namedOf(id Identity) named {
	return named{birth: familyKey(id.BirthName), used: familyKey(id.UsedName), given: givenKey(id.GivenNames), sex: id.Sex, born: id.BirthDate}
}

// replayed says whether this very request was answered before. Another patient of that id, as far as the actor sees, is a
// conflict.
func (s *Service) replayed(ctx context.Context, o opening) (known bool, err error) {
	err = s.gate.ReadMany(ctx, o.actor, "", func(sc access.Scope) error {
		var space uuid.UUID
		err := sc.Tx().QueryRow(ctx, "select space_id from patients where id = $1 and space_id = any ($2)", o.ID, sc.Spaces()).Scan(&space)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("look for patient: %w", err)
		}
		if space != o.team {
			return ErrConflict
		}
		known = true
		return nil
	})
	return known, err
}

// afterRace answers a request that met its own id in the database: a replay that came at the same time; a replay by its
// author who has no access any more; or an id used by somebody else.
func (s *Service) afterRace(ctx context.Context, o opening) (Opened, bool, error) {
	known, err := s.replayed(ctx, o)
	if err != nil {
		return Opened{}, false, err
	}
	if known {
		return Opened{o.ID, o.team}, false, nil
	}
	var mine bool
	if err := s.db.Pool.QueryRow(ctx, "select exists (select from spaces where id = $1)", o.team).Scan(&mine); err != nil {
		return Opened{}, false, fmt.Errorf("look for circle: %w", err)
	}
	if mine {
		return Opened{}, false, s.gate.Refuse(ctx, o.actor, "patient.open", o.team)
	}
	return Opened{}, false, ErrConflict
}

// found writes everything of a new dossier. The rows of the patient come last: row-level security wants a standing first.
func (s *Service) found(ctx context.Context, g access.Grant, o opening) error {
	if err := s.refuseDouble(ctx, g, o); err != nil {
		return err
	}
	if err := s.keys.Create(ctx, g.Space()); err != nil {
		return fmt.Errorf("key of circle: %w", err)
	}
	if err := foundCircle(ctx, g, o); err != nil {
		return err
	}
	if err := g.Founded(ctx); err != nil {
		return fmt.Errorf("first standing: %w", err)
	}
	if g.Standing().Person == uuid.Nil {
		return access.ErrForbidden // the matrix gives the opener nothing here
	}
	return keepPatient(ctx, g, o)
}

func foundCircle(ctx context.Context, g access.Grant, o opening) error {
	b := &pgx.Batch{}
	person, at, since := g.Actor().Person, g.At(), o.since
	if since.IsZero() {
		since = at
	}
	b.Queue("insert into spaces (id, kind, created_by, created_at) values ($1, 'team', $2, $3)", g.Space(), person, at)
	for _, kind := range []string{"discussion", "notebook"} {
		b.Queue("insert into channels (id, space_id, kind) values ($1, $2, $3)", newID(), g.Space(), kind)
	}
	b.Queue(`insert into memberships (id, space_id, person_id, seat, basis, valid_from, added_by, created_at) values ($1, $2, $3, $4, $5, $6, $3, $7)`,
		newID(), g.Space(), person, o.Seat, founderBasis, since, at)
	if err := g.Tx().SendBatch(ctx, b).Close(); err != nil {
		return fmt.Errorf("make circle: %w", err)
	}
	return nil
}

func keepPatient(ctx context.Context, g access.Grant, o opening) error {
	b := &pgx.Batch{}
	b.Queue(`insert into patients (id, space_id, birth_name, used_name, given_names, sex, birth_date, birth_place, birth_place_code, identity_status,
			ins_matricule, ins_oid, address, town, door_code, telephones, carers, birth_name_key, used_name_key, given_names_key, created_by, created_at)
		values ($1, $2, $3, $4, $5, $6, $7::text::date, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22)`,
		append([]any{o.ID, g.Space()}, append(o.Identity.columns(), o.birth, o.used, o.given, g.Actor().Person, g.At())...)...)
	b.Queue(`insert into wills (id, space_id, kind, given_by, how, given_at, recorded_by, recorded_at) values ($1, $2, $3, $4, $5, least($6::timestamptz, $8::timestamptz), $7, $8::timestamptz)`,
		newID(), g.Space(), access.WillInformation, o.Information.GivenBy, storage.OrNull(o.Information.How), o.Information.GivenAt, g.Actor().Person, g.At())
	if err := g.Tx().SendBatch(ctx, b).Close(); err != nil {
		return fmt.Errorf("keep patient: %w", err)
	}
	return nil
}

// columns are the identity's, in the order of the patients' table.
func (id Identity) columns() []any {
	return []any{
		id.BirthName, storage.OrNull(id.UsedName), id.GivenNames, id.Sex, id.BirthDate, storage.OrNull(id.BirthPlace), storage.OrNull(id.BirthPlaceCode), id.IdentityStatus,
		storage.OrNull(id.INSMatricule), storage.OrNull(id.INSOID), storage.OrNull(id.Address), storage.OrNull(id.Town), storage.OrNull(id.DoorCode), orEmpty(id.Telephones), orEmpty(id.Carers),
	}
}

func newID() uuid.UUID { return uuid.Must(uuid.NewV7()) }
