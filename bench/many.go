package bench

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"liaison/access"
	"liaison/accounts"
	"liaison/node"
)

// Many is what pages cost in the searched database, among the memberships of many more circles.
type Many struct {
	Messages    int      `json:"messages"`
	Memberships int      `json:"memberships"`
	Circles     int      `json:"circles"`
	Channel     int      `json:"channel"`
	Readers     []Reader `json:"readers"`
}

// fewestAmongMany fill a page of a channel for who reads three categories of seven.
const fewestAmongMany = 200_000

func (r *run) pagesAmongMany(ctx context.Context) error {
	if r.Search == 0 || r.Memberships == 0 {
		return nil
	}
	closeGround, err := r.searchGround(ctx)
	if err != nil {
		return err
	}
	defer closeGround()
	a, err := r.openArchive(ctx)
	if err != nil {
		return err
	}
	n, err := node.Start(ctx, r.ground.config(quietLog))
	if err != nil {
		return err
	}
	defer n.Stop()
	if err := r.crowd(ctx, n); err != nil {
		return err
	}
	if err := a.signIn(ctx, n); err != nil {
		return err
	}
	s, err := r.serve(ctx)
	if err != nil {
		return err
	}
	defer s.stop()
	return r.readAmongMany(ctx, n, s, a)
}

func (r *run) readAmongMany(ctx context.Context, n *node.Node, s *server, a *archive) error {
	r.say("reading pages among many")
	c, m := a.circles[0], &r.report.Many
	err := r.ground.admin.QueryRow(ctx, `select (select count(*) from messages), (select count(*) from memberships), (select count(*) from spaces),
		(select count(*) from messages where channel_id = $1)`, c.Notebook).Scan(&m.Messages, &m.Memberships, &m.Circles, &m.Channel)
	if err != nil {
		return err
	}
	for i, who := range readers {
		a.readers[i].team = &team{id: c.Space, discussion: c.Notebook}
		ways, err := r.readPages(ctx, n, s, a.readers[i])
		if err != nil {
			return fmt.Errorf("%s: %w", who.name, err)
		}
		m.Readers = append(m.Readers, Reader{who.name, ways})
	}
	return nil
}

// crowd brings the database to its number of memberships: circles and people through the features, their places copied, for giving each
// of them would take the bench's whole time; the service itself then compiles what they give.
func (r *run) crowd(ctx context.Context, n *node.Node) error {
	var there int
	if err := r.ground.admin.QueryRow(ctx, "select count(*) from memberships").Scan(&there); err != nil {
		return err
	}
	circles := (r.Memberships - there + teamSize - 1) / teamSize
	if circles <= 0 {
		return nil
	}
	r.say("making %d more circles of %d", circles, teamSize)
	w := newWorld(crowdOf(circles))
	if err := n.Accounts.LoadDemoAccounts(ctx, crowdAccounts(w, there), "bench"); err != nil {
		return err
	}
	made, err := w.openMore(ctx, n, circles)
	if err != nil {
		return err
	}
	if err := r.copyPlaces(ctx, w, made); err != nil {
		return err
	}
	if err := n.Gate.RecompileBehind(ctx); err != nil {
		return err
	}
	if err := allFollow(ctx, n); err != nil {
		return err
	}
	_, err = r.ground.admin.Exec(ctx, "vacuum (analyze) memberships, standings, spaces, channels")
	return err
}

// crowdOf is how many teams of people share the circles, so that each of them follows about fifty patients.
func crowdOf(circles int) int { return max(1, circles/50) }

// crowdAccounts have logins that no other people of the bench have, those of a run that was cut included.
func crowdAccounts(w *world, there int) []accounts.DemoAccount {
	list := w.accounts()
	for i := range list {
		list[i].Login = fmt.Sprintf("crowd%d-%s", there, list[i].Login)
	}
	return list
}

func (w *world) openMore(ctx context.Context, n *node.Node, count int) ([]*team, error) {
	made := make([]*team, count)
	openers, opening := errgroup.WithContext(ctx)
	openers.SetLimit(4)
	for i := range made {
		made[i] = &team{members: w.teams[i%len(w.teams)].members}
		openers.Go(func() error { return made[i].openEmpty(opening, n, manyPatients+i) })
	}
	return made, openers.Wait()
}

func (r *run) copyPlaces(ctx context.Context, w *world, made []*team) error {
	var spaces, people, by []uuid.UUID
	for _, t := range made {
		for _, m := range t.members[1:] {
			spaces, people, by = append(spaces, t.id), append(people, m.id), append(by, t.members[0].id)
		}
	}
	_, err := r.ground.admin.Exec(ctx, `insert into memberships (id, space_id, person_id, seat, basis, valid_from, added_by)
		select gen_random_uuid(), s, p, $4, 'care_team_1', now() - interval '1 day', b from unnest($1::uuid[], $2::uuid[], $3::uuid[]) as l(s, p, b)`,
		spaces, people, by, access.SeatIntervenant)
	if err != nil {
		return fmt.Errorf("copy places: %w", err)
	}
	_, err = r.ground.admin.Exec(ctx, "update spaces set matrix_version = 0 where id = any ($1)", spaces)
	return err
}

func (r *Report) printMany(p printer) {
	m := r.Many
	if m.Messages == 0 {
		return
	}
	p("\nNewest %d messages of a channel of %d, among %d messages, %d memberships and %d circles", pageSize, m.Channel, m.Messages, m.Memberships, m.Circles)
	printReaders(p, m.Readers)
}
