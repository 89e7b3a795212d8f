package chat

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"liaison/access"
	"liaison/chat/words"
)

// hit is an entry of the index that holds every term, if Within. It tells nobody anything until its message was read under row
// security. Held is how many there are, or how many entries were gone through so far.
type hit struct {
	Object  uuid.UUID
	Kind    string
	Message uuid.UUID
	At      time.Time
	Held    int
	Within  bool
}

// finding is one search under way.
type finding struct {
	query
	service *Service
	sc      access.Scope
	items   []foundRow
}

// foundRow is something found and readable.
type foundRow struct {
	kind   string
	object uuid.UUID
	at     time.Time
	row    row
	said   body
	file   Document
}

// effort is how a search goes about; what it finds does not depend on it.
type effort struct {
	held   int // hits that are gathered and sorted, each read from its own place
	window int // entries that a walk begins with
	walked int // entries that a walk goes through at most
	sorted int // hits that come sorted from one gathering
	first  int // messages read at once: few at first, more where the reader sees little of what is met
	most   int
}

// usual was measured (docs/performance.md).
var usual = effort{held: 2000, window: 1000, walked: 16_000, sorted: 600, first: 25, most: 200}

const everything = 1 << 30

// find gathers one item more than asked, to know whether there is a next page. Of words that many messages hold, the newest are
// met soon by going back in time. When a little of that shows that they are not, all hits are gathered, unless there are too
// many; of those the newest should not be far; and if they are, because the words were used long ago, all are gathered.
func (f *finding) find(ctx context.Context) error {
	in, err := f.spaces(ctx)
	if err != nil || len(in.ids) == 0 {
		return err
	}
	e := f.service.effort
	for _, step := range []func() (bool, error){
		func() (bool, error) { return f.walk(ctx, in, false) },
		func() (bool, error) { return f.gather(ctx, in, e.held) },
		func() (bool, error) { return f.walk(ctx, in, true) },
		func() (bool, error) { return f.gather(ctx, in, everything) },
	} {
		if done, err := step(); done || err != nil {
			return err
		}
	}
	return nil
}

// gather takes hits from the index of terms, sorted; it is not done when there are more than bound.
func (f *finding) gather(ctx context.Context, in termsBySpace, bound int) (done bool, err error) {
	for {
		hits, err := f.gathered(ctx, in, bound)
		if err != nil || len(hits) > 0 && hits[0].Held > bound {
			return false, err
		}
		within := slices.DeleteFunc(hits, func(h hit) bool { return !h.Within })
		if full, err := f.take(ctx, within); full || err != nil || len(within) < f.service.effort.sorted {
			return true, err
		}
		f.goOn(within[len(within)-1])
	}
}

// walk goes back in time, by windows that grow; unless it is stubborn, it ends once enough does not seem near.
func (f *finding) walk(ctx context.Context, in termsBySpace, stubborn bool) (done bool, err error) {
	e := f.service.effort
	args, seen := f.walkArgs(in), 0
	for most := e.first; seen < e.walked; most = min(2*most, e.most) {
		args["before"], args["object"], args["most"] = f.before.At, f.before.ID, most
		met, err := f.hits(ctx, walkSQL, args)
		if err != nil || len(met) == 0 {
			return true, err
		}
		last, count := met[len(met)-1], len(met)
		// The entry at the end of a window need not be a hit.
		full, err := f.takeSome(ctx, slices.DeleteFunc(met, func(h hit) bool { return !h.Within }))
		if full || err != nil || count < most && last.Held < args["window"].(int) {
			return true, err
		}
		f.goOn(last)
		seen += last.Held
		if !stubborn && seen*(f.Limit+1) > e.walked*len(f.items) {
			return false, nil
		}
		args["window"] = max(e.window, min(seen, e.walked-seen))
	}
	return false, nil
}

func (f *finding) goOn(after hit) { f.before.At, f.before.ID = after.At, after.Object }

// termsBySpace are, where the actor stands, the terms of what is looked for, and those of which one is in all she reads: none
// where she reads every category. They save opening what she may not; it is the message that decides.
type termsBySpace struct {
	ids      []uuid.UUID
	texts    []string
	readable []*string
}

func (f *finding) spaces(ctx context.Context) (termsBySpace, error) {
	spaces := f.sc.Spaces()
	if f.Team != uuid.Nil {
		spaces = slices.DeleteFunc(spaces, func(id uuid.UUID) bool { return id != f.Team })
	}
	made, err := f.service.keys.Terms(ctx, spaces, append(slices.Clone(f.terms), f.facts()...))
	if err != nil {
		return termsBySpace{}, fmt.Errorf("terms to look for: %w", err)
	}
	readable, err := f.readable(ctx, spaces)
	if err != nil {
		return termsBySpace{}, fmt.Errorf("terms of what is read: %w", err)
	}
	var in termsBySpace
	for space, terms := range made {
		in.ids, in.texts, in.readable = append(in.ids, space), append(in.texts, termsText(terms)), append(in.readable, readable[space])
	}
	return in, nil
}

