package demo

import (
	"context"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"liaison/access"
	"liaison/accounts"
	"liaison/chat"
	"liaison/documents"
	"liaison/events"
	"liaison/node"
	"liaison/professions"
	"liaison/storage/objects"
	"liaison/storage/storagetest"
	"liaison/teams"
	"liaison/vault"
)

// world is an empty demo instance on real parts.
type world struct {
	*testing.T
	Services
	test *storagetest.DB
	l    *loader
}

// directory shows people as node does.
type directory struct{ *accounts.Service }

func (d directory) Persons(ctx context.Context, ids []uuid.UUID) (map[uuid.UUID]professions.Person, error) {
	found, err := d.Professionals(ctx, ids)
	out := map[uuid.UUID]professions.Person{}
	for id, p := range found {
		out[id] = professions.Person{
			ID: id, DisplayName: p.DisplayName(), FamilyName: p.FamilyName, GivenName: p.GivenName, Gender: p.Gender,
			Profession: professions.Shown{System: p.Profession.System, Code: p.Profession.Code},
		}
	}
	return out, err
}

func newWorld(t *testing.T) *world {
	t.Helper()
	t.Parallel()
	w := &world{T: t, test: storagetest.New(t)}
	id := uuid.New()
	_, err := w.test.DB.Pool.Exec(t.Context(), "insert into instance (id, incarnation, territory, demo) values ($1, $1, $2, true)", id, Territory)
	w.must(err)
	gate := access.NewGate(w.test.DB, events.NewMemory())
	w.must(gate.PublishDefault(t.Context()))
	keys, err := vault.Open(t.Context(), w.test.KeysURL, filepath.Join(t.TempDir(), "master.key"))
	w.must(err)
	t.Cleanup(keys.Close)
	secret := make([]byte, 32)
	w.Accounts, err = accounts.New(w.test.DB, accounts.Config{Instance: id, Secret: secret, Demo: true, Cost: accounts.Cost{MemoryKiB: 64, Iterations: 1, Threads: 1}})
	w.must(err)
	w.Teams, err = teams.New(gate, w.test.DB, keys, directory{w.Accounts}, secret)
	w.must(err)
	cursors, err := events.NewCursors(secret, id)
	w.must(err)
	w.Chat = chat.New(gate, keys, cursors, slog.New(slog.DiscardHandler))
	bucket, err := objects.Open(storagetest.S3(t))
	w.must(err)
	w.must(bucket.Ensure(t.Context()))
	w.Documents = documents.New(documents.Config{Gate: gate, DB: w.test.DB, Keys: keys, People: directory{w.Accounts}, Bucket: bucket.Under(uuid.NewString() + "/")})
	w.Chat.Files = node.Files{Documents: w.Documents}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { w.Chat.Run(ctx); close(done) }()
	t.Cleanup(func() { stop(); <-done })
	w.l = w.reader()
	return w
}

func (w *world) reader() *loader {
	people, err := readPeople()
	w.must(err)
	patients, err := readPatients()
	w.must(err)
	structures, err := readStructures()
	w.must(err)
	return &loader{Services: w.Services, people: people, patients: patients, structures: structures, day: today(time.Now())}
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) load(now time.Time) {
	w.Helper()
	w.must(load(w.Context(), w.Services, slog.New(slog.DiscardHandler), now))
}

// counts counts the rows of what a load writes, as the owner, whom row-level security does not bind.
func (w *world) counts() map[string]int {
	w.Helper()
	conn, err := pgx.Connect(w.Context(), w.test.OwnerURL)
	w.must(err)
	defer conn.Close(context.Background())
	out := map[string]int{}
	for _, table := range []string{"professionals", "accounts", "workplaces", "patients", "memberships", "organisations", "belongings", "wills", "messages", "message_revisions", "documents", "read_marks", "receipts", "audit_lines"} {
		var n int
		w.must(conn.QueryRow(w.Context(), "select count(*) from "+table).Scan(&n))
		out[table] = n
	}
	return out
}

// team gives a patient's circle as one of its members sees it.
func (w *world) team(login, key string) teams.Team {
	w.Helper()
	mine, err := w.Teams.List(w.Context(), w.l.actor(login))
	w.must(err)
	for _, t := range mine {
		if t.Patient.ID == idOf("patient", key) {
			team, err := w.Teams.Get(w.Context(), w.l.actor(login), t.ID)
			w.must(err)
			return team
		}
	}
	w.Fatalf("%s is not in the circle of %s", login, key)
	return teams.Team{}
}

// messages gives what somebody reads of a channel, newest first.
func (w *world) messages(login, key, kind string) []chat.Message {
	w.Helper()
	for _, c := range w.team(login, key).Channels {
		if c.Kind == kind {
			page, err := w.Chat.List(w.Context(), w.l.actor(login), c.ID, chat.PageRequest{Limit: 200})
			w.must(err)
			return page.Items
		}
	}
	w.Fatalf("no %s", kind)
	return nil
}
