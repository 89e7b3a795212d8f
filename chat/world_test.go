package chat

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"liaison/access"
	"liaison/events"
	"liaison/storage/storagetest"
	"liaison/vault"
)

// world is one circle on real parts: a médecin traitant, a nurse, a pharmacist, a home help, and an outsider.
type world struct {
	*testing.T
	db   *storagetest.DB
	gate *access.Gate
	keys *vault.Vault
	bus  *events.Memory
	chat *Service

	space, discussion, notebook           uuid.UUID
	gp, nurse, pharmacist, help, outsider access.Actor
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{T: t, db: storagetest.New(t), bus: events.NewMemory()}
	w.gate = access.NewGate(w.db.DB, w.bus)
	keys, err := vault.Open(t.Context(), w.db.KeysURL, filepath.Join(t.TempDir(), "master.key"))
	w.must(err)
	t.Cleanup(keys.Close)
	w.keys = keys
	w.must(w.gate.PublishDefault(t.Context()))
	cursors, err := events.NewCursors(make([]byte, 32), uuid.New())
	w.must(err)
	w.chat = New(w.gate, keys, cursors, slog.New(slog.NewTextHandler(os.Stderr, nil)))
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { w.chat.Run(ctx) })
	running.Go(func() {
		if err := w.chat.RunIndex(ctx, w.bus); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() { stop(); running.Wait() })
	w.people()
	w.open()
	return w
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) person(family, system, code string) access.Actor {
	id := newID()
	_, err := w.db.DB.Pool.Exec(w.Context(), `insert into professionals (id, family_name, given_name, gender, profession_system, profession_code, name_key)
		values ($1, $2, 'Anne', 'F', $3, $4, lower($2))`, id, family, system, code)
	w.must(err)
	return access.Actor{Person: id, Session: newID()}
}

func (w *world) people() {
	w.gp = w.person("Baudry", "TRE_G15", "10")
	w.nurse = w.person("Ferhat", "TRE_G15", "60")
	w.pharmacist = w.person("Leriche", "TRE_G15", "21")
	w.help = w.person("Diallo", "TRE_R85", "372")
	w.outsider = w.person("Verne", "TRE_G15", "10")
}

func (w *world) open() {
	w.space, w.discussion, w.notebook = newID(), newID(), newID()
	w.must(w.keys.Create(w.Context(), w.space))
	w.must(w.gate.Found(w.Context(), w.gp, w.space, "dossier.open", func(g access.Grant) error {
		b := &pgx.Batch{}
		b.Queue("insert into spaces (id, kind, created_by) values ($1, 'team', $2)", w.space, w.gp.Person)
		b.Queue("insert into channels (id, space_id, kind) values ($1, $3, 'discussion'), ($2, $3, 'notebook')", w.discussion, w.notebook, w.space)
		b.Queue(seatSQL, newID(), w.space, w.gp.Person, "medecin_traitant", w.gp.Person, g.At())
		if err := g.Tx().SendBatch(w.Context(), b).Close(); err != nil {
			return err
		}
		return g.Founded(w.Context())
	}))
	for _, a := range []access.Actor{w.nurse, w.pharmacist, w.help} {
		w.seat(a)
	}
}

const seatSQL = `insert into memberships (id, space_id, person_id, seat, basis, valid_from, added_by) values ($1, $2, $3, $4, 'care_team_3', $6, $5)`

func (w *world) seat(a access.Actor) {
	w.Helper()
	w.must(w.gate.Write(w.Context(), w.gp, access.Space(w.space), "member.add", func(g access.Grant) error {
		if _, err := g.Tx().Exec(w.Context(), seatSQL, newID(), w.space, a.Person, "intervenant", w.gp.Person, g.At()); err != nil {
			return err
		}
		return g.Recompile(w.Context())
	}))
}

func (w *world) unseat(a access.Actor) {
	w.Helper()
	w.must(w.gate.Write(w.Context(), w.gp, access.Space(w.space), "member.end", func(g access.Grant) error {
		if _, err := g.Tx().Exec(w.Context(), "update memberships set valid_until = $3 where space_id = $1 and person_id = $2", w.space, a.Person, g.At()); err != nil {
			return err
		}
		return g.Recompile(w.Context())
	}))
}

func (w *world) post(a access.Actor, d Draft) Message {
	w.Helper()
	m, _, err := w.chat.Post(w.Context(), a, w.notebook, d)
	w.must(err)
	return m
}

// texts lists what somebody reads of the notebook, oldest first.
func (w *world) texts(a access.Actor) []string {
	w.Helper()
	page, err := w.chat.List(w.Context(), a, w.notebook, PageRequest{})
	w.must(err)
	out := []string{}
	for i := len(page.Items) - 1; i >= 0; i-- {
		out = append(out, page.Items[i].Text)
	}
	return out
}

func note(category, text string) Draft {
	return Draft{ID: newID(), Category: category, Text: text, NoteType: "OBS", WrittenAt: time.Now()}
}

func newID() uuid.UUID { return uuid.Must(uuid.NewV7()) }
