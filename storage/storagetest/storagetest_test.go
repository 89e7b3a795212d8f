package storagetest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"

	"liaison/storage"
	"liaison/storage/embedded"
)

func text(t *testing.T, url, sql string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	var s string
	if err := conn.QueryRow(ctx, sql).Scan(&s); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return s
}

func TestEveryTestHasItsOwnMigratedDatabase(t *testing.T) {
	t.Parallel()
	for i := range 4 {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			db := New(t)
			var role, messages string
			err := db.DB.Pool.QueryRow(t.Context(), "select current_user, coalesce(to_regclass('messages')::text, '')").Scan(&role, &messages)
			if err != nil || role != storage.AppRole || messages != "messages" {
				t.Errorf("as %q, table %q, %v", role, messages, err)
			}
			if got := text(t, db.URL, "select session_user::text"); got != storage.AppRole {
				t.Errorf("URL is of %q", got)
			}
			if got := text(t, db.OwnerURL, "select rolsuper::text from pg_roles where rolname = current_user"); got != "true" {
				t.Errorf("OwnerURL: superuser is %q", got)
			}
			text(t, db.OwnerURL, "with t as (select lo_from_bytea(7, '')) select count(*)::text from t")
			if got := text(t, db.OwnerURL, "select count(*)::text from pg_largeobject_metadata"); got != "1" {
				t.Errorf("%s objects, of other tests too?", got)
			}
			if got := text(t, db.KeysURL, "select count(*)::text from pg_class where relnamespace = 'public'::regnamespace"); got != "0" {
				t.Errorf("the keys database is not empty: %s", got)
			}
		})
	}
}

func TestADatabaseIsDroppedAtTheEnd(t *testing.T) {
	t.Parallel()
	var gone string
	t.Run("use", func(t *testing.T) {
		db := New(t)
		gone = text(t, db.OwnerURL, "select current_database()::text")
	})
	s, err := shared(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	left := text(t, s.ownerURL, "select count(*)::text from pg_database where datname like '"+gone+"%'")
	if left != "0" {
		t.Errorf("%s databases of an ended test are left", left)
	}
}

// TestAnotherProgramSharesTheCluster runs this test program once more, as a neighbouring package's would run.
func TestAnotherProgramSharesTheCluster(t *testing.T) {
	t.Parallel()
	s, err := shared(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	id := "select pg_postmaster_start_time()::text"
	if os.Getenv("LIAISON_STORAGETEST_NEIGHBOUR") != "" {
		fmt.Println("cluster:", text(t, s.ownerURL, id))
		return
	}
	if got, want := neighbour(t), text(t, s.ownerURL, id); got != want {
		t.Errorf("the neighbour's cluster started at %s, ours at %s", got, want)
	}
}

// neighbour runs another test program and says when the cluster it works on started.
func neighbour(t *testing.T, env ...string) string {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe, "-test.run", "^TestAnotherProgramSharesTheCluster$")
	cmd.Env = append(append(os.Environ(), "LIAISON_STORAGETEST_NEIGHBOUR=1"), env...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	_, rest, found := strings.Cut(string(out), "cluster: ")
	if !found {
		t.Fatalf("the neighbour says nothing of its cluster:\n%s", out)
	}
	started, _, _ := strings.Cut(rest, "\n")
	return started
}

func TestTheClusterComesBackWhenItsKeeperWasKilled(t *testing.T) {
	t.Parallel()
	if os.Getenv("LIAISON_TEST_POSTGRES") != "" {
		return // another server serves: there is no keeper
	}
	tmp, err := os.MkdirTemp("", "liaison-keeper-")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(tmp, 0o711); err != nil {
		t.Fatal(err)
	}
	first := neighbour(t, "TMPDIR="+tmp)
	if again := neighbour(t, "TMPDIR="+tmp); again != first {
		t.Errorf("between two test programs the cluster was restarted: %s, then %s", first, again)
	}
	killKeeper(t, tmp)
	if after := neighbour(t, "TMPDIR="+tmp); after == first {
		t.Error("the cluster outlived its keeper")
	}
	data := killKeeper(t, tmp)
	// Starting on what is left waits for the last server's end, so that all can be removed.
	c, err := embedded.Postgres(t.Context(), embedded.Options{DataDir: data, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(c.Stop(t.Context()), os.RemoveAll(tmp)); err != nil {
		t.Error(err)
	}
}

// killKeeper kills, with -9, the process that holds the one data directory below tmp, and waits for its end.
func killKeeper(t *testing.T, tmp string) (data string) {
	t.Helper()
	held, err := filepath.Glob(filepath.Join(tmp, "liaison-test-*", "data", "lock"))
	if err != nil || len(held) != 1 {
		t.Fatalf("locks below %s: %v, %v", tmp, held, err)
	}
	note, err := os.ReadFile(held[0])
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(note)))
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	gone, err := locked(held[0], syscall.LOCK_EX)
	if err != nil {
		t.Fatal(err)
	}
	gone.Close()
	return filepath.Dir(held[0])
}

func TestRedisIsItsOwn(t *testing.T) {
	t.Parallel()
	one, two := Redis(t), Redis(t)
	if one.URL == two.URL {
		t.Fatal("two tests share a Redis")
	}
	opts, err := redis.ParseURL(one.URL)
	if err != nil {
		t.Fatal(err)
	}
	opts.MaxRetries = -1
	client := redis.NewClient(opts)
	t.Cleanup(func() { client.Close() })
	one.Kill()
	if err := client.Ping(t.Context()).Err(); err == nil {
		t.Error("a killed Redis answered")
	}
	one.Restart()
	if err := client.Ping(t.Context()).Err(); err != nil {
		t.Error(err)
	}
}
