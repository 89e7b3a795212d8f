package bench

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"liaison/access"
	"liaison/accounts"
	"liaison/node"
	"liaison/teams"
)

// category is what posts are about. Of each team all but the last two members may read and write it.
const (
	category  = "nursing"
	excluded  = 2
	tokenLife = 2 * time.Hour
)

var (
	nurse    = access.Profession{System: "TRE_G15", Code: "60"}
	homeHelp = access.Profession{System: "TRE_R85", Code: "372"}
)

type world struct{ teams []*team }

type team struct {
	id, discussion uuid.UUID
	members        []*member
}

// member is one person; reads says, apart from the server, whether the matrix gives her the category.
type member struct {
	id    uuid.UUID
	team  *team
	reads bool
	token string
}

func (m *member) actor() access.Actor {
	return access.Actor{Person: m.id, Session: newID(), Address: "127.0.0.1"}
}

func newID() uuid.UUID { return uuid.Must(uuid.NewV7()) }

// populate makes the people, their teams and their tokens through the features themselves, on a node that serves nobody.
func (r *run) populate(ctx context.Context) error {
	r.world = newWorld(r.people() / teamSize)
	n, err := node.Start(ctx, r.ground.config(slog.New(slog.DiscardHandler)))
	if err != nil {
		return err
	}
	defer n.Stop()
	if err := n.Accounts.LoadDemoAccounts(ctx, r.world.accounts(), "bench"); err != nil {
		return err
	}
	openers, opening := errgroup.WithContext(ctx)
	openers.SetLimit(4)
	for i, t := range r.world.teams {
		openers.Go(func() error { return t.open(opening, n, i) })
	}
	if err := openers.Wait(); err != nil {
		return err
	}
	return r.world.signIn(ctx, n)
}

func newWorld(count int) *world {
	w := &world{}
	for range count {
		t := &team{}
		for i := range teamSize {
			t.members = append(t.members, &member{id: newID(), team: t, reads: i < teamSize-excluded})
		}
		w.teams = append(w.teams, t)
	}
	return w
}

func (w *world) everybody() []*member {
	var all []*member
	for _, t := range w.teams {
		all = append(all, t.members...)
	}
	return all
}

func (w *world) accounts() []accounts.DemoAccount {
	var list []accounts.DemoAccount
	for i, m := range w.everybody() {
		profession := nurse
		if !m.reads {
			profession = homeHelp
		}
		list = append(list, accounts.DemoAccount{
			Login: fmt.Sprintf("bench%d", i),
			NewAccount: accounts.NewAccount{Professional: accounts.Professional{
				ID: m.id, FamilyName: "Banc" + letters(i), GivenName: "Camille", Gender: "F",
				Profession: profession,
			}},
		})
	}
	return list
}

// letters writes a number as a name may be written.
func letters(n int) string {
	text := ""
	for ; n > 0 || text == ""; n /= 26 {
		text = string(rune('a'+n%26)) + text
	}
	return text
}

func (t *team) open(ctx context.Context, n *node.Node, number int) error {
	if err := t.openEmpty(ctx, n, number); err != nil {
		return err
	}
	for _, m := range t.members[1:] {
		place := teams.NewMember{ID: newID(), ProfessionalID: m.id, Seat: access.SeatIntervenant, Basis: "care_team_1"}
		if _, _, err := n.Teams.AddMember(ctx, t.members[0].actor(), t.id, place); err != nil {
			return fmt.Errorf("add a member: %w", err)
		}
	}
	return n.DB.Pool.QueryRow(ctx, "select id from channels where space_id = $1 and kind = 'discussion'", t.id).Scan(&t.discussion)
}

// openEmpty opens a circle with nobody but its founder; of dossiers that look alike it says that they are others.
func (t *team) openEmpty(ctx context.Context, n *node.Node, number int) error {
	born := time.Date(1930, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, number*7%30000)
	asked := teams.OpenRequest{
		ID:          newID(),
		Identity:    teams.Identity{BirthName: syllables(number*39*41 + number), GivenNames: syllables(number*97 + 5), Sex: "F", BirthDate: born.Format(time.DateOnly)},
		Information: teams.Information{GivenBy: "Camille Banc", GivenAt: time.Now().Add(-time.Hour)},
	}
	opened, _, err := n.Teams.Open(ctx, t.members[0].actor(), asked)
	if alike := (*teams.LookAlike)(nil); errors.As(err, &alike) {
		for _, other := range alike.Candidates {
			asked.NotADouble = append(asked.NotADouble, other.Token)
		}
		opened, _, err = n.Teams.Open(ctx, t.members[0].actor(), asked)
	}
	if err != nil {
		return fmt.Errorf("open a team: %w", err)
	}
	t.id = opened.TeamID
	return nil
}

func (w *world) signIn(ctx context.Context, n *node.Node) error {
	var ids []uuid.UUID
	for _, m := range w.everybody() {
		ids = append(ids, m.id)
	}
	tokens, err := n.Accounts.DemoAccessTokens(ctx, ids, tokenLife)
	if err != nil {
		return err
	}
	for _, m := range w.everybody() {
		m.token = tokens[m.id]
	}
	return nil
}

// authors are the posters, spread over the active teams; all of them may write the category.
func (w *world) authors() []*member {
	var out []*member
	for i := 0; len(out) < posters; i++ {
		out = append(out, w.teams[i%activeTeams].members[i/activeTeams])
	}
	return out
}

// listeners are the members of the active teams, all of them.
func (w *world) listeners() []*member {
	var out []*member
	for _, t := range w.teams[:activeTeams] {
		out = append(out, t.members...)
	}
	return out
}
