package embedded

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Owner is the superuser of a private cluster: it migrates and makes databases.
const Owner = "liaison_owner"

// Options says where the cluster lives. Durable is for everything but tests.
type Options struct {
	DataDir string // default: DefaultDataDir()
	Durable bool
	Log     *slog.Logger // default: slog.Default()
}

// Cluster is a running private PostgreSQL.
type Cluster struct {
	Binaries Binaries
	DataDir  string

	socket string
	joined bool // another process's
	child  *child
	lock   *os.File
	log    *slog.Logger
}

// Postgres starts the private cluster of a data directory, making it first when it is not there. ctx bounds the start.
func Postgres(ctx context.Context, opts Options) (*Cluster, error) {
	c := &Cluster{DataDir: opts.DataDir, log: opts.Log}
	if c.log == nil {
		c.log = slog.Default()
	}
	if c.DataDir == "" {
		dir, err := DefaultDataDir()
		if err != nil {
			return nil, err
		}
		c.DataDir = dir
	}
	if err := c.start(ctx, opts.Durable); err != nil {
		c.release()
		return nil, err
	}
	return c, nil
}

func (c *Cluster) start(ctx context.Context, durable bool) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	began := time.Now()
	acc, err := c.claim()
	if err != nil {
		return err
	}
	if c.Binaries, err = c.find(ctx, acc); err != nil {
		return err
	}
	if err := c.settleLeftovers(ctx); err != nil {
		return err
	}
	if err := c.initialise(ctx, acc, durable); err != nil {
		return err
	}
	if err := c.launch(ctx, acc, durable); err != nil {
		return err
	}
	c.log.Info("PostgreSQL started", "version", c.Binaries.Version, "programs", c.Binaries.Dir, "data", c.DataDir,
		"socket", c.socket, "pid", c.child.cmd.Process.Pid, "ms", time.Since(began).Milliseconds())
	if c.Binaries.FromNPM {
		c.log.Warn("this PostgreSQL comes from npm: it is for demo, development and tests only")
	}
	return nil
}

// claim makes the data directory and takes its lock.
func (c *Cluster) claim() (account, error) {
	acc, err := childAccount(c.pgdata())
	if err != nil {
		return acc, err
	}
	if err := acc.place(c.DataDir); err != nil {
		return acc, err
	}
	c.lock, err = lockDir(c.DataDir)
	return acc, err
}

func (c *Cluster) find(ctx context.Context, acc account) (Binaries, error) {
	major, err := c.dataMajor()
	if err != nil {
		return Binaries{}, err
	}
	b, err := Find(ctx, major)
	if err != nil {
		return b, err
	}
	return b.reachable(c.DataDir, acc)
}

func (c *Cluster) launch(ctx context.Context, acc account, durable bool) (err error) {
	if c.socket, err = socketDir(acc); err != nil {
		return err
	}
	// Remembered so that the next start can remove it should this process be killed.
	if err := os.WriteFile(c.socketNote(), []byte(c.socket+"\n"), 0o600); err != nil {
		return err
	}
	logFile, err := c.openLog()
	if err != nil {
		return err
	}
	defer logFile.Close()
	args := append([]string{"-D", c.pgdata(), "-k", c.socket}, settings(durable)...)
	cmd := command(acc, c.pgdata(), filepath.Join(c.Binaries.Dir, "postgres"), args...)
	cmd.Stdout, cmd.Stderr = logFile, logFile
	if c.child, err = start(cmd); err != nil {
		return err
	}
	if err := c.child.ready(ctx, c.ping); err != nil {
		return fmt.Errorf("PostgreSQL did not start: %w; its log %s ends:\n  %s", err, c.logPath(), lastLines(c.logPath()))
	}
	return nil
}

// openLog keeps the log of the previous start beside the new one.
func (c *Cluster) openLog() (*os.File, error) {
	if err := os.Rename(c.logPath(), c.logPath()+".previous"); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	return os.OpenFile(c.logPath(), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
}

func settings(durable bool) []string {
	list := []string{
		"listen_addresses=", "unix_socket_permissions=0700", "shared_buffers=128MB", "jit=off", "timezone=UTC",
		// Statements and row values may hold care data: the log keeps the bare message.
		"log_error_verbosity=terse", "log_min_error_statement=panic",
	}
	if durable {
		list = append(list, "max_connections=200")
	} else {
		list = append(list, "max_connections=500", "fsync=off", "synchronous_commit=off", "full_page_writes=off",
			"autovacuum=off", "wal_level=minimal", "max_wal_senders=0")
	}
	var args []string
	for _, s := range list {
		args = append(args, "-c", s)
	}
	return args
}

// URL is the address of a database for a role.
func (c *Cluster) URL(db, role string) string {
	u := url.URL{Scheme: "postgres", User: url.User(role), Path: "/" + db}
	// The port and sslmode are said because PGPORT and PGSSLMODE would fill them in otherwise.
	u.RawQuery = url.Values{"host": {c.socket}, "port": {"5432"}, "sslmode": {"disable"}}.Encode()
	return u.String()
}

func (c *Cluster) ping(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, c.URL("postgres", Owner))
	if err != nil {
		return err
	}
	return conn.Close(ctx)
}

// CreateDatabase makes a database unless it is there.
func (c *Cluster) CreateDatabase(ctx context.Context, name string) error {
	conn, err := pgx.Connect(ctx, c.URL("postgres", Owner))
	if err != nil {
		return fmt.Errorf("reach the private cluster: %w", err)
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, "create database "+pgx.Identifier{name}.Sanitize())
	var pg *pgconn.PgError
	if errors.As(err, &pg) && pg.Code == "42P04" {
		return nil
	}
	if err != nil {
		return fmt.Errorf("create database %s: %w", name, err)
	}
	return nil
}

// Done is closed when the server has ended, asked or not.
func (c *Cluster) Done() <-chan struct{} { return c.child.done }

// Stop ends every connection, stops the server and waits for it; when ctx ends first the server is killed, which its
// next start repairs.
func (c *Cluster) Stop(ctx context.Context) error {
	if c.joined {
		return nil
	}
	err := c.child.stop(ctx, syscall.SIGINT)
	c.release()
	return err
}

// release gives back what the cluster holds outside its data directory.
func (c *Cluster) release() {
	if c.child != nil {
		c.child.kill()
	}
	if c.socket != "" {
		removeSocketDir(c.socket)
		_ = os.Remove(c.socketNote())
	}
	if c.lock != nil {
		unlockDir(c.lock)
	}
}

func (c *Cluster) pgdata() string     { return filepath.Join(c.DataDir, "postgres") }
func (c *Cluster) logPath() string    { return filepath.Join(c.DataDir, "postgres.log") }
func (c *Cluster) socketNote() string { return filepath.Join(c.DataDir, "socket") }

// removeSocketDir removes the two files a server leaves and the directory, and nothing else should it hold more.
func removeSocketDir(dir string) {
	if !strings.HasPrefix(filepath.Base(dir), "liaison-") {
		return
	}
	for _, name := range []string{".s.PGSQL.5432", ".s.PGSQL.5432.lock"} {
		_ = os.Remove(filepath.Join(dir, name))
	}
	_ = os.Remove(dir)
}
