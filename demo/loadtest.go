package demo

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"liaison/access"
	"liaison/accounts"
	"liaison/teams"
)

// Wanted is what a load test asks for.
type Wanted struct {
	Teams, Members int
	TokenTTL       time.Duration
}

// File is what a load test works with: circles and the people in them, with a token each.
type File struct {
	BaseURL  string     `json:"base_url"`
	Password string     `json:"password"`
	Teams    []TestTeam `json:"teams"`
}

// TestTeam is one circle of a load test.
type TestTeam struct {
	ID         uuid.UUID    `json:"id"`
	Discussion uuid.UUID    `json:"discussion_id"`
	Notebook   uuid.UUID    `json:"notebook_id"`
	Members    []TestMember `json:"members"`
}

// TestMember is one person of one circle; nobody is in two.
type TestMember struct {
	Login       string    `json:"login"`
	ID          uuid.UUID `json:"id"`
	AccessToken string    `json:"access_token"`
}

// others sit beside the physician who opens each circle: all write organisation, all but the last daily life.
var others = []access.Profession{
	{System: "TRE_G15", Code: "60"},
	{System: "TRE_R85", Code: "372"},
	{System: "TRE_R85", Code: "313"},
	{System: "TRE_R94", Code: "41"},
	{System: "TRE_G15", Code: "95"},
	{System: "TRE_R85", Code: "330"},
	{System: "TRE_G15", Code: "70"},
}

func professionAt(place int) access.Profession {
	if place == 0 {
		return access.Physician
	}
	return others[(place-1)%len(others)]
}

const (
	peopleAtOnce = 250 // in a transaction of accounts or tokens
	longestToken = 7 * 24 * time.Hour
	firstDay     = 13 // of a birth date: no month has this number, so that no date is another with day and month exchanged
	days         = 16
	years        = 100
)

// LoadTest makes the circles, or completes them when they were made before, and gives everybody a new token.
func LoadTest(ctx context.Context, s Services, w Wanted) (File, error) {
	if w.Teams < 1 || w.Members < 1 || w.TokenTTL <= 0 || w.TokenTTL > longestToken {
		return File{}, errors.New("a load test needs a team, a member and a token that lives, a week at most")
	}
	file := File{Password: Password, Teams: make([]TestTeam, w.Teams)}
	for i := range file.Teams {
		file.Teams[i].Members = membersOf(i, w.Members)
	}
	if err := hireForTest(ctx, s, file); err != nil {
		return File{}, err
	}
	if err := eachOf(ctx, file.Teams, func(ctx context.Context, i int) error { return openForTest(ctx, s, i, &file.Teams[i]) }); err != nil {
		return File{}, err
	}
	return file, giveTokens(ctx, s, file, w.TokenTTL)
}

func membersOf(team, members int) []TestMember {
	out := make([]TestMember, members)
	for i := range out {
		login := fmt.Sprintf("equipe%04d-membre%03d", team+1, i+1)
		out[i] = TestMember{Login: login, ID: idOf("person", login)}
	}
	return out
}

// eachOf works on several teams at once, in their order.
func eachOf(ctx context.Context, list []TestTeam, work func(context.Context, int) error) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(atOnce)
	for i := range list {
		g.Go(func() error {
			if err := work(ctx, i); err != nil {
				return fmt.Errorf("team %d of the load test: %w", i+1, err)
			}
			return nil
		})
	}
	return g.Wait()
}

func hireForTest(ctx context.Context, s Services, file File) error {
	var list []accounts.DemoAccount
	for t, team := range file.Teams {
		for i, m := range team.Members {
			list = append(list, testAccount(t, i, m))
		}
	}
	return inBatches(ctx, list, func(ctx context.Context, some []accounts.DemoAccount) error {
		if err := s.Accounts.LoadDemoAccounts(ctx, some, Password); err != nil {
			return fmt.Errorf("people of the load test: %w", err)
		}
		return nil
	})
}

