package chat

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"liaison/access"
	"liaison/events"
)

func TestEachReadsWhatTheMatrixAllows(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.post(w.nurse, note("nursing", "soins"))
	w.post(w.gp, note("medication", "traitements"))
	w.post(w.help, note("medication", "comprimés restants"))
	w.post(w.help, note("daily_life", "repas"))
	for _, c := range []struct {
		who  access.Actor
		want []string
	}{
		{w.gp, []string{"soins", "traitements", "comprimés restants", "repas"}},
		{w.nurse, []string{"soins", "traitements", "comprimés restants", "repas"}},
		{w.pharmacist, []string{"soins", "traitements", "comprimés restants"}},
		{w.help, []string{"comprimés restants", "repas"}},
	} {
		if got := w.texts(c.who); !slices.Equal(got, c.want) {
			t.Errorf("%s reads %q, want %q", c.who.Person, got, c.want)
		}
	}
}

func TestAnOutsiderFindsNothingAndTheJournalKnows(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.post(w.nurse, note("nursing", "soins"))
	_, err := w.chat.List(t.Context(), w.outsider, w.notebook, PageRequest{})
	if !errors.Is(err, access.ErrNotFound) {
		t.Errorf("list: %v", err)
	}
	if _, err = w.chat.One(t.Context(), w.outsider, m.ID); !errors.Is(err, access.ErrNotFound) {
		t.Errorf("one: %v", err)
	}
	if _, _, err = w.chat.Post(t.Context(), w.outsider, w.notebook, note("nursing", "x")); !errors.Is(err, access.ErrNotFound) {
		t.Errorf("post: %v", err)
	}
	var refused int
	w.must(w.db.DB.Pool.QueryRow(t.Context(), "select count(*) from audit_lines where actor = $1 and outcome = 'refused'", w.outsider.Person).Scan(&refused))
	if refused != 3 {
		t.Errorf("%d refusals in the journal, want 3", refused)
	}
}

func TestAReplayIsTheSamePost(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := note("nursing", "une seule fois")
	var wg sync.WaitGroup
	replays := make(chan bool, 20)
	for range 20 {
		wg.Go(func() {
			_, replay, err := w.chat.Post(t.Context(), w.nurse, w.notebook, d)
			if err != nil {
				t.Error(err)
			}
			replays <- replay
		})
	}
	wg.Wait()
	close(replays)
	first := 0
	for r := range replays {
		if !r {
			first++
		}
	}
	if first != 1 || len(w.texts(w.gp)) != 1 {
		t.Errorf("posted %d times, %d messages", first, len(w.texts(w.gp)))
	}
}

