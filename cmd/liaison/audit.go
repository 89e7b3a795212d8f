package main

import (
	"context"
	"crypto/ed25519"
	"encoding/hex"
	"errors"
	"fmt"
	"iter"
	"log/slog"

	"liaison/audit"
	"liaison/node"
	"liaison/storage"
	"liaison/vault"
)

type auditCmd struct {
	Verify auditVerifyCmd `cmd:"" help:"Check every line of the journal against the signed blocks; name the first that was changed, removed or moved."`
	Key    auditKeyCmd    `cmd:"" help:"Print the public key that verifies the journal; keep it elsewhere."`
}

type auditVerifyCmd struct {
	settings
	Exports   string `help:"Directory of exported blocks; default: this node's." placeholder:"DIR"`
	PublicKey string `help:"Public key in hexadecimal; default: this instance's own." placeholder:"HEX"`
}

// Run needs no server; without --public-key it trusts the key of the instance itself.
func (c auditVerifyCmd) Run(ctx context.Context, log *slog.Logger) error {
	p, err := c.prepareTool(ctx, log)
	if err != nil {
		return err
	}
	defer p.stop()
	db, err := storage.Open(ctx, storage.Config{URL: p.DatabaseURL, OwnerURL: p.OwnerURL})
	if err != nil {
		return err
	}
	defer db.Close()
	key, err := c.key(ctx, p.Config)
	if err != nil {
		return err
	}
	if c.Exports == "" {
		c.Exports = p.JournalDir
	}
	report, err := audit.Verify(ctx, audit.Database(db.Pool), exported(c.Exports), key)
	if err != nil {
		return err
	}
	return tellReport(report)
}

func exported(dir string) iter.Seq2[*audit.Block, error] { return audit.Directory(dir).Blocks() }

func (c auditVerifyCmd) key(ctx context.Context, cfg node.Config) (ed25519.PublicKey, error) {
	if c.PublicKey == "" {
		return publicKey(ctx, cfg)
	}
	raw, err := hex.DecodeString(c.PublicKey)
	if err != nil || len(raw) != ed25519.PublicKeySize {
		return nil, errors.New("--public-key: 64 hexadecimal digits, as `liaison audit key` prints them")
	}
	return raw, nil
}

func publicKey(ctx context.Context, cfg node.Config) (ed25519.PublicKey, error) {
	v, err := vault.Open(ctx, cfg.KeysURL, cfg.MasterKeyFile)
	if err != nil {
		return nil, err
	}
	defer v.Close()
	key, err := node.JournalKey(ctx, v)
	if err != nil {
		return nil, err
	}
	return key.Public().(ed25519.PublicKey), nil
}

func tellReport(r audit.Report) error {
	announce("%d lines in %d signed blocks checked, %d lines not yet sealed.", r.Lines, r.Blocks, r.Unsealed)
	if r.Problem != nil {
		return fmt.Errorf("the journal has been tampered with: %w", r.Problem)
	}
	announce("The journal is whole.")
	return nil
}

type auditKeyCmd struct {
	settings
}

// Run prints the key.
func (c auditKeyCmd) Run(ctx context.Context, log *slog.Logger) error {
	p, err := c.prepareTool(ctx, log)
	if err != nil {
		return err
	}
	defer p.stop()
	key, err := publicKey(ctx, p.Config)
	if err != nil {
		return err
	}
	announce("%x", key)
	return nil
}
