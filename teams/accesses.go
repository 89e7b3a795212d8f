package teams

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"liaison/access"
	"liaison/audit"
	"liaison/professions"
)

// Accessed is one access to the data of a circle's patient, by one person.
type Accessed struct {
	audit.Access
	Professional  *professions.Person // nil: the service itself
	WorkplaceName string
	For           []string // names of those through whom she was there
	Channel       string   // the kind of the channel it was about; "" for none
}

// AccessQuery chooses accesses, and AccessMark is where a page of them ended.
type (
	AccessQuery = audit.AccessQuery
	AccessMark  = audit.AccessMark
)

// What became of an access.
const (
	AccessDone    = audit.Done
	AccessRefused = audit.Refused
)

// AccessPage is a page of the history of accesses, newest first.
type AccessPage struct {
	Items []Accessed
	Next  *AccessMark
}

const (
	accessesDefault = 100
	accessesMost    = 500
)

// Accesses tells who read and did what with the data of a circle's patient: for those who hold read_dossier_journal there, and
// access.ErrForbidden for its other members. Telling it is itself an access.
func (s *Service) Accesses(ctx context.Context, actor access.Actor, team uuid.UUID, q AccessQuery) (page AccessPage, err error) {
	if q.Limit <= 0 || q.Limit > accessesMost {
		q.Limit = accessesDefault
	}
	var told accessNames
	err = s.gate.Read(ctx, actor, access.Space(team), "journal.read", func(g access.Grant) (err error) {
		page, told, err = accessesIn(ctx, g, q)
		return err
	})
	if err != nil {
		return AccessPage{}, err
	}
	return page, s.nameAccesses(ctx, page.Items, told)
}

// AccessReport is a history of accesses that leaves the service as a file.
type AccessReport struct {
	Patient Patient
	By      professions.Person
	At      time.Time
	Items   []Accessed
	Older   bool // there are more, older ones
}

// AccessReportMost bounds what one report tells.
const AccessReportMost = 10_000

// AccessReport is Accesses as a file to hand over; its line in the journal is durable before it leaves.
func (s *Service) AccessReport(ctx context.Context, actor access.Actor, team uuid.UUID, q AccessQuery) (report AccessReport, err error) {
	q.Limit, q.Before = AccessReportMost, nil
	var told accessNames
	err = s.gate.Download(ctx, actor, access.Space(team), "journal.export", func(g access.Grant) error {
		page, names, err := accessesIn(ctx, g, q)
		if err != nil {
			return err
		}
		d, err := dossierOf(ctx, g)
		told = names
		report = AccessReport{Patient: d.patient(), At: g.At(), Items: page.Items, Older: page.Next != nil}
		return err
	})
	if err != nil {
		return AccessReport{}, err
	}
	people, err := s.persons(ctx, []uuid.UUID{actor.Person})
	if err != nil {
		return AccessReport{}, err
	}
	report.By = people[actor.Person]
	return report, s.nameAccesses(ctx, report.Items, told)
}

func accessesIn(ctx context.Context, g access.Grant, q AccessQuery) (page AccessPage, told accessNames, err error) {
	if !g.Can(access.ReadDossierJournal) {
		return page, told, access.ErrForbidden
	}
	found, next, err := audit.Accesses(ctx, g.Tx(), g.Space(), q)
	if err != nil {
		return page, told, err
	}
	g.Note("count", len(found))
	page.Next = next
	for _, one := range found {
		page.Items = append(page.Items, Accessed{Access: one})
	}
	told, err = namesIn(ctx, g, found)
	return page, told, err
}

func (s *Service) nameAccesses(ctx context.Context, items []Accessed, told accessNames) error {
	var ids []uuid.UUID
	for _, one := range items {
		ids = append(append(ids, one.Person), one.ActingFor...)
	}
	slices.SortFunc(ids, func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) })
	ids = slices.Compact(ids)
	people, err := s.people.Persons(ctx, ids)
	if err != nil {
		return fmt.Errorf("read people: %w", err)
	}
	for i := range items {
		one := &items[i]
		if p, known := people[one.Person]; known {
			one.Professional = &p
		}
		one.WorkplaceName, one.Channel = told.workplaces[one.Workplace], told.channels[one.Object]
		for _, id := range one.ActingFor {
			one.For = append(one.For, cmp.Or(told.structures[id], people[id].DisplayName))
		}
	}
	return nil
}

// accessNames is how the workplaces and channels that accesses mention are called.
type accessNames struct {
	workplaces map[uuid.UUID]string
	channels   map[uuid.UUID]string
	structures map[uuid.UUID]string
}

func namesIn(ctx context.Context, g access.Grant, found []audit.Access) (told accessNames, err error) {
	places := make([]uuid.UUID, len(found))
	var through []uuid.UUID
	for i, one := range found {
		places[i] = one.Workplace
		through = append(through, one.ActingFor...)
	}
	if told.structures, err = structureNames(ctx, g, through); err != nil {
		return told, err
	}
	if told.workplaces, err = textsByID(ctx, g, "select id, name from workplaces where id = any ($1)", places); err != nil {
		return told, err
	}
	told.channels, err = textsByID(ctx, g, "select id, kind from channels where space_id = $1", g.Space())
	return told, err
}

func textsByID(ctx context.Context, g access.Grant, sql string, arg any) (map[uuid.UUID]string, error) {
	rows, err := g.Tx().Query(ctx, sql, arg)
	if err != nil {
		return nil, fmt.Errorf("names in accesses: %w", err)
	}
	out := map[uuid.UUID]string{}
	var id uuid.UUID
	var text string
	_, err = pgx.ForEachRow(rows, []any{&id, &text}, func() error { out[id] = text; return nil })
	return out, err
}