// facts are what else is asked than words.
func (q query) facts() []string { return FactTerms(q.Kind, q.Author, q.category, q.NoteType) }

func (f *finding) readable(ctx context.Context, spaces []uuid.UUID) (map[uuid.UUID]*string, error) {
	var partly []uuid.UUID
	for _, space := range spaces {
		if s, _ := f.sc.Standing(space); s.Reads != access.AllCategories {
			partly = append(partly, space)
		}
	}
	if len(partly) == 0 {
		return nil, nil
	}
	facts := []string{authorTerm(f.sc.Actor().Person)}
	for _, code := range access.CategoryCodes {
		facts = append(facts, categoryTerm(code))
	}
	made, err := f.service.keys.Terms(ctx, partly, facts)
	texts := make(map[uuid.UUID]*string, len(made))
	for space, terms := range made {
		s, _ := f.sc.Standing(space)
		own := []int64{terms[0]}
		for i, term := range terms[1:] {
			if s.Reads&(1<<i) != 0 {
				own = append(own, term)
			}
		}
		text := termsText(own)
		texts[space] = &text
	}
	return texts, err
}

// gatherSQL asks the index of terms once a space, and nothing but that: without its « offset 0 » the planner may read the whole
// table and join by space, without its cases it may go through the index of time once a space when it plans for any argument
// (measured at a million messages and 900 spaces: half a second, and a minute). walkSQL follows the index of time: its case
// keeps it off the index of terms, from which everything would come before anything can be sorted.
const (
	gatherSQL = `select e.object_id, e.kind, e.message_id, e.at, e.held, e.within from (
		select e.*, (count(*) over ())::int as held, (e.at, e.object_id) < (@before, @object) and e.at >= @from as within from (
			select e.* from unnest(@spaces::uuid[], @terms::text[], @readable::text[]) v (space, terms, readable)
			cross join lateral (select e.object_id, e.kind, e.message_id, e.at from search_entries e where e.terms @> v.terms::bigint[]
				and e.space_id = v.space and case when @kind = '' or e.kind = @kind then v.readable is null or e.terms && v.readable::bigint[] end
				offset 0) e
			limit @bound + 1) e) e
		order by e.within desc, e.at desc, e.object_id desc limit @most`
	walkSQL = `select e.object_id, e.kind, e.message_id, e.at, e.place, e.hit from (
		select e.*, (row_number() over (order by e.at desc, e.object_id desc))::int as place,
			case when e.terms @> (@terms::jsonb ->> e.space_id::text)::bigint[] and (@kind = '' or e.kind = @kind)
				then coalesce(e.terms && (@readable::jsonb ->> e.space_id::text)::bigint[], true) else false end as hit
		from (select * from search_entries e where (e.at, e.object_id) < (@before, @object) and e.at >= @from
			order by e.at desc, e.object_id desc limit @window) e) e
		where e.hit or e.place = @window order by e.at desc, e.object_id desc limit @most`
)

func (f *finding) gathered(ctx context.Context, in termsBySpace, bound int) ([]hit, error) {
	return f.hits(ctx, gatherSQL, f.gatherArgs(in, bound))
}

