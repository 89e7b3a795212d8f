package main

import (
	"context"
	"log/slog"

	"github.com/google/uuid"

	"liaison/access"
	"liaison/accounts"
	"liaison/node"
)

type adminCmd struct {
	Create adminCreateCmd `cmd:"" help:"Create an administrator and print a link to choose login and password, usable once."`
}

type adminCreateCmd struct {
	settings
	Family string `required:"" help:"Family name."`
	Given  string `required:"" help:"Given name."`
	Gender string `enum:"F,M" default:"F" help:"F or M."`
}

// Run works beside a running server or without one; no password passes on the command line.
func (c adminCreateCmd) Run(ctx context.Context, log *slog.Logger) error {
	p, err := c.prepareTool(ctx, log)
	if err != nil {
		return err
	}
	defer p.stop()
	p.Listen, p.MetricsListen = "127.0.0.1:0", ""
	n, err := node.Start(ctx, p.Config)
	if err != nil {
		return err
	}
	defer n.Stop()
	// A director of an establishment (359): the default matrix gives the role no category, and administrators read no care data.
	made, err := n.Accounts.CreateAdministrator(ctx, accounts.NewAccount{Professional: accounts.Professional{
		ID: uuid.Must(uuid.NewV7()), FamilyName: c.Family, GivenName: c.Given, Gender: c.Gender,
		Profession: access.Profession{System: "TRE_R85", Code: "359"},
	}})
	if err != nil {
		return err
	}
	address := c.PublicURL
	if address == "" {
		address = "http://" + c.Listen
	}
	announce("%s/invitation/%s", address, made.Invitation.Token)
	announce("This link works once, until %s.", made.Invitation.ExpiresAt.Format("2006-01-02 15:04 MST"))
	return nil
}
