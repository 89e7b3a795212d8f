// Package audit is the journal: who did and read what, what was refused. Lines are inserted in the transactions of what they
// tell; one sealer per territory binds them into signed blocks exported outside the database; anybody with the public key can
// verify them. It holds ids and codes, never text, and decides nothing: access and the features say what is worth a line.
package audit

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"liaison/storage"
)

// Line is one thing that was done, read or refused. What does not apply stays nil.
type Line struct {
	ID        uuid.UUID // made when nil
	Actor     uuid.UUID
	Session   uuid.UUID
	Workplace uuid.UUID
	Verb      string
	Refused   bool
	Space     uuid.UUID
	Object    uuid.UUID
	Detail    map[string]any // counts, ranges, codes of reasons; never text
	Address   string
}

// The time and the transaction are the database's: a line cannot choose its place.
const insertLines = `
insert into audit_lines (id, actor, session, workplace, verb, outcome, space_id, object, detail, address)
select l.id, l.actor, nullif(l.session, n.il), nullif(l.workplace, n.il), l.verb, case when l.refused then 'refused' else 'done' end,
       nullif(l.space, n.il), nullif(l.object, n.il), nullif(l.detail, '')::jsonb, nullif(l.address, '')
from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::bool[], $7::uuid[], $8::uuid[], $9::text[], $10::text[])
  as l(id, actor, session, workplace, verb, refused, space, object, detail, address),
  (select '00000000-0000-0000-0000-000000000000'::uuid as il) as n`

// Queue adds the lines to a pipelined transaction, in one statement. Lines that cannot be written fail that transaction.
func Queue(b *pgx.Batch, lines ...Line) {
	if always && len(lines) > 0 {
		b.Queue(insertLines, columns(lines)...)
	}
}

// Write inserts the lines.
func Write(ctx context.Context, q storage.Querier, lines ...Line) error {
	if !always || len(lines) == 0 {
		return nil
	}
	if _, err := q.Exec(ctx, insertLines, columns(lines)...); err != nil {
		return fmt.Errorf("write journal: %w", err)
	}
	return nil
}

// Kept refuses to let a build without journal serve any database but the bench's own.
func Kept(ctx context.Context, q storage.Querier) error {
	if always {
		return nil
	}
	var name string
	if err := q.QueryRow(ctx, "select current_database()").Scan(&name); err != nil {
		return fmt.Errorf("name of the database: %w", err)
	}
	if name != "liaison_bench" {
		return fmt.Errorf("this build keeps no journal: it serves the bench, not %s", name)
	}
	return nil
}

func columns(lines []Line) []any {
	n := len(lines)
	ids, actors, sessions, workplaces := make([]uuid.UUID, n), make([]uuid.UUID, n), make([]uuid.UUID, n), make([]uuid.UUID, n)
	spaces, objects := make([]uuid.UUID, n), make([]uuid.UUID, n)
	verbs, details, addresses := make([]string, n), make([]string, n), make([]string, n)
	refused := make([]bool, n)
	for i, l := range lines {
		ids[i], actors[i], sessions[i], workplaces[i] = identified(l.ID), l.Actor, l.Session, l.Workplace
		spaces[i], objects[i] = l.Space, l.Object
		verbs[i], details[i], addresses[i] = l.Verb, encoded(l.Detail), l.Address
		refused[i] = l.Refused
	}
	return []any{ids, actors, sessions, workplaces, verbs, refused, spaces, objects, details, addresses}
}

func identified(id uuid.UUID) uuid.UUID {
	if id == uuid.Nil {
		return uuid.Must(uuid.NewV7())
	}
	return id
}

// encoded answers what is no JSON when a detail cannot be encoded: PostgreSQL refuses it, and what was not journalled is not done.
func encoded(detail map[string]any) string {
	if len(detail) == 0 {
		return ""
	}
	b, err := json.Marshal(detail)
	if err != nil {
		return "cannot encode detail: " + err.Error()
	}
	return string(b)
}
