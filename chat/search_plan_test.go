package chat

import (
	"crypto/md5"
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"liaison/access"
)

// fillIndex makes many messages and entries of the circle; a term in a thousand is rare, 7 is in each.
func (w *world) fillIndex(n int) {
	w.Helper()
	_, err := w.owner().Exec(w.Context(), `insert into messages (id, space_id, channel_id, position, author_id, category, body, fingerprint, written_at, created_at, measure_kinds)
		select gen_random_uuid(), $1, $2, 100000 + i, $3, 4, '\x00', '\x00', now() - i * interval '1 minute', now() - i * interval '1 minute', case when i % 50 = 0 then 1 else 0 end
		from generate_series(1, $4::int) i`, w.space, w.notebook, w.nurse.Person, n)
	w.must(err)
	_, err = w.owner().Exec(w.Context(), `insert into search_entries (object_id, kind, message_id, space_id, at, terms)
		select id, 'message', id, space_id, created_at, array[7, position % 1000 + 1000, position] from messages where position >= 100000 on conflict do nothing`)
	w.must(err)
	// As many again, spread over the circles of somebody who follows many patients.
	_, err = w.owner().Exec(w.Context(), `insert into search_entries (object_id, kind, message_id, space_id, at, terms)
		select gen_random_uuid(), 'message', gen_random_uuid(), md5((i % 900)::text)::uuid, now() - i * interval '1 minute', array[i % 900 + 10000, i % 5000 + 20000]
		from generate_series(1, $1::int) i`, n)
	w.must(err)
	for _, table := range []string{"messages", "search_entries", "standings"} {
		_, err = w.owner().Exec(w.Context(), "vacuum (analyze) "+table)
		w.must(err)
	}
}

func (w *world) plan(mode, sql string, args pgx.NamedArgs) string {
	w.Helper()
	var plan string
	w.must(pgx.BeginFunc(w.Context(), w.db.DB.Pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(w.Context(), "select set_config('plan_cache_mode', $1, true)", mode); err != nil {
			return err
		}
		if _, err := tx.Exec(w.Context(), "select set_config('liaison.actor', $1, true)", w.gp.Person.String()); err != nil {
			return err
		}
		rows, err := tx.Query(w.Context(), "explain (analyze, costs off) "+sql, args)
		if err != nil {
			return err
		}
		lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
		plan = strings.Join(lines, "\n")
		return err
	}))
	return plan
}

// Under row-level security, with statistics and a table worth an index, nothing reads a whole table.
func TestSearchReadsNoWholeTable(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	release := w.holdIndex()
	defer release()
	w.fillIndex(30_000)
	// A prepared statement is planned for its arguments at first, later for any.
	for _, mode := range []string{"force_custom_plan", "force_generic_plan"} {
		w.plansOf(t, mode)
	}
}

func (w *world) plansOf(t *testing.T, mode string) {
	t.Helper()
	w.must(w.gate.ReadMany(t.Context(), w.gp, "", func(sc access.Scope) error {
		q, err := w.chat.asked(w.gp, Search{Query: "rare"})
		w.must(err)
		f := &finding{query: q, service: w.chat, sc: sc}
		in, err := f.spaces(t.Context())
		w.must(err)
		in.texts[0] = "{7,1003}"
		many := in
		for i := range 900 {
			many.ids, many.texts = append(many.ids, uuid.UUID(md5.Sum(fmt.Append(nil, i)))), append(many.texts, fmt.Sprintf("{%d}", 20_000+i))
			many.readable = append(many.readable, &many.texts[i])
		}
		for what, of := range map[string]termsBySpace{"one space": in, "many spaces": many} {
			for _, bound := range []int{usual.held, everything} {
				wantPlan(t, fmt.Sprint("gathering in ", what, " up to ", bound), w.plan(mode, gatherSQL, f.gatherArgs(of, bound)), "search_entries_terms")
			}
			wantPlan(t, "walking in "+what, w.plan(mode, walkSQL, f.walkArgs(of)), "search_entries_at")
		}
		in.texts[0] = "{7}"
		hits, err := f.hits(t.Context(), walkSQL, f.walkArgs(in))
		w.must(err)
		ids := f.foundArgs(nil)
		var about []any
		for _, h := range hits {
			about = append(about, h.Message)
		}
		ids["ids"] = about
		wantPlan(t, "messages", w.plan(mode, foundSQL, ids), "messages_pkey")
		return nil
	}))
	w.must(w.gate.Read(t.Context(), w.gp, access.Space(w.space), "", func(g access.Grant) error {
		args := g.VisibleArgs()
		args["kinds"], args["from"], args["to"], args["most"] = 1, g.At().AddDate(0, 0, -2), access.Forever, seriesMost
		wantPlan(t, "measures", w.plan(mode, measuresSQL, args), "messages_measures")
		return nil
	}))
}

func wantPlan(t *testing.T, what, plan, index string) {
	t.Helper()
	if strings.Contains(plan, "Seq Scan on search_entries") || strings.Contains(plan, "Seq Scan on messages") || !strings.Contains(plan, index) {
		t.Errorf("%s does not go by %s:\n%s", what, index, plan)
	}
}
