package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"liaison/demo"
	"liaison/node"
)

type demoCmd struct {
	settings
	Teams    int           `help:"Make this many teams for a load test, write them to --out and stop."`
	Members  int           `default:"20" help:"Members of each team of a load test."`
	Out      string        `help:"File of the load test's teams, with access tokens." placeholder:"FILE"`
	TokenTTL time.Duration `default:"1h" help:"How long the tokens of a load test last."`
}

// Run serves the demo, or prepares a load test.
func (c demoCmd) Run(ctx context.Context, log *slog.Logger) error {
	began := time.Now()
	p, err := c.prepare(ctx, log)
	if err != nil {
		return err
	}
	defer p.stop()
	p.Demo, p.Territory = true, demo.Territory
	if c.Teams > 0 {
		return c.loadTest(ctx, p.Config)
	}
	n, err := node.Start(ctx, p.Config)
	if err != nil {
		return err
	}
	defer n.Stop()
	if err := fillDemo(ctx, n); err != nil {
		return err
	}
	announceDemo(n.URL)
	announce("Data in %s. Ready after %.1f s. Ctrl-C stops everything that was started.", p.data, time.Since(began).Seconds())
	<-ctx.Done()
	log.Info("draining")
	return nil
}

func fillDemo(ctx context.Context, n *node.Node) error {
	if !n.Instance.Demo {
		return errors.New("this instance was started without the demo and may hold real patients: the demo is not loaded into it (LIAISON_DATA names another place)")
	}
	return demo.Load(ctx, services(n), n.Log)
}

func services(n *node.Node) demo.Services {
	return demo.Services{Accounts: n.Accounts, Teams: n.Teams, Chat: n.Chat, Documents: n.Documents}
}

// loadDemo fills the demo through a node that serves nobody, for whoever starts several nodes after it.
func loadDemo(ctx context.Context, cfg node.Config) error {
	cfg.Listen, cfg.MetricsListen, cfg.Demo, cfg.Territory = "127.0.0.1:0", "", true, demo.Territory
	n, err := node.Start(ctx, cfg)
	if err != nil {
		return err
	}
	defer n.Stop()
	return fillDemo(ctx, n)
}

func (c demoCmd) loadTest(ctx context.Context, cfg node.Config) error {
	if c.Out == "" {
		return errors.New("--teams needs --out FILE")
	}
	base := "http://" + cfg.Listen
	cfg.Listen, cfg.MetricsListen = "127.0.0.1:0", ""
	n, err := node.Start(ctx, cfg)
	if err != nil {
		return err
	}
	defer n.Stop()
	file, err := demo.LoadTest(ctx, services(n), demo.Wanted{Teams: c.Teams, Members: c.Members, TokenTTL: c.TokenTTL})
	if err != nil {
		return err
	}
	file.BaseURL = base
	data, err := json.MarshalIndent(file, "", " ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(c.Out, data, 0o600); err != nil {
		return fmt.Errorf("write teams: %w", err)
	}
	announce("%d teams of %d members in %s; their tokens last %s.", c.Teams, c.Members, c.Out, c.TokenTTL)
	return nil
}

func announceDemo(url string) {
	announce("")
	announce("Liaison, démonstration : %s", url)
	announce("Identifiants (mot de passe « demo ») : medecin, infirmiere, pharmacien, kine, assistante-sociale, aide-domicile,")
	announce("  coordinatrice, medecin2, admin")
	announce("Personnes et dossiers inventés ; pas pour de vrais patients.")
	announce("")
}
