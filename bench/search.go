package bench

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"time"

	"github.com/google/uuid"

	"liaison/access"
	"liaison/node"
)

// Searches is what a search costs people who follow many patients, and people who follow few.
type Searches struct {
	Messages int        `json:"messages"`
	Load     float64    `json:"load_s"` // 0 when the archive was kept
	Readers  []Searcher `json:"readers"`
	SeqScans int        `json:"sequential_scans"` // of messages and of the index, during all searches
	IndexMiB float64    `json:"index_mib"`        // of terms, time and ids, with the table
	Lag      Lag        `json:"lag"`
}

// Searcher looks for words of every frequency.
type Searcher struct {
	Who   string       `json:"who"`
	Kinds []SearchKind `json:"kinds"`
}

// SearchKind is one kind of search, over HTTP; Hits is how many messages of the whole database hold the word. P95 is of every
// search, Quiet the lower quartile of what the rounds' own were.
type SearchKind struct {
	Name     string  `json:"name"`
	Hits     int     `json:"hits"`
	P50      float64 `json:"p50_ms"`
	P95      float64 `json:"p95_ms"`
	Quiet    float64 `json:"p95_quiet_ms"`
	Server   float64 `json:"server_cpu_ms"` // a search
	Database float64 `json:"database_cpu_ms"`
}

const (
	manyPatients = 900
	searchReads  = 20 // of each kind, in each round
	searchWords  = 40 // of each kind, in turn
	writers      = 40 // who wrote what is searched
)

// written is what the opener may write in every circle.
const written = "medical"

// readers are who searches: of the first circles, as many as each has patients. The first one opens them.
var readers = []struct {
	name       string
	profession access.Profession
	patients   int
}{
	{"GP, 900 patients", doctor, manyPatients},
	{"pharmacist, 300 patients, some categories", pharmacist, 300},
	{"nurse, 30 patients", nurse, 30},
	{"home help, 3 patients, some categories", homeHelp, 3},
}

// archive is the circles whose messages are searched.
type archive struct {
	readers []*member
	authors []*member
	circles []circle
	words   *vocabulary
}

type circle struct{ Space, Notebook uuid.UUID }

func (a *archive) opener() *member { return a.readers[0] }

