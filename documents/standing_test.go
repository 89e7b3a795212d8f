package documents_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"liaison/access"
	"liaison/chat"
	"liaison/documents"
	"liaison/events"
	"liaison/mobile-api/apitest"
	"liaison/storage"
)

// ways are every path to a document; each says whether it gave something.
func (w *world) ways(on *documents.Service) map[string]func(access.Actor, uuid.UUID) error {
	return map[string]func(access.Actor, uuid.UUID) error{
		"description": func(a access.Actor, id uuid.UUID) error { _, err := on.Get(w.t.Context(), a, id); return err },
		"content":     func(a access.Actor, id uuid.UUID) error { _, err := w.read(on, a, id); return err },
		"range": func(a access.Actor, id uuid.UUID) error {
			d, err := on.Download(w.t.Context(), a, id, func(int64) (int64, int64, error) { return 1, 2, nil })
			if err == nil {
				d.Body.Close()
			}
			return err
		},
		"thumbnail": func(a access.Actor, id uuid.UUID) error { _, err := on.Thumbnail(w.t.Context(), a, id); return err },
		"standing":  func(a access.Actor, id uuid.UUID) error { _, err := on.Standing(w.t.Context(), a, id); return err },
		"list": func(a access.Actor, id uuid.UUID) error {
			page, err := on.List(w.t.Context(), a, w.Circle.ID, nil, 0)
			if err != nil {
				return err
			}
			if !slices.ContainsFunc(page.Items, func(d documents.Document) bool { return d.ID == id }) {
				return access.ErrNotFound
			}
			return nil
		},
	}
}

// seenBy wants every way to agree on who sees a document.
func (w *world) seenBy(on *documents.Service, what string, id uuid.UUID, who ...access.Actor) {
	w.t.Helper()
	for name, a := range map[string]access.Actor{"gp": w.gp, "nurse": w.nurse, "help": w.help, "stranger": w.stranger} {
		want := slices.Contains(who, a)
		for way, try := range w.ways(on) {
			err := try(a, id)
			if want && err != nil {
				w.t.Errorf("%s: %s by %s: %v", what, way, name, err)
			}
			if !want {
				w.wants(fmt.Sprintf("%s: %s by %s", what, way, name), err, access.ErrNotFound)
			}
		}
	}
}

// cases are documents whose message hides them in each way a message can hide.
func (w *world) cases() map[string]struct {
	id  uuid.UUID
	who []access.Actor
} {
	type seen = struct {
		id  uuid.UUID
		who []access.Actor
	}
	out := map[string]seen{}
	add := func(what string, d chat.Draft, who ...access.Actor) {
		id := w.sent("a.jpg", jpegFile(20, 20))
		d.Documents = []uuid.UUID{id}
		w.post(d)
		out[what] = seen{id, who}
	}
	add("a category of everybody's", chat.Draft{Category: "organisation"}, w.gp, w.nurse, w.help)
	add("a category the help does not read", chat.Draft{Category: "nursing"}, w.gp, w.nurse)
	add("masked", chat.Draft{Category: "organisation", Masks: []string{"MASQUE_PSOCIAL"}}, w.gp, w.nurse)
	add("for one person", chat.Draft{Category: "organisation", OnlyTo: []uuid.UUID{w.help.Person}}, w.nurse, w.help)
	withdrawn := w.sent("a.jpg", jpegFile(20, 20))
	m := w.post(chat.Draft{Category: "organisation", Documents: []uuid.UUID{withdrawn}})
	_, err := w.Chat.Withdraw(w.t.Context(), w.nurse, m.ID, "erreur de patient")
	w.must(err)
	out["withdrawn"] = seen{withdrawn, append([]access.Actor{w.nurse}, w.fullReasons()...)}
	return out
}

// fullReasons are those of the circle who read what was withdrawn.
func (w *world) fullReasons() (who []access.Actor) {
	for _, a := range []access.Actor{w.gp, w.help} {
		w.must(w.Gate.Read(w.t.Context(), a, access.Space(w.Circle.ID), "test", func(g access.Grant) error {
			if g.Can(access.SeeFullReasons) {
				who = append(who, a)
			}
			return nil
		}))
	}
	return who
}

func TestADocumentHasItsMessagesStanding(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cases := w.cases()
	for what, c := range cases {
		w.seenBy(w.there, what, c.id, c.who...)
	}
	w.Leave(w.Circle, w.gpClient, w.nurseClient)
	c := cases["a category of everybody's"]
	w.seenBy(w.there, "its author has left", c.id, w.gp, w.help)
}