func (f *finding) hits(ctx context.Context, sql string, args pgx.NamedArgs) ([]hit, error) {
	rows, err := f.sc.Tx().Query(ctx, sql, args)
	if err != nil {
		return nil, fmt.Errorf("look for terms: %w", err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[hit])
	if err != nil {
		return nil, fmt.Errorf("look for terms: %w", err)
	}
	return found, nil
}

func (f *finding) gatherArgs(in termsBySpace, bound int) pgx.NamedArgs {
	return pgx.NamedArgs{
		"spaces": in.ids, "terms": in.texts, "readable": in.readable, "bound": bound, "most": f.service.effort.sorted, "kind": f.Kind,
		"before": f.before.At, "object": f.before.ID, "from": f.From,
	}
}

func (f *finding) walkArgs(in termsBySpace) pgx.NamedArgs {
	terms, readable := make(map[uuid.UUID]string, len(in.ids)), map[uuid.UUID]string{}
	for i, id := range in.ids {
		terms[id] = in.texts[i]
		if in.readable[i] != nil {
			readable[id] = *in.readable[i]
		}
	}
	return pgx.NamedArgs{
		"terms": asJSON(terms), "readable": asJSON(readable), "window": f.service.effort.window, "most": f.service.effort.first, "kind": f.Kind,
		"before": f.before.At, "object": f.before.ID, "from": f.From,
	}
}

func asJSON(texts map[uuid.UUID]string) string {
	raw, err := json.Marshal(texts)
	if err != nil {
		panic(fmt.Sprintf("terms do not encode: %v", err))
	}
	return string(raw)
}

// take reads the messages of hits, and says whether there are enough.
func (f *finding) take(ctx context.Context, hits []hit) (full bool, err error) {
	e := f.service.effort
	for most := e.first; len(hits) > 0; most = min(2*most, e.most) {
		n := min(most, len(hits))
		if full, err := f.takeSome(ctx, hits[:n]); full || err != nil {
			return full, err
		}
		hits = hits[n:]
	}
	return false, nil
}

// takeSome keeps the hits whose message the actor may read and says every word now; full says that there are enough.
func (f *finding) takeSome(ctx context.Context, hits []hit) (full bool, err error) {
	if len(hits) == 0 {
		return false, nil
	}
	rows, err := f.read(ctx, hits)
	if err != nil {
		return false, err
	}
	for _, h := range hits {
		r, visible := rows[h.Message]
		if !visible {
			continue
		}
		item, is, err := f.check(ctx, h, r)
		if err != nil {
			return false, err
		}
		if is {
			f.items = append(f.items, item)
		}
		if len(f.items) > f.Limit {
			return true, nil
		}
	}
	return false, nil
}

// read gives the messages of hits by both locks.
func (f *finding) read(ctx context.Context, hits []hit) (map[uuid.UUID]row, error) {
	ids := make([]uuid.UUID, len(hits))
	for i, h := range hits {
		ids[i] = h.Message
	}
	found, err := f.sc.Tx().Query(ctx, foundSQL, f.foundArgs(ids))
	if err != nil {
		return nil, fmt.Errorf("messages found: %w", err)
	}
	rows, err := scanRows(found)
	byID := make(map[uuid.UUID]row, len(rows))
	for _, r := range rows {
		byID[r.ID] = r
	}
	return byID, err
}

const foundSQL = "select " + messageColumns + ` from messages m join standings s on s.space_id = m.space_id and ` + access.StandingNow + `
	where m.id = any (@ids) and ` + access.VisibleByStanding + ` and m.state <> 'withdrawn'
	and (@category = 0 or m.category = @category) and (@author::uuid is null or m.author_id = @author) and (@note_type = '' or m.note_type = @note_type)`

func (f *finding) foundArgs(ids []uuid.UUID) pgx.NamedArgs {
	args := pgx.NamedArgs{"ids": ids, "actor": f.sc.Actor().Person, "category": int32(f.category), "note_type": f.NoteType, "author": nil}
	if f.Author != uuid.Nil {
		args["author"] = f.Author
	}
	return args
}

// check opens what was found and looks whether it says every word: the index may lag behind a correction.
func (f *finding) check(ctx context.Context, h hit, r row) (foundRow, bool, error) {
	said, err := f.service.unseal(ctx, r.Space, r.ID, r.Revision, r.Body)
	if gone(err) {
		return foundRow{}, false, nil
	}
	if err != nil {
		return foundRow{}, false, err
	}
	item := foundRow{kind: h.Kind, object: h.Object, at: h.At, row: r, said: said}
	if h.Kind == KindMessage {
		return item, f.says(said.searched()), nil
	}
	for _, file := range said.Documents {
		if file.ID == h.Object {
			item.file = file
			return item, f.says(file.searched()), nil
		}
	}
	return item, false, nil
}

func (f *finding) says(text string) bool {
	missing := map[string]bool{}
	for _, term := range f.terms {
		missing[term] = true
	}
	for _, h := range words.In(text) {
		delete(missing, h.Term)
	}
	return len(missing) == 0
}

// shown makes what was found ready for its reader, and notes in the journal which messages those were.
func (f *finding) shown(ctx context.Context) ([]FoundItem, error) {
	rows, ids := make([]row, len(f.items)), make([]uuid.UUID, len(f.items))
	for i, item := range f.items {
		rows[i], ids[i] = item.row, item.row.ID
	}
	names, err := f.service.people.of(ctx, f.sc.Tx(), authorsOf(rows))
	if err != nil {
		return nil, err
	}
	out := make([]FoundItem, len(f.items))
	for i, item := range f.items {
		f.sc.Shown(item.row.Space)
		standing, _ := f.sc.Standing(item.row.Space)
		out[i] = FoundItem{
			Kind: item.kind, Space: item.row.Space, Message: view(item.row, item.said, names[item.row.Author], standing),
			Snippet: words.Snippet(item.said.Text, f.terms),
		}
		if item.kind == KindDocument {
			out[i].Document, out[i].Snippet = &item.file, words.Snippet(item.file.shown(), f.terms)
		}
	}
	f.sc.Note("count", len(out))
	f.sc.Note("messages", ids)
	return out, nil
}

// shown is how a document is called in one line.
func (d Document) shown() string {
	if d.Caption == nil || *d.Caption == "" {
		return d.Name
	}
	return *d.Caption + " (" + d.Name + ")"
}
