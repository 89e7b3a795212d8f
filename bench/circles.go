package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"liaison/access"
	"liaison/accounts"
	"liaison/chat/words"
	"liaison/node"
	"liaison/teams"
)

var (
	doctor     = access.Profession{System: "TRE_G15", Code: "10"}
	pharmacist = access.Profession{System: "TRE_G15", Code: "21"}
)

// kept is what must be known of an archive to search it again.
type kept struct {
	Messages, Words  int // Words is the version of what was indexed
	Readers, Authors []uuid.UUID
	Circles          []circle
}

// searchGround is a database of its own, kept from run to run if asked: what other parts post would be newer than all of it.
func (r *run) searchGround(ctx context.Context) (closeGround func(), err error) {
	dir := r.SearchDir
	if dir == "" {
		dir = filepath.Join(r.home, "searched")
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	own, err := openGround(ctx, dir)
	if err != nil {
		return nil, err
	}
	was := r.ground
	r.ground = own
	return func() {
		own.close()
		r.ground = was
	}, nil
}

// openArchive takes the archive that is there, or makes one.
func (r *run) openArchive(ctx context.Context) (*archive, error) {
	note := filepath.Join(r.SearchDir, "archive.json")
	raw, err := os.ReadFile(note)
	if r.SearchDir == "" || errors.Is(err, fs.ErrNotExist) {
		return r.makeArchive(ctx, note)
	}
	if err != nil {
		return nil, err
	}
	var k kept
	if err := json.Unmarshal(raw, &k); err != nil {
		return nil, fmt.Errorf("%s: %w", note, err)
	}
	if k.Messages != r.Search || k.Words != words.Version {
		return nil, fmt.Errorf("%s holds %d messages, indexed by version %d: remove it, or search as many", r.SearchDir, k.Messages, k.Words)
	}
	if err := r.restoreArchive(ctx); err != nil {
		return nil, err
	}
	a := &archive{words: newVocabulary(), circles: k.Circles, readers: membersOf(k.Readers), authors: membersOf(k.Authors)}
	for range k.Messages {
		a.words.message()
	}
	return a, r.measureArchive(ctx)
}

// restoreArchive takes away what earlier runs posted, which is all newer than the archive, and ends a pass that was cut: every
// entry is there nevertheless.
func (r *run) restoreArchive(ctx context.Context) error {
	for _, sql := range []string{
		fmt.Sprintf("delete from search_entries e using messages m where m.id = e.message_id and m.position < %d", archiveFrom),
		fmt.Sprintf("delete from messages where position < %d", archiveFrom),
		fmt.Sprintf(`update search_progress set version = %d, horizon = pg_current_snapshot()::text, next = null, after = null, whole = false
			where whole or version = 0`, words.Version),
		"vacuum (analyze) messages", "vacuum (analyze) search_entries",
	} {
		if _, err := r.ground.admin.Exec(ctx, sql); err != nil {
			return fmt.Errorf("%s: %w", sql, err)
		}
	}
	return nil
}

func membersOf(ids []uuid.UUID) (list []*member) {
	for _, id := range ids {
		list = append(list, &member{id: id})
	}
	return list
}

func idsOf(members []*member) (ids []uuid.UUID) {
	for _, m := range members {
		ids = append(ids, m.id)
	}
	return ids
}

func (r *run) makeArchive(ctx context.Context, note string) (*archive, error) {
	a := &archive{words: newVocabulary()}
	if err := r.openCircles(ctx, a); err != nil {
		return nil, err
	}
	began := time.Now()
	if err := r.loadArchive(ctx, a); err != nil {
		return nil, err
	}
	r.report.Searches.Load = time.Since(began).Seconds()
	if r.SearchDir == "" {
		return a, nil
	}
	raw, err := json.Marshal(kept{r.Search, words.Version, idsOf(a.readers), idsOf(a.authors), a.circles})
	if err != nil {
		return nil, err
	}
	return a, os.WriteFile(note, raw, 0o600)
}

// openCircles makes the people and their circles through the features.
func (r *run) openCircles(ctx context.Context, a *archive) error {
	r.say("making %d circles", manyPatients)
	n, err := node.Start(ctx, r.ground.config(quietLog))
	if err != nil {
		return err
	}
	defer n.Stop()
	if err := n.Accounts.LoadDemoAccounts(ctx, a.people(), "bench"); err != nil {
		return err
	}
	a.circles = make([]circle, manyPatients)
	openers, opening := errgroup.WithContext(ctx)
	openers.SetLimit(4)
	for i := range a.circles {
		openers.Go(func() (err error) { a.circles[i], err = a.open(opening, n, i); return err })
	}
	return openers.Wait()
}

func (a *archive) people() (list []accounts.DemoAccount) {
	add := func(login string, profession access.Profession) *member {
		m := &member{id: newID()}
		list = append(list, accounts.DemoAccount{Login: login, NewAccount: accounts.NewAccount{Professional: accounts.Professional{
			ID: m.id, FamilyName: "Archive", GivenName: "Camille", Gender: "F", Profession: profession,
		}}})
		return m
	}
	for i, who := range readers {
		a.readers = append(a.readers, add(fmt.Sprintf("archive-reader-%d", i), who.profession))
	}
	for i := range writers {
		a.authors = append(a.authors, add(fmt.Sprintf("archive-author-%d", i), nurse))
	}
	return list
}

func (a *archive) open(ctx context.Context, n *node.Node, i int) (c circle, err error) {
	born := time.Date(1920, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, i*29)
	opened, _, err := n.Teams.Open(ctx, a.opener().actor(), teams.OpenRequest{
		ID:          newID(),
		Identity:    teams.Identity{BirthName: syllables(i*39*41 + i), GivenNames: syllables(i*97 + 5), Sex: "F", BirthDate: born.Format(time.DateOnly)},
		Information: teams.Information{GivenBy: "Camille Banc", GivenAt: time.Now().Add(-time.Hour)},
	})
	if err != nil {
		return c, fmt.Errorf("open a circle: %w", err)
	}
	for j, who := range readers[1:] {
		if i >= who.patients {
			continue
		}
		place := teams.NewMember{ID: newID(), ProfessionalID: a.readers[j+1].id, Seat: access.SeatIntervenant, Basis: "care_team_1"}
		if _, _, err := n.Teams.AddMember(ctx, a.opener().actor(), opened.TeamID, place); err != nil {
			return c, fmt.Errorf("add a member: %w", err)
		}
	}
	c.Space = opened.TeamID
	err = n.DB.Pool.QueryRow(ctx, "select id from channels where space_id = $1 and kind = 'notebook'", c.Space).Scan(&c.Notebook)
	return c, err
}

func (a *archive) signIn(ctx context.Context, n *node.Node) error {
	tokens, err := n.Accounts.DemoAccessTokens(ctx, idsOf(a.readers), tokenLife)
	for _, m := range a.readers {
		m.token = tokens[m.id]
	}
	return err
}
