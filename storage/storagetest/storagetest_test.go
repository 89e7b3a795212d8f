package storagetest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"

	"liaison/storage"
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
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	neighbour := exec.Command(exe, "-test.run", "^TestAnotherProgramSharesTheCluster$")
	neighbour.Env = append(os.Environ(), "LIAISON_STORAGETEST_NEIGHBOUR=1")
	out, err := neighbour.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if want := "cluster: " + text(t, s.ownerURL, id); !strings.Contains(string(out), want) {
		t.Errorf("the neighbour is elsewhere:\n%s\nwant %s", out, want)
	}
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
