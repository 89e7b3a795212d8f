package demo

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"liaison/access"
	"liaison/chat"
	"liaison/teams"
)

//go:embed patients.json
var patientsFile []byte

// patient is an invented person, the circle around her, and what it wrote. The first of the circle opened the dossier.
type patient struct {
	Key string `json:"notes"`
	teams.Identity
	Information told             `json:"information"`
	Consent     *told            `json:"consent"`
	Circle      []place          `json:"circle"`
	Thresholds  []chat.Threshold `json:"thresholds"`

	entries []entry
}

// told is something the patient was told or said, that many days ago.
type told struct {
	GivenBy string `json:"given_by"`
	How     string `json:"how"`
	DaysAgo int    `json:"days_ago"`
}

type place struct {
	Login   string `json:"login"`
	Seat    string `json:"seat"`
	DaysAgo int    `json:"days_ago"`
}

func readPatients() ([]patient, error) {
	var list []patient
	if err := json.Unmarshal(patientsFile, &list); err != nil {
		return nil, fmt.Errorf("patients of the demo: %w", err)
	}
	for i := range list {
		var err error
		if list[i].entries, err = readEntries(list[i].Key); err != nil {
			return nil, err
		}
	}
	return list, nil
}

func (p patient) id() uuid.UUID { return idOf("patient", p.Key) }

// circle opens the patient's dossier, seats the circle, records the will, and writes the channels.
func (l *loader) circle(ctx context.Context, p patient) error {
	opener := l.actor(p.Circle[0].Login)
	id, err := l.open(ctx, opener, p)
	if err != nil {
		return fmt.Errorf("open: %w", err)
	}
	team, err := l.Teams.Get(ctx, opener, id)
	if err != nil {
		return fmt.Errorf("read circle: %w", err)
	}
	if err := l.seat(ctx, opener, p, team); err != nil {
		return err
	}
	if err := l.consent(ctx, opener, p, id); err != nil {
		return err
	}
	if err := l.thresholds(ctx, opener, p, id); err != nil {
		return err
	}
	g, ctx := errgroup.WithContext(ctx)
	for _, c := range team.Channels {
		g.Go(func() error { return l.channel(ctx, p, id, c) })
	}
	return g.Wait()
}

// open finds the dossier or opens it: what an earlier load opened is dated from its own day.
func (l *loader) open(ctx context.Context, opener access.Actor, p patient) (uuid.UUID, error) {
	mine, err := l.Teams.List(ctx, opener)
	if err != nil {
		return uuid.Nil, err
	}
	for _, t := range mine {
		if t.Patient.ID == p.id() {
			return t.ID, nil
		}
	}
	opened, err := l.Teams.OpenPast(ctx, opener, teams.OpenRequest{
		ID: p.id(), Identity: p.Identity, Seat: p.Circle[0].Seat,
		Information: teams.Information{GivenBy: p.Information.GivenBy, How: p.Information.How, GivenAt: p.told(l.day)},
	}, p.Circle[0].began(l.day))
	return opened.TeamID, err
}

// began is the morning of a place's first day, a working one: notes of a weekend are written on the Friday before.
func (p place) began(day calendar) time.Time { return workdayBefore(day.at(-p.DaysAgo, 8, 0)) }

// told is when the patient was told, before anybody had a place.
func (p patient) told(day calendar) time.Time {
	return workdayBefore(day.at(-p.Information.DaysAgo, 7, 45))
}

func (l *loader) seat(ctx context.Context, opener access.Actor, p patient, team teams.Team) error {
	var places []teams.NewMember
	for _, place := range p.Circle[1:] {
		id, from := idOf("place", p.Key, place.Login), place.began(l.day)
		if !seated(team, id) {
			places = append(places, teams.NewMember{ID: id, ProfessionalID: l.people[place.Login].ID, Seat: place.Seat, Basis: "care_team_2", From: &from})
		}
	}
	if err := l.Teams.AddMembers(ctx, opener, team.ID, places); err != nil {
		return fmt.Errorf("seat the circle: %w", err)
	}
	return nil
}

func seated(team teams.Team, id uuid.UUID) bool {
	return slices.ContainsFunc(append(team.Members, team.Ended...), func(m teams.Member) bool {
		return slices.ContainsFunc(m.Periods, func(p teams.Period) bool { return p.ID == id })
	})
}

