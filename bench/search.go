package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"liaison/access"
	"liaison/accounts"
	"liaison/chat"
	"liaison/node"
	"liaison/teams"
)

// Searches is what a search costs somebody who follows many patients, and somebody who follows few.
type Searches struct {
	Messages int        `json:"messages"`
	Load     float64    `json:"load_s"`
	Readers  []Searcher `json:"readers"`
	SeqScans int        `json:"sequential_scans"` // of messages and of the index, during all searches
	FoundP50 float64    `json:"found_after_post_p50_ms"`
	FoundP95 float64    `json:"found_after_post_p95_ms"`
	IndexMiB float64    `json:"index_mib"` // of terms, time and ids, with the table
}

// Searcher looks for words of every frequency.
type Searcher struct {
	Who   string       `json:"who"`
	Kinds []SearchKind `json:"kinds"`
	P95   float64      `json:"p95_ms"` // over HTTP, of all of them
}

// SearchKind is one kind of word; Hits is how many messages hold it.
type SearchKind struct {
	Name    string  `json:"name"`
	Hits    int     `json:"hits"`
	P50     float64 `json:"p50_ms"` // in the process
	P95     float64 `json:"p95_ms"`
	HTTPP50 float64 `json:"http_p50_ms"`
	HTTPP95 float64 `json:"http_p95_ms"`
}

const (
	manyPatients = 900
	fewPatients  = 30
	searchReads  = 40 // of each kind
	foundPosts   = 40
)

// archive is the circles whose messages are searched.
type archive struct {
	many, few *member
	circles   []circle
	words     *vocabulary
}

type circle struct{ space, notebook uuid.UUID }

func (r *run) searches(ctx context.Context) error {
	if r.Search == 0 {
		return nil
	}
	a := &archive{words: newVocabulary()}
	if err := r.openArchive(ctx, a); err != nil {
		return err
	}
	began := time.Now()
	if err := r.loadArchive(ctx, a); err != nil {
		return err
	}
	r.report.Searches.Load = time.Since(began).Seconds()
	n, err := node.Start(ctx, r.ground.config(slog.New(slog.DiscardHandler)))
	if err != nil {
		return err
	}
	defer n.Stop()
	s, err := r.serve(ctx)
	if err != nil {
		return err
	}
	defer s.stop()
	r.say("searching")
	scans, err := r.seqScans(ctx)
	if err != nil {
		return err
	}
	if err := r.readSearches(ctx, n, s, a); err != nil {
		return err
	}
	if err := r.foundAfterPost(ctx, n, a); err != nil {
		return err
	}
	after, err := r.seqScans(ctx)
	r.report.Searches.SeqScans = after - scans
	return err
}

// openArchive makes the circles through the features: one nurse in all, a home help in a few.
func (r *run) openArchive(ctx context.Context, a *archive) error {
	r.say("making %d circles of one nurse", manyPatients)
	n, err := node.Start(ctx, r.ground.config(slog.New(slog.DiscardHandler)))
	if err != nil {
		return err
	}
	defer n.Stop()
	a.many, a.few = &member{id: newID()}, &member{id: newID()}
	people := []accounts.DemoAccount{}
	for login, m := range map[string]*member{"archive-nurse": a.many, "archive-help": a.few} {
		profession := nurse
		if m == a.few {
			profession = homeHelp
		}
		people = append(people, accounts.DemoAccount{Login: login, NewAccount: accounts.NewAccount{Professional: accounts.Professional{
			ID: m.id, FamilyName: "Archive", GivenName: "Camille", Gender: "F", Profession: profession,
		}}})
	}
	if err := n.Accounts.LoadDemoAccounts(ctx, people, "bench"); err != nil {
		return err
	}
	a.circles = make([]circle, manyPatients)
	openers, opening := errgroup.WithContext(ctx)
	openers.SetLimit(4)
	for i := range a.circles {
		openers.Go(func() (err error) { a.circles[i], err = a.open(opening, n, i); return err })
	}
	if err := openers.Wait(); err != nil {
		return err
	}
	tokens, err := n.Accounts.DemoAccessTokens(ctx, []uuid.UUID{a.many.id, a.few.id}, tokenLife)
	a.many.token, a.few.token = tokens[a.many.id], tokens[a.few.id]
	return err
}

func (a *archive) open(ctx context.Context, n *node.Node, i int) (c circle, err error) {
	born := time.Date(1920, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, i*29)
	opened, _, err := n.Teams.Open(ctx, a.many.actor(), teams.OpenRequest{
		ID:          newID(),
		Identity:    teams.Identity{BirthName: syllables(i*39*41 + i), GivenNames: syllables(i*97 + 5), Sex: "F", BirthDate: born.Format(time.DateOnly)},
		Information: teams.Information{GivenBy: "Camille Banc", GivenAt: time.Now().Add(-time.Hour)},
	})
	if err != nil {
		return c, fmt.Errorf("open a circle: %w", err)
	}
	if i < fewPatients {
		place := teams.NewMember{ID: newID(), ProfessionalID: a.few.id, Seat: access.SeatIntervenant, Basis: "care_team_1"}
		if _, _, err := n.Teams.AddMember(ctx, a.many.actor(), opened.TeamID, place); err != nil {
			return c, fmt.Errorf("add a member: %w", err)
		}
	}
	c.space = opened.TeamID
	err = n.DB.Pool.QueryRow(ctx, "select id from channels where space_id = $1 and kind = 'notebook'", c.space).Scan(&c.notebook)
	return c, err
}

