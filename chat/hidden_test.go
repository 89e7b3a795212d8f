package chat

import "testing"

// A place ends by its date while its holder's correction is written: from then on row-level security hides her message, and
// PostgreSQL calls a change of no row a success. What is acknowledged must be there.
func TestACorrectionIsNotAcknowledgedWhenItsRowIsHidden(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.post(w.nurse, note("nursing", "TA 186/104"))
	// The version kept of what it said waits until the place has ended.
	_, err := w.owner().Exec(t.Context(), `create function slowly() returns trigger language plpgsql as $$ begin perform pg_sleep(0.6); return null; end $$;
		create trigger slowly after insert on message_revisions for each row execute function slowly()`)
	w.must(err)
	w.endsSoon(w.nurse)
	text := "TA 168/104"
	_, err = w.chat.Amend(t.Context(), w.nurse, m.ID, Amendment{Text: &text, Reason: "chiffres", Revision: 1})
	want := text
	if err != nil {
		want = "TA 186/104"
	}
	if got := w.texts(w.gp); len(got) != 1 || got[0] != want {
		t.Errorf("answered %v, and the physician reads %q", err, got)
	}
}
