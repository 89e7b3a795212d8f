// Package storagetest gives tests a real, migrated PostgreSQL database of their own, a real Redis and a real S3. All test
// programs of a user and a checkout share one private cluster and one S3 gateway, which start with the first and stop
// after the last; every test gets a clone of the migrated template, and a bucket of its own. It holds no fixtures: those
// belong to the features.
package storagetest

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"liaison/storage"
)

// DB is a test's own database.
type DB struct {
	DB       *storage.DB // works as the application role
	URL      string      // the same database as the application role
	OwnerURL string      // the same database as its owner, whom row-level security does not bind
	KeysURL  string      // an empty database for wrapped keys, as its owner
}

// patience bounds each step of the preparation on a busy machine.
const patience = 2 * time.Minute

// New clones the migrated template for one test; it is dropped when the test ends.
func New(t testing.TB) *DB {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	s, err := shared(ctx)
	if err != nil {
		t.Fatalf("storagetest: %v", err)
	}
	name := "t_" + strings.ToLower(rand.Text()[:16])
	keys := name + "_keys"
	clone(t, s, name, s.template)
	clone(t, s, keys, "template0")
	db := &DB{
		URL:      withDatabase(s.ownerURL, name, storage.AppRole),
		OwnerURL: withDatabase(s.ownerURL, name, ""),
		KeysURL:  withDatabase(s.ownerURL, keys, ""),
	}
	db.DB, err = storage.Open(ctx, storage.Config{URL: db.URL, OwnerURL: db.OwnerURL, MaxConns: 8, AllowNoFsync: true})
	if err != nil {
		t.Fatalf("storagetest: %v", err)
	}
	t.Cleanup(db.DB.Close)
	return db
}

// clone makes a database and drops it at the test's end, whoever is still connected.
func clone(t testing.TB, s *server, name, template string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	// A file copy costs half of what PostgreSQL does by itself, which is to log every page.
	_, err := s.admin.Exec(ctx, fmt.Sprintf("create database %s template %s strategy file_copy", name, template))
	if err != nil {
		t.Fatalf("storagetest: clone %s: %v", template, err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if _, err := s.admin.Exec(ctx, fmt.Sprintf("drop database if exists %s with (force)", name)); err != nil {
			t.Errorf("storagetest: drop %s: %v", name, err)
		}
	})
}

// server is the cluster as this process sees it.
type server struct {
	ownerURL string
	admin    *pgxpool.Pool
	template string
}

var once struct {
	sync.Mutex
	server *server
}

// shared reaches the cluster once per process. A failure is not kept: the next test may have more luck and says more.
func shared(ctx context.Context) (*server, error) {
	once.Lock()
	defer once.Unlock()
	if once.server != nil {
		return once.server, nil
	}
	ownerURL, err := clusterURL(ctx)
	if err != nil {
		return nil, err
	}
	cfg, err := pgxpool.ParseConfig(ownerURL)
	if err != nil {
		return nil, fmt.Errorf("address of the test cluster: %w", err)
	}
	cfg.MaxConns = 4
	admin, err := pgxpool.NewWithConfig(context.WithoutCancel(ctx), cfg)
	if err != nil {
		return nil, fmt.Errorf("reach the test cluster: %w", err)
	}
	s := &server{ownerURL: ownerURL, admin: admin}
	if s.template, err = ensureTemplate(ctx, s); err != nil {
		admin.Close()
		return nil, err
	}
	once.server = s
	return s, nil
}

// withDatabase is the address of another database of the same server, for another role unless role is empty.
func withDatabase(base, db, role string) string {
	u, err := url.Parse(base)
	if err != nil {
		panic(fmt.Sprintf("storagetest: address of the test cluster: %v", err)) // it was parsed before
	}
	u.Path = "/" + db
	if role != "" {
		u.User = url.User(role)
	}
	return u.String()
}
