package chat

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"liaison/access"
)

// seenByDatabase asks the second lock alone: the application role, told only who acts, without a single predicate.
func (w *world) seenByDatabase(a access.Actor) []uuid.UUID {
	w.Helper()
	var ids []uuid.UUID
	w.must(pgx.BeginFunc(w.Context(), w.db.DB.Pool, func(tx pgx.Tx) error {
		if a.Person != uuid.Nil {
			if _, err := tx.Exec(w.Context(), "select set_config('liaison.actor', $1, true)", a.Person.String()); err != nil {
				return err
			}
		}
		rows, err := tx.Query(w.Context(), "select id from messages order by position")
		if err != nil {
			return err
		}
		ids, err = pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
		return err
	}))
	return ids
}

func TestRowSecurityAloneShowsWhatTheGateShows(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	masked, named := note("daily_life", "masqué"), note("organisation", "nommé")
	masked.Masks, named.OnlyTo = []string{"MASQUE_PSOCIAL"}, []uuid.UUID{w.pharmacist.Person}
	for _, d := range []Draft{note("nursing", "soins"), note("organisation", "passage"), masked, named} {
		w.post(w.nurse, d)
	}
	w.post(w.help, note("medication", "comprimés"))
	for name, a := range map[string]access.Actor{"gp": w.gp, "nurse": w.nurse, "pharmacist": w.pharmacist, "help": w.help} {
		page, err := w.chat.List(t.Context(), a, w.notebook, PageRequest{})
		w.must(err)
		var gate []uuid.UUID
		for _, m := range slices.Backward(page.Items) {
			gate = append(gate, m.ID)
		}
		if got := w.seenByDatabase(a); fmt.Sprint(got) != fmt.Sprint(gate) {
			t.Errorf("%s: the database shows %d, the gate %d", name, len(got), len(gate))
		}
	}
	if got := w.seenByDatabase(w.outsider); len(got) != 0 {
		t.Errorf("an outsider sees %d", len(got))
	}
	if got := w.seenByDatabase(access.Actor{}); len(got) != 0 {
		t.Errorf("nobody sees %d", len(got))
	}
}

// A row whose own author may not write its category is refused by the database, whoever the batch acts for.
func TestRowSecurityChecksTheRowsAuthor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	insert := func(author uuid.UUID, category access.Categories, position int) error {
		_, err := w.db.DB.Pool.Exec(t.Context(), `insert into messages (id, space_id, channel_id, position, author_id, category, body, fingerprint, written_at, created_at)
			values ($1, $2, $3, $4, $5, $6, '', '', now(), now())`, newID(), w.space, w.notebook, 1000+position, author, int32(category))
		return err
	}
	if err := insert(w.nurse.Person, access.Nursing, 1); err != nil {
		t.Errorf("the nurse in nursing: %v", err)
	}
	if err := insert(w.help.Person, access.Nursing, 2); err == nil {
		t.Error("the home help wrote in nursing")
	}
	if err := insert(w.outsider.Person, access.Nursing, 3); err == nil {
		t.Error("an outsider wrote")
	}
}
