package bench

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"liaison/storage/embedded"
)

// Commits are durable transactions of one row: what the database does when nothing is asked of it but to keep.
type Commits struct {
	PerSecond float64 `json:"per_second"` // our own loop
	Micros    float64 `json:"database_us"`
	PgbenchPS float64 `json:"pgbench_per_second,omitempty"` // absent where pgbench is
	Foreign   float64 `json:"foreign_cpu"`
}

const commitRow = "insert into bench_rows (body) values (%s)"

func (r *run) prepareCommits(ctx context.Context) error {
	_, err := r.ground.admin.Exec(ctx, "create table bench_rows (id bigint generated always as identity primary key, body text not null)")
	return err
}

// commits runs our own loop, then pgbench with the same statement.
func (r *run) commits(ctx context.Context) (c Commits, err error) {
	m := meter{server: os.Getpid(), postmaster: r.ground.pid}
	before, err := m.read()
	if err != nil {
		return c, err
	}
	began := time.Now()
	count, err := r.commitLoop(ctx)
	if err != nil {
		return c, err
	}
	took := time.Since(began)
	after, err := m.read()
	if err != nil {
		return c, err
	}
	used := after.since(before)
	used.server = 0 // there is none: the loop is the driver
	c.PerSecond, c.Micros, c.Foreign = float64(count)/took.Seconds(), per(used.database, count), used.foreign()
	c.PgbenchPS, err = r.pgbench(ctx)
	return c, err
}

func (r *run) commitLoop(ctx context.Context) (int, error) {
	var count atomic.Int64
	body := strings.Repeat("x", textLength)
	end := time.Now().Add(time.Duration(r.Seconds) * time.Second)
	clients, ctx := errgroup.WithContext(ctx)
	for range posters {
		clients.Go(func() error {
			conn, err := pgx.Connect(ctx, r.ground.url(embedded.Owner))
			if err != nil {
				return err
			}
			defer conn.Close(context.WithoutCancel(ctx))
			for time.Now().Before(end) {
				if _, err := conn.Exec(ctx, fmt.Sprintf(commitRow, "$1"), body); err != nil {
					return fmt.Errorf("commit a row: %w", err)
				}
				count.Add(1)
			}
			return nil
		})
	}
	err := clients.Wait()
	return int(count.Load()), err
}

var pgbenchRate = regexp.MustCompile(`tps = ([\d.]+)`)

// pgbench is PostgreSQL's own measure, where it is installed beside the server; 0 where it is not.
func (r *run) pgbench(ctx context.Context) (float64, error) {
	program := filepath.Join(r.ground.cluster.Binaries.Dir, "pgbench")
	if _, err := os.Stat(program); err != nil {
		return 0, nil
	}
	script := filepath.Join(r.home, "commit.sql")
	statement := fmt.Sprintf(commitRow, "'"+strings.Repeat("x", textLength)+"'") + ";\n"
	if err := os.WriteFile(script, []byte(statement), 0o600); err != nil {
		return 0, err
	}
	n := strconv.Itoa(posters)
	cmd := exec.CommandContext(ctx, program, "-n", "-M", "prepared", "-c", n, "-j", "2", "-T", strconv.Itoa(r.Seconds), "-f", script, r.ground.url(embedded.Owner))
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C"}
	out, err := cmd.CombinedOutput()
	if err != nil {
		return 0, fmt.Errorf("pgbench: %w: %s", err, strings.TrimSpace(string(out)))
	}
	found := pgbenchRate.FindSubmatch(out)
	if found == nil {
		return 0, fmt.Errorf("pgbench says no rate: %s", out)
	}
	return strconv.ParseFloat(string(found[1]), 64)
}
