package main

import (
	"context"
	"crypto/ed25519"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"log/slog"
	"os"

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
	Exports   string `help:"Directory of exported blocks, or « s3 » for the bucket; default: this node's directory, or its bucket when it has none." placeholder:"DIR"`
	PublicKey string `help:"Public key in hexadecimal; default: this instance's own." placeholder:"HEX"`
}

// Run needs no server; without --public-key it trusts the key of the instance itself.
func (c auditVerifyCmd) Run(ctx context.Context, log *slog.Logger) error {
	p, err := c.prepareVerify(ctx, log)
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
	exported, err := c.exported(ctx, p)
	if err != nil {
		return err
	}
	report, err := audit.Verify(ctx, audit.Database(db.Pool), exported, key)
	if err != nil {
		return err
	}
	return tellReport(report)
}

const inBucket = "s3"

// prepareVerify needs the private gateway only when blocks are to be read through it.
func (c auditVerifyCmd) prepareVerify(ctx context.Context, log *slog.Logger) (prepared, error) {
	have := starters{postgres: joinPostgres}
	if c.Exports == inBucket {
		have.gateway = joinGateway
	}
	return c.prepareWith(ctx, log, have)
}

func (c auditVerifyCmd) exported(ctx context.Context, p prepared) (iter.Seq2[*audit.Block, error], error) {
	dir := c.Exports
	if dir == "" {
		dir = p.JournalDir
	}
	if c.Exports == "" && notThere(dir) {
		return func(func(*audit.Block, error) bool) {}, nil
	}
	if dir != "" && dir != inBucket {
		return audit.Directory(dir).Blocks(ctx), nil
	}
	bucket, err := p.JournalExports()
	if err != nil {
		return nil, err
	}
	if bucket == nil {
		return nil, errors.New("--exports s3: no bucket is configured (LIAISON_S3_ENDPOINT)")
	}
	return bucket.Blocks(ctx), nil
}

// notThere is a directory of this node's own before the first export makes it; one that somebody named has to be there.
func notThere(dir string) bool {
	_, err := os.Stat(dir)
	return dir != "" && errors.Is(err, fs.ErrNotExist)
}

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
	if r.Problem == nil {
		announce("%s", verdict(r))
		return nil
	}
	announce("%s", checked(r))
	return fmt.Errorf("the journal has been tampered with: %w", r.Problem)
}

func checked(r audit.Report) string {
	said := fmt.Sprintf("%d lines in %d signed blocks checked, %d lines not yet sealed.", r.Lines, r.Blocks, r.Unsealed)
	for _, m := range r.Months {
		said += fmt.Sprintf("\n%d lines of %s were removed under retention, stated in block %d.", m.Lines, m.Month, m.Block)
	}
	return said
}

// verdict never calls whole what nothing outside the database vouches for, without saying so.
func verdict(r audit.Report) string {
	if r.Blocks == 0 {
		return fmt.Sprintf("Nothing to verify yet: no block is sealed (%d lines wait for the first).", r.Unsealed)
	}
	said := checked(r) + "\nThe journal is whole."
	if r.Unexported == 0 {
		return said
	}
	return said + fmt.Sprintf("\nThe newest %d blocks are not exported, and were checked in the database alone: a running server exports them"+
		" within seconds; if they stay so, exports fail or were removed.", r.Unexported)
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