func (r *run) searches(ctx context.Context) error {
	if r.Search == 0 {
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
	if err := a.signIn(ctx, n); err != nil {
		return err
	}
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
	if err := r.readSearches(ctx, s, a); err != nil {
		return err
	}
	if err := r.lag(ctx, n, a); err != nil {
		return err
	}
	after, err := r.seqScans(ctx)
	r.report.Searches.SeqScans = after - scans
	return err
}

func (r *run) seqScans(ctx context.Context) (n int, err error) {
	err = r.ground.admin.QueryRow(ctx, "select sum(seq_scan) from pg_stat_user_tables where relname in ('messages', 'search_entries')").Scan(&n)
	return n, err
}

// readSearches goes through everybody and every kind once a round, so that a busy moment weighs on all of them.
func (r *run) readSearches(ctx context.Context, s *server, a *archive) error {
	series := a.series()
	for round := range r.Rounds {
		r.say("searching, round %d of %d", round+1, r.Rounds)
		for _, one := range series {
			if err := one.read(ctx, s, meter{s.pid(), r.ground.pid}, round); err != nil {
				return fmt.Errorf("%s, %s: %w", one.who, one.kind.name, err)
			}
		}
	}
	for _, who := range readers {
		reader := Searcher{Who: who.name}
		for _, one := range series {
			if one.who == who.name {
				reader.Kinds = append(reader.Kinds, one.figures())
			}
		}
		r.report.Searches.Readers = append(r.report.Searches.Readers, reader)
	}
	return nil
}

// searchSeries is one kind of search by one person.
type searchSeries struct {
	who    string
	by     *member
	kind   searchKind
	took   []time.Duration
	rounds []float64 // p95 of each
	used   usage
}

func (a *archive) series() (list []*searchSeries) {
	for i, who := range readers {
		for _, kind := range a.kinds() {
			list = append(list, &searchSeries{who: who.name, by: a.readers[i], kind: kind})
		}
	}
	return list
}

func (s *searchSeries) read(ctx context.Context, at *server, m meter, round int) error {
	for i := range 2 { // the first ones warm up
		if err := getSearch(ctx, at, s.by, s.kind.query(i)); err != nil {
			return err
		}
	}
	before, err := m.read()
	if err != nil {
		return err
	}
	var took []time.Duration
	for i := range searchReads {
		began := time.Now()
		if err := getSearch(ctx, at, s.by, s.kind.query(round*searchReads+i)); err != nil {
			return err
		}
		took = append(took, time.Since(began))
	}
	after, err := m.read()
	s.used = s.used.plus(after.since(before))
	s.took, s.rounds = append(s.took, took...), append(s.rounds, millis(took, 0.95)[0])
	return err
}

func (s *searchSeries) figures() SearchKind {
	p, n := millis(s.took, 0.5, 0.95), len(s.took)
	return SearchKind{s.kind.name, s.kind.hits, p[0], p[1], spreadOf(s.rounds).Lower, per(s.used.server, n) / 1000, per(s.used.database, n) / 1000}
}

func getSearch(ctx context.Context, s *server, who *member, query url.Values) error {
	return s.get(ctx, "/search?"+query.Encode(), who.token)
}

// searchKind is words of one frequency, and to what the search is narrowed.
type searchKind struct {
	name    string
	words   []string
	hits    int
	narrows url.Values
}

func (k searchKind) query(i int) url.Values {
	v := url.Values{"q": {k.words[i%len(k.words)]}}
	for name, value := range k.narrows {
		v[name] = value
	}
	return v
}

func (k searchKind) narrowed(name string, narrows url.Values) searchKind {
	k.name, k.narrows = k.name+", "+name, narrows
	return k
}

// kinds are words by how many messages hold them, narrowed or not.
func (a *archive) kinds() []searchKind {
	v := a.words
	n := v.messages
	absent := searchKind{name: "absent", words: []string{"zzyzxq", "qqxyzz"}}
	thousandth, fiftieth, tenth := v.heldBy("1 in 1000", n/1500, n/600), v.heldBy("1 in 50", n/100, n/25), v.heldBy("1 in 10", n/14, n/7)
	both := searchKind{name: "1 in 50 and 1 in 1000"}
	for i := range min(len(thousandth.words), len(fiftieth.words)) {
		both.words = append(both.words, fiftieth.words[i]+" "+thousandth.words[i])
	}
	week := time.Now().Add(-time.Duration(n/2) * archiveMinutes * time.Minute)
	all := []searchKind{
		absent, v.heldBy("1 in 10000", n/15000, n/6000), thousandth, v.heldBy("1 in 250", n/350, n/180), fiftieth, tenth, v.heldBy("1 in 4 and more", n/4, n+1), both,
		tenth.narrowed("one author of 40", url.Values{"author": {a.authors[3].id.String()}}),
		tenth.narrowed("one category", url.Values{"category": {"medication"}}),
		tenth.narrowed("one patient", url.Values{"team": {a.circles[1].Space.String()}}),
		tenth.narrowed("one week long ago", url.Values{"from": {week.Format(time.RFC3339)}, "to": {week.AddDate(0, 0, 7).Format(time.RFC3339)}}),
	}
	return slices.DeleteFunc(all, func(k searchKind) bool { return len(k.words) == 0 })
}

// heldBy gives words that so many messages hold.
func (v *vocabulary) heldBy(name string, from, to int) searchKind {
	k := searchKind{name: name}
	for i, word := range v.words {
		if v.held[i] >= max(1, from) && v.held[i] < max(2, to) && len(k.words) < searchWords {
			k.words, k.hits = append(k.words, word), k.hits+v.held[i]
		}
	}
	k.hits /= max(1, len(k.words))
	return k
}
