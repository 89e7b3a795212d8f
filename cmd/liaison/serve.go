package main

import (
	"context"
	"fmt"
	"log/slog"

	"liaison/node"
)

type serveCmd struct {
	settings
}

// Run serves until a signal, then drains and stops everything it started.
func (c serveCmd) Run(ctx context.Context, log *slog.Logger) error {
	p, err := c.prepare(ctx, log)
	if err != nil {
		return err
	}
	defer p.stop()
	n, err := node.Start(ctx, p.Config)
	if err != nil {
		return err
	}
	defer n.Stop()
	log.Info("serving", "address", n.URL, "territory", n.Instance.Territory)
	if n.Instance.Demo {
		log.Warn("this instance holds the demo: not for real patients")
	}
	<-ctx.Done()
	log.Info("draining")
	return nil
}

func announce(format string, args ...any) { fmt.Printf(format+"\n", args...) }
