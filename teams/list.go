package teams

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"liaison/access"
)

// Channel is a stream of messages of a circle. What is unread is counted by chat, see Fill.
type Channel struct {
	ID     uuid.UUID  `json:"id"`
	Kind   string     `json:"kind" enum:"discussion,notebook"`
	Unread int        `json:"unread"`
	LastAt *time.Time `json:"last_at"`
}

// TeamItem is a circle as it stands in the list of one's patients.
type TeamItem struct {
	ID         uuid.UUID  `json:"id"`
	Patient    Patient    `json:"patient"`
	MySeats    []string   `json:"my_seats"`
	OwnPlace   bool       `json:"own_place" doc:"She has a place here that is her own, hence hers to hand on; not only one held through another, nor in an emergency."`
	Channels   []Channel  `json:"channels"`
	Unread     int        `json:"unread"`
	OpenAlerts int        `json:"open_alerts"`
	LastAt     *time.Time `json:"last_at"`
}

// Count is what chat knows of a channel for one viewer.
type Count struct {
	Unread int
	LastAt *time.Time
}

// Counts gives a channel's count for the viewer; the zero Count when there is nothing.
type Counts func(channel uuid.UUID) Count

// Fill puts what chat counted.
func (t *TeamItem) Fill(of Counts) {
	t.Unread, t.LastAt = 0, nil
	for i := range t.Channels {
		c := of(t.Channels[i].ID)
		t.Channels[i].Unread, t.Channels[i].LastAt = c.Unread, c.LastAt
		t.Unread += c.Unread
		if c.LastAt != nil && (t.LastAt == nil || c.LastAt.After(*t.LastAt)) {
			t.LastAt = c.LastAt
		}
	}
}

// Arrange fills a list and puts what is unread first, then the newest; what says nothing keeps the order of names.
func Arrange(items []TeamItem, of Counts) {
	for i := range items {
		items[i].Fill(of)
	}
	slices.SortStableFunc(items, func(a, b TeamItem) int {
		return cmp.Or(-cmp.Compare(min(a.Unread, 1), min(b.Unread, 1)), -timeOf(a.LastAt).Compare(timeOf(b.LastAt)))
	})
}

func timeOf(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}

// List gives the circles in which the actor stands now, by the patients' names.
func (s *Service) List(ctx context.Context, actor access.Actor) ([]TeamItem, error) {
	items := []TeamItem{}
	err := s.gate.ReadMany(ctx, actor, "teams.list", func(sc access.Scope) error {
		dossiers, err := dossiersOf(ctx, sc, sc.Spaces(), "")
		if err != nil {
			return err
		}
		channels, err := channelsOf(ctx, sc)
		if err != nil {
			return err
		}
		own, err := ownPlaces(ctx, sc)
		if err != nil {
			return err
		}
		near := newNeighbours(likenessesOf(dossiers))
		for _, d := range dossiers {
			standing, _ := sc.Standing(d.Space)
			item := itemOf(d, standing, channels[d.Space])
			item.OwnPlace = slices.Contains(own, d.Space)
			item.Patient.Homonyms = near.of(d.likeness())
			items = append(items, item)
			sc.Shown(d.Space)
		}
		sc.Note("count", len(items))
		return nil
	})
	return items, err
}

// Patients gives the patients of these circles in which the actor stands now.
func (s *Service) Patients(ctx context.Context, actor access.Actor, teams []uuid.UUID) (map[uuid.UUID]Patient, error) {
	out := map[uuid.UUID]Patient{}
	if len(teams) == 0 {
		return out, nil
	}
	err := s.gate.ReadMany(ctx, actor, "patients.named", func(sc access.Scope) error {
		dossiers, err := dossiersOf(ctx, sc, sc.Spaces(), "")
		if err != nil {
			return err
		}
		near := newNeighbours(likenessesOf(dossiers))
		for _, d := range dossiers {
			if slices.Contains(teams, d.Space) {
				p := d.patient()
				p.Homonyms = near.of(d.likeness())
				out[d.Space] = p
				sc.Shown(d.Space)
			}
		}
		sc.Note("count", len(out))
		return nil
	})
	return out, err
}

