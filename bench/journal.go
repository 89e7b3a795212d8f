package bench

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"time"

	"liaison/audit"
	"liaison/node"
	"liaison/storage"
	"liaison/vault"
)

// Journal is what the journal costs: the same posts with it and without, and how fast its lines are sealed and verified.
type Journal struct {
	With    []Posts `json:"with"` // one a round
	Without []Posts `json:"without"`
	// Lag is the age of the oldest line in no block, looked at ten times a second while posts go on.
	LagP50   float64 `json:"lag_p50_ms"`
	LagMost  float64 `json:"lag_most_ms"`
	Lines    int     `json:"lines"`
	NewLines int     `json:"new_lines"`  // that were sealed at once
	Sealed   float64 `json:"sealed_s"`   // all of them, exported to a directory
	Verified float64 `json:"verified_s"` // by `liaison audit verify`, its start included
}

// journalCost gives the same posts to the program as it is and to the build that keeps no journal, by turns: what the machine does
// besides falls on both.
func (r *run) journalCost(ctx context.Context) error {
	if r.Unjournalled == "" {
		r.say("no build without journal was named: its cost is not measured")
		return nil
	}
	var lags []time.Duration
	for i := range r.Rounds {
		r.say("posts with the journal and without, round %d of %d", i+1, r.Rounds)
		for k := range 2 {
			var err error
			if (i+k)%2 == 0 {
				err = r.postsBy(ctx, r.Program, &r.report.Journal.With, &lags)
			} else {
				err = r.postsBy(ctx, r.Unjournalled, &r.report.Journal.Without, nil)
			}
			if err != nil {
				return err
			}
		}
	}
	seen := millis(lags, 0.5, 1)
	r.report.Journal.LagP50, r.report.Journal.LagMost = seen[0], seen[1]
	return nil
}

func (r *run) postsBy(ctx context.Context, program string, into *[]Posts, lags *[]time.Duration) error {
	s, err := r.serveWith(ctx, program)
	if err != nil {
		return err
	}
	defer s.stop()
	l := &load{ledger: newLedger(r.world.listeners()), run: r, server: s, meter: meter{s.pid(), r.ground.pid}}
	l.comesBack = true
	closeSockets, err := l.listen(ctx, s.address)
	if err != nil {
		return err
	}
	defer closeSockets()
	if _, err := l.closed(ctx); err != nil { // warms up
		return err
	}
	watching, stop := context.WithCancel(ctx)
	watched := make(chan error, 1)
	go func() { watched <- r.watchLag(watching, lags) }()
	p, err := l.closed(ctx)
	stop()
	p.Delivered = l.account(p.from, p.to)
	*into = append(*into, p)
	return errors.Join(err, <-watched, l.broken())
}

const lagLooked = 100 * time.Millisecond

// watchLag notes the lag again and again until ctx ends.
func (r *run) watchLag(ctx context.Context, lags *[]time.Duration) error {
	for lags != nil && wait(ctx, lagLooked) == nil {
		var seconds float64
		err := r.ground.admin.QueryRow(context.WithoutCancel(ctx), `select coalesce(extract(epoch from clock_timestamp() - (select at from audit_lines
			where xid >= coalesce((select to_xid from audit_blocks order by number desc limit 1), '0') order by xid limit 1)), 0)::float8`).Scan(&seconds)
		if err != nil {
			return fmt.Errorf("look at the lag: %w", err)
		}
		*lags = append(*lags, time.Duration(max(0, seconds)*float64(time.Second)))
	}
	return nil
}

const linesTogether = 200 // of one transaction

// journal fills the journal, seals it as a node does, and has the program verify it.
func (r *run) journal(ctx context.Context) error {
	missing, err := r.fillJournal(ctx)
	if err != nil {
		return err
	}
	cfg := r.ground.config(quietLog)
	n, err := node.Start(ctx, cfg) // what it seals while it starts is not measured
	if err != nil {
		return err
	}
	n.Stop()
	r.say("writing %d more lines into the journal", missing)
	if err := r.writeLines(ctx, missing); err != nil {
		return err
	}
	if err := r.seal(ctx, cfg); err != nil {
		return err
	}
	return r.verify(ctx)
}

