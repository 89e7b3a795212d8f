package chat

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"liaison/access"
	"liaison/chat/words"
	"liaison/events"
)

const (
	// indexTick is how often what no hint told of is looked for.
	indexTick = time.Second
	// indexPause lies between two passes: what is posted meanwhile is indexed together.
	indexPause = 40 * time.Millisecond
	// indexLong bounds a transaction of the indexer: it holds back everybody's horizon.
	indexLong = 300 * time.Millisecond
	indexMost = 500
	indexLock = 0x6c696169736f6e02 // the advisory lock of the one indexer
)

// index is what one node knows of indexing.
type index struct {
	woken    chan struct{}
	caughtUp atomic.Int64 // when there was last nothing left, in nanoseconds
}

func newIndex() *index {
	i := &index{woken: make(chan struct{}, 1)}
	i.caughtUp.Store(time.Now().UnixNano())
	return i
}

func (i *index) wake() {
	select {
	case i.woken <- struct{}{}:
	default: // awake already
	}
}

// IndexLag is how long ago there was last nothing left to index, as this node knows.
func (s *Service) IndexLag() time.Duration {
	return time.Since(time.Unix(0, s.index.caughtUp.Load()))
}

// RunIndex indexes what is posted, corrected and withdrawn, until ctx ends. Every node may run it: one at a time does it.
func (s *Service) RunIndex(ctx context.Context, bus events.Bus) error {
	err := bus.Subscribe(ctx, func(e events.Event) {
		if e.Message != uuid.Nil && e.Kept() {
			s.index.wake()
		}
	})
	if err != nil {
		return fmt.Errorf("hear what is to be indexed: %w", err)
	}
	tick := time.NewTicker(indexTick)
	defer tick.Stop()
	s.index.wake()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-s.index.woken:
		case <-tick.C:
		}
		if err := s.indexAll(ctx); err != nil && ctx.Err() == nil {
			s.log.Warn("index for search", "error", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(indexPause):
		}
	}
}

// indexAll goes on until nothing is left, or another node is at it: then it asks again soon.
func (s *Service) indexAll(ctx context.Context) error {
	for {
		at := time.Now()
		left, err := s.indexStep(ctx)
		switch {
		case err != nil:
			return err
		case left == nothingLeft:
			s.index.caughtUp.Store(at.UnixNano())
			return nil
		case left == elsewhere:
			s.index.wake()
			return nil
		}
	}
}

type left int

const (
	somethingLeft left = iota
	nothingLeft
	elsewhere
)

// indexStep indexes some messages and says how far that went, in one transaction: whatever ends it, nothing is missed and
// nothing is there twice.
func (s *Service) indexStep(ctx context.Context) (how left, err error) {
	err = s.gate.Relay(ctx, func(sc access.Scope) error {
		p, mine, err := readProgress(ctx, sc)
		if err != nil || !mine {
			how = elsewhere
			return err
		}
		fresh := p.next == ""
		if fresh {
			if err := sc.Tx().QueryRow(ctx, "select pg_current_snapshot()::text").Scan(&p.next); err != nil {
				return fmt.Errorf("horizon of index: %w", err)
			}
		}
		ids, err := p.page(ctx, sc)
		if err != nil {
			return err
		}
		if fresh && len(ids) == 0 && !p.whole {
			how = nothingLeft
			return nil
		}
		done, err := s.indexMessages(ctx, sc, ids)
		if err != nil {
			return err
		}
		return p.advance(ctx, sc, ids[:done], done < indexMost && done == len(ids))
	})
	return how, err
}

// progress is how far indexing has come.
type progress struct {
	version int
	horizon events.Horizon
	next    events.Horizon
	after   uuid.UUID
	whole   bool
}

