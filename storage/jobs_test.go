package storage_test

import (
	"crypto/rand"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"liaison/storage"
	"liaison/storage/storagetest"
)

// An owner who may make roles and is no superuser migrates everything, several at once and again; the application may then
// work with the jobs.
func TestMigrateAsAnOrdinaryOwner(t *testing.T) {
	t.Parallel()
	base := storagetest.New(t)
	admin, err := pgx.Connect(t.Context(), base.OwnerURL)
	must(t, err)
	defer admin.Close(t.Context())
	name := "o_" + strings.ToLower(rand.Text()[:12])
	exec := func(sql string) {
		t.Helper()
		_, err := admin.Exec(t.Context(), sql)
		must(t, err)
	}
	exec("create role " + name + " login createrole")
	// The roles of the shared cluster are another owner's: here they are handed to this one, as they are his own elsewhere.
	exec("grant liaison_app, liaison_locator, liaison_backup to " + name + " with admin option")
	exec("create database " + name + " owner " + name)
	t.Cleanup(func() {
		conn, err := pgx.Connect(t.Context(), base.OwnerURL)
		if err != nil {
			return
		}
		_, _ = conn.Exec(t.Context(), "drop database "+name+" with (force)")
		_, _ = conn.Exec(t.Context(), "drop role "+name)
	})
	u, err := url.Parse(base.OwnerURL)
	must(t, err)
	u.User, u.Path = url.User(name), "/"+name
	var wg sync.WaitGroup
	errs := make(chan error, 3)
	for range 3 {
		wg.Go(func() { errs <- storage.Migrate(t.Context(), u.String()) })
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		must(t, err)
	}
	must(t, storage.Migrate(t.Context(), u.String()))
	db, err := storage.Open(t.Context(), storage.Config{URL: u.String(), MaxConns: 2, AllowNoFsync: true})
	must(t, err)
	defer db.Close()
	for _, sql := range []string{
		"insert into river_job (kind, args, max_attempts) values ('x', '{}', 1)", "update river_job set state = 'running'", "delete from river_job",
	} {
		if _, err := db.Pool.Exec(t.Context(), sql); err != nil {
			t.Errorf("%s: %v", sql, err)
		}
	}
	var super bool
	must(t, db.Pool.QueryRow(t.Context(), fmt.Sprintf("select rolsuper from pg_roles where rolname = '%s'", name)).Scan(&super))
	if super {
		t.Error("the owner was a superuser after all")
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
