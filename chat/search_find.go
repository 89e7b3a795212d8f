package chat

import (
	"cmp"
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

// hit is an entry of the index that holds every term. It tells nobody anything until its message was read under row security.
type hit struct {
	Object  uuid.UUID
	Kind    string
	Message uuid.UUID
	At      time.Time
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

const (
	// rareMost is how many hits are sorted here, each read from its own place. Of words that more messages hold, the newest are met
	// soon by going back in time: first by a few, then, where the reader sees little of them, by more at once.
	rareMost  = 600
	walkFirst = 25
	chunkMost = 200
)

// find gathers one item more than asked, to know whether there is a next page.
func (f *finding) find(ctx context.Context) error {
	in, err := f.spaces(ctx)
	if err != nil || len(in.ids) == 0 {
		return err
	}
	rare, err := f.hits(ctx, rareSQL, in, rareMost+1)
	if err != nil {
		return err
	}
	if len(rare) <= rareMost {
		slices.SortFunc(rare, func(a, b hit) int { return cmp.Or(b.At.Compare(a.At), slices.Compare(b.Object[:], a.Object[:])) })
		for chunk := range slices.Chunk(rare, chunkMost) {
			if full, err := f.take(ctx, chunk); full || err != nil {
				return err
			}
		}
		return nil
	}
	return f.walk(ctx, in)
}

// walk goes back in time.
func (f *finding) walk(ctx context.Context, in termsBySpace) error {
	for most := walkFirst; ; most = min(2*most, chunkMost) {
		chunk, err := f.hits(ctx, commonSQL, in, most)
		if err != nil {
			return err
		}
		full, err := f.take(ctx, chunk)
		if full || err != nil || len(chunk) < most {
			return err
		}
		f.before.At, f.before.ID = chunk[len(chunk)-1].At, chunk[len(chunk)-1].Object
	}
}

// termsBySpace are the terms of the words where the actor stands, as the statements take them.
type termsBySpace struct {
	ids   []uuid.UUID
	texts []string
}

func (f *finding) spaces(ctx context.Context) (termsBySpace, error) {
	spaces := f.sc.Spaces()
	if f.Team != uuid.Nil {
		spaces = slices.DeleteFunc(spaces, func(id uuid.UUID) bool { return id != f.Team })
	}
	made, err := f.service.keys.Terms(ctx, spaces, f.terms)
	if err != nil {
		return termsBySpace{}, fmt.Errorf("terms to look for: %w", err)
	}
	var in termsBySpace
	for space, terms := range made {
		in.ids, in.texts = append(in.ids, space), append(in.texts, termsText(terms))
	}
	return in, nil
}

const hitWhere = `(e.at, e.object_id) < (@before, @object) and e.at >= @from and e.at < @to and (@kind = '' or e.kind = @kind)`

// rareSQL asks the index of terms once a space, and nothing but that: without its « offset 0 » the planner may read the whole
// table and join by space, without its case it may go through the index of time once a space when it plans for any argument
// (measured at a million messages and 900 spaces: half a second, and a minute). commonSQL follows the index of time: the case keeps it off the index of terms,
// from which everything would come before anything can be sorted, and lets the planner expect many.
const (
	rareSQL = `select e.object_id, e.kind, e.message_id, e.at from unnest(@spaces::uuid[], @terms::text[]) v (space, terms)
		cross join lateral (select * from search_entries e where e.terms @> v.terms::bigint[] and e.space_id = v.space
			and case when ` + hitWhere + ` then true end offset 0) e limit @most`
	commonSQL = `select e.object_id, e.kind, e.message_id, e.at from search_entries e
		where case when e.terms @> (@by_space::jsonb ->> e.space_id::text)::bigint[] then true end and ` + hitWhere + `
		order by e.at desc, e.object_id desc limit @most`
)

func (f *finding) hits(ctx context.Context, sql string, in termsBySpace, most int) ([]hit, error) {
	rows, err := f.sc.Tx().Query(ctx, sql, f.hitArgs(in, most))
	if err != nil {
		return nil, fmt.Errorf("look for terms: %w", err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[hit])
	if err != nil {
		return nil, fmt.Errorf("look for terms: %w", err)
	}
	return found, nil
}

func (f *finding) hitArgs(in termsBySpace, most int) pgx.NamedArgs {
	bySpace := make(map[uuid.UUID]string, len(in.ids))
	for i, id := range in.ids {
		bySpace[id] = in.texts[i]
	}
	raw, err := json.Marshal(bySpace)
	if err != nil {
		panic(fmt.Sprintf("terms do not encode: %v", err))
	}
	return pgx.NamedArgs{
		"spaces": in.ids, "terms": in.texts, "by_space": string(raw), "most": most, "kind": f.Kind,
		"before": f.before.At, "object": f.before.ID, "from": f.From, "to": f.To,
	}
}

// take keeps the hits whose message the actor may read and says every word now; full says that there are enough.
func (f *finding) take(ctx context.Context, hits []hit) (full bool, err error) {
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
