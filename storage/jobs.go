package storage

import (
	"context"
	"fmt"
	"io/fs"
	"log/slog"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"
)

// jobsLock is the advisory lock under which one node migrates the tables of durable jobs and the others wait.
const jobsLock = 0x6c6961736a6f6273 // "liasjobs"

// migrateJobs brings the tables of durable jobs (River's own) to their newest schema, as the database's owner, and lets the
// application work with them.
func migrateJobs(ctx context.Context, ownerURL string) error {
	pool, err := pgxpool.New(ctx, ownerURL)
	if err != nil {
		return fmt.Errorf("database address: %w", err)
	}
	defer pool.Close()
	conn, err := pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("migrate jobs: %w", err)
	}
	defer conn.Release()
	if _, err := conn.Exec(ctx, "select pg_advisory_lock($1)", int64(jobsLock)); err != nil {
		return fmt.Errorf("lock the migration of jobs: %w", err)
	}
	defer func() { _, _ = conn.Exec(context.WithoutCancel(ctx), "select pg_advisory_unlock($1)", int64(jobsLock)) }()
	migrator, err := rivermigrate.New(riverpgxv5.New(pool), &rivermigrate.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return fmt.Errorf("migrate jobs: %w", err)
	}
	if _, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return fmt.Errorf("migrate jobs: %w", err)
	}
	return grantJobs(ctx, conn)
}

func grantJobs(ctx context.Context, conn *pgxpool.Conn) error {
	var granted bool
	if err := conn.QueryRow(ctx, "select has_table_privilege('"+AppRole+"', 'river_notification', 'delete')").Scan(&granted); err != nil || granted {
		return err
	}
	_, err := conn.Exec(ctx, `grant usage on all sequences in schema public to `+AppRole+`;
		grant select, insert, update, delete on river_job, river_leader, river_queue, river_notification to `+AppRole)
	if err != nil {
		return fmt.Errorf("let the application work with jobs: %w", err)
	}
	return nil
}

// jobMigrations are the files of the schema of jobs.
func jobMigrations() fs.FS {
	return riverpgxv5.New(nil).GetMigrationFS(riverdriver.MigrationLineMain)
}