func TestAnIdUsedForSomethingElseIsRefusedAlike(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := note("nursing", "un")
	w.post(w.nurse, d)
	other := d
	other.Text = "autre"
	for name, try := range map[string]func() error{
		"other content": func() error { _, _, err := w.chat.Post(t.Context(), w.nurse, w.notebook, other); return err },
		"other author":  func() error { _, _, err := w.chat.Post(t.Context(), w.gp, w.notebook, d); return err },
		"other channel": func() error { _, _, err := w.chat.Post(t.Context(), w.nurse, w.discussion, d); return err },
	} {
		if err := try(); !errors.Is(err, ErrConflict) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAReplayAfterAnAmendmentGivesThePresentRevision(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := note("nursing", "TA 18")
	w.post(w.nurse, d)
	fixed := "TA 186"
	if _, err := w.chat.Amend(t.Context(), w.nurse, d.ID, Amendment{Text: &fixed, Reason: "faute de frappe", Revision: 1}); err != nil {
		t.Fatal(err)
	}
	m, replay, err := w.chat.Post(t.Context(), w.nurse, w.notebook, d)
	if err != nil || !replay || m.Text != fixed || m.Revision != 2 {
		t.Errorf("replay %v, %q revision %d, %v", replay, m.Text, m.Revision, err)
	}
	past, err := w.chat.Revisions(t.Context(), w.gp, d.ID)
	if err != nil || len(past) != 1 || past[0].Text != "TA 18" || *past[0].Reason != "faute de frappe" {
		t.Errorf("revisions %+v, %v", past, err)
	}
}

func TestWithdrawnLeavesAMark(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.post(w.nurse, note("nursing", "mauvais patient"))
	if _, err := w.chat.Withdraw(t.Context(), w.gp, m.ID, "non"); !errors.Is(err, access.ErrForbidden) {
		t.Errorf("somebody else's: %v", err)
	}
	if _, err := w.chat.Withdraw(t.Context(), w.nurse, m.ID, "mauvais patient"); err != nil {
		t.Fatal(err)
	}
	for who, want := range map[access.Actor]string{w.nurse: "mauvais patient", w.pharmacist: "", w.gp: "mauvais patient"} {
		got, err := w.chat.One(t.Context(), who, m.ID)
		if err != nil || got.Text != want || got.State != Withdrawn || got.Withdrawn == nil {
			t.Errorf("%q, state %s, %v; want %q", got.Text, got.State, err, want)
		}
	}
}

func TestAReplyToWhoDoesNotReadItsRootStandsAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	root := w.post(w.nurse, note("nursing", "racine"))
	d := note("organisation", "passage à 9 h")
	d.ThreadID = root.ID
	reply := w.post(w.gp, d)
	got, err := w.chat.One(t.Context(), w.help, reply.ID)
	if err != nil || got.ThreadID != nil {
		t.Errorf("thread %v, %v", got.ThreadID, err)
	}
	if _, err := w.chat.Thread(t.Context(), w.help, root.ID); !errors.Is(err, access.ErrNotFound) {
		t.Errorf("thread of a hidden root: %v", err)
	}
	thread, err := w.chat.Thread(t.Context(), w.pharmacist, root.ID)
	if err != nil || len(thread) != 2 {
		t.Errorf("thread of %d, %v", len(thread), err)
	}
	bad := note("daily_life", "réponse à l'invisible")
	bad.ThreadID = root.ID
	_, _, err = w.chat.Post(t.Context(), w.help, w.notebook, bad)
	if i, ok := IsInvalid(err); !ok || i.Code != "thread_unknown" {
		t.Errorf("reply to a hidden root: %v", err)
	}
}

func TestMasksAndNamedAudienceNarrow(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	masked := note("daily_life", "masqué au social")
	masked.Masks = []string{"MASQUE_PSOCIAL"}
	w.post(w.nurse, masked)
	named := note("organisation", "pour le pharmacien")
	named.OnlyTo = []uuid.UUID{w.pharmacist.Person}
	w.post(w.nurse, named)
	if got := w.texts(w.help); len(got) != 0 {
		t.Errorf("home help reads %q", got)
	}
	if got := w.texts(w.pharmacist); !slices.Equal(got, []string{"pour le pharmacien"}) {
		t.Errorf("pharmacist reads %q", got)
	}
	if got := w.texts(w.gp); !slices.Equal(got, []string{"masqué au social"}) {
		t.Errorf("physician reads %q", got)
	}
	named.ID, named.OnlyTo = newID(), []uuid.UUID{w.outsider.Person}
	_, _, err := w.chat.Post(t.Context(), w.nurse, w.notebook, named)
	if i, ok := IsInvalid(err); !ok || i.Code != "only_to_unknown" {
		t.Errorf("naming an outsider: %v", err)
	}
}

func TestBadDraftsAreNamedAndNothingIsWritten(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	measure := func(code string, components ...Component) func(*Draft) {
		return func(d *Draft) { d.Measures = []Measure{{Code: code, Components: components}} }
	}
	for name, c := range map[string]struct {
		change func(*Draft)
		code   string
	}{
		"empty":        {func(d *Draft) { d.Text = "" }, "text_empty"},
		"blank":        {func(d *Draft) { d.Text = " \n\u00a0" }, "text_empty"},
		"long":         {func(d *Draft) { d.Text = strings.Repeat("a", 100_000) }, "text_too_long"},
		"nul":          {func(d *Draft) { d.Text = "a\x00b" }, "text_forbidden_character"},
		"bidi":         {func(d *Draft) { d.Text = "a\u202eb" }, "text_forbidden_character"},
		"isolate":      {func(d *Draft) { d.Text = "a\u2066b" }, "text_forbidden_character"},
		"utf8":         {func(d *Draft) { d.Text = "a\xffb" }, "invalid_utf8"},
		"category":     {func(d *Draft) { d.Category = "gossip" }, "unknown_category"},
		"note type":    {func(d *Draft) { d.NoteType = "XYZ" }, "unknown_note_type"},
		"mask":         {func(d *Draft) { d.Masks = []string{"MASQUE_X"} }, "unknown_mask"},
		"measure":      {measure("mood"), "unknown_measure"},
		"bp 18/300":    {measure("blood_pressure", Component{"systolic", 18, "mm[Hg]"}, Component{"diastolic", 300, "mm[Hg]"}), "measure_out_of_bounds"},
		"bp inverted":  {measure("blood_pressure", Component{"systolic", 80, "mm[Hg]"}, Component{"diastolic", 120, "mm[Hg]"}), "measure_out_of_bounds"},
		"half a pain":  {measure("pain", Component{"value", 3.5, "{score}"}), "measure_out_of_bounds"},
		"wrong unit":   {measure("body_temperature", Component{"value", 38, "K"}), "measure_out_of_bounds"},
		"id not v7":    {func(d *Draft) { d.ID = uuid.New() }, "invalid_id"},
		"thread":       {func(d *Draft) { d.ThreadID = newID() }, "thread_unknown"},
		"mention":      {func(d *Draft) { d.Mentions = []uuid.UUID{newID()} }, "mention_unknown"},
		"not writable": {func(d *Draft) { d.Category = "social" }, "category_not_writable"},
	} {
		d := note("nursing", "texte")
		c.change(&d)
		_, _, err := w.chat.Post(t.Context(), w.nurse, w.notebook, d)
		if codeOf(err) != c.code {
			t.Errorf("%s: %v, want %s", name, err, c.code)
		}
	}
	if got := w.texts(w.nurse); len(got) != 0 {
		t.Errorf("written all the same: %q", got)
	}
}

func TestCountsAndSyncAreByTheViewersEyes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first, err := w.chat.Sync(t.Context(), w.help, "")
	w.must(err)
	m := w.post(w.nurse, note("nursing", "caché"))
	next, err := w.chat.Sync(t.Context(), w.help, first.Cursor)
	w.must(err)
	if len(next.Events)+len(next.Channels)+len(next.Resets) != 0 {
		t.Errorf("hidden news shows: %+v", next)
	}
	w.post(w.nurse, note("daily_life", "visible"))
	next, err = w.chat.Sync(t.Context(), w.help, next.Cursor)
	w.must(err)
	if len(next.Events) != 1 || next.Events[0].Message.Text != "visible" || len(next.Channels) != 1 || next.Channels[0].Unread != 1 {
		t.Errorf("visible news: %+v", next)
	}
	counts, err := w.chat.Counts(t.Context(), w.pharmacist)
	w.must(err)
	if counts[w.notebook].Unread != 1 {
		t.Errorf("pharmacist has %d unread", counts[w.notebook].Unread)
	}
	w.must(w.chat.MarkRead(t.Context(), w.pharmacist, w.notebook, m.ID))
	counts, err = w.chat.Counts(t.Context(), w.pharmacist)
	w.must(err)
	if counts[w.notebook].Unread != 0 {
		t.Errorf("pharmacist still has %d unread", counts[w.notebook].Unread)
	}
	if err := w.chat.MarkRead(t.Context(), w.help, w.notebook, m.ID); !errors.Is(err, access.ErrNotFound) {
		t.Errorf("mark on a hidden message: %v", err)
	}
}

