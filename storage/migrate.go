package storage

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrate brings the main database to the newest schema, as its owner: ours, then that of the durable jobs. Several nodes
// may call it at once.
func Migrate(ctx context.Context, ownerURL string) error {
	dir, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	if err := MigrateFS(ctx, ownerURL, dir); err != nil {
		return err
	}
	return migrateJobs(ctx, ownerURL)
}

// MigrateFS applies the numbered migrations of dir to the database at url.
func MigrateFS(ctx context.Context, url string, dir fs.FS) error {
	pool, err := pgxpool.New(ctx, url)
	if err != nil {
		return fmt.Errorf("database address: %w", err)
	}
	defer pool.Close()
	db := stdlib.OpenDBFromPool(pool)
	defer db.Close()
	locker, err := lock.NewPostgresSessionLocker()
	if err != nil {
		return err
	}
	p, err := goose.NewProvider(goose.DialectPostgres, db, dir, goose.WithSessionLocker(locker))
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return nil
}

// SchemaHash names the schema these migrations make: it changes with any of their files.
func SchemaHash() string {
	h := sha256.New()
	for _, files := range []fs.FS{migrations, jobMigrations()} {
		if err := hashFiles(h, files); err != nil {
			panic(err) // an embedded file cannot fail to be read
		}
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}

func hashFiles(h io.Writer, files fs.FS) error {
	return fs.WalkDir(files, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := fs.ReadFile(files, path)
		fmt.Fprintf(h, "%s %d\n%s", path, len(text), text)
		return err
	})
}