func likenessesOf(dossiers []dossier) []likeness {
	all := make([]likeness, len(dossiers))
	for i, d := range dossiers {
		all[i] = d.likeness()
	}
	return all
}

func itemOf(d dossier, standing access.Standing, channels []Channel) TeamItem {
	return TeamItem{ID: d.Space, Patient: d.patient(), MySeats: orEmpty(standing.Seats), Channels: orEmpty(channels)}
}

func channelsOf(ctx context.Context, sc access.Scope) (map[uuid.UUID][]Channel, error) {
	rows, err := sc.Tx().Query(ctx, "select space_id, id, kind from channels where space_id = any ($1) order by space_id, kind, id", sc.Spaces())
	if err != nil {
		return nil, fmt.Errorf("read channels: %w", err)
	}
	out := map[uuid.UUID][]Channel{}
	var space uuid.UUID
	var c Channel
	_, err = pgx.ForEachRow(rows, []any{&space, &c.ID, &c.Kind}, func() error {
		out[space] = append(out[space], c)
		return nil
	})
	return out, err
}

// ownPlaces are the circles where the actor has a place that she may hand on: what AddStandIn asks of those chosen.
func ownPlaces(ctx context.Context, sc access.Scope) ([]uuid.UUID, error) {
	rows, err := sc.Tx().Query(ctx, `select distinct space_id from memberships where person_id = $1 and space_id = any ($2)
		and basis <> '`+access.BasisEmergency+`' and valid_until > statement_timestamp()`, sc.Actor().Person, sc.Spaces())
	if err != nil {
		return nil, fmt.Errorf("read own places: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
}

// Suggestion is a dossier the actor sees that may be the one looked for.
type Suggestion struct {
	TeamID  uuid.UUID `json:"team_id"`
	Patient Patient   `json:"patient"`
}

const maxSuggestions = 50

// Suggest searches before a dossier is opened, among those the actor sees: by birth date, then by the first three letters of
// a name; without a date by the beginnings of every word given.
func (s *Service) Suggest(ctx context.Context, actor access.Actor, birthDate, name string) ([]Suggestion, error) {
	var c checker
	if birthDate != "" {
		c.birthDate("birth_date", birthDate, s.now())
	}
	words := strings.Fields(givenKey(c.line("name", name, maxName)))
	if c.err != nil {
		return nil, c.err
	}
	out := []Suggestion{}
	if birthDate == "" && len(words) == 0 {
		return out, nil
	}
	err := s.gate.ReadMany(ctx, actor, "patients.search", func(sc access.Scope) error {
		dossiers, err := dossiersOf(ctx, sc, sc.Spaces(), birthDate)
		if err != nil {
			return err
		}
		near := newNeighbours(likenessesOf(dossiers))
		for _, d := range dossiers {
			if len(out) < maxSuggestions && d.answers(words, birthDate != "") {
				p := d.patient()
				p.Homonyms = near.of(d.likeness())
				out = append(out, Suggestion{d.Space, p})
				sc.Shown(d.Space)
			}
		}
		sc.Note("count", len(out))
		return nil
	})
	return out, err
}

// answers says whether every word begins one of the patient's names; beside a birth date three letters are enough.
func (n named) answers(words []string, dated bool) bool {
	if joined := strings.Join(words, ""); joined != "" && (strings.HasPrefix(n.birth, joined) || strings.HasPrefix(n.used, joined)) {
		return true
	}
	names := append(strings.Fields(n.given), n.families()...)
	for _, word := range words {
		if dated {
			word = firstLetters(word, 3)
		}
		if !slices.ContainsFunc(names, func(name string) bool { return strings.HasPrefix(name, word) }) {
			return false
		}
	}
	return true
}

func firstLetters(word string, n int) string {
	letters := []rune(word)
	return string(letters[:min(n, len(letters))])
}
