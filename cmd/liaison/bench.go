package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"liaison/bench"
)

type benchCmd struct {
	Rounds       int      `default:"3" help:"How many rounds; medians and quartiles are over them."`
	Seconds      int      `default:"5" help:"Length of each part of a round."`
	Sockets      int      `default:"2000" help:"Idle sockets to measure the memory of."`
	Messages     int      `default:"100000" help:"Messages in the database while pages are read."`
	Search       int      `default:"100000" help:"Messages in the database while it is searched; 0 leaves searching out."`
	Keep         string   `help:"Keep the searched database in this directory, and use the one that is there." placeholder:"DIR"`
	WholePass    bool     `help:"Index the searched messages anew to the end, and not for ten seconds only."`
	Memberships  int      `default:"0" help:"Memberships in the searched database while pages are read there; 0 leaves that out."`
	Unjournalled string   `help:"A build that keeps no journal, to tell what the journal costs (make bench makes one)." placeholder:"PROGRAM"`
	Lines        int      `default:"1000000" help:"Lines of the journal to seal and verify."`
	Only         []string `help:"Only these parts: starts, idle, rounds, documents, pages, matrix, search, pages-among-many, journal-cost, journal." placeholder:"PART"`
	Dir          string   `help:"Where to make the temporary database; it must be on a real disk." placeholder:"DIR"`
	JSON         string   `name:"json" help:"Also write the figures to this file." placeholder:"FILE"`
}

// Run measures this machine with this very binary, on loopback, and removes everything it made.
func (c benchCmd) Run(ctx context.Context) error {
	program, err := os.Executable()
	if err != nil {
		return err
	}
	report, err := bench.Run(ctx, bench.Options{
		Program: program, Dir: c.Dir, Rounds: c.Rounds, Seconds: c.Seconds, Sockets: c.Sockets, Messages: c.Messages, Search: c.Search, SearchDir: c.Keep, WholePass: c.WholePass,
		Memberships: c.Memberships, Unjournalled: c.Unjournalled, Lines: c.Lines, Only: c.Only, Progress: os.Stderr,
	})
	if err != nil {
		return err
	}
	return errors.Join(report.Print(os.Stdout), c.write(report), report.Faults())
}

func (c benchCmd) write(report *bench.Report) error {
	if c.JSON == "" {
		return nil
	}
	data, err := json.MarshalIndent(report, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(c.JSON, append(data, '\n'), 0o644); err != nil {
		return fmt.Errorf("write figures: %w", err)
	}
	return nil
}
