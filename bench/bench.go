// Package bench measures this machine: what the database commits, what the server makes of it, what a socket and a page of
// messages cost. It talks to a server of its own over a private PostgreSQL, on loopback only, and removes both. It judges
// nothing: figures are read as ratios within one run.
package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"
)

// Options bounds what a run does.
type Options struct {
	Program  string // the liaison binary to measure
	Dir      string // where the temporary directory is made; empty: the system's
	Rounds   int
	Seconds  int // of each part of a round
	Sockets  int // idle sockets to count the memory of
	Messages int // in the database while pages are read
	Search   int // in the database while it is searched; 0 leaves searching out
	// SearchDir keeps the searched database, to be searched again; empty: it is made for this run and removed.
	SearchDir string
	WholePass bool // index the searched database anew to the end
	// Memberships are in the searched database while pages are read there; 0 leaves that out.
	Memberships  int
	Unjournalled string   // a build of the same program that keeps no journal; empty: what the journal costs is not measured
	Lines        int      // of the journal that is sealed and verified
	Only         []string // parts to run; empty: all
	Progress     io.Writer
}

// The shape of the load: those of the peers that were measured the same way.
const (
	posters     = 64
	activeTeams = 5
	teamSize    = 20
	openRate    = 200 // posts a second
	textLength  = 300
)

func (o Options) check() error {
	switch {
	case o.Rounds < 1 || o.Rounds > 50:
		return errors.New("rounds: between 1 and 50")
	case o.Seconds < 1 || o.Seconds > 120:
		return errors.New("seconds: between 1 and 120")
	case o.Sockets < activeTeams*teamSize || o.Sockets > 20_000:
		return errors.New("sockets: between 100 and 20000")
	case o.Messages < 1000 || o.Messages > 5_000_000:
		return errors.New("messages: between 1000 and 5000000")
	case o.Search < 0 || (o.Search > 0 && o.Search < 10_000) || o.Search > 5_000_000:
		return errors.New("search: 0, or between 10000 and 5000000")
	case o.Memberships > 0 && o.Search < fewestAmongMany:
		return fmt.Errorf("memberships: a channel of the searched messages fills a page from %d on", fewestAmongMany)
	case o.Memberships < 0 || o.Memberships > 1_000_000:
		return errors.New("memberships: between 0 and 1000000")
	case o.Lines < 1000 || o.Lines > 20_000_000:
		return errors.New("lines: between 1000 and 20000000")
	}
	for _, name := range o.Only {
		if !slices.ContainsFunc(parts, func(p part) bool { return p.name == name }) {
			return fmt.Errorf("only: %q is no part", name)
		}
	}
	return nil
}

// run is one run of the bench and what it holds open.
type run struct {
	Options
	home   string
	ground *ground
	world  *world
	report *Report
}

// Run measures everything and gives the figures.
func Run(ctx context.Context, opts Options) (*Report, error) {
	if err := opts.check(); err != nil {
		return nil, err
	}
	home, err := temporary(opts.Dir)
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(home)
	r := &run{Options: opts, home: home, report: &Report{}}
	began := time.Now()
	if err := r.all(ctx); err != nil {
		return nil, err
	}
	r.report.Machine.LoadAfter = loadAverage()
	r.report.Took = time.Since(began).Seconds()
	return r.report, nil
}

// temporary makes a directory that the database's own account may pass through when the bench runs as root.
func temporary(in string) (string, error) {
	home, err := os.MkdirTemp(in, "liaison-bench-")
	if err != nil {
		return "", err
	}
	return home, os.Chmod(home, 0o711)
}

type part struct {
	name  string
	do    func(*run, context.Context) error
	world bool // it needs the teams
}

// parts are what a run is made of, in their order.
var parts = []part{
	{"starts", (*run).starts, false},
	{"idle", (*run).idle, true},
	{"rounds", (*run).rounds, true},
	{"documents", (*run).files, true},
	{"pages", (*run).pages, true},
	{"matrix", (*run).following, true},
	{"search", (*run).searches, false},
	{"pages-among-many", (*run).pagesAmongMany, false},
	{"journal-cost", (*run).journalCost, true},
	{"journal", (*run).journal, true},
}

func (r *run) all(ctx context.Context) (err error) {
	r.say("starting a private PostgreSQL")
	if r.ground, err = openGround(ctx, r.home); err != nil {
		return err
	}
	defer r.ground.close()
	if r.report.Machine, err = machineFacts(ctx, r.ground.admin, r.ground.dir); err != nil {
		return err
	}
	if err := r.prepareWorld(ctx); err != nil {
		return err
	}
	for _, part := range parts {
		if !r.wants(part.name) {
			continue
		}
		if err := part.do(r, ctx); err != nil {
			return fmt.Errorf("%s: %w", part.name, err)
		}
	}
	return nil
}

func (r *run) prepareWorld(ctx context.Context) error {
	for _, part := range parts {
		if part.world && r.wants(part.name) {
			r.say("making %d people in teams of %d", r.people(), teamSize)
			return r.populate(ctx)
		}
	}
	return nil
}

func (r *run) wants(part string) bool { return len(r.Only) == 0 || slices.Contains(r.Only, part) }

// people is how many the world needs: every idle socket is a person of her own.
func (r *run) people() int { return (r.Sockets + teamSize - 1) / teamSize * teamSize }

func (r *run) say(format string, args ...any) {
	if r.Progress != nil {
		fmt.Fprintf(r.Progress, "bench: "+format+"\n", args...)
	}
}