// readProgress takes the lock, if nobody holds it, and reads where to go on. A node whose words are older than the index's
// leaves it alone: it is about to be replaced.
func readProgress(ctx context.Context, sc access.Scope) (p progress, mine bool, err error) {
	if err := sc.Tx().QueryRow(ctx, "select pg_try_advisory_xact_lock($1)", int64(indexLock)).Scan(&mine); err != nil || !mine {
		return p, false, err
	}
	rows, err := sc.Tx().Query(ctx, "select version, horizon, coalesce(next, ''), coalesce(after, '00000000-0000-0000-0000-000000000000'), whole from search_progress")
	if err != nil {
		return p, false, fmt.Errorf("progress of index: %w", err)
	}
	_, err = pgx.ForEachRow(rows, []any{&p.version, &p.horizon, &p.next, &p.after, &p.whole}, func() error { return nil })
	if err != nil {
		return p, false, fmt.Errorf("progress of index: %w", err)
	}
	if p.version < words.Version {
		p = progress{version: words.Version, horizon: events.Beginning, whole: true}
	}
	return p, p.version == words.Version, nil
}

// page gives the messages that come next: of a whole pass all of them, else those of what happened since the horizon.
func (p progress) page(ctx context.Context, sc access.Scope) ([]uuid.UUID, error) {
	sql := `select distinct message_id from events where message_id is not null and ` + events.NotSeen + `
		and pg_visible_in_snapshot(xid, @next::text::pg_snapshot) and message_id > @after order by 1 limit @most`
	if p.whole { // space by space: their terms lie side by side in the index
		sql = `select m.id from messages m where (m.channel_id, m.position) > (
				coalesce((select channel_id from messages where id = @after), '00000000-0000-0000-0000-000000000000'),
				coalesce((select position from messages where id = @after), -1))
			order by m.channel_id, m.position limit @most`
	}
	rows, err := sc.Tx().Query(ctx, sql, pgx.NamedArgs{"horizon": string(p.horizon), "next": string(p.next), "after": p.after, "most": indexMost})
	if err != nil {
		return nil, fmt.Errorf("messages to index: %w", err)
	}
	return pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
}

func (p progress) advance(ctx context.Context, sc access.Scope, done []uuid.UUID, last bool) error {
	var after *uuid.UUID
	next := &p.next
	if last {
		p.horizon, next, p.whole = p.next, nil, false
	} else {
		after = &done[len(done)-1]
	}
	_, err := sc.Tx().Exec(ctx, `insert into search_progress (version, horizon, next, after, whole) values ($1, $2, $3, $4, $5)
		on conflict (single) do update set version = $1, horizon = $2, next = $3, after = $4, whole = $5`, p.version, p.horizon, next, after, p.whole)
	if err != nil {
		return fmt.Errorf("progress of index: %w", err)
	}
	return nil
}

// entry is a row of the index.
type entry struct {
	object, message, space uuid.UUID
	kind                   string
	at                     time.Time
	terms                  []int64
}

// indexMessages makes the entries of messages anew, as many as time allows, and says how many. What is withdrawn, or will
// never open again, has none.
func (s *Service) indexMessages(ctx context.Context, sc access.Scope, ids []uuid.UUID) (done int, err error) {
	if len(ids) == 0 {
		return 0, nil
	}
	found, err := sc.Tx().Query(ctx, "select "+messageColumns+" from messages m where m.id = any ($1)", ids)
	if err != nil {
		return 0, fmt.Errorf("messages to index: %w", err)
	}
	rows, err := scanRows(found)
	if err != nil {
		return 0, err
	}
	byID := map[uuid.UUID]row{}
	for _, r := range rows {
		byID[r.ID] = r
	}
	var entries []entry
	for began := time.Now(); done < len(ids) && (done == 0 || time.Since(began) < indexLong); done++ {
		of, err := s.entriesOf(ctx, byID[ids[done]])
		if err != nil {
			return 0, err
		}
		entries = append(entries, of...)
	}
	return done, replaceEntries(ctx, sc, ids[:done], entries)
}

