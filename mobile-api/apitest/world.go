// Package apitest gives tests a whole instance behind the HTTP API, over a real database: people who sign in, circles, and
// clients that speak like a phone or a browser. It is for tests only and holds no check of its own.
package apitest

import (
	"context"
	"log/slog"
	"net/http/httptest"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"liaison/access"
	"liaison/accounts"
	"liaison/chat"
	"liaison/documents"
	"liaison/events"
	"liaison/matrices"
	mobileapi "liaison/mobile-api"
	"liaison/node"
	"liaison/notifications"
	"liaison/notifications/webpush"
	"liaison/professions"
	"liaison/storage/objects"
	"liaison/storage/storagetest"
	"liaison/teams"
	"liaison/vault"
)

// Password is everybody's.
const Password = "une phrase assez longue"

// World is one instance with an administrator, seen from one node.
type World struct {
	T         testing.TB
	DB        *storagetest.DB
	Gate      *access.Gate
	Bus       *events.Memory
	Vault     *vault.Vault
	Accounts  *accounts.Service
	Teams     *teams.Service
	Matrices  *matrices.Service // no worker: RecompileBehind of the gate is for the test to call
	Chat      *chat.Service
	Documents *documents.Service // without a store until OpenStore
	Alerts    *notifications.Service
	API       *mobileapi.API
	URL       string
	MasterKey string // file
	Clock     *Clock // the accounts' clock: sessions and tokens age by it
	Admin     *Client
	// Actors, by login, for tests that pass by the features.
	Actors map[string]access.Actor

	opened int
}

// Clock is moved by tests.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// Now is what the clock shows.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Advance moves the clock.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// Option changes the API's configuration.
type Option func(*mobileapi.Config)

// CookieName is the session cookie's in a world.
const CookieName = "__Host-liaison-test"

// New starts an instance; it ends with the test.
func New(t testing.TB, options ...Option) *World {
	t.Helper()
	w := &World{T: t, DB: storagetest.New(t), Bus: events.NewMemory(), Clock: &Clock{now: time.Now()}, Actors: map[string]access.Actor{}}
	w.features()
	cfg := mobileapi.Config{
		Accounts: w.Accounts, Matrices: w.Matrices, Teams: w.Teams, Chat: w.Chat, Documents: w.Documents, Alerts: w.Alerts, Territory: "Val d’Orselle", InstanceID: instance,
		PublicURL: "https://liaison.example", CookieName: CookieName, RateLimit: mobileapi.RateLimit{Off: true},
		Log: slog.New(slog.NewTextHandler(w.T.Output(), nil)),
	}
	for _, change := range options {
		change(&cfg)
	}
	var err error
	w.API, err = mobileapi.New(cfg)
	w.must(err)
	server := httptest.NewServer(w.API)
	t.Cleanup(server.Close)
	w.URL = server.URL
	w.hireAdministrator()
	return w
}

var (
	instance = uuid.MustParse("0192f000-0000-7000-8000-0000000000aa")
	secret   = []byte("0123456789abcdef0123456789abcdef")
)

func (w *World) features() {
	w.Exec("insert into instance (id, incarnation, territory) values ($1, $1, 'Val d’Orselle')", instance)
	var err error
	w.MasterKey = filepath.Join(w.T.TempDir(), "master.key")
	w.Vault, err = vault.Open(w.T.Context(), w.DB.KeysURL, w.MasterKey)
	w.must(err)
	w.T.Cleanup(w.Vault.Close)
	w.Gate = access.NewGate(w.DB.DB, w.Bus)
	w.must(w.Gate.PublishDefault(w.T.Context()))
	w.Accounts, err = accounts.New(w.DB.DB, accounts.Config{
		Instance: instance, Secret: secret, Cost: accounts.Cost{MemoryKiB: 64, Iterations: 1, Threads: 1}, Now: w.Clock.Now, Gate: w.Gate,
	})
	w.must(err)
	w.Matrices = matrices.New(w.Gate, w.DB.DB, w.Accounts)
	w.Teams, err = teams.New(w.Gate, w.DB.DB, w.Vault, people{w.Accounts}, secret)
	w.must(err)
	cursors, err := events.NewCursors(secret, instance)
	w.must(err)
	w.Chat = chat.New(w.Gate, w.Vault, cursors, slog.New(slog.DiscardHandler))
	w.Documents = documents.New(documents.Config{
		Gate: w.Gate, DB: w.DB.DB, Keys: w.Vault, People: people{w.Accounts}, Log: slog.New(slog.NewTextHandler(w.T.Output(), nil)),
	})
	w.Chat.Files = node.Files{Documents: w.Documents}
	w.Teams.Notebook = node.Notebook{Service: w.Chat}
	pushes, err := webpush.New(webpush.Config{Secret: secret, Contact: "mailto:assistance@example.org"})
	w.must(err)
	// Its jobs are not run: nothing rings here.
	w.Alerts, err = notifications.New(notifications.Config{
		DB: w.DB.DB, Jobs: w.DB.DB, Gate: w.Gate, Bus: w.Bus, People: people{w.Accounts}, Push: pushes, Secret: secret, Log: slog.New(slog.DiscardHandler),
	})
	w.must(err)
	w.Chat.Alerts = w.Alerts
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { w.Chat.Run(ctx) })
	running.Go(func() {
		if err := w.Chat.RunIndex(ctx, w.Bus); err != nil {
			w.T.Error(err)
		}
	})
	w.T.Cleanup(func() { stop(); running.Wait() })
}

// OpenStore gives the documents a bucket of their own; at is storagetest.S3, or what stands before it.
func (w *World) OpenStore(at objects.Config) {
	w.T.Helper()
	bucket, err := objects.Open(at)
	w.must(err)
	w.must(bucket.Ensure(w.T.Context()))
	w.Documents.Bucket = bucket.Under("documents/")
}

// people shows the accounts to the circles.
type people struct{ accounts *accounts.Service }

func (p people) Persons(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]professions.Person, error) {
	found, err := p.accounts.Professionals(ctx, ids)
	out := make(map[uuid.UUID]professions.Person, len(found))
	for id, a := range found {
		out[id] = professions.NewPerson(id, a.FamilyName, a.GivenName, a.Gender, orNull(a.Title), a.Profession.System, a.Profession.Code, orNull(a.Town)).With(a.Speciality)
	}
	return out, err
}

func orNull(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

func (w *World) must(err error) {
	w.T.Helper()
	if err != nil {
		w.T.Fatal(err)
	}
}

// Exec runs SQL as the application role, outside any gate.
func (w *World) Exec(sql string, args ...any) {
	w.T.Helper()
	_, err := w.DB.DB.Pool.Exec(w.T.Context(), sql, args...)
	w.must(err)
}

// Journalled counts the journal's lines of an actor, a verb and an outcome ("done", "refused").
func (w *World) Journalled(actor uuid.UUID, verb, outcome string) (n int) {
	w.T.Helper()
	w.must(w.DB.DB.Pool.QueryRow(w.T.Context(),
		"select count(*) from audit_lines where actor = $1 and verb = $2 and outcome = $3", actor, verb, outcome).Scan(&n))
	return n
}

// NewID is an id as a client makes it.
func NewID() uuid.UUID { return uuid.Must(uuid.NewV7()) }
