package chat

import (
	"errors"
	"slices"
	"testing"

	"github.com/google/uuid"

	"liaison/access"
	"liaison/events"
	"liaison/storage"
)

func (w *world) narrowed(m Message, n Narrowing) Message {
	w.Helper()
	n.Reason, n.Revision = "adressée trop largement", m.Revision
	out, err := w.chat.Narrow(w.Context(), w.nurse, m.ID, n)
	w.must(err)
	return out
}

// cursor is where somebody stands now.
func (w *world) cursor(a access.Actor) string {
	w.Helper()
	s, err := w.chat.Sync(w.Context(), a, "")
	w.must(err)
	return s.Cursor
}

// told lists what somebody is told since a cursor: « type text », or « type id » of what she lost; and how many channels changed.
func (w *world) told(a access.Actor, cursor string) (said []string, channels int) {
	w.Helper()
	s, err := w.chat.Sync(w.Context(), a, cursor)
	w.must(err)
	for _, e := range s.Events {
		switch {
		case e.Message != nil:
			said = append(said, e.Type+" "+e.Message.Text)
		case e.MessageID != nil:
			said = append(said, e.Type+" "+e.MessageID.String())
		}
	}
	return said, len(s.Channels)
}

func (w *world) wantTold(a access.Actor, cursor string, want ...string) {
	w.Helper()
	got, channels := w.told(a, cursor)
	if !slices.Equal(got, want) || (channels > 0) != (len(want) > 0) {
		w.Errorf("told %q, %d channels changed; want %q", got, channels, want)
	}
}

func TestWhoLosesANarrowedMessageLosesItEverywhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.post(w.nurse, note("nursing", "escarre talon gauche"))
	answer := note("nursing", "vu, pansement hydrocolloïde")
	answer.ThreadID = m.ID
	w.post(w.gp, answer)
	atGP, atPharmacist, atHelp, atNurse := w.cursor(w.gp), w.cursor(w.pharmacist), w.cursor(w.help), w.cursor(w.nurse)

	got := w.narrowed(m, Narrowing{OnlyTo: []uuid.UUID{w.gp.Person}})
	if got.NarrowedAt == nil || got.Revision != 2 || got.State != Posted || got.Text != m.Text || len(got.OnlyTo) != 1 {
		t.Errorf("narrowed: %+v", got)
	}
	if _, err := w.chat.One(t.Context(), w.pharmacist, m.ID); !errors.Is(err, access.ErrNotFound) {
		t.Errorf("by its id: %v", err)
	}
	if got := w.texts(w.pharmacist); !slices.Equal(got, []string{"vu, pansement hydrocolloïde"}) {
		t.Errorf("the pharmacist's list: %q", got)
	}
	w.wantFound(w.pharmacist, "escarre")
	w.wantFound(w.gp, "escarre", "escarre talon gauche")
	w.wantTold(w.gp, atGP, "message.narrowed escarre talon gauche")
	w.wantTold(w.nurse, atNurse, "message.narrowed escarre talon gauche")
	w.wantTold(w.pharmacist, atPharmacist, "message.narrowed "+m.ID.String())
	w.wantTold(w.help, atHelp) // who never read it learns nothing
	w.wantTold(w.pharmacist, w.cursor(w.pharmacist))

	past, err := w.chat.Revisions(t.Context(), w.gp, m.ID)
	if err != nil || len(past) != 1 || past[0].Readers == nil || len(past[0].Readers.OnlyTo) != 0 || *past[0].Reason != "adressée trop largement" {
		t.Errorf("what it was before: %+v, %v", past, err)
	}
}

// Away for several narrowings: what was hers at the cursor is told once, what was not stays untold.
func TestNarrowedAgainWhileAway(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.post(w.nurse, note("nursing", "chute"))
	atPharmacist, atGP := w.cursor(w.pharmacist), w.cursor(w.gp)
	m = w.narrowed(m, Narrowing{OnlyTo: []uuid.UUID{w.gp.Person, w.pharmacist.Person}})
	m = w.narrowed(m, Narrowing{OnlyTo: []uuid.UUID{w.gp.Person}})
	afterLoss := w.cursor(w.pharmacist)
	w.wantTold(w.pharmacist, atPharmacist, "message.narrowed "+m.ID.String())
	m = w.narrowed(m, Narrowing{Masks: []string{"MASQUE_PS"}})
	w.wantTold(w.pharmacist, afterLoss)
	w.wantTold(w.gp, atGP, "message.narrowed "+m.ID.String())
	if _, err := w.chat.Withdraw(t.Context(), w.nurse, m.ID, "erreur"); err != nil {
		t.Fatal(err)
	}
	w.wantTold(w.pharmacist, afterLoss)
}

