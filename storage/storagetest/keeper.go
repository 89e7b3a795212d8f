package storagetest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"liaison/storage"
	"liaison/storage/embedded"
)

// keeperOrder in the environment turns a test program into the keeper of the shared cluster.
const keeperOrder = "LIAISON_STORAGETEST_KEEP"

// linger is how long the cluster waits for a next test program: between two packages there may be none.
const linger = 5 * time.Second

func init() {
	p := place(os.Getenv(keeperOrder))
	if p == "" {
		return
	}
	if err := keep(p); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// keep runs the cluster until nobody has used it for a while.
func keep(p place) error {
	ctx := context.Background()
	started := make(chan func(context.Context) error, 1)
	go func() { started <- keepGateway(ctx, p) }()
	c, err := startCluster(ctx, p)
	stopGateway := <-started
	if err != nil {
		return errors.Join(err, stopGateway(ctx))
	}
	ownerURL := c.URL("postgres", embedded.Owner)
	if err := dropLeftovers(ctx, ownerURL); err != nil {
		return err
	}
	if err := publish(p, ownerURL); err != nil {
		return err
	}
	users, err := untilUnused(p, c.Done())
	if err != nil {
		return err
	}
	// Whoever comes now waits for this lock, which ends with us, and then starts a new one.
	defer users.Close()
	_ = os.Remove(p.file("address"))
	_ = os.Remove(p.file("gateway"))
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	// Nothing stays behind: a checkout that is gone would never clear its own.
	return errors.Join(c.Stop(ctx), os.RemoveAll(p.file("data")), stopGateway(ctx))
}

// startCluster makes the cluster anew when the old one does not start: it is written without care for power cuts, and
// may be of a PostgreSQL that is gone.
func startCluster(ctx context.Context, p place) (*embedded.Cluster, error) {
	opts := embedded.Options{DataDir: p.file("data"), Log: slog.New(slog.NewTextHandler(os.Stderr, nil))}
	c, err := embedded.Postgres(ctx, opts)
	if err == nil {
		return c, nil
	}
	if rm := os.RemoveAll(opts.DataDir); rm != nil {
		return nil, errors.Join(err, rm)
	}
	return embedded.Postgres(ctx, opts)
}

// dropLeftovers removes the databases of test programs that were killed and the templates of older schemas.
func dropLeftovers(ctx context.Context, ownerURL string) error {
	conn, err := pgx.Connect(ctx, ownerURL)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	rows, err := conn.Query(ctx, `select datname from pg_database
		where datname like 't\_%' or datname like 'template\_%' and datname <> $1`, "template_"+storage.SchemaHash())
	if err != nil {
		return err
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	for _, name := range names {
		if _, err := conn.Exec(ctx, "drop database "+pgx.Identifier{name}.Sanitize()+" with (force)"); err != nil {
			return err
		}
	}
	return nil
}

// publish tells the program that waits for us, and those that come later.
func publish(p place, ownerURL string) error {
	part := p.file("address.part")
	if err := os.WriteFile(part, []byte(ownerURL), 0o600); err != nil {
		return err
	}
	if err := os.Rename(part, p.file("address")); err != nil {
		return err
	}
	fmt.Println(ownerURL)
	return os.Stdout.Close()
}

// untilUnused returns once nobody has used the cluster for a while, holding the lock that keeps newcomers waiting.
func untilUnused(p place, died <-chan struct{}) (*os.File, error) {
	for {
		free := make(chan error, 1)
		go func() {
			users, err := locked(p.file("users"), syscall.LOCK_EX)
			if err == nil {
				users.Close()
			}
			free <- err
		}()
		select {
		case err := <-free:
			if err != nil {
				return nil, err
			}
		case <-died:
			return nil, errors.New("the test cluster ended by itself")
		}
		select {
		case <-time.After(linger):
		case <-died:
			return nil, errors.New("the test cluster ended by itself")
		}
		users, err := locked(p.file("users"), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return users, nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, err
		}
	}
}
