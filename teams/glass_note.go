package teams

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"
	_ "time/tzdata" // the note says French hours, wherever it runs

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"liaison/access"
)

// Notebook posts in a circle's notebook (chat). Posting the same id again does nothing.
type Notebook interface {
	Tell(ctx context.Context, actor access.Actor, n EmergencyNote) error
}

// noNotebook is for what runs without one (tests of this room).
type noNotebook struct{}

func (noNotebook) Tell(context.Context, access.Actor, EmergencyNote) error { return nil }

// EmergencyNote tells of an emergency access those who answer for the circle, urgently and all at once; where nobody does, whoever
// reads the category.
type EmergencyNote struct {
	ID       uuid.UUID
	Channel  uuid.UUID
	Category string
	Text     string
	OnlyTo   []uuid.UUID
}

// tell posts the note of an emergency access, by who opened it, unless that was done.
func (s *Service) tell(ctx context.Context, actor access.Actor, space, id uuid.UUID) error {
	var note *EmergencyNote
	err := s.gate.Read(ctx, actor, access.Space(space), "", func(g access.Grant) (err error) {
		note, err = s.noteOf(ctx, g, id)
		return err
	})
	if err != nil || note == nil {
		return err
	}
	if err := s.Notebook.Tell(ctx, actor, *note); err != nil {
		return fmt.Errorf("tell of emergency: %w", err)
	}
	return s.gate.Keep(ctx, actor, access.Space(space), "", func(g access.Grant) error {
		return g.Change(ctx, "update emergencies set told_at = $2 where id = $1", id, g.At())
	})
}

// noteOf is nil once it was told.
func (s *Service) noteOf(ctx context.Context, g access.Grant, id uuid.UUID) (*EmergencyNote, error) {
	var n EmergencyNote
	var reason []byte
	var until time.Time
	err := g.Tx().QueryRow(ctx, `select e.message_id, e.reason, e.until, c.id from emergencies e
			join channels c on c.space_id = e.space_id and c.kind = 'notebook' where e.id = $1 and e.told_at is null`, id).
		Scan(&n.ID, &reason, &until, &n.Channel)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read emergency: %w", err)
	}
	why, err := s.keys.Unseal(ctx, g.Space(), id, reasonPart, reason)
	if err != nil {
		return nil, fmt.Errorf("open reason: %w", err)
	}
	standings, err := g.StandingsIn(ctx)
	if err != nil {
		return nil, err
	}
	answering := answerFor(standings)
	for _, one := range answering {
		n.OnlyTo = append(n.OnlyTo, one.Person)
	}
	n.Category = heardIn(g.Standing().Writes, answering)
	at := until.In(Paris)
	n.Text = fmt.Sprintf("Accès d’urgence à ce dossier, jusqu’au %s à %d h %02d.\nMotif : %s", at.Format("02/01/2006"), at.Hour(), at.Minute(), why)
	return &n, nil
}

// Paris is the time that dates in sentences are told in.
var Paris = func() *time.Location {
	l, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		panic("the time zones are built in: " + err.Error())
	}
	return l
}()

// answerFor lists who answers for a circle: médecin traitant and référents, else whoever manages it.
func answerFor(standings map[uuid.UUID]access.Standing) []access.Standing {
	var seated, managing []access.Standing
	for _, s := range standings {
		switch {
		case slices.Contains(s.Seats, access.SeatMedecinTraitant), slices.Contains(s.Seats, access.SeatReferent):
			seated = append(seated, s)
		case s.Actions&access.ManageCircle != 0:
			managing = append(managing, s)
		}
	}
	if len(seated) == 0 {
		seated = managing
	}
	slices.SortFunc(seated, func(a, b access.Standing) int { return slices.Compare(a.Person[:], b.Person[:]) })
	return seated
}

// heardIn chooses a category that the author writes and most of the others are alerted of, else read: organisation before the others.
func heardIn(writes access.Categories, others []access.Standing) string {
	best, most := access.Categories(0), -1
	for i := range access.CategoryCodes {
		c := access.Organisation >> i
		if writes&c == 0 {
			continue
		}
		heard := 0
		for _, s := range others {
			if s.Alerts&c != 0 {
				heard += 2
			} else if s.Reads&c != 0 {
				heard++
			}
		}
		if heard > most {
			best, most = c, heard
		}
	}
	if best == 0 {
		return access.Organisation.Codes()[0]
	}
	return best.Codes()[0]
}

// tellPause is how often emergencies are looked for whose note was not posted: a node died, or was too busy.
const tellPause = 5 * time.Second

// RunTeller posts the notes of emergency accesses that were not posted at once, until ctx ends. Every node may run it.
func (s *Service) RunTeller(ctx context.Context, log *slog.Logger) {
	tick := time.NewTicker(tellPause)
	defer tick.Stop()
	for {
		if err := s.tellLate(ctx); err != nil && ctx.Err() == nil {
			log.Warn("tell of emergency accesses", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (s *Service) tellLate(ctx context.Context) error {
	rows, err := s.db.Pool.Query(ctx, "select id, space_id, person_id from untold_emergencies($1)", s.now().Add(-tellPause))
	if err != nil {
		return err
	}
	type untold struct{ ID, Space, Person uuid.UUID }
	late, err := pgx.CollectRows(rows, pgx.RowToStructByPos[untold])
	for _, e := range late {
		err = errors.Join(err, s.tell(ctx, access.Actor{Person: e.Person}, e.Space, e.ID))
	}
	return err
}
