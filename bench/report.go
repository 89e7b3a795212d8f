package bench

import (
	"fmt"
	"io"
	"text/tabwriter"
)

// Report is every figure of a run.
type Report struct {
	Machine  Machine  `json:"machine"`
	Starts   Starts   `json:"starts"`
	Idle     Idle     `json:"idle"`
	Rounds   []Round  `json:"rounds"`
	Pages    Pages    `json:"pages"`
	Searches Searches `json:"searches"`
	Files    Files    `json:"files"`
	// Following is how another matrix reaches every circle.
	Following Following `json:"matrix"`
	// Many is pages in a database of many circles.
	Many    Many    `json:"pages_among_many"`
	Journal Journal `json:"journal"`
	Took    float64 `json:"took_s"`
}

// Print writes the report as tables.
func (r *Report) Print(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	p := func(format string, args ...any) { fmt.Fprintf(t, format+"\n", args...) }
	r.printMachine(p)
	r.printRounds(p)
	r.printSummary(p)
	r.printIdle(p)
	r.printPages(p)
	r.printSearches(p)
	r.printFiles(p)
	r.printFollowing(p)
	r.printMany(p)
	r.printJournal(p)
	p("\nTook %.0f s.", r.Took)
	return t.Flush()
}

type printer func(format string, args ...any)

func (r *Report) printMachine(p printer) {
	m := r.Machine
	p("Machine: %d cores, %s, %d MiB, Linux %s, %s", m.Cores, m.Processor, m.MemoryMiB, m.Kernel, m.Go)
	p("PostgreSQL %s on %s: fsync %s by %s. Server, database and this program share the machine.", m.PostgreSQL, m.FileSystem, m.Fsync, m.SyncMethod)
	p("Load average when the run began %s, when it ended %s", m.LoadBefore, m.LoadAfter)
}

func (r *Report) printRounds(p printer) {
	if len(r.Rounds) == 0 {
		return
	}
	p("\nEach round: single-row commits at %d clients, then posts of %d bytes by %d authors into %d teams of %d, all connected", posters, textLength, posters, activeTeams, teamSize)
	p("round\tcommits/s\tpgbench/s\tposts/s\tto commits\tdeliveries/s\tserver µs\tdatabase µs\tlost\tdoubled\tforbidden\tforeign CPU")
	for i, d := range r.Rounds {
		p("%d\t%.0f\t%s\t%.0f\t%.2f\t%.0f\t%.0f\t%.0f\t%d\t%d\t%d\t%s", i+1, d.Commits.PerSecond, orDash(d.Commits.PgbenchPS), d.Posts.PerSecond, d.Posts.ToCommits,
			d.Posts.DeliveriesPS, d.Posts.ServerMicros, d.Posts.DatabaseMicros, d.Posts.Lost, d.Posts.Doubled, d.Posts.Forbidden,
			percent(d.Commits.Foreign, d.Posts.Foreign))
	}
	p("\nPosts at %d a second, delay counted from when each was due", openRate)
	p("round\tposts/s\tdelivery p50 ms\tp99 ms\tlost\tdoubled\tforbidden\tforeign CPU")
	for i, d := range r.Rounds {
		p("%d\t%.0f\t%.1f\t%.1f\t%d\t%d\t%d\t%s", i+1, d.Paced.PerSecond, d.Paced.DeliveryP50, d.Paced.DeliveryP99, d.Paced.Lost, d.Paced.Doubled,
			d.Paced.Forbidden, percent(d.Paced.Foreign))
	}
}

func orDash(rate float64) string {
	if rate == 0 {
		return "-"
	}
	return fmt.Sprintf("%.0f", rate)
}

func percent(shares ...float64) string {
	text := ""
	for i, s := range shares {
		if i > 0 {
			text += " "
		}
		text += fmt.Sprintf("%.0f%%", s*100)
	}
	return text
}