func TestLossOfAccessResetsTheChannel(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.post(w.nurse, note("organisation", "avant"))
	first, err := w.chat.Sync(t.Context(), w.help, "")
	w.must(err)
	w.unseat(w.help)
	w.post(w.nurse, note("organisation", "après"))
	next, err := w.chat.Sync(t.Context(), w.help, first.Cursor)
	w.must(err)
	if len(next.Resets) != 2 || next.Resets[0].Reason != AccessLost || len(next.Events) != 0 || len(next.Channels) != 0 {
		t.Errorf("after the loss: %+v", next)
	}
	if _, err := w.chat.List(t.Context(), w.help, w.notebook, PageRequest{}); !errors.Is(err, access.ErrNotFound) {
		t.Errorf("list after the loss: %v", err)
	}
}

func TestALongAbsenceComesInWholeChannels(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first, err := w.chat.Sync(t.Context(), w.gp, "")
	w.must(err)
	var wg sync.WaitGroup
	for range 300 {
		for _, channel := range []uuid.UUID{w.notebook, w.discussion} {
			wg.Go(func() {
				if _, _, err := w.chat.Post(t.Context(), w.nurse, channel, note("organisation", "x")); err != nil {
					t.Error(err)
				}
			})
		}
	}
	wg.Wait()
	seen := map[uuid.UUID]bool{}
	pages, cursor := 0, first.Cursor
	for more := true; more; pages++ {
		next, err := w.chat.Sync(t.Context(), w.gp, cursor)
		w.must(err)
		for _, e := range next.Events {
			seen[e.Message.ID] = true
		}
		cursor, more = next.Cursor, next.More
	}
	if len(seen) != 600 || pages < 2 {
		t.Errorf("%d messages in %d pages, want 600", len(seen), pages)
	}
	if _, err := w.chat.Sync(t.Context(), w.nurse, cursor); !errors.Is(err, events.ErrCursor) {
		t.Errorf("somebody else's cursor: %v", err)
	}
}

func TestReceiptsAreTheAuthorsOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.post(w.nurse, note("nursing", "reçu ?"))
	w.must(w.chat.Receive(t.Context(), w.gp, []Receipt{{m.ID, Delivered}}))
	w.must(w.chat.Receive(t.Context(), w.gp, []Receipt{{m.ID, Seen}}))
	w.must(w.chat.Receive(t.Context(), w.help, []Receipt{{m.ID, Seen}})) // may not see it: nothing recorded, nothing said
	got, err := w.chat.One(t.Context(), w.nurse, m.ID)
	if err != nil || *got.Receipts != (ReceiptCount{Delivered: 1, Seen: 1, Of: 2}) {
		t.Errorf("receipts %+v, %v", got.Receipts, err)
	}
	if _, err := w.chat.Receipts(t.Context(), w.gp, m.ID); !errors.Is(err, access.ErrForbidden) {
		t.Errorf("somebody else's receipts: %v", err)
	}
	readers, err := w.chat.Receipts(t.Context(), w.nurse, m.ID)
	if err != nil || len(readers) != 2 || readers[0].SeenAt == nil || readers[1].DeliveredAt != nil {
		t.Errorf("readers %+v, %v", readers, err)
	}
}

// The gate let her in, and her standing ends by its date before the rows are written: row-level security refuses, and she is
// told what everybody without access is told.
func TestAStandingThatEndsInsideAWriteIsRefusedLikeAbsent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.post(w.nurse, note("nursing", "soins"))
	w.endsSoon(w.nurse)
	err := w.gate.Write(t.Context(), w.nurse, access.Message(m.ID), "message.withdraw", func(g access.Grant) error {
		if _, err := g.Tx().Exec(t.Context(), "select pg_sleep(0.4)"); err != nil {
			return err
		}
		g.Queue("insert into message_revisions (message_id, revision, space_id, body, at) values ($1, 1, $2, '', now())", m.ID, w.space)
		return nil
	})
	if !errors.Is(err, access.ErrNotFound) {
		t.Errorf("answered %v", err)
	}
}

func TestReceiptsReachTheAuthorOnlyWhileSheStands(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.post(w.nurse, note("nursing", "soins"))
	told := make(chan events.Event, 16)
	w.must(w.bus.Subscribe(t.Context(), func(e events.Event) {
		if e.Type == events.Receipt {
			told <- e
		}
	}))
	w.unseat(w.nurse)
	w.must(w.chat.Receive(t.Context(), w.gp, []Receipt{{m.ID, Seen}}))
	e := <-told
	audience, err := access.NewAudiences(w.db.DB).For(t.Context(), e.Channel, e.Epoch, e.At)
	w.must(err)
	if _, stands := audience.Of(w.nurse.Person); stands || e.Epoch != audience.Epoch {
		t.Errorf("receipt of epoch %d, audience of %d, author stands: %v", e.Epoch, audience.Epoch, stands)
	}
}
