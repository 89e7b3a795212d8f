package bench

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgxpool"

	"liaison/node"
	"liaison/storage"
	"liaison/storage/embedded"
	"liaison/storage/objects"
)

var quietLog = slog.New(slog.DiscardHandler)

// ground is the private PostgreSQL under everything that is measured.
type ground struct {
	dir     string
	cluster *embedded.Cluster
	admin   *pgxpool.Pool  // the owner's: row-level security does not bind it
	pid     int            // of the postmaster
	store   objects.Config // while documents are measured
}

const database = "liaison_bench"

func openGround(ctx context.Context, home string) (*ground, error) {
	g := &ground{dir: filepath.Join(home, "data")}
	var err error
	g.cluster, err = embedded.Postgres(ctx, embedded.Options{DataDir: g.dir, Durable: true, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return nil, err
	}
	if err := g.prepare(ctx); err != nil {
		g.close()
		return nil, err
	}
	return g, nil
}

func (g *ground) prepare(ctx context.Context) (err error) {
	for _, name := range []string{database, database + "_keys"} {
		if err := g.cluster.CreateDatabase(ctx, name); err != nil {
			return err
		}
	}
	cfg, err := pgxpool.ParseConfig(g.url(embedded.Owner))
	if err != nil {
		return err
	}
	cfg.MaxConns = posters
	if g.admin, err = pgxpool.NewWithConfig(ctx, cfg); err != nil {
		return err
	}
	if err := mustBeDurable(ctx, g.admin); err != nil {
		return err
	}
	g.pid, err = postmaster(g.dir)
	return err
}

func (g *ground) url(role string) string { return g.cluster.URL(database, role) }

func (g *ground) close() {
	if g.admin != nil {
		g.admin.Close()
	}
	_ = g.cluster.Stop(context.Background())
}

// config is that of a node over this ground.
func (g *ground) config(log *slog.Logger) node.Config {
	return node.Config{
		DatabaseURL: g.url(storage.AppRole), OwnerURL: g.url(embedded.Owner),
		KeysURL: g.cluster.URL(database+"_keys", embedded.Owner), MasterKeyFile: filepath.Join(g.dir, "master.key"),
		JournalDir: filepath.Join(g.dir, "journal"), Listen: "127.0.0.1:0", Territory: "Bench", Demo: true, NoRateLimit: true, Log: log, S3: g.store,
	}
}

// ErrNotDurable refuses a database that acknowledges what it has not written: its figures would mean nothing.
var ErrNotDurable = errors.New("the database does not keep what it acknowledges")

func mustBeDurable(ctx context.Context, q storage.Querier) error {
	for _, name := range []string{"fsync", "synchronous_commit", "full_page_writes"} {
		var value string
		if err := q.QueryRow(ctx, "select current_setting($1)", name).Scan(&value); err != nil {
			return fmt.Errorf("setting %s: %w", name, err)
		}
		if value != "on" {
			return fmt.Errorf("%w: %s is %s", ErrNotDurable, name, value)
		}
	}
	return nil
}

func postmaster(dir string) (int, error) {
	text, err := os.ReadFile(filepath.Join(dir, "postgres", "postmaster.pid"))
	if err != nil {
		return 0, fmt.Errorf("process of PostgreSQL: %w", err)
	}
	line, _, _ := strings.Cut(string(text), "\n")
	return strconv.Atoi(strings.TrimSpace(line))
}