func (s *Service) entriesOf(ctx context.Context, r row) ([]entry, error) {
	if r.ID == uuid.Nil || r.State == Withdrawn {
		return nil, nil
	}
	said, err := s.unseal(ctx, r.Space, r.ID, r.Revision, r.Body)
	if gone(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	entries := []entry{{object: r.ID, kind: KindMessage}}
	texts := []string{said.searched()}
	for _, f := range said.Documents {
		entries, texts = append(entries, entry{object: f.ID, kind: KindDocument}), append(texts, f.searched())
	}
	for i := range entries {
		e := &entries[i]
		e.message, e.space, e.at = r.ID, r.Space, r.CreatedAt
		facts := FactTerms(e.kind, r.Author, r.Category, orNothing(r.NoteType))
		if e.terms, err = s.termsOf(ctx, r.Space, texts[i], facts); err != nil {
			return nil, err
		}
	}
	return entries, nil
}

// FactTerms are what an entry is found by beside its words, so that a search narrowed to few messages goes through few: each
// has a sign that no stem has. What is not said stays empty; a message needs no term to be told from a document.
func FactTerms(kind string, author uuid.UUID, category access.Categories, noteType string) []string {
	facts := []string{"", "", "", ""}
	if kind == KindDocument {
		facts[0] = "kind:" + kind
	}
	if author != uuid.Nil {
		facts[1] = authorTerm(author)
	}
	if category != 0 {
		facts[2] = categoryTerm(category.Codes()[0])
	}
	if noteType != "" {
		facts[3] = "type:" + noteType
	}
	return slices.DeleteFunc(facts, func(fact string) bool { return fact == "" })
}

func authorTerm(id uuid.UUID) string  { return "author:" + id.String() }
func categoryTerm(code string) string { return "category:" + code }

func orNothing(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}

func (s *Service) termsOf(ctx context.Context, space uuid.UUID, text string, facts []string) ([]int64, error) {
	each := slices.Clone(facts)
	for _, h := range words.In(text) {
		each = append(each, h.Term)
	}
	slices.Sort(each)
	made, err := s.keys.Terms(ctx, []uuid.UUID{space}, slices.Compact(each))
	if err != nil {
		return nil, fmt.Errorf("terms of space %s: %w", space, err)
	}
	slices.Sort(made[space])
	return made[space], nil
}

// searched is all by which a message is found.
func (b body) searched() string {
	var text strings.Builder
	text.WriteString(b.Text)
	for _, m := range b.Measures {
		text.WriteString("\n" + measureWords[m.Code])
		for _, c := range m.Components {
			text.WriteString(" " + strconv.FormatFloat(c.Value, 'f', -1, 64))
		}
		text.WriteString(" " + m.Context)
	}
	return text.String()
}

func (d Document) searched() string {
	if d.Caption == nil {
		return d.Name
	}
	return d.Name + "\n" + *d.Caption
}

func replaceEntries(ctx context.Context, sc access.Scope, messages []uuid.UUID, entries []entry) error {
	n := len(entries)
	objects, about, spaces := make([]uuid.UUID, n), make([]uuid.UUID, n), make([]uuid.UUID, n)
	kinds, ats, terms := make([]string, n), make([]time.Time, n), make([]string, n)
	for i, e := range entries {
		objects[i], about[i], spaces[i], kinds[i], ats[i], terms[i] = e.object, e.message, e.space, e.kind, e.at, termsText(e.terms)
	}
	b := &pgx.Batch{}
	b.Queue("delete from search_entries where object_id = any ($1)", messages)
	b.Queue("delete from search_entries where kind = 'document' and message_id = any ($1)", messages)
	b.Queue(`insert into search_entries (object_id, kind, message_id, space_id, at, terms)
		select object, kind, message, space, at, terms::bigint[]
		from unnest($1::uuid[], $2::text[], $3::uuid[], $4::uuid[], $5::timestamptz[], $6::text[]) v (object, kind, message, space, at, terms)`,
		objects, kinds, about, spaces, ats, terms)
	if err := sc.Tx().SendBatch(ctx, b).Close(); err != nil {
		return fmt.Errorf("write index: %w", err)
	}
	return nil
}

// termsText writes terms as an array literal: unnest takes no array of arrays of different lengths.
func termsText(terms []int64) string {
	text := []byte{'{'}
	for i, t := range terms {
		if i > 0 {
			text = append(text, ',')
		}
		text = strconv.AppendInt(text, t, 10)
	}
	return string(append(text, '}'))
}
