package proof

import (
	"net/http"
	"net/url"
	"slices"

	"github.com/jackc/pgx/v5"
)

// audience asks, for every category, who would read: plain, then narrowed at random.
func (f *faces) audience(p *person, t *truth, r Rights) {
	if !r.Stands() {
		return
	}
	for _, category := range Categories {
		f.askAudience(p, t, r, Message{Author: p.id, Category: category, At: f.at})
	}
	if len(r.Writes) == 0 {
		return
	}
	m := Message{Author: p.id, Category: pick(f.dice, r.Writes), At: f.at, Masks: []string{pick(f.dice, []string{"MASQUE_PS", "MASQUE_PSOCIAL", "MASQUE_PT"})}}
	f.askAudience(p, t, r, m)
	f.askTyped(p, t, r, f.at)
	m.Masks = nil
	m.Named, m.OnlyTo = true, []string{pick(f.dice, t.seated(f.at))}
	f.askAudience(p, t, r, m)
}

func (f *faces) askAudience(p *person, t *truth, r Rights, m Message) {
	query := url.Values{"category": {m.Category}, "mask": m.Masks, "only_to": m.OnlyTo, "document_type": m.Types}
	answered := f.ask(f.IntN(2), p, "GET", "/teams/"+t.team+"/audience?"+query.Encode(), nil)
	if !slices.Contains(r.Writes, m.Category) {
		f.check(answered.status == http.StatusForbidden, "%s: audience of %s, not writable: %s", p.id, m.Category, answered)
		return
	}
	type reader struct {
		Professional struct{ ID string }
		Reason       struct{ Code string }
	}
	var got struct {
		VisibleTo  []reader `json:"visible_to"`
		HiddenFrom []reader `json:"hidden_from"`
		Total      int
		AlertOrder []reader `json:"alert_order"`
	}
	f.into(answered, &got)
	order := []string{}
	for _, one := range got.AlertOrder {
		order = append(order, one.Professional.ID)
	}
	f.alertOrder(p, t, m, order)
	reasons, seated := map[string]string{}, t.seated(f.at)
	for _, one := range got.VisibleTo {
		reasons[one.Professional.ID] = "reads"
	}
	for _, one := range got.HiddenFrom {
		reasons[one.Professional.ID] = one.Reason.Code
	}
	f.check(got.Total == len(seated) && len(got.VisibleTo)+len(got.HiddenFrom) == len(seated) && len(reasons) == len(seated),
		"%s: audience of %d and %d of %d, want %d", p.id, len(got.VisibleTo), len(got.HiddenFrom), got.Total, len(seated))
	for _, id := range seated {
		want := "reads"
		if !t.At(id, f.at).Sees(m) {
			want = t.Shown(id, m, f.at)
		}
		f.check(reasons[id] == want, "%s: audience of %+v: %s (%v): %q, want %q (%s)", p.id, m, id, t.Professions[id], reasons[id], want, t.Why(t.At(id, f.at), m, f.at))
		f.meet("audience: " + want)
	}
}

// rowSecurity asks the database alone, as the application's role with the person's name: the second lock without the first.
func (f *faces) rowSecurity(p *person, t *truth, r Rights) {
	tx, err := f.db.DB.Pool.Begin(f.Context())
	f.must(err)
	defer tx.Rollback(f.Context())
	_, err = tx.Exec(f.Context(), "select set_config('liaison.actor', $1, true)", p.id)
	f.must(err)
	var want, revised []string
	for _, channel := range t.channels {
		for _, k := range t.seenBy(r, channel) {
			want = append(want, k.ID)
			for range k.revision - 1 {
				revised = append(revised, k.ID)
			}
		}
	}
	ids := func(sql string) []string {
		rows, err := tx.Query(f.Context(), sql, t.team)
		f.must(err)
		list, err := pgx.CollectRows(rows, pgx.RowTo[string])
		f.must(err)
		return list
	}
	f.check(sameSet(ids("select id::text from messages where space_id = $1"), want), "%s (%v): row security shows other messages than the model", p.id, p.profession)
	var files []string
	for _, d := range t.filed {
		if t.reads(r, d) {
			files = append(files, d.id)
		}
	}
	f.check(sameSet(ids("select id::text from documents where space_id = $1"), files), "%s (%v): row security shows other documents", p.id, p.profession)
	f.check(sameSet(ids("select message_id::text from message_revisions where space_id = $1"), revised), "%s: row security shows other revisions", p.id)
	f.check((len(ids("select id::text from patients where space_id = $1")) == 1) == r.Stands(), "%s: row security of the patient", p.id)
	mayKnow := slices.ContainsFunc(r.Actions, func(a string) bool {
		return slices.Contains([]string{"manage_circle", "record_will", "see_full_reasons"}, a)
	})
	recorded := len(ids("select id::text from wills where kind = 'opposition' and recorded_by = (select app_actor()) and space_id = $1"))
	seen := len(ids("select id::text from wills where kind = 'opposition' and space_id = $1"))
	f.check(mayKnow || seen == recorded, "%s: row security tells %d oppositions, %d of her own recording", p.id, seen, recorded)
	f.meet("row security alone")
}

// firstLock takes row security away and asks the lists again: the predicate of the code without the second lock.
func (w *world) firstLock(all []*truth) {
	at := w.now()
	for _, p := range w.people {
		listed := w.listedAlerts(p)
		for _, t := range all {
			r := t.At(p.id, at)
			for message := range t.alerts {
				w.check(slices.Contains(listed, message) == r.Sees(t.byID[message].Message), "%s: without row security the alert of %s is listed wrongly", p.id, message)
			}
			f := &faces{world: w, at: at}
			if r.Stands() {
				f.documentList(p, t, r)
				f.measures(p, t, r)
			}
			for _, channel := range t.channels {
				if !r.Stands() {
					w.check(w.ask(0, p, "GET", "/channels/"+channel+"/messages", nil).status == http.StatusNotFound, "%s: the gate alone lets an outsider in", p.id)
					continue
				}
				var got, want []string
				for _, m := range f.pages(p, channel, "") {
					got = append(got, m.ID)
				}
				for _, k := range t.seenBy(r, channel) {
					want = append(want, k.ID)
				}
				w.check(sameSet(got, want), "%s (%v): without row security the list has %d, want %d", p.id, p.profession, len(got), len(want))
				w.meet("predicate alone")
			}
		}
	}
}
