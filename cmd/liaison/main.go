// Command liaison is the one binary: the server, its demo, and the operator's tools. It wires and starts; it decides nothing.
package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

// cli is every subcommand.
type cli struct {
	Serve   serveCmd   `cmd:"" help:"Serve this node. With nothing configured, start a private PostgreSQL and S3 gateway beside it."`
	Demo    demoCmd    `cmd:"" help:"Serve with the demo: invented people and patients, password « demo ». With --teams, make a file of teams for load tests."`
	Cluster clusterCmd `cmd:"" help:"Serve the demo with three nodes on three ports over one PostgreSQL and one Redis."`
	Admin   adminCmd   `cmd:"" help:"Administrators of this instance."`
	Audit   auditCmd   `cmd:"" help:"The journal of accesses."`
	Backup  backupCmd  `cmd:"" help:"Copy the database and, apart, the wrapped keys."`
	Restore restoreCmd `cmd:"" help:"Bring a backup into empty databases."`
	Bench   benchCmd   `cmd:"" help:"Measure this machine."`
	OpenAPI openAPICmd `cmd:"" name:"openapi" help:"Print the OpenAPI document."`
}

func main() {
	var c cli
	k := kong.Parse(&c, kong.Name("liaison"), kong.Description("Secure messaging and liaison notebook for the people who look after a patient together."),
		kong.UsageOnError())
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	slog.SetDefault(log)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	k.BindTo(ctx, (*context.Context)(nil))
	k.Bind(log)
	if err := k.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "liaison:", err)
		stop()
		os.Exit(1)
	}
}