func (l *loader) consent(ctx context.Context, opener access.Actor, p patient, team uuid.UUID) error {
	if p.Consent == nil {
		return nil
	}
	id := idOf("consent", p.Key)
	will, err := l.Teams.Will(ctx, opener, team)
	if err != nil {
		return fmt.Errorf("read will: %w", err)
	}
	if slices.ContainsFunc(will, func(w teams.Will) bool { return w.ID == id }) {
		return nil
	}
	at := l.day.at(-p.Consent.DaysAgo, 11, 0)
	_, _, err = l.Teams.RecordWill(ctx, opener, team, teams.NewWill{
		ID: id, Kind: access.WillConsent, GivenBy: p.Consent.GivenBy, GivenAt: &at, How: p.Consent.How,
	})
	if err != nil {
		return fmt.Errorf("record consent: %w", err)
	}
	return nil
}

// thresholds sets them once: what somebody changed in the demo stays.
func (l *loader) thresholds(ctx context.Context, opener access.Actor, p patient, team uuid.UUID) error {
	if len(p.Thresholds) == 0 {
		return nil
	}
	now, _, err := l.Chat.Thresholds(ctx, opener, team)
	if err != nil || len(now) > 0 {
		return err
	}
	if err := l.Chat.SetThresholds(ctx, opener, team, p.Thresholds); err != nil {
		return fmt.Errorf("set thresholds: %w", err)
	}
	return nil
}

// channel writes the weeks of one channel, in order.
func (l *loader) channel(ctx context.Context, p patient, team uuid.UUID, c teams.Channel) error {
	for _, e := range schedule(p.entries, c.Kind, l.day, l.people) {
		if err := l.message(ctx, p, team, c.ID, e); err != nil {
			return fmt.Errorf("%s of %s, %d %02d:%02d: %w", c.Kind, e.author, e.day, e.hour, e.minute, err)
		}
	}
	return nil
}

// message writes one, and what became of it. One that is there with other words was written by a load of another day.
func (l *loader) message(ctx context.Context, p patient, team, channel uuid.UUID, e placed) error {
	author := l.actor(e.author)
	d := l.draft(p, e)
	var err error
	if d.Documents, err = l.files(ctx, author, p, team, e.entry); err != nil {
		return err
	}
	posted, err := l.Chat.PostPast(ctx, author, channel, d, e.at)
	if err != nil && !errors.Is(err, chat.ErrConflict) {
		return err
	}
	if e.amended != nil && posted.Revision <= 1 {
		_, err := l.Chat.Amend(ctx, author, d.ID, chat.Amendment{Text: &e.amended.text, Measures: &e.amended.measures, Reason: e.amended.reason, Revision: 1})
		if err != nil && !errors.Is(err, chat.ErrRevision) {
			return fmt.Errorf("amend: %w", err)
		}
	}
	if e.withdraw != "" && posted.State != chat.Withdrawn {
		if _, err := l.Chat.Withdraw(ctx, author, d.ID, e.withdraw); err != nil {
			return fmt.Errorf("withdraw: %w", err)
		}
	}
	return nil
}

func (l *loader) draft(p patient, e placed) chat.Draft {
	d := chat.Draft{
		ID: messageID(p.Key, e.entry), Category: e.category, Text: e.text, NoteType: e.noteType, Urgent: e.urgent, Measures: e.measures,
		Masks: e.masks, OnlyTo: l.ids(e.only), Mentions: l.ids(e.to), WrittenAt: e.at.Truncate(time.Microsecond),
	}
	if e.re != "" {
		i := slices.IndexFunc(p.entries, func(o entry) bool { return o.key == e.re && o.channel == e.channel })
		d.ThreadID = messageID(p.Key, p.entries[i])
	}
	return d
}

func messageID(patient string, e entry) uuid.UUID {
	return idOf("message", patient, e.channel, fmt.Sprint(e.place))
}

func (l *loader) ids(logins []string) []uuid.UUID {
	var ids []uuid.UUID
	for _, login := range logins {
		ids = append(ids, l.people[login].ID)
	}
	return ids
}
