package bench

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/errgroup"

	"liaison/access"
	"liaison/chat"
	"liaison/node"
	"liaison/storage"
)

// Pages is what the newest 50 messages of a channel cost, one lock after the other.
type Pages struct {
	Messages int      `json:"messages"` // in the database
	Channel  int      `json:"channel"`  // in the channel that is read
	Readers  []Reader `json:"readers"`
}

// Reader reads a page in each way.
type Reader struct {
	Who  string `json:"who"`
	Ways []Way  `json:"ways"`
}

// Way is one way of reading.
type Way struct {
	Name    string  `json:"name"`
	P50     float64 `json:"p50_us"`
	ToPlain float64 `json:"to_plain"`
	Visited int     `json:"rows_visited,omitempty"` // of messages, as EXPLAIN (ANALYZE) counts
	Plan    string  `json:"plan,omitempty"`
}

const (
	pageSize  = 50
	pageReads = 300
	// leastFilled of every category give anybody a whole page, however many nursing posts the rounds left behind.
	leastFilled = 2000
)

// pageSQL reads what chat reads of a message; the condition is added.
const pageSQL = `select m.id, m.space_id, m.channel_id, m.position, m.author_id, (select r.id from messages r where r.id = m.thread_id),
	m.category, m.masks, m.only_to, m.note_type, m.urgent, m.state, m.revision, m.body, m.written_at, m.created_at, m.changed_at
	from messages m where m.channel_id = @channel %s order by m.position desc limit @limit`

var (
	plainSQL   = fmt.Sprintf(pageSQL, "")
	visibleSQL = fmt.Sprintf(pageSQL, "and "+access.VisibleWhere)
)

func (r *run) pages(ctx context.Context) error {
	n, err := node.Start(ctx, r.ground.config(slog.New(slog.DiscardHandler)))
	if err != nil {
		return err
	}
	defer n.Stop()
	if err := r.fill(ctx, n); err != nil {
		return err
	}
	s, err := r.serve(ctx)
	if err != nil {
		return err
	}
	defer s.stop()
	r.say("reading pages")
	t := r.world.teams[0]
	for _, who := range []struct {
		name string
		*member
	}{{"reads every category", t.members[1]}, {"reads 3 of 7 categories", t.members[teamSize-1]}} {
		ways, err := r.readPages(ctx, n, s, who.member)
		if err != nil {
			return err
		}
		r.report.Pages.Readers = append(r.report.Pages.Readers, Reader{who.name, ways})
	}
	return nil
}

// categories are those a nurse writes; a home help reads three of them.
var categories = []string{"medical", "medication", "nursing", "psychological", "functional", "daily_life", "organisation"}

// fill brings the database to its number of messages, through the write path; a quarter goes to the channel that is read.
func (r *run) fill(ctx context.Context, n *node.Node) error {
	var there int
	if err := r.ground.admin.QueryRow(ctx, "select count(*) from messages").Scan(&there); err != nil {
		return err
	}
	missing := max(r.Messages-there, leastFilled)
	r.say("writing %d messages", missing)
	writers, ctxWriting := errgroup.WithContext(ctx)
	writers.SetLimit(256)
	for i := range missing {
		t := r.world.teams[0]
		if i%4 != 0 {
			t = r.world.teams[i%len(r.world.teams)]
		}
		author := t.members[i%(teamSize-excluded)]
		writers.Go(func() error {
			_, _, err := n.Chat.Post(ctxWriting, author.actor(), t.discussion, chat.Draft{ID: newID(), Category: categories[i%len(categories)], Text: text()})
			return err
		})
	}
	if err := writers.Wait(); err != nil {
		return err
	}
	if _, err := r.ground.admin.Exec(ctx, "vacuum (analyze) messages, standings, channels"); err != nil {
		return err
	}
	return r.ground.admin.QueryRow(ctx, "select count(*), count(*) filter (where channel_id = $1) from messages", r.world.teams[0].discussion).
		Scan(&r.report.Pages.Messages, &r.report.Pages.Channel)
}

// reading is one way to read a page, and the statement whose plan is looked at.
type reading struct {
	name string
	on   storage.Querier // where to ask for the plan; nil: not asked
	sql  string
	read func(context.Context) error
}

