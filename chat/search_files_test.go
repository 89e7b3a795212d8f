package chat

import (
	"context"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"liaison/access"
)

// shelf holds documents that the nurse put aside.
type shelf struct {
	*world
	documents map[uuid.UUID]Document
}

func (s shelf) Claim(b *pgx.Batch, ids []uuid.UUID, give func(Candidate)) {
	b.Queue("select").Exec(func(pgconn.CommandTag) error {
		for _, id := range ids {
			show := func(context.Context) (Document, error) { return s.documents[id], nil }
			give(Candidate{ID: id, Space: s.space, Uploader: s.nurse.Person, Free: true, Show: show})
		}
		return nil
	})
}

func (s shelf) Attach(access.Together, []Attachment) {}

func TestSearchFindsDocumentsByNameAndCaption(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	caption := "Escarre après débridement"
	file := Document{ID: newID(), Name: "plaie_talon-2.jpg", Caption: &caption}
	w.chat.Files = shelf{w, map[uuid.UUID]Document{file.ID: file}}
	d := note("nursing", "voir la photo")
	d.Documents = []uuid.UUID{file.ID}
	release := w.holdIndex()
	w.post(w.nurse, d)
	release()
	for _, q := range []string{"talon", "escarres", "plaie débridement"} {
		found, err := w.chat.Search(t.Context(), w.gp, Search{Query: q})
		w.must(err)
		if len(found.Items) != 1 || found.Items[0].Kind != KindDocument || found.Items[0].Document.ID != file.ID || found.Items[0].Message.ID != d.ID {
			t.Errorf("« %s » finds %+v", q, found.Items)
		}
		w.wantFound(w.help, q)
	}
	if got := w.findsAll(w.gp, Search{Query: "talon", Kind: KindMessage}); len(got) != 0 {
		t.Errorf("among messages alone: %q", got)
	}
	_, err := w.chat.Withdraw(t.Context(), w.nurse, d.ID, "autre patient")
	w.must(err)
	w.wantFound(w.gp, "talon")
	if n := w.entries(); n != 0 {
		t.Errorf("%d entries remain", n)
	}
}