// A file on its way to somebody who loses access: a second later, no more of it leaves.
func TestALongDownloadEndsWithItsReadersStanding(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.sent("a.txt", noise(1, 9*mib))
	w.post(chat.Draft{Category: "organisation", Documents: []uuid.UUID{id}})
	bodies := map[string]documents.Stream{}
	for who, a := range map[string]access.Actor{"gp": w.gp, "help": w.help} {
		d, err := w.there.Download(t.Context(), a, id, documents.Whole)
		w.must(err)
		defer d.Body.Close()
		bodies[who] = d.Body
		_, err = io.ReadFull(d.Body, make([]byte, mib))
		w.must(err)
	}
	w.Leave(w.Circle, w.gpClient, w.helper)
	<-time.After(time.Second) // what is promised
	_, err := bodies["help"].Read(make([]byte, 1))
	w.wants("read on by who left", err, access.ErrNotFound)
	if rest, err := io.ReadAll(bodies["gp"]); err != nil || len(rest) != 8*mib {
		t.Errorf("who stayed got %d bytes more: %v", len(rest), err)
	}
}

// The gate's own condition, where row-level security does not help.
func TestTheGateAloneHidesWhatTheMessageHides(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	pool, err := pgxpool.New(t.Context(), w.DB.OwnerURL)
	w.must(err)
	t.Cleanup(pool.Close)
	db := &storage.DB{Pool: pool}
	cfg := w.here.Config
	cfg.DB, cfg.Gate = db, access.NewGate(db, events.NewMemory())
	for what, c := range w.cases() {
		w.seenBy(documents.New(cfg), what, c.id, c.who...)
	}
}

// The second lock alone: the application role, told only who acts, without a single condition.
func TestRowSecurityAloneHidesWhatTheMessageHides(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cases := w.cases()
	for name, a := range map[string]access.Actor{"gp": w.gp, "nurse": w.nurse, "help": w.help, "stranger": w.stranger, "nobody": {}} {
		seen := w.rowsOf(a)
		for what, c := range cases {
			if slices.Contains(seen, c.id) != slices.Contains(c.who, a) {
				t.Errorf("%s, %s: row security says otherwise", name, what)
			}
		}
	}
	mine := w.sent("a.txt", noise(1, 10))
	if !slices.Contains(w.rowsOf(w.nurse), mine) || slices.Contains(w.rowsOf(w.gp), mine) {
		t.Error("an unattached document is its uploader's alone")
	}
	w.Leave(w.Circle, w.gpClient, w.nurseClient)
	if slices.Contains(w.rowsOf(w.nurse), mine) {
		t.Error("who left still sees what she began")
	}
}

func (w *world) rowsOf(a access.Actor) (ids []uuid.UUID) {
	w.must(pgx.BeginFunc(w.t.Context(), w.DB.DB.Pool, func(tx pgx.Tx) error {
		if a.Person != uuid.Nil {
			if _, err := tx.Exec(w.t.Context(), "select set_config('liaison.actor', $1, true)", a.Person.String()); err != nil {
				return err
			}
		}
		rows, err := tx.Query(w.t.Context(), "select id from documents")
		if err != nil {
			return err
		}
		ids, err = pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
		return err
	}))
	return ids
}

func TestRowSecurityLetsNobodyMoveADocument(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.sent("a.txt", noise(1, 10))
	m := w.post(chat.Draft{Category: "organisation", Text: "a"})
	for what, sql := range map[string]string{
		"by hand":                "update documents set message_id = $2, attached_at = now(), expires_at = null where id = $1",
		"removed":                "delete from documents where id = $1 and $2::uuid is not null",
		"into another's message": "select attach_documents(array[$1::uuid], array[$2::uuid], array[0], array[now()])",
	} {
		target := m.ID
		if what == "into another's message" {
			other, _, err := w.Chat.Post(t.Context(), w.gp, w.Notebook, chat.Draft{ID: apitest.NewID(), Category: "organisation", Text: "b"})
			w.must(err)
			target = other.ID
		}
		if _, err := w.DB.DB.Pool.Exec(t.Context(), sql, id, target); err == nil {
			t.Errorf("%s: the database let it", what)
		}
	}
}

func TestAnUnattachedDocumentIsItsUploadersAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.sent("a.jpg", jpegFile(20, 20))
	for way, try := range w.ways(w.there) {
		if err := try(w.nurse, id); err != nil && way != "list" {
			t.Errorf("%s: %v", way, err)
		}
		for _, a := range []access.Actor{w.gp, w.help, w.stranger} {
			w.wants(way, try(a, id), access.ErrNotFound)
			w.wants(way+" of nothing", try(a, apitest.NewID()), access.ErrNotFound)
		}
	}
	for _, a := range []access.Actor{w.gp, w.stranger} {
		_, err := w.here.Receive(t.Context(), a, id, 0, -1, bytes.NewReader(nil))
		w.wants("sending", err, access.ErrNotFound)
		w.wants("removing", w.here.Delete(t.Context(), a, id), access.ErrNotFound)
		_, _, err = w.Chat.Post(t.Context(), a, w.Notebook, chat.Draft{ID: apitest.NewID(), Category: "organisation", Documents: []uuid.UUID{id}})
		if err == nil {
			t.Error("somebody else attached it")
		}
	}
	_, _, err := w.here.Create(t.Context(), w.stranger, w.draft("a.txt", []byte("a")))
	w.wants("announcing elsewhere", err, access.ErrNotFound)
}

