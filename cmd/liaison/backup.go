package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/jackc/pgx/v5"

	"liaison/audit"
	"liaison/node"
	"liaison/storage"
	"liaison/storage/copies"
	"liaison/vault"
)

type backupCmd struct {
	settings
	Out  string `help:"Directory for the copy of the data." placeholder:"DIR"`
	Keys string `help:"Directory for the copy of the wrapped keys: never the same medium as the data; keep it for a short time." placeholder:"DIR"`
}

// Run copies data and keys apart: whoever holds both, and the master key, can read; a destroyed key is gone once its own
// short-lived copies are.
func (c backupCmd) Run(ctx context.Context, log *slog.Logger) error {
	if c.Out == "" && c.Keys == "" {
		return errors.New("say --out DIR, --keys DIR, or both")
	}
	p, err := c.prepareTool(ctx, log)
	if err != nil {
		return err
	}
	defer p.stop()
	stamp := time.Now().UTC().Format("20060102-150405")
	if c.Out != "" {
		if err := dumpTo(ctx, p.OwnerURL, copies.Role, filepath.Join(c.Out, "liaison-data-"+stamp+".zip")); err != nil {
			return err
		}
	}
	if c.Keys == "" {
		announce("The keys were not copied; without them the data cannot be read (--keys).")
		return nil
	}
	return dumpTo(ctx, p.KeysURL, "", filepath.Join(c.Keys, "liaison-keys-"+stamp+".zip"))
}

func dumpTo(ctx context.Context, url, role, path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	m, err := copies.Dump(ctx, url, role, file)
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return errors.Join(err, os.Remove(path))
	}
	var rows int64
	for _, t := range m.Tables {
		rows += t.Rows
	}
	announce("%s: %d rows of %d tables", path, rows, len(m.Tables))
	return nil
}

type restoreCmd struct {
	settings
	DataFile string `required:"" help:"The copy of the data." placeholder:"FILE"`
	KeysFile string `required:"" help:"The copy of the keys." placeholder:"FILE"`
}

// Run loads both copies into empty databases. The master key is not in them: put its file in place first. The instance gets
// a new incarnation, so that every client starts again from what is there now.
func (c restoreCmd) Run(ctx context.Context, log *slog.Logger) error {
	p, err := c.prepareTool(ctx, log)
	if err != nil {
		return err
	}
	defer p.stop()
	if _, err := os.Stat(p.MasterKeyFile); err != nil {
		return fmt.Errorf("the master key must be in place before keys are restored (LIAISON_MASTER_KEY_FILE): %w", err)
	}
	if err := restoreKeys(ctx, p.Config, c.KeysFile); err != nil {
		return err
	}
	return restoreData(ctx, p.Config, c.DataFile)
}

func restoreKeys(ctx context.Context, cfg node.Config, path string) error {
	if err := vault.Migrate(ctx, cfg.KeysURL); err != nil {
		return err
	}
	return loadFrom(ctx, cfg.KeysURL, "", path, func(context.Context, pgx.Tx) error { return nil })
}

func restoreData(ctx context.Context, cfg node.Config, path string) error {
	if err := storage.Migrate(ctx, cfg.OwnerURL); err != nil {
		return err
	}
	v, err := vault.Open(ctx, cfg.KeysURL, cfg.MasterKeyFile)
	if err != nil {
		return err
	}
	defer v.Close()
	key, err := node.JournalKey(ctx, v)
	if err != nil {
		return err
	}
	return loadFrom(ctx, cfg.OwnerURL, copies.Role, path, func(ctx context.Context, tx pgx.Tx) error {
		if err := node.NewIncarnation(ctx, tx); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "reset role"); err != nil {
			return err
		}
		return audit.Rebase(ctx, tx, key)
	})
}

func loadFrom(ctx context.Context, url, role, path string, after func(context.Context, pgx.Tx) error) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	m, err := copies.Load(ctx, url, role, file, info.Size(), after)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	announce("%s restored: %d tables, as of %s", path, len(m.Tables), m.Made.Format(time.RFC3339))
	return nil
}
