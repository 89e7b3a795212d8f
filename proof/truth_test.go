package proof

import (
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"liaison/access"
	"liaison/storage"
)

// truth is what is written in the database of one team, as its owner reads it: dated facts and the messages' marks. The
// model says from it what everybody may see; what the product compiled from it (standings, epochs) is not looked at.
type truth struct {
	Circle
	team     string
	channels []string
	kept     []*kept
	byID     map[string]*kept
	edges    []time.Time
	marks    map[[2]string]int64 // read marks by person and channel
	receipts map[[2]string]bool  // by message and person: seen
	alerts   map[string]*raised  // by message
	filed    []*filed
}

// kept is one message and the instants of its revisions, first the post.
type kept struct {
	Message
	channel  string
	position int64
	thread   string
	state    string
	revision int
	told     []time.Time
	// was holds, by revision, who might read it then, of the revisions that were narrowed.
	was map[int]Message
}

// at is the message as a revision showed it to its readers.
func (k *kept) at(revision int) Message {
	for ; revision < k.revision; revision++ {
		if m, narrowed := k.was[revision]; narrowed {
			return m
		}
	}
	return k.Message
}

// then is the message as it was to its readers at a moment.
func (k *kept) then(at time.Time) Message {
	revision := 1
	for revision < len(k.told) && !k.told[revision].After(at) {
		revision++
	}
	return k.at(revision)
}

// narrowedAt is when fewer might read it from then on.
func (k *kept) narrowedAt() []time.Time {
	var out []time.Time
	for revision := range k.was {
		out = append(out, k.told[revision])
	}
	return out
}

// saidAt is the revision whose words it says: narrowing makes another that says the same.
func (k *kept) saidAt() int {
	revision := k.revision
	for revision > 1 {
		if _, narrowed := k.was[revision-1]; !narrowed {
			break
		}
		revision--
	}
	return revision
}

// truthOf reads everything in one snapshot.
func (a *arena) truthOf(team string) *truth {
	tx, err := a.owner.BeginTx(a.Context(), pgx.TxOptions{IsoLevel: pgx.RepeatableRead})
	a.must(err)
	defer tx.Rollback(a.Context())
	t := &truth{team: team, byID: map[string]*kept{}, marks: map[[2]string]int64{}, receipts: map[[2]string]bool{}}
	t.Circle.Professions, t.Specialities = map[string]Profession{}, map[string]string{}
	t.Matrix, err = ReadMatrix(arenaCategories, defaultActions, arenaExceptions, arenaPolicy)
	a.must(err)
	for _, p := range a.stock {
		t.Professions[p.id], t.Specialities[p.id] = p.profession, p.speciality
	}
	a.readCircle(tx, t)
	a.readMessages(tx, t)
	a.readMarks(tx, t)
	a.readAlerts(tx, t)
	a.readFiled(tx, t)
	return t
}

// each reads rows into the given places, one by one.
func (a *arena) each(q storage.Querier, into []any, fn func(), sql string, args ...any) {
	rows, err := q.Query(a.Context(), sql, args...)
	a.must(err)
	_, err = pgx.ForEachRow(rows, into, func() error { fn(); return nil })
	a.must(err)
}

func (a *arena) readCircle(tx pgx.Tx, t *truth) {
	var channel string
	a.each(tx, []any{&channel}, func() { t.channels = append(t.channels, channel) }, "select id::text from channels where space_id = $1 order by id", t.team)
	a.must(tx.QueryRow(a.Context(), "select created_by::text from spaces where id = $1", t.team).Scan(&t.Founder))
	var p Place
	a.each(tx, []any{&p.Person, &p.Structure, &p.Seat, &p.Basis, &p.From, &p.Until, &p.Given, &p.FromNowOn}, func() { t.Places = append(t.Places, p) },
		`select coalesce(person_id::text, ''), coalesce(organisation_id::text, ''), seat, basis, valid_from, valid_until, created_at, from_now_on
			from memberships where space_id = $1`, t.team)
	a.readThrough(tx, t)
	var f Fact
	var category int32
	a.each(tx, []any{&f.Kind, &f.Person, &f.Profession.System, &f.Profession.Code, &category, &f.From, &f.Until}, func() {
		f.Category = codeOf(Categories, category)
		t.Facts = append(t.Facts, f)
	}, `select w.kind, coalesce(w.person_id::text, ''), coalesce(w.profession_system, ''), coalesce(w.profession_code, ''), coalesce(w.category, 0),
			w.given_at, coalesce((select min(x.given_at) from wills x where x.withdraws = w.id), '9999-01-01')
		from wills w where w.space_id = $1 and w.withdraws is null`, t.team)
	for _, p := range t.Places {
		t.edges = append(t.edges, p.From, p.Until, p.Given)
	}
	for _, w := range t.Works {
		t.edges = append(t.edges, w.From, w.Until)
	}
	for _, s := range t.StandIns {
		t.edges = append(t.edges, s.From, s.Until)
	}
	for _, f := range t.Facts {
		t.edges = append(t.edges, f.From, f.Until)
	}
}