func TestPostingWithDocuments(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first, second := w.sent("a.jpg", jpegFile(20, 20)), w.sent("b.pdf", []byte(pdfFile))
	half := w.begun("c.txt", noise(1, 10))
	elsewhere := w.Open("Lescure", w.nurseClient)
	abroad := w.draft("d.txt", []byte("d"))
	abroad.Team = elsewhere.ID
	_, _, err := w.here.Create(t.Context(), w.nurse, abroad)
	w.must(err)
	_, err = w.send(w.here, abroad.ID, 0, bytes.NewReader([]byte("d")))
	w.must(err)
	for what, ids := range map[string][]uuid.UUID{
		"absent": {apitest.NewID()}, "half there": {half}, "of another circle": {abroad.ID}, "twice": {first, first}, "one of two absent": {first, apitest.NewID()},
	} {
		_, _, err := w.Chat.Post(t.Context(), w.nurse, w.Notebook, chat.Draft{ID: apitest.NewID(), Category: "nursing", Documents: ids})
		if invalid, ok := chat.IsInvalid(err); !ok || invalid.Code != "document_unknown" {
			t.Errorf("%s: %v", what, err)
		}
	}
	d := chat.Draft{ID: apitest.NewID(), Category: "nursing", Documents: []uuid.UUID{second, first}}
	m, replay, err := w.Chat.Post(t.Context(), w.nurse, w.Notebook, d)
	if err != nil || replay || len(m.Documents) != 2 || m.Documents[0].ID != second || m.Documents[0].MediaType != "application/pdf" || !m.Documents[1].HasThumbnail {
		t.Fatalf("%+v %v", m, err)
	}
	again, replay, err := w.Chat.Post(t.Context(), w.nurse, w.Notebook, d)
	if err != nil || !replay || len(again.Documents) != 2 {
		t.Fatalf("%+v %v %v", again, replay, err)
	}
	d.Documents = []uuid.UUID{first, second}
	_, _, err = w.Chat.Post(t.Context(), w.nurse, w.Notebook, d)
	w.wants("the same id with other documents", err, chat.ErrConflict)
	w.wants("removing an attached one", w.here.Delete(t.Context(), w.nurse, first), documents.ErrAttached)
	w.everyFaceShows(m, first, second)
}

// everyFaceShows wants the documents on the page, in the thread, alone, after an amendment, in sync and in the relay's frame.
func (w *world) everyFaceShows(m chat.Message, ids ...uuid.UUID) {
	w.t.Helper()
	ctx := w.t.Context()
	shows := func(face string, got []chat.Document) {
		w.t.Helper()
		for _, id := range ids {
			if !slices.ContainsFunc(got, func(d chat.Document) bool { return d.ID == id }) {
				w.t.Errorf("%s lacks a document: %+v", face, got)
			}
		}
	}
	sync, err := w.Chat.Sync(ctx, w.gp, "")
	w.must(err)
	text := "avec texte"
	amended, err := w.Chat.Amend(ctx, w.nurse, m.ID, chat.Amendment{Text: &text, Reason: "oubli", Revision: 1})
	w.must(err)
	shows("the amended note", amended.Documents)
	page, err := w.Chat.List(ctx, w.gp, w.Notebook, chat.PageRequest{})
	w.must(err)
	shows("the page", page.Items[0].Documents)
	thread, err := w.Chat.Thread(ctx, w.gp, m.ID)
	w.must(err)
	shows("the thread", thread[0].Documents)
	one, err := w.Chat.One(ctx, w.gp, m.ID)
	w.must(err)
	shows("the note", one.Documents)
	news, err := w.Chat.Sync(ctx, w.gp, sync.Cursor)
	w.must(err)
	shows("sync", news.Events[0].Message.Documents)
	w.must(w.Gate.Relay(ctx, func(sc access.Scope) error {
		frames, err := w.Chat.Deliverables(ctx, sc, []events.Event{{Type: events.MessageUpdated, Message: m.ID}})
		w.must(err)
		for _, id := range ids {
			if !bytes.Contains(frames[m.ID].Full, []byte(id.String())) {
				w.t.Error("the relay's frame lacks a document")
			}
		}
		return nil
	}))
	_, err = w.Chat.Withdraw(context.WithoutCancel(ctx), w.nurse, m.ID, "erreur")
	w.must(err)
	hidden, err := w.Chat.One(ctx, w.nurse, m.ID)
	w.must(err)
	shows("the author's withdrawn note", hidden.Documents)
}
