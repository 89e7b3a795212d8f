package chat

import (
	"crypto/md5"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"liaison/access"
)

// channelOf makes a channel of the circle with so many messages, of every category the matrix is asked for, a fifth of them replies.
func (w *world) channelOf(n int) uuid.UUID {
	w.Helper()
	var categories []int32
	for _, code := range []string{"medical", "medication", "nursing", "psychological", "functional", "daily_life", "organisation"} {
		bit, _ := access.ParseCategory(code)
		categories = append(categories, int32(bit))
	}
	channel := newID()
	_, err := w.owner().Exec(w.Context(), "insert into channels (id, space_id, kind, head) values ($1, $2, 'discussion', $3)", channel, w.space, n)
	w.must(err)
	// In no order: on disk the messages of a channel lie between those of others.
	_, err = w.owner().Exec(w.Context(), `insert into messages (id, space_id, channel_id, position, author_id, thread_id, category, body, fingerprint, written_at, created_at)
		select md5($2::uuid::text || i)::uuid, $1, $2::uuid, i, $3, case when i % 5 = 4 then md5($2::uuid::text || i - 1)::uuid end, ($5::int[])[1 + i % 7],
			decode(repeat('00', 250), 'hex'), '\x00', now(), now()
		from generate_series(1, $4::int) i order by random()`, w.space, channel, w.nurse.Person, n, categories)
	w.must(err)
	return channel
}

func (w *world) analyzed(tables ...string) {
	w.Helper()
	for _, table := range tables {
		_, err := w.owner().Exec(w.Context(), "vacuum (analyze) "+table)
		w.must(err)
	}
}

// inChannel is the message of that number in a channel of channelOf.
func inChannel(channel uuid.UUID, number int) uuid.UUID {
	return uuid.UUID(md5.Sum(fmt.Append(nil, channel, number)))
}

// dailyLife is the place of a category that everybody here reads.
const dailyLife = 5

// scan is what is used here of a plan.
type scan struct {
	Relation string  `json:"Relation Name"`
	Rows     float64 `json:"Actual Rows"`
	Loops    float64 `json:"Actual Loops"`
	Filtered float64 `json:"Rows Removed by Filter"`
	Rechecks float64 `json:"Rows Removed by Index Recheck"`
	Plans    []scan  `json:"Plans"`
}

// visited counts the rows of messages that were looked at, shown or not.
func (s scan) visited() (sum float64) {
	if s.Relation == "messages" {
		sum = (s.Rows + s.Filtered + s.Rechecks) * s.Loops
	}
	for _, below := range s.Plans {
		sum += below.visited()
	}
	return sum
}

// visits runs a statement as somebody, under row-level security, and says how many messages it looked at. It is prepared, so that
// the mode counts: what EXPLAIN is given with its arguments is always planned for them.
func (w *world) visits(a access.Actor, mode, sql string, args pgx.NamedArgs) (visited int, plan string) {
	w.Helper()
	w.must(pgx.BeginFunc(w.Context(), w.db.DB.Pool, func(tx pgx.Tx) error {
		_, err := tx.Exec(w.Context(), "select set_config('plan_cache_mode', $1, true), set_config('liaison.actor', $2, true)", mode, a.Person.String())
		if err != nil {
			return err
		}
		sql, values, err := args.RewriteQuery(w.Context(), tx.Conn(), sql, nil)
		if err != nil {
			return err
		}
		name := "plan_" + strings.ReplaceAll(newID().String(), "-", "")
		if _, err := tx.Prepare(w.Context(), name, sql); err != nil {
			return err
		}
		return tx.QueryRow(w.Context(), "explain (analyze, format json) execute "+name+"("+literals(values)+")").Scan(&plan)
	}))
	var plans []struct{ Plan scan }
	w.must(json.Unmarshal([]byte(plan), &plans))
	return int(plans[0].Plan.visited()), plan
}

func literals(values []any) string {
	texts := make([]string, len(values))
	for i, v := range values {
		switch v := v.(type) {
		case time.Time:
			texts[i] = "'" + v.Format(time.RFC3339Nano) + "'"
		case []uuid.UUID:
			texts[i] = "null"
		case []string:
			texts[i] = "'{" + strings.Join(v, ",") + "}'"
		default:
			texts[i] = fmt.Sprintf("'%v'", v)
		}
	}
	return strings.Join(texts, ", ")
}

// bothModes: a prepared statement is planned for its arguments at first, later perhaps for any.
var bothModes = []string{"force_custom_plan", "force_generic_plan"}

// A page walks back from its end and stops, however long the channel is, at its beginning and further on, for who reads every
// category and for who reads three of seven. One more is read than shown.
func TestAPageVisitsAboutWhatItShows(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	sizes := []int{20, 300, 5_000, 100_000}
	channels := map[int]uuid.UUID{}
	for _, size := range sizes {
		channels[size] = w.channelOf(size)
	}
	w.analyzed("messages", "standings")
	for _, size := range sizes {
		for _, who := range []access.Actor{w.gp, w.help} {
			for _, limit := range []int{20, 50} {
				w.pageVisits(t, who, channels[size], size, limit)
			}
		}
	}
}

func (w *world) pageVisits(t *testing.T, who access.Actor, channel uuid.UUID, size, limit int) {
	t.Helper()
	for _, before := range []int{size + 1, size / 2, size / 4} {
		for _, roots := range []bool{false, true} {
			req := PageRequest{Limit: limit, RootsOnly: roots}
			if before <= size {
				req.Before = inChannel(channel, before/7*7+dailyLife)
			}
			for _, mode := range bothModes {
				w.must(w.gate.Read(t.Context(), who, access.Channel(channel), "", func(g access.Grant) error {
					if visited, plan := w.visits(who, mode, pageSQL(req), pageArgs(g, req)); visited > 3*(limit+1) {
						t.Errorf("a page of %d before %d of %d (roots only: %v, %s) visits %d messages:\n%s", limit, before, size, roots, mode, visited, plan)
					}
					return nil
				}))
			}
		}
	}
}

// Who has read everything is told so without a walk through the channel.
func TestCountingTheUnreadVisitsWhatIsUnread(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	channel := w.channelOf(20_000)
	w.analyzed("messages", "standings", "channels")
	_, err := w.owner().Exec(t.Context(), "insert into read_marks (person_id, channel_id, position) values ($1, $2, 19990)", w.gp.Person, channel)
	w.must(err)
	for _, mode := range bothModes {
		args := pgx.NamedArgs{"actor": w.gp.Person, "most": countMost, "channels": []uuid.UUID(nil)}
		if visited, plan := w.visits(w.gp, mode, countsSQL, args); visited > 50 {
			t.Errorf("%s: ten unread of 20,000 and the last one: %d messages visited:\n%s", mode, visited, plan)
		}
	}
}
