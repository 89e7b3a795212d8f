package accounts

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"liaison/access"
	"liaison/storage/storagetest"
)

// cheap keeps the tests' hashes fast; one test hashes at the default cost.
var cheap = Cost{MemoryKiB: 64, Iterations: 1, Threads: 1}

const goodPassword = "une phrase assez longue"

// clock is the world's time: it moves when a test says so.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// world is an instance with one administrator, seen from one node.
type world struct {
	*Service
	t     *testing.T
	test  *storagetest.DB
	clock *clock
	admin access.Actor

	mu  sync.Mutex
	cut []uuid.UUID
}

func newWorld(t *testing.T) *world {
	t.Helper()
	t.Parallel()
	w := &world{t: t, test: storagetest.New(t), clock: &clock{now: time.Date(2026, 11, 23, 8, 10, 0, 0, time.UTC)}}
	w.exec("insert into instance (id, incarnation, territory) values ($1, $1, 'Val d''Orselle')", testInstance)
	w.Service = w.node(cheap)
	w.OnRevoked = func(ids []uuid.UUID) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.cut = append(w.cut, ids...)
	}
	created, err := w.CreateAdministrator(t.Context(), person("Arnaud", "Berthelin"))
	w.ok(err)
	w.admin = w.accept(created, "admin").Actor("192.0.2.9")
	return w
}

var (
	testInstance = uuid.MustParse("0192f000-0000-7000-8000-0000000000aa")
	testSecret   = []byte("0123456789abcdef0123456789abcdef")
)

// node is another node over the same database.
func (w *world) node(cost Cost) *Service {
	s, err := New(w.test.DB, Config{Instance: testInstance, Secret: testSecret, Cost: cost, Now: w.clock.Now})
	w.ok(err)
	return s
}

func (w *world) ok(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) refused(err, want error) {
	w.t.Helper()
	if !errors.Is(err, want) {
		w.t.Fatalf("got %v, want %v", err, want)
	}
}

func (w *world) waits(err error, atLeast, atMost time.Duration) {
	w.t.Helper()
	var wait ErrTooManyAttempts
	if !errors.As(err, &wait) || wait.RetryAfter < atLeast || wait.RetryAfter > atMost {
		w.t.Fatalf("got %v, want a wait between %s and %s", err, atLeast, atMost)
	}
}

func (w *world) exec(sql string, args ...any) {
	w.t.Helper()
	_, err := w.test.DB.Pool.Exec(w.t.Context(), sql, args...)
	w.ok(err)
}

// journalled counts the lines of a verb and an outcome.
func (w *world) journalled(verb, outcome string) (n int) {
	w.t.Helper()
	w.ok(w.test.DB.Pool.QueryRow(w.t.Context(),
		"select count(*) from audit_lines where verb = $1 and outcome = $2", verb, outcome).Scan(&n))
	return n
}

func (w *world) wasCut(session uuid.UUID) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, id := range w.cut {
		if id == session {
			return true
		}
	}
	return false
}

func person(given, family string) NewAccount {
	return NewAccount{Professional: Professional{
		ID: uuid.Must(uuid.NewV7()), FamilyName: family, GivenName: given, Gender: "F",
		Profession: access.Profession{System: "TRE_G15", Code: "60"}, Town: "Brévigny",
	}}
}

// hire creates an account and accepts its invitation.
func (w *world) hire(given, family, login string) OpenedSession {
	w.t.Helper()
	created, err := w.CreateAccount(w.t.Context(), w.admin, person(given, family))
	w.ok(err)
	return w.accept(created, login)
}

func (w *world) accept(created Created, login string) OpenedSession {
	w.t.Helper()
	result, err := w.Accept(w.t.Context(), created.Invitation.Token, login, goodPassword, phone)
	w.ok(err)
	return *result.Session
}

var (
	phone  = Client{Kind: Token, Device: "Téléphone", Address: "192.0.2.1"}
	office = Client{Kind: Web, Device: "Firefox", Address: "192.0.2.2"}
)

func (w *world) signIn(login string, client Client) OpenedSession {
	w.t.Helper()
	result, err := w.SignIn(w.t.Context(), login, goodPassword, client)
	w.ok(err)
	return *result.Session
}

func (w *world) authenticate(o OpenedSession) (access.Actor, error) {
	return w.Authenticate(w.t.Context(), Presented{Bearer: o.AccessToken, Cookie: o.Cookie, Address: "192.0.2.3"})
}
