package chat

import (
	"context"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"liaison/access"
)

// shelf holds documents by their message, and shows those of the messages that the database lets the scope see.
type shelf map[uuid.UUID][]FileWords

func (s shelf) Words(ctx context.Context, sc access.Scope, messages []uuid.UUID) (map[uuid.UUID][]FileWords, error) {
	rows, err := sc.Tx().Query(ctx, "select id from messages where id = any ($1)", messages)
	if err != nil {
		return nil, err
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	out := map[uuid.UUID][]FileWords{}
	for _, id := range ids {
		out[id] = s[id]
	}
	return out, err
}

func TestSearchFindsDocumentsByNameAndCaption(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	release := w.holdIndex()
	d := note("nursing", "voir la photo")
	file := FileWords{ID: newID(), Name: "plaie_talon-2.jpg", Caption: "Escarre après débridement", Shown: "short form"}
	w.chat.SetFiles(shelf{d.ID: {file}})
	w.post(w.nurse, d)
	release()
	for _, q := range []string{"talon", "escarres", "plaie débridement"} {
		found, err := w.chat.Search(t.Context(), w.gp, Search{Query: q})
		w.must(err)
		if len(found.Items) != 1 || found.Items[0].Kind != KindDocument || found.Items[0].Document != "short form" || found.Items[0].Message.ID != d.ID {
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