func (r *run) readPages(ctx context.Context, n *node.Node, s *server, who *member) ([]Way, error) {
	asApp, err := r.asMember(ctx, who)
	if err != nil {
		return nil, err
	}
	defer asApp.Close(context.WithoutCancel(ctx))
	args, err := visibleArgs(ctx, n, who)
	if err != nil {
		return nil, err
	}
	owner, err := r.ground.admin.Acquire(ctx)
	if err != nil {
		return nil, err
	}
	defer owner.Release()
	readings := r.ways(owner, asApp, n, s, who, args)
	took, err := readAll(ctx, readings)
	if err != nil {
		return nil, err
	}
	var ways []Way
	for i, rd := range readings {
		w := Way{Name: rd.name, P50: millis(took[i], 0.5)[0] * 1000}
		w.ToPlain = ratio(w.P50, millis(took[0], 0.5)[0]*1000)
		if rd.on != nil {
			if w.Visited, w.Plan, err = visited(ctx, rd.on, rd.sql, args); err != nil {
				return nil, err
			}
		}
		ways = append(ways, w)
	}
	return ways, nil
}

func (r *run) ways(owner *pgxpool.Conn, asApp *pgx.Conn, n *node.Node, s *server, who *member, args pgx.NamedArgs) []reading {
	page := func(q storage.Querier, sql string) func(context.Context) error {
		return func(ctx context.Context) error { return drain(ctx, q, sql, args) }
	}
	actor, channel := who.actor(), who.team.discussion
	return []reading{
		{"plain SQL", owner, plainSQL, page(owner, plainSQL)},
		{"+ visibility predicate", owner, visibleSQL, page(owner, visibleSQL)},
		{"+ row security", asApp, visibleSQL, page(asApp, visibleSQL)},
		{"+ gate and journal", nil, "", func(ctx context.Context) error {
			return n.Gate.Read(ctx, actor, access.Channel(channel), "messages.list", func(g access.Grant) error {
				return drain(ctx, g.Tx(), visibleSQL, args)
			})
		}},
		{"+ decrypted, threads, receipts", nil, "", func(ctx context.Context) error {
			_, err := n.Chat.List(ctx, actor, channel, chat.PageRequest{Limit: pageSize})
			return err
		}},
		{"+ HTTP and JSON", nil, "", func(ctx context.Context) error { return getPage(ctx, s, who) }},
	}
}

// asMember opens a connection of the application's role that acts for somebody.
func (r *run) asMember(ctx context.Context, who *member) (*pgx.Conn, error) {
	conn, err := pgx.Connect(ctx, r.ground.url(storage.AppRole))
	if err != nil {
		return nil, err
	}
	_, err = conn.Exec(ctx, "select set_config('liaison.actor', $1, false)", who.id.String())
	return conn, err
}

// visibleArgs are those the gate itself gives.
func visibleArgs(ctx context.Context, n *node.Node, who *member) (args pgx.NamedArgs, err error) {
	err = n.Gate.Read(ctx, who.actor(), access.Channel(who.team.discussion), "messages.list", func(g access.Grant) error {
		args = g.VisibleArgs()
		args["limit"] = pageSize + 1
		return nil
	})
	return args, err
}

// readAll reads a page in every way, by turns and in a changing order: what else the machine does, and what the way before
// left in its caches, falls on all of them.
func readAll(ctx context.Context, readings []reading) ([][]time.Duration, error) {
	took := make([][]time.Duration, len(readings))
	for i := range pageReads + pageReads/10 {
		for _, k := range rand.Perm(len(readings)) {
			began := time.Now()
			if err := readings[k].read(ctx); err != nil {
				return nil, fmt.Errorf("%s: %w", readings[k].name, err)
			}
			if i >= pageReads/10 { // the first ones warm up
				took[k] = append(took[k], time.Since(began))
			}
		}
	}
	return took, nil
}

func drain(ctx context.Context, q storage.Querier, sql string, args pgx.NamedArgs) error {
	rows, err := q.Query(ctx, sql, args)
	if err != nil {
		return err
	}
	count := 0
	for rows.Next() {
		_ = rows.RawValues()
		count++
	}
	if rows.Err() == nil && count != pageSize+1 {
		return fmt.Errorf("a page of %d messages", count)
	}
	return rows.Err()
}

func getPage(ctx context.Context, s *server, who *member) error {
	return s.get(ctx, fmt.Sprintf("/channels/%s/messages?limit=%d", who.team.discussion, pageSize), who.token)
}