// printSummary gives medians and quartiles over the rounds.
func (r *Report) printSummary(p printer) {
	if len(r.Rounds) == 0 {
		return
	}
	p("\nMedian (quartiles) of %d rounds", len(r.Rounds))
	line := func(name, format string, value func(Round) float64) {
		s := spreadOf(each(r.Rounds, value))
		p("%s\t"+format+" ("+format+"–"+format+")", name, s.Median, s.Lower, s.Upper)
	}
	line("single-row commits/s, own loop", "%.0f", func(d Round) float64 { return d.Commits.PerSecond })
	if r.Rounds[0].Commits.PgbenchPS > 0 {
		line("single-row commits/s, pgbench", "%.0f", func(d Round) float64 { return d.Commits.PgbenchPS })
	}
	line("durable posts/s", "%.0f", func(d Round) float64 { return d.Posts.PerSecond })
	line("posts for one commit", "%.2f", func(d Round) float64 { return d.Posts.ToCommits })
	line("deliveries/s", "%.0f", func(d Round) float64 { return d.Posts.DeliveriesPS })
	line("server + database CPU a post, µs", "%.0f", func(d Round) float64 { return d.Posts.ServerMicros + d.Posts.DatabaseMicros })
	line("  to the database's CPU a commit", "%.1f", func(d Round) float64 {
		return ratio(d.Posts.ServerMicros+d.Posts.DatabaseMicros, d.Commits.Micros)
	})
	line("acknowledged, p50 ms", "%.1f", func(d Round) float64 { return d.Posts.AckP50 })
	line("delivered under that load, p50 ms", "%.1f", func(d Round) float64 { return d.Posts.DeliveryP50 })
	line("delivered under that load, p99 ms", "%.1f", func(d Round) float64 { return d.Posts.DeliveryP99 })
	line(fmt.Sprintf("delivered at %d/s, p50 ms", openRate), "%.1f", func(d Round) float64 { return d.Paced.DeliveryP50 })
	line(fmt.Sprintf("delivered at %d/s, p99 ms", openRate), "%.1f", func(d Round) float64 { return d.Paced.DeliveryP99 })
}

func (r *Report) printIdle(p printer) {
	if r.Starts.BinaryMiB > 0 {
		p("\nServer: ready in %.0f ms (%.0f–%.0f) with its database up, %.0f MiB resident then, binary %.0f MiB",
			r.Starts.ReadyMillis.Median, r.Starts.ReadyMillis.Lower, r.Starts.ReadyMillis.Upper, r.Starts.ResidentMiB, r.Starts.BinaryMiB)
	}
	if r.Idle.Sockets == 0 {
		return
	}
	p("Idle sockets: %d, each of another person: %.1f KiB resident each (heap %.1f, stacks %.1f) over %.0f MiB",
		r.Idle.Sockets, r.Idle.KiBPer, r.Idle.HeapKiBPer, r.Idle.StackKiBPer, r.Idle.BaseMiB)
}

func (r *Report) printPages(p printer) {
	if r.Pages.Messages == 0 {
		return
	}
	p("\nNewest %d messages of a channel of %d, in a database of %d", pageSize, r.Pages.Channel, r.Pages.Messages)
	printReaders(p, r.Pages.Readers)
}

func printReaders(p printer, readers []Reader) {
	for _, who := range readers {
		p("%s\tp50 µs\tmore than plain\tto plain\trows visited", who.Who)
		for _, w := range who.Ways {
			rows := "-"
			if w.Visited > 0 {
				rows = fmt.Sprint(w.Visited)
			}
			p("  %s\t%.0f\t%.0f\t%.2f\t%s", w.Name, w.P50, w.P50-who.Ways[0].P50, w.ToPlain, rows)
		}
	}
}

func (r *Report) printSearches(p printer) {
	s := r.Searches
	if len(s.Readers) == 0 {
		return
	}
	p("\nSearching %d messages over HTTP (loaded in %.0f s, index and its table %.0f MiB); sequential scans meanwhile: %d", s.Messages, s.Load, s.IndexMiB, s.SeqScans)
	for _, who := range s.Readers {
		p("%s\tmessages that hold it\tp50 ms\tp95 ms\tquiet p95\tserver CPU ms\tdatabase CPU ms", who.Who)
		for _, k := range who.Kinds {
			p("  %s\t%d\t%.1f\t%.1f\t%.1f\t%.1f\t%.1f", k.Name, k.Hits, k.P50, k.P95, k.Quiet, k.Server, k.Database)
		}
	}
	p("Indexed after its post while others post %d/s: p50 %.0f ms, p99 %.0f ms; found by its author after she began to post: %.0f, %.0f", openRate,
		s.Lag.P50, s.Lag.P99, s.Lag.FoundP50, s.Lag.FoundP99)
	p("A whole pass indexes %.0f messages/s; %d take %.0f s%s", s.Lag.Rate, s.Messages, s.Lag.Whole, map[bool]string{true: " at that rate"}[s.Lag.Estimated])
}

// Faults says what must not happen: a message lost, given twice, or given to somebody who does not read it.
func (r *Report) Faults() error {
	var sum Delivered
	for _, d := range r.Rounds {
		for _, part := range []Delivered{d.Posts.Delivered, d.Paced.Delivered} {
			sum.Lost += part.Lost
			sum.Doubled += part.Doubled
			sum.Forbidden += part.Forbidden
		}
	}
	if sum.Lost+sum.Doubled+sum.Forbidden > 0 {
		return fmt.Errorf("%d deliveries lost, %d doubled, %d forbidden", sum.Lost, sum.Doubled, sum.Forbidden)
	}
	return nil
}