// inBatches works on a few hundred at a time, several batches at once: a transaction must not last.
func inBatches[T any](ctx context.Context, list []T, work func(context.Context, []T) error) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(atOnce)
	for some := range slices.Chunk(list, peopleAtOnce) {
		g.Go(func() error { return work(ctx, some) })
	}
	return g.Wait()
}

func testAccount(team, place int, m TestMember) accounts.DemoAccount {
	a := accounts.DemoAccount{Login: m.Login}
	a.Professional = accounts.Professional{
		ID: m.ID, FamilyName: fmt.Sprintf("Essai %04d", team+1), GivenName: fmt.Sprintf("Membre %03d", place+1), Gender: []string{"F", "M"}[place%2],
		Profession: professionAt(place), Town: "Corvaine",
	}
	return a
}

func openForTest(ctx context.Context, s Services, n int, t *TestTeam) error {
	opener := access.Actor{Person: t.Members[0].ID}
	opened, _, err := s.Teams.Open(ctx, opener, testPatient(n))
	if err != nil {
		return fmt.Errorf("open: %w", err)
	}
	t.ID = opened.TeamID
	places := make([]teams.NewMember, len(t.Members)-1)
	for i, m := range t.Members[1:] {
		places[i] = teams.NewMember{ID: idOf("place", m.Login), ProfessionalID: m.ID, Seat: access.SeatIntervenant, Basis: "care_team_2"}
	}
	if err := s.Teams.AddMembers(ctx, opener, t.ID, places); err != nil {
		return fmt.Errorf("seat the circle: %w", err)
	}
	team, err := s.Teams.Get(ctx, opener, t.ID)
	if err != nil {
		return fmt.Errorf("read circle: %w", err)
	}
	for _, c := range team.Channels {
		if c.Kind == "notebook" {
			t.Notebook = c.ID
		} else {
			t.Discussion = c.ID
		}
	}
	return nil
}

// testPatient is nobody's look-alike: birth dates differ, and names by several slips. Every load asks the same, hence a replay.
func testPatient(n int) teams.OpenRequest {
	name := spelled(n)
	return teams.OpenRequest{
		ID: idOf("test patient", fmt.Sprint(n)), Seat: access.SeatMedecinTraitant,
		Identity: teams.Identity{
			BirthName: "Charge " + name, GivenNames: name, Sex: []string{"F", "M"}[n%2], BirthDate: bornAt(n), Town: "Corvaine",
		},
		Information: teams.Information{GivenBy: "Essai de charge", GivenAt: time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)},
	}
}

// bornAt gives every patient of a load test another birth date, until there are more of them than dates.
func bornAt(n int) string {
	day, month, year := n%days, n/days%12, n/days/12%years
	return fmt.Sprintf("%d-%02d-%02d", 1920+year, 1+month, firstDay+day)
}

// spelled writes a number in syllables, no two of which begin or end alike.
func spelled(n int) string {
	syllables := [...]string{"bal", "ken", "dir", "fos", "gut", "lym", "mac", "nev", "pib", "rez"}
	name := ""
	for _, digit := range fmt.Sprintf("%05d", n) {
		name += syllables[digit-'0'] + syllables[digit-'0']
	}
	return name
}

func giveTokens(ctx context.Context, s Services, file File, life time.Duration) error {
	var all []*TestMember
	for t := range file.Teams {
		for i := range file.Teams[t].Members {
			all = append(all, &file.Teams[t].Members[i])
		}
	}
	return inBatches(ctx, all, func(ctx context.Context, some []*TestMember) error { return tokensFor(ctx, s, some, life) })
}

func tokensFor(ctx context.Context, s Services, some []*TestMember, life time.Duration) error {
	ids := make([]uuid.UUID, len(some))
	for i, m := range some {
		ids[i] = m.ID
	}
	tokens, err := s.Accounts.DemoAccessTokens(ctx, ids, life)
	if err != nil {
		return fmt.Errorf("tokens of the load test: %w", err)
	}
	for _, m := range some {
		m.AccessToken = tokens[m.ID]
	}
	return nil
}