func (r *run) fillJournal(ctx context.Context) (missing int, err error) {
	var there int
	if err := r.ground.admin.QueryRow(ctx, "select count(*) from audit_lines").Scan(&there); err != nil {
		return 0, err
	}
	return max(r.Lines-there, r.Lines/10), nil
}

// writeLines inserts lines as posts leave them, through the statement that writes every line.
func (r *run) writeLines(ctx context.Context, count int) error {
	people := r.world.everybody()
	for from := 0; from < count; from += linesTogether {
		lines := make([]audit.Line, min(linesTogether, count-from))
		for i := range lines {
			who := people[(from+i)%len(people)]
			lines[i] = audit.Line{
				Actor: who.id, Session: who.id, Verb: "message.post", Space: who.team.id, Object: newID(), Address: "127.0.0.1",
				Detail: map[string]any{"category": category, "position": from + i},
			}
		}
		if err := audit.Write(ctx, r.ground.admin, lines...); err != nil {
			return err
		}
	}
	_, err := r.ground.admin.Exec(ctx, "vacuum (analyze) audit_lines")
	return err
}

func (r *run) seal(ctx context.Context, cfg node.Config) error {
	r.say("sealing them")
	keys, err := vault.Open(ctx, cfg.KeysURL, cfg.MasterKeyFile)
	if err != nil {
		return err
	}
	defer keys.Close()
	key, err := node.JournalKey(ctx, keys)
	if err != nil {
		return err
	}
	db, err := storage.Open(ctx, storage.Config{URL: cfg.DatabaseURL, OwnerURL: cfg.OwnerURL})
	if err != nil {
		return err
	}
	defer db.Close()
	sealer := audit.NewSealer(db, key, audit.Directory(cfg.JournalDir), quietLog)
	defer sealer.Close()
	began := time.Now()
	r.report.Journal.NewLines, err = sealer.SealOnce(ctx)
	r.report.Journal.Sealed = time.Since(began).Seconds()
	return err
}

func (r *run) verify(ctx context.Context) error {
	r.say("verifying the journal")
	cmd := exec.CommandContext(ctx, r.Program, "audit", "verify")
	cmd.Env = environment(r.ground.config(nil))
	began := time.Now()
	said, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("verify: %w: %s", err, said)
	}
	r.report.Journal.Verified = time.Since(began).Seconds()
	return r.ground.admin.QueryRow(ctx, "select count(*) from audit_lines").Scan(&r.report.Journal.Lines)
}

func (r *Report) printJournal(p printer) {
	j := r.Journal
	if len(j.With) > 0 {
		p("\nPosts as fast as they are acknowledged, with the journal and in a build without, by turns: median (quartiles) of %d rounds", len(j.With))
		p("\twith\twithout\tcost")
		j.compare(p, "server + database CPU a post, µs", func(d Posts) float64 { return d.ServerMicros + d.DatabaseMicros })
		j.compare(p, "  server, µs", func(d Posts) float64 { return d.ServerMicros })
		j.compare(p, "  database, µs", func(d Posts) float64 { return d.DatabaseMicros })
		j.compare(p, "deliveries of a hundred posts", func(d Posts) float64 { return 100 * ratio(float64(d.Deliveries), float64(d.to-d.from)) })
		j.compare(p, "time of a post, µs", func(d Posts) float64 { return ratio(1e6, d.PerSecond) })
		p("oldest line in no block meanwhile, ms: p50 %.0f, at most %.0f", j.LagP50, j.LagMost)
	}
	if j.Verified > 0 {
		p("\nJournal of %d lines: sealed and exported %.0f lines/s; `liaison audit verify` took %.1f s, %.1f s a million", j.Lines,
			ratio(float64(j.NewLines), j.Sealed), j.Verified, ratio(j.Verified*1e6, float64(j.Lines)))
	}
}

func (j Journal) compare(p printer, name string, value func(Posts) float64) {
	with, without := spreadOf(each(j.With, value)), spreadOf(each(j.Without, value))
	p("%s\t%.0f (%.0f–%.0f)\t%.0f (%.0f–%.0f)\t%+.1f%%", name, with.Median, with.Lower, with.Upper, without.Median, without.Lower, without.Upper,
		100*(ratio(with.Median, without.Median)-1))
}
