package audit

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"liaison/storage"
)

// Outcomes of a line.
const (
	Done    = "done"
	Refused = "refused"
)

// The verbs of lines that machines write of what people were given.
const (
	VerbDeliver = "message.deliver" // detail.to: who was given it; detail.messages: which, when there are several
	VerbPush    = "alert.push"      // detail.person: whose device rang
)

// Access is one line of a space's journal as it concerns one person: who did it, or was given it. A delivery to five people is five.
type Access struct {
	Line      uuid.UUID
	At        time.Time
	Person    uuid.UUID // a machine's name when it did it
	Workplace uuid.UUID // nil: unknown, or a machine
	Address   string
	Verb      string
	Refused   bool
	Object    uuid.UUID
	Count     *int        // how many notes, documents and so on; not said of lines that showed several spaces
	ActingFor []uuid.UUID // the structures and people through whom she was there, if not by herself alone
}

// AccessQuery chooses accesses. What is zero does not choose.
type AccessQuery struct {
	Person   uuid.UUID
	Verbs    []string // nil: all
	Outcome  string   // Done or Refused
	From, To time.Time
	Before   *AccessMark
	Limit    int
}

// AccessMark is where a page ended.
type AccessMark struct {
	At           time.Time
	Line, Person uuid.UUID
}

// Accesses lists the accesses to a space, newest first, and where the next page begins. Lines that showed several spaces count when
// they showed this one; they are looked for among those of everybody who ever had a place in it.
func Accesses(ctx context.Context, q storage.Querier, space uuid.UUID, a AccessQuery) (found []Access, next *AccessMark, err error) {
	before := AccessMark{At: ever}
	if a.Before != nil {
		before = *a.Before
	}
	if a.To.IsZero() {
		a.To = ever
	}
	rows, err := q.Query(ctx, accessesOf, pgx.NamedArgs{
		"space": space, "person": storage.OrNull(a.Person), "verbs": a.Verbs, "outcome": a.Outcome, "from": a.From, "to": a.To,
		"at": before.At, "line": before.Line, "who": before.Person, "limit": a.Limit + 1, "deliver": VerbDeliver, "push": VerbPush,
	})
	if err != nil {
		return nil, nil, fmt.Errorf("accesses to a space: %w", err)
	}
	if found, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Access]); err != nil {
		return nil, nil, fmt.Errorf("accesses to a space: %w", err)
	}
	if len(found) > a.Limit {
		found = found[:a.Limit]
		last := found[a.Limit-1]
		next = &AccessMark{last.At, last.Line, last.Person}
	}
	return found, next, nil
}

var ever = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

// Each branch is read from its index and no further than the page: every line is somebody's access, and at most one, the mark's
// own, was told in part.
const accessesOf = `
with chosen as not materialized (
  select * from audit_lines l
  where (@verbs::text[] is null or l.verb = any (@verbs)) and (@outcome = '' or l.outcome = @outcome)
    and l.at >= @from and l.at < @to and (l.at, l.id) <= (@at, @line)
    and (@person::uuid is null or l.actor = @person and l.verb <> all (array[@deliver, @push])
      or l.verb = @deliver and l.detail->'to' ? @person::text or l.verb = @push and l.detail->>'person' = @person::text)),
lines as (
  (select * from chosen where space_id = @space order by at desc, id desc limit @limit + 1)
  union all
  (select * from chosen where space_id is null and detail->'spaces' ? @space::text
    and actor = any (array(select people_of(@space)))
    order by at desc, id desc limit @limit + 1))
select l.id, l.at, w.who, coalesce(l.workplace, '00000000-0000-0000-0000-000000000000'), coalesce(l.address, ''), l.verb, l.outcome = 'refused',
  coalesce(l.object, '00000000-0000-0000-0000-000000000000'), case when l.space_id is not null then (l.detail->>'count')::int end,
  array(select v::uuid from jsonb_array_elements_text(case when l.verb = @deliver then l.detail->'acting'->w.who::text
    when l.space_id is not null then l.detail->'acting_for' else l.detail->'acting_in'->@space::text end) v)
from lines l cross join lateral (
  select l.actor where l.verb not in (@deliver, @push)
  union all select t.person::uuid from jsonb_array_elements_text(l.detail->'to') t(person) where l.verb = @deliver
  union all select (l.detail->>'person')::uuid where l.verb = @push) w(who)
where (@person::uuid is null or w.who = @person) and (l.at, l.id, w.who) < (@at, @line, @who)
order by l.at desc, l.id desc, w.who desc limit @limit`