func (a *arena) readThrough(tx pgx.Tx, t *truth) {
	var w Work
	a.each(tx, []any{&w.Structure, &w.Person, &w.From, &w.Until}, func() { t.Works = append(t.Works, w) },
		`select organisation_id::text, person_id::text, valid_from, valid_until from belongings
			where organisation_id in (select organisation_id from memberships where space_id = $1)`, t.team)
	var s StandIn
	var lent int32
	a.each(tx, []any{&s.Kind, &s.For, &s.By, &lent, &s.From, &s.Until}, func() {
		s.Categories = access.Categories(lent).Codes()
		t.StandIns = append(t.StandIns, s)
	}, `select kind, for_id::text, by_id::text, categories, valid_from, valid_until from stand_ins
		where (space_ids is null or $1 = any (space_ids)) and for_id in (select person_id from memberships where space_id = $1)`, t.team)
}

// codeOf reads a set of one bit; none is "".
func codeOf(codes []string, bit int32) string {
	for i, code := range codes {
		if bit == 1<<i {
			return code
		}
	}
	return ""
}

func (a *arena) readMessages(tx pgx.Tx, t *truth) {
	var k kept
	var category, masks int32
	var onlyTo []uuid.UUID
	a.each(tx, []any{&k.ID, &k.channel, &k.position, &k.Author, &k.thread, &category, &masks, &onlyTo, &k.state, &k.revision, &k.At, &k.Types}, func() {
		one := k
		one.Message, one.was = readBy(k.Message, category, masks, onlyTo), map[int]Message{}
		t.kept, t.byID[one.ID] = append(t.kept, &one), &one
	}, `select id::text, channel_id::text, position, author_id::text, coalesce(thread_id::text, ''), category, masks, only_to, state, revision, created_at, document_types
		from messages where space_id = $1 order by channel_id, position`, t.team)
	var id string
	var at time.Time
	var revision int
	a.each(tx, []any{&id, &revision, &category, &masks, &onlyTo}, func() {
		t.byID[id].was[revision] = readBy(t.byID[id].Message, category, masks, onlyTo)
	}, "select message_id::text, revision, category, masks, only_to from message_revisions where space_id = $1 and category is not null", t.team)
	a.each(tx, []any{&id, &at}, func() { t.byID[id].told = append(t.byID[id].told, at) },
		"select message_id::text, at from events where space_id = $1 and message_id is not null and type <> 'alert' order by channel_id, position", t.team)
}

func readBy(m Message, category, masks int32, onlyTo []uuid.UUID) Message {
	m.Category, m.Masks = codeOf(Categories, category), access.Masks(masks).Codes()
	m.Named, m.OnlyTo = onlyTo != nil, nil
	for _, id := range onlyTo {
		m.OnlyTo = append(m.OnlyTo, id.String())
	}
	return m
}

func (a *arena) readMarks(tx pgx.Tx, t *truth) {
	var one, other string
	var position int64
	a.each(tx, []any{&one, &other, &position}, func() { t.marks[[2]string{one, other}] = position },
		"select k.person_id::text, k.channel_id::text, k.position from read_marks k join channels c on c.id = k.channel_id where c.space_id = $1", t.team)
	var seen bool
	a.each(tx, []any{&one, &other, &seen}, func() { t.receipts[[2]string{one, other}] = seen },
		"select message_id::text, person_id::text, seen_at is not null from receipts where space_id = $1", t.team)
}

// seenBy lists what a person sees of a channel at t, oldest first.
func (t *truth) seenBy(r Rights, channel string) []*kept {
	var out []*kept
	for _, k := range t.kept {
		if k.channel == channel && r.Sees(k.Message) {
			out = append(out, k)
		}
	}
	return out
}

// root is the thread's root of a message when the person sees it.
func (t *truth) root(r Rights, k *kept) *kept {
	if root := t.byID[k.thread]; root != nil && r.Sees(root.Message) {
		return root
	}
	return nil
}

// mayHave says whether a person may ever have been told a revision: she saw the message when it was committed, or later.
func (t *truth) mayHave(person string, k *kept, revision int, now time.Time) bool {
	if revision < 1 || revision > len(k.told) {
		return false
	}
	committed, then := k.told[revision-1], k.at(revision)
	if t.At(person, committed).Sees(then) {
		return true
	}
	return slices.ContainsFunc(t.edges, func(edge time.Time) bool {
		return edge.After(committed) && !edge.After(now) && t.At(person, edge).Sees(then)
	})
}

// lost says whether a person may be told that a message is no longer hers: it was, until it was narrowed, and is not now.
func (t *truth) lost(person string, k *kept, now time.Time) bool {
	was := false
	for revision := range k.was {
		was = was || t.mayHave(person, k, revision, now)
	}
	return was && !t.At(person, now).Sees(k.Message)
}

// seated are those who hold a place at t.
func (t *truth) seated(at time.Time) []string {
	var out []string
	for _, person := range t.everybody() {
		if len(t.held(person, at)) > 0 {
			out = append(out, person)
		}
	}
	return out
}
