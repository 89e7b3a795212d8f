package bench

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"liaison/access"
	"liaison/accounts"
	"liaison/chat"
	"liaison/matrices"
	"liaison/node"
)

// The shape of a territory whose matrix changes while people post.
const (
	followingCircles = 500
	meanwhileRate    = 100 // posts a second
	calmFor          = 3 * time.Second
)

// Following is how another matrix reaches every circle while posts go on; one value a round.
type Following struct {
	Memberships int       `json:"memberships"`
	Circles     int       `json:"circles"`
	Changed     int       `json:"changed_people"` // in the first round
	Simulated   []float64 `json:"simulated_s"`
	Followed    []float64 `json:"followed_s"` // from the answer to the publishing until the last circle's commit
	Quiet       []float64 `json:"post_quiet_p99_ms"`
	Meanwhile   []float64 `json:"post_meanwhile_p99_ms"` // from when each was due
	Posts       int       `json:"posts"`
}

func (r *run) following(ctx context.Context) error {
	n, err := node.Start(ctx, r.ground.config(quietLog))
	if err != nil {
		return err
	}
	defer n.Stop()
	r.say("opening circles until there are %d", followingCircles)
	circles, err := r.manyTeams(ctx, n)
	if err != nil {
		return err
	}
	made, err := n.Accounts.CreateAdministrator(ctx, accounts.NewAccount{Professional: accounts.Professional{
		ID: newID(), FamilyName: "Matrice", GivenName: "Camille", Gender: "F", Profession: nurse,
	}})
	if err != nil {
		return err
	}
	admin := access.Actor{Person: made.Professional.ID, Session: newID(), Address: "127.0.0.1"}
	r.say("putting another matrix in force %d times, at %d posts a second", r.Rounds, meanwhileRate)
	for round := range r.Rounds {
		if err := r.followOnce(ctx, n, admin, circles, round); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) manyTeams(ctx context.Context, n *node.Node) ([]*team, error) {
	circles := r.world.teams[:min(len(r.world.teams), followingCircles)]
	first := len(circles)
	for i := first; i < followingCircles; i++ {
		circles = append(circles, &team{members: r.world.teams[i%first].members})
	}
	openers, opening := errgroup.WithContext(ctx)
	openers.SetLimit(4)
	for i := first; i < followingCircles; i++ {
		openers.Go(func() error { return circles[i].open(opening, n, i+len(r.world.teams)) })
	}
	return circles, openers.Wait()
}

func (r *run) followOnce(ctx context.Context, n *node.Node, admin access.Actor, circles []*team, round int) error {
	f := &r.report.Following
	id, err := draftOf(ctx, n, admin, round)
	if err != nil {
		return err
	}
	began := time.Now()
	d, err := n.Matrices.Simulate(ctx, admin, id)
	if err != nil {
		return err
	}
	f.Simulated = append(f.Simulated, time.Since(began).Seconds())
	f.Memberships, f.Circles = d.Simulation.Memberships, d.Simulation.Teams
	if round == 0 {
		f.Changed = d.Simulation.ChangedPeople
	}
	quiet, err := postsDuring(ctx, n, circles, func() error { return wait(ctx, calmFor) })
	if err != nil {
		return err
	}
	meanwhile, err := postsDuring(ctx, n, circles, func() error {
		if _, err := n.Matrices.Publish(ctx, admin, id, "bench"); err != nil {
			return err
		}
		began := time.Now()
		err := allFollow(ctx, n)
		f.Followed = append(f.Followed, time.Since(began).Seconds())
		return err
	})
	if err != nil {
		return err
	}
	f.Quiet = append(f.Quiet, millis(quiet, 0.99)...)
	f.Meanwhile = append(f.Meanwhile, millis(meanwhile, 0.99)...)
	f.Posts += len(meanwhile)
	return nil
}

// draftOf changes what both professions of the world may do with « social », there and back: every standing is another one.
func draftOf(ctx context.Context, n *node.Node, admin access.Actor, round int) (uuid.UUID, error) {
	d, err := n.Matrices.NewDraft(ctx, admin, newID(), 0, "bench")
	if err != nil {
		return uuid.Nil, err
	}
	rows, err := d.Read()
	if err != nil {
		return uuid.Nil, err
	}
	for _, row := range rows.Categories {
		if row.Code == nurse.Code || row.Code == homeHelp.Code {
			row.Cells["social"] = []string{"-", "rw"}[round%2]
		}
	}
	_, err = n.Matrices.Change(ctx, admin, d.ID, d.Revision, matrices.Write(rows), "bench")
	return d.ID, err
}

func wait(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// allFollow looks until every circle is recompiled.
func allFollow(ctx context.Context, n *node.Node) error {
	for {
		p, err := n.Gate.Progress(ctx)
		if err != nil || p.Done == p.Spaces {
			return err
		}
		if err := wait(ctx, 5*time.Millisecond); err != nil {
			return err
		}
	}
}

// postsDuring does something while nurses post here and there, and gives how long each post took from when it was due.
func postsDuring(ctx context.Context, n *node.Node, circles []*team, do func() error) ([]time.Duration, error) {
	posting, stop := context.WithCancel(ctx)
	defer stop()
	var took []time.Duration
	done := make(chan error, 1)
	go func() {
		var err error
		took, err = postAt(posting, n, circles)
		done <- err
	}()
	err := do()
	stop()
	err = errors.Join(err, <-done)
	return took, err
}

func postAt(ctx context.Context, n *node.Node, circles []*team) (took []time.Duration, err error) {
	var mu sync.Mutex
	var posts errgroup.Group
	began := time.Now()
	for i := 0; ; i++ {
		due := began.Add(time.Duration(i) * time.Second / meanwhileRate)
		if wait(ctx, time.Until(due)) != nil {
			err = posts.Wait()
			return took, err
		}
		t := circles[rand.N(len(circles))]
		posts.Go(func() error {
			_, _, err := n.Chat.Post(context.WithoutCancel(ctx), t.members[0].actor(), t.discussion, chat.Draft{ID: newID(), Category: category, Text: text()})
			mu.Lock()
			defer mu.Unlock()
			took = append(took, time.Since(due))
			return err
		})
	}
}

func (r *Report) printFollowing(p printer) {
	f := r.Following
	if f.Memberships == 0 {
		return
	}
	simulated, followed, quiet, meanwhile := spreadOf(f.Simulated), spreadOf(f.Followed), spreadOf(f.Quiet), spreadOf(f.Meanwhile)
	p("\nAnother matrix over %d memberships in %d circles, %d people with other rights, %d posts a second going on", f.Memberships, f.Circles, f.Changed, meanwhileRate)
	p("simulated in, s\t%.2f (%.2f–%.2f)", simulated.Median, simulated.Lower, simulated.Upper)
	p("every circle follows after, s\t%.2f (%.2f–%.2f)", followed.Median, followed.Lower, followed.Upper)
	p("memberships a second\t%.0f", ratio(float64(f.Memberships), followed.Median))
	p("a post, p99 ms: quiet\t%.0f (%.0f–%.0f)", quiet.Median, quiet.Lower, quiet.Upper)
	p("a post, p99 ms: meanwhile\t%.0f (%.0f–%.0f)", meanwhile.Median, meanwhile.Lower, meanwhile.Upper)
}