func TestAMessageIsNeverWidened(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := note("nursing", "à deux")
	d.OnlyTo, d.Masks = []uuid.UUID{w.gp.Person}, []string{"MASQUE_PT"}
	m := w.post(w.nurse, d)
	try := func(a access.Actor, n Narrowing) error {
		n.Reason, n.Revision = "essai", 1
		_, err := w.chat.Narrow(t.Context(), a, m.ID, n)
		return err
	}
	for name, n := range map[string]Narrowing{
		"a name more":       {OnlyTo: []uuid.UUID{w.gp.Person, w.pharmacist.Person}},
		"another name":      {OnlyTo: []uuid.UUID{w.pharmacist.Person}},
		"a mask taken off":  {Masks: []string{"MASQUE_PSOCIAL"}},
		"a wider category":  {Category: "daily_life"},
		"another's readers": {Category: "psychological"},
	} {
		if err := try(w.nurse, n); !errors.Is(err, ErrWidens) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, c := range map[string]struct {
		n    Narrowing
		code string
	}{
		"nothing":       {Narrowing{OnlyTo: []uuid.UUID{w.gp.Person}}, "narrow_nothing"},
		"no category":   {Narrowing{Category: "none"}, "unknown_category"},
		"no mask":       {Narrowing{Masks: []string{"X"}}, "unknown_mask"},
		"too many":      {Narrowing{OnlyTo: make([]uuid.UUID, MaxNames+1)}, "too_many"},
		"the wrong one": {Narrowing{}, "narrow_nothing"},
	} {
		if invalid, is := IsInvalid(try(w.nurse, c.n)); !is || invalid.Code != c.code {
			t.Errorf("%s: %v", name, invalid)
		}
	}
	if err := try(w.gp, Narrowing{OnlyTo: []uuid.UUID{w.gp.Person}}); !errors.Is(err, access.ErrForbidden) {
		t.Errorf("somebody else's: %v", err)
	}
	if err := try(w.pharmacist, Narrowing{}); !errors.Is(err, access.ErrNotFound) {
		t.Errorf("who does not read it: %v", err)
	}
	if err := try(w.nurse, Narrowing{OnlyTo: []uuid.UUID{w.nurse.Person}}); err != nil {
		t.Errorf("kept to herself: %v", err)
	}
	outside := w.post(w.nurse, note("nursing", "ailleurs"))
	if _, err := w.chat.Narrow(t.Context(), w.nurse, outside.ID, Narrowing{OnlyTo: []uuid.UUID{w.outsider.Person}, Reason: "x", Revision: 1}); err == nil {
		t.Error("to somebody outside")
	}
}

// A category that fewer read: whoever reads what is for treatments reads what is for care, but not the other way about.
func TestACategoryIsChangedOnlyForANarrowerOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.post(w.nurse, note("organisation", "code de la porte"))
	at := w.cursor(w.help)
	got := w.narrowed(m, Narrowing{Category: "medical"})
	if got.Category != "medical" {
		t.Errorf("category %s", got.Category)
	}
	w.wantTold(w.help, at, "message.narrowed "+m.ID.String())
	found, err := w.chat.Search(t.Context(), w.gp, Search{Query: "porte", Category: "medical"})
	if err != nil || len(found.Items) != 1 {
		t.Errorf("found under its category: %+v, %v", found, err)
	}
	if found, err = w.chat.Search(t.Context(), w.gp, Search{Query: "porte", Category: "organisation"}); err != nil || len(found.Items) != 0 {
		t.Errorf("found under its former category: %+v, %v", found, err)
	}
	// Somebody who stands here reads the new one and not the old one, for the patient refuses her the old one alone.
	other := w.post(w.nurse, note("organisation", "clé"))
	w.oppose(access.Will{Person: w.pharmacist.Person, Category: access.Organisation})
	if _, err := w.chat.Narrow(t.Context(), w.nurse, other.ID, Narrowing{Category: "medical", Reason: "x", Revision: 1}); !errors.Is(err, ErrWidens) {
		t.Errorf("widened for somebody the patient refuses: %v", err)
	}
}

func TestANarrowingRepeatedIsDoneOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.post(w.nurse, note("nursing", "une fois"))
	n := Narrowing{OnlyTo: []uuid.UUID{w.gp.Person}, Reason: "x", Revision: 1}
	for range 2 {
		got, err := w.chat.Narrow(t.Context(), w.nurse, m.ID, n)
		if err != nil || got.Revision != 2 {
			t.Fatalf("revision %d, %v", got.Revision, err)
		}
	}
	n.OnlyTo, n.Masks = nil, []string{"MASQUE_PT"}
	if _, err := w.chat.Narrow(t.Context(), w.nurse, m.ID, n); !errors.Is(err, ErrRevision) {
		t.Errorf("another one over a newer revision: %v", err)
	}
	if _, err := w.chat.Withdraw(t.Context(), w.nurse, m.ID, "x"); err != nil {
		t.Fatal(err)
	}
	n.Revision = 3
	if _, err := w.chat.Narrow(t.Context(), w.nurse, m.ID, n); !errors.Is(err, ErrWithdrawn) {
		t.Errorf("withdrawn: %v", err)
	}
}

// The second lock: whatever the code would write, the database widens nothing.
func TestTheDatabaseWidensNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := note("nursing", "à deux")
	d.OnlyTo, d.Masks = []uuid.UUID{w.gp.Person, w.pharmacist.Person}, []string{"MASQUE_PT"}
	m := w.post(w.nurse, d)
	for _, set := range []string{
		"only_to = null", "only_to = only_to || '" + w.help.Person.String() + "'::uuid", "masks = 0", "masks = 2",
	} {
		if err := w.asNurse(m, set); !storage.IsRefused(err) {
			t.Errorf("%s: %v", set, err)
		}
	}
	w.must(w.asNurse(m, "masks = masks | 1, only_to = array['"+w.gp.Person.String()+"'::uuid]"))
}

// asNurse changes her message by hand, past the rules of this room.
func (w *world) asNurse(m Message, set string) error {
	return w.gate.Write(w.Context(), w.nurse, access.Message(m.ID), "test", func(g access.Grant) error {
		tag, err := g.Tx().Exec(w.Context(), "update messages set "+set+" where id = $1", m.ID)
		if err == nil && tag.RowsAffected() != 1 {
			err = errors.New("nothing was changed")
		}
		return err
	})
}

// Events that other nodes committed: who lost the message is told so, who never read it nothing, and both without its text.
func TestRelayedNarrowing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := w.post(w.nurse, note("nursing", "plaie"))
	w.narrowed(m, Narrowing{OnlyTo: []uuid.UUID{w.gp.Person}})
	evs, err := w.gate.EventsAfter(t.Context(), w.notebook, 0)
	w.must(err)
	last := evs[len(evs)-1]
	if last.Type != events.MessageNarrowed {
		t.Fatalf("the last event is %s", last.Type)
	}
	w.must(w.gate.Relay(t.Context(), func(sc access.Scope) error {
		found, err := w.chat.Deliverables(t.Context(), sc, evs)
		if err != nil {
			return err
		}
		audience, err := access.NewAudiences(w.db.DB).For(t.Context(), w.notebook, last.Epoch, last.At)
		if err != nil {
			return err
		}
		full, _, lost := audience.Deliver(*found[m.ID], last.Position)
		if !slices.Equal(sorted(full), sorted([]uuid.UUID{w.gp.Person, w.nurse.Person})) || !slices.Equal(lost, []uuid.UUID{w.pharmacist.Person}) {
			t.Errorf("full to %v, lost to %v", full, lost)
		}
		if want := `{"type":"message.narrowed","channel_id":"` + w.notebook.String() + `","message_id":"` + m.ID.String() + `"}`; string(found[m.ID].Lost) != want {
			t.Errorf("told %s", found[m.ID].Lost)
		}
		return nil
	}))
}

func sorted(ids []uuid.UUID) []uuid.UUID { return slices.SortedFunc(slices.Values(ids), compareIDs) }