func (r *run) seqScans(ctx context.Context) (n int, err error) {
	err = r.ground.admin.QueryRow(ctx, "select sum(seq_scan) from pg_stat_user_tables where relname in ('messages', 'search_entries')").Scan(&n)
	return n, err
}

func (r *run) readSearches(ctx context.Context, n *node.Node, s *server, a *archive) error {
	for _, who := range []struct {
		name string
		*member
	}{{fmt.Sprintf("nurse, %d patients", manyPatients), a.many}, {fmt.Sprintf("home help, %d patients, 3 categories of 7", fewPatients), a.few}} {
		reader := Searcher{Who: who.name}
		var all []time.Duration
		for _, kind := range a.words.kinds() {
			inside, outside, err := searchKind(ctx, n, s, who.member, kind.queries)
			if err != nil {
				return fmt.Errorf("%s: %w", kind.name, err)
			}
			all = append(all, outside...)
			in, out := millis(inside, 0.5, 0.95), millis(outside, 0.5, 0.95)
			r.say("%s, %s: p95 %.1f ms, over HTTP %.1f ms", who.name, kind.name, in[1], out[1])
			reader.Kinds = append(reader.Kinds, SearchKind{kind.name, kind.hits, in[0], in[1], out[0], out[1]})
		}
		reader.P95 = millis(all, 0.95)[0]
		r.report.Searches.Readers = append(r.report.Searches.Readers, reader)
	}
	return nil
}

// searchKind searches in the process and over HTTP by turns; the first ones warm up.
func searchKind(ctx context.Context, n *node.Node, s *server, who *member, queries []string) (inside, outside []time.Duration, err error) {
	for i := range searchReads + 3 {
		q := queries[i%len(queries)]
		began := time.Now()
		if _, err := n.Chat.Search(ctx, who.actor(), chat.Search{Query: q}); err != nil {
			return nil, nil, err
		}
		took := time.Since(began)
		began = time.Now()
		if err := getSearch(ctx, s, who, q); err != nil {
			return nil, nil, err
		}
		if i >= 3 {
			inside, outside = append(inside, took), append(outside, time.Since(began))
		}
	}
	return inside, outside, nil
}

func getSearch(ctx context.Context, s *server, who *member, q string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.address+"/api/v1/search?q="+url.QueryEscape(q), nil)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+who.token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("search: %s", resp.Status)
	}
	_, err = io.Copy(io.Discard, resp.Body)
	return err
}

// foundAfterPost posts and looks for it at once, while others post at the open rate: how long until the author finds it.
func (r *run) foundAfterPost(ctx context.Context, n *node.Node, a *archive) error {
	posting, stop := context.WithCancel(ctx)
	defer stop()
	others, othersCtx := errgroup.WithContext(posting)
	others.SetLimit(64)
	done := make(chan error, 1)
	go func() { done <- a.postAlong(othersCtx, n, others) }()
	var took []time.Duration
	for i := range foundPosts {
		c := a.circles[i%len(a.circles)]
		word := "unique" + syllables(i)
		began := time.Now()
		if _, _, err := n.Chat.Post(ctx, a.many.actor(), c.notebook, chat.Draft{ID: newID(), Category: category, Text: word}); err != nil {
			return err
		}
		for found := false; !found; {
			got, err := n.Chat.Search(ctx, a.many.actor(), chat.Search{Query: word})
			if err != nil {
				return err
			}
			if found = len(got.Items) > 0; !found && time.Since(began) > patience {
				return errors.New("what was posted is not found")
			}
		}
		took = append(took, time.Since(began))
	}
	stop()
	if err := <-done; err != nil {
		return err
	}
	p := millis(took, 0.5, 0.95)
	r.report.Searches.FoundP50, r.report.Searches.FoundP95 = p[0], p[1]
	return nil
}

func (a *archive) postAlong(ctx context.Context, n *node.Node, others *errgroup.Group) error {
	tick := time.NewTicker(time.Second / openRate)
	defer tick.Stop()
	for i := 0; ; i++ {
		select {
		case <-ctx.Done():
			_ = others.Wait() // ended by us
			return nil
		case <-tick.C:
		}
		c := a.circles[(i*7)%len(a.circles)]
		others.Go(func() error {
			_, _, err := n.Chat.Post(context.WithoutCancel(ctx), a.many.actor(), c.notebook, chat.Draft{ID: newID(), Category: category, Text: text()})
			return err
		})
	}
}

// kinds are words by how many messages hold them.
func (v *vocabulary) kinds() []wordKind {
	pick := func(name string, from, to int) wordKind {
		k := wordKind{name: name}
		for i, word := range v.words {
			if v.held[i] >= from && v.held[i] < to && len(k.queries) < searchReads {
				k.queries = append(k.queries, word)
				k.hits += v.held[i]
			}
		}
		k.hits /= max(1, len(k.queries))
		return k
	}
	n := v.messages
	all := []wordKind{
		pick("absent", -1, 0), pick("rare", 1, n/5000+2), pick("held by 1 in 1000", n/2000, n/500), pick("held by 1 in 50", n/100, n/25), pick("held by 1 in 5 and more", n/5, n+1),
	}
	all[0].queries = []string{"zzyzxq", "qqxyzz"}
	two := wordKind{name: "two words: 1 in 50 and 1 in 1000"}
	for i := range min(len(all[2].queries), len(all[3].queries)) {
		two.queries = append(two.queries, all[2].queries[i]+" "+all[3].queries[i])
	}
	all = append(all, two)
	return slices.DeleteFunc(all, func(k wordKind) bool { return len(k.queries) == 0 })
}

type wordKind struct {
	name    string
	queries []string
	hits    int
}
