package chat

import (
	"testing"

	"github.com/google/uuid"

	"liaison/access"
)

// Both sides of « vu par 1 sur 2 » count the same people: whatever becomes of who saw a message, she is not among those it
// reached unless she is among those who may read it.
func TestSeenIsNeverMoreThanThoseWhoMayRead(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		becomes func(w *world, message uuid.UUID)
		want    ReceiptCount
	}{
		"nothing changes": {func(*world, uuid.UUID) {}, ReceiptCount{Delivered: 2, Seen: 1, Of: 2}},
		"who saw it left": {func(w *world, _ uuid.UUID) { w.unseat(w.pharmacist) }, ReceiptCount{Delivered: 1, Of: 1}},
		"and came back": {func(w *world, _ uuid.UUID) {
			w.unseat(w.pharmacist)
			w.seat(w.pharmacist)
		}, ReceiptCount{Delivered: 2, Seen: 1, Of: 2}},
		"everybody left": {func(w *world, _ uuid.UUID) {
			w.unseat(w.pharmacist)
			w.unseat(w.gp)
		}, ReceiptCount{}},
		"a person is refused": {func(w *world, _ uuid.UUID) {
			w.oppose(access.Will{Person: w.pharmacist.Person})
		}, ReceiptCount{Delivered: 1, Of: 1}},
		"a profession is refused the category": {func(w *world, _ uuid.UUID) {
			w.oppose(access.Will{Profession: access.Physician, Category: access.Nursing})
		}, ReceiptCount{Delivered: 1, Seen: 1, Of: 1}},
		"everybody is refused another category": {func(w *world, _ uuid.UUID) {
			w.oppose(access.Will{Category: access.Social})
		}, ReceiptCount{Delivered: 2, Seen: 1, Of: 2}},
		"masked to their class": {func(w *world, m uuid.UUID) {
			w.narrow(m, "masks = $2", int(access.MaskPS))
		}, ReceiptCount{}},
		"named to one of them": {func(w *world, m uuid.UUID) {
			w.narrow(m, "only_to = array[$2::uuid]", w.gp.Person)
		}, ReceiptCount{Delivered: 1, Of: 1}},
		"named to who left": {func(w *world, m uuid.UUID) {
			w.narrow(m, "only_to = array[$2::uuid]", w.pharmacist.Person)
			w.unseat(w.pharmacist)
		}, ReceiptCount{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			m := w.post(w.nurse, note("nursing", "reçu ?")).ID
			w.must(w.chat.Receive(t.Context(), w.pharmacist, []Receipt{{m, Seen}}))
			w.must(w.chat.Receive(t.Context(), w.gp, []Receipt{{m, Delivered}}))
			c.becomes(w, m)
			for face, got := range w.receiptsOf(w.nurse, m) {
				if *got != c.want {
					t.Errorf("%s says %+v, want %+v", face, *got, c.want)
				}
			}
		})
	}
}

// receiptsOf asks every face that shows an author her receipts, an amendment's answer last.
func (w *world) receiptsOf(author access.Actor, message uuid.UUID) map[string]*ReceiptCount {
	w.Helper()
	one, err := w.chat.One(w.Context(), author, message)
	w.must(err)
	page, err := w.chat.List(w.Context(), author, w.notebook, PageRequest{})
	w.must(err)
	thread, err := w.chat.Thread(w.Context(), author, message)
	w.must(err)
	text := "corrigé"
	amended, err := w.chat.Amend(w.Context(), author, message, Amendment{Text: &text, Reason: "précision", Revision: one.Revision})
	w.must(err)
	return map[string]*ReceiptCount{"the message": one.Receipts, "the list": page.Items[0].Receipts, "the thread": thread[0].Receipts, "the amendment": amended.Receipts}
}

// oppose records what the patient refuses: a person, a profession or everybody, a category or all of them.
func (w *world) oppose(will access.Will) {
	w.Helper()
	w.must(w.gate.Write(w.Context(), w.gp, access.Space(w.space), "will.record", func(g access.Grant) error {
		_, err := g.Tx().Exec(w.Context(), `insert into wills (id, space_id, kind, given_at, recorded_by, person_id, profession_system, profession_code, category)
			values ($1, $2, 'opposition', $3, $4, nullif($5::uuid, $6), nullif($7, ''), nullif($8, ''), nullif($9, 0))`,
			newID(), w.space, g.At(), w.gp.Person, will.Person, uuid.Nil, will.Profession.System, will.Profession.Code, int(will.Category))
		if err != nil {
			return err
		}
		return g.Recompile(w.Context())
	}))
}

// narrow changes whom a message is for, as no face does today and as an amendment may come to do.
func (w *world) narrow(message uuid.UUID, set string, arg any) {
	w.Helper()
	_, err := w.owner().Exec(w.Context(), "update messages set "+set+" where id = $1", message, arg)
	w.must(err)
}
