package proof

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"liaison/node"
	"liaison/storage/storagetest"
)

// guarded is a table under row-level security, and what the application's role may do to it besides reading and adding.
type guarded struct {
	name    string
	update  string // how a column is set to what one row holds; "" when nothing may be updated
	deletes bool
}

// guardedTables are all there are, as the database says: a new one is tried too.
func (s *scene) guardedTables() []guarded {
	s.Helper()
	columns := map[string]string{}
	var out []guarded
	var g guarded
	s.each(s.owner, []any{&g.name, &g.update, &g.deletes}, func() { out = append(out, g) }, `select c.relname::text,
		-- a column that is in no key, so that all rows may hold the same
		coalesce((select a.attname::text from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
			and has_column_privilege('liaison_app', c.oid, a.attnum, 'update')
			and not exists (select from pg_index i where i.indrelid = c.oid and i.indisunique and a.attnum = any (i.indkey::int2[]))
			order by a.attnotnull desc, a.attnum limit 1), ''),
		has_table_privilege('liaison_app', c.oid, 'delete')
		from pg_class c where c.relrowsecurity and c.relkind = 'r' and c.relnamespace = 'public'::regnamespace order by 1`)
	for i, g := range out {
		if g.update == "" {
			continue
		}
		var value string
		s.must(s.owner.QueryRow(s.Context(), fmt.Sprintf("select coalesce(quote_literal((select %[1]s::text from %[2]s where %[1]s is not null limit 1)), 'null')",
			pgx.Identifier{g.update}.Sanitize(), pgx.Identifier{g.name}.Sanitize())).Scan(&value))
		out[i].update = pgx.Identifier{g.update}.Sanitize() + " = " + value
		columns[g.name] = g.update
	}
	if len(out) < 10 || columns["alerts"] == "" {
		s.Fatalf("this test does not look where row-level security is: %v", out)
	}
	return out
}

// blind does something as the application's role with a person's name, and takes it back: how many rows it would change, and of
// those updated how many she reads.
func (s *scene) blind(p *person, sql string, table ...string) (rows, read int64) {
	s.Helper()
	tx, err := s.db.DB.Pool.Begin(s.Context())
	s.must(err)
	defer tx.Rollback(s.Context())
	set, id := asActor(p)
	_, err = tx.Exec(s.Context(), set, id)
	s.must(err)
	if strings.HasPrefix(sql, "select") {
		s.must(tx.QueryRow(s.Context(), sql).Scan(&rows))
		return rows, rows
	}
	tag, err := tx.Exec(s.Context(), sql)
	var refused *pgconn.PgError
	if errors.As(err, &refused) && refused.Code == "42501" {
		return 0, 0
	}
	s.must(err)
	for _, name := range table {
		s.must(tx.QueryRow(s.Context(), "select count(*) from "+name+" where xmin = pg_current_xact_id()::xid").Scan(&read))
	}
	return tag.RowsAffected(), read
}

// directory are the tables that everybody reads, and only who administers may change.
var directory = map[string]bool{"organisations": true, "belongings": true}

// A statement that reads no column asks no policy of reading: who may change rows must be said in full by the policies of
// changing. Nobody changes a row that she may not read, and who has no place changes none.
func TestNobodyChangesBlindlyWhatSheMayNotRead(t *testing.T) {
	t.Parallel()
	s := newScene(t, storagetest.New(t), func(c *node.Config) { c.S3 = storagetest.S3(t) })
	s.fill()
	for _, table := range s.guardedTables() {
		var all int64
		name := pgx.Identifier{table.name}.Sanitize()
		s.must(s.owner.QueryRow(t.Context(), "select count(*) from "+name).Scan(&all))
		if all == 0 {
			t.Errorf("%s is empty: nothing is proved of it", table.name)
		}
		for who, p := range map[string]*person{"nobody": nil, "a stranger": s.stranger, "who left": s.left, "the home help": s.help, "the nurse": s.nurse, "the physician": s.gp} {
			readable, _ := s.blind(p, "select count(*) from "+name)
			if directory[table.name] {
				readable = 0 // everybody reads it, and only who administers may change it: nobody here
			}
			if outside := p == nil || p == s.stranger; outside && readable != 0 {
				t.Errorf("%s reads %d rows of %s", who, readable, table.name)
			}
			if table.deletes {
				if n, _ := s.blind(p, "delete from "+name); n > readable {
					t.Errorf("%s removes %d rows of %s, of which she reads %d", who, n, table.name, readable)
				}
			}
			if table.update != "" {
				if n, read := s.blind(p, "update "+name+" set "+table.update, name); n != read || n > readable {
					t.Errorf("%s changes %d rows of %d of %s, of which she reads %d", who, n, all, table.name, read)
				}
			}
		}
	}
	for sql, p := range map[string]*person{"update patients set revision = 1": s.gp, "update messages set revision = 9": s.nurse, "delete from devices": s.gp} {
		if n, _ := s.blind(p, sql); n == 0 {
			t.Errorf("this test does not find what may be changed: %s", sql)
		}
	}
}

// One hands on one's own place and nobody else's, whatever the code believes.
func TestNobodyHandsOnAnothersPlace(t *testing.T) {
	t.Parallel()
	s := newScene(t, storagetest.New(t), func(c *node.Config) { c.S3 = storagetest.S3(t) })
	give := func(by *person) int64 {
		n, _ := s.blind(by, fmt.Sprintf(`insert into stand_ins (id, kind, for_id, by_id, valid_from, categories)
			values ('%s', 'secretariat', '%s', '%s', now(), 511)`, newID(), s.gp.id, s.nurse.id))
		return n
	}
	if give(s.gp) != 1 {
		t.Error("this test does not give what may be given")
	}
	for who, by := range map[string]*person{"who would have it": s.nurse, "a stranger": s.stranger, "nobody": nil} {
		if give(by) != 0 {
			t.Errorf("%s hands on the physician's place", who)
		}
	}
}

// fill leaves rows in every table.
func (s *scene) fill() {
	s.Helper()
	s.well(s.ask(0, s.gp, "POST", "/teams/"+s.team+"/will", object{"id": newID(), "kind": "consent"}))
	s.well(s.ask(0, s.gp, "POST", "/teams/"+s.team+"/will", object{"id": newID(), "kind": "opposition", "professional_id": s.stranger.id}))
	s.well(s.ask(0, s.gp, "PUT", "/teams/"+s.team+"/thresholds", object{"items": []object{{"code": "pain", "component": "value", "high": 4}}}))
	note := s.post(s.nurse, object{"category": "nursing", "text": "soins", "urgent": true, "document_ids": []string{s.send(s.nurse, "a.txt", "", []byte("a"))}})
	s.amend(note, "soins faits", "oubli")
	s.withdraw(s.post(s.nurse, object{"category": "nursing", "text": "erreur"}), "erreur")
	s.post(s.nurse, object{"category": "daily_life", "text": "repas"})
	s.post(s.nurse, object{"category": "nursing", "text": "tension", "masks": []string{"MASQUE_PSOCIAL"}})
	s.send(s.nurse, "b.txt", "", []byte("b"))
	s.departed(note)
	s.brokenInto()
	s.structure()
	s.well(s.ask(0, s.gp, "POST", "/stand-ins", object{"id": newID(), "kind": "secretariat", "professional_id": s.help.id}))
	s.well(s.ask(0, s.gp, "POST", "/receipts", object{"items": []object{{"message_id": note, "state": "seen"}}}))
	s.well(s.ask(0, s.gp, "PUT", "/channels/"+s.channel+"/read", object{"message_id": note}))
}

// departed has somebody do all of it before she leaves: what is hers by its author is not hers any more.
func (s *scene) departed(note string) {
	s.Helper()
	own := s.post(s.left, object{"category": "nursing", "text": "passage", "urgent": true, "document_ids": []string{s.send(s.left, "c.txt", "", []byte("c"))}})
	s.well(s.ask(0, s.left, "PATCH", "/messages/"+own, object{"text": "passage fait", "reason": "oubli"}, "If-Match", "1"))
	s.send(s.left, "d.txt", "", []byte("d"))
	var alert struct{ ID string }
	s.into(s.ask(0, s.gp, "GET", "/messages/"+note+"/alert", nil), &alert)
	s.well(s.ask(0, s.gp, "POST", "/alerts/"+alert.ID+"/acknowledge", object{"outcome": "handed_over", "to": s.left.id}))
	s.leave()
}

// structure has somebody work in a structure; who administers is not of the scene.
func (s *scene) structure() {
	s.Helper()
	id := newID()
	_, err := s.owner.Exec(s.Context(), "insert into organisations (id, kind, name, created_by) values ($1, 'ssiad', 'SSIAD', $2)", id, s.gp.id)
	s.must(err)
	_, err = s.owner.Exec(s.Context(), "insert into belongings (id, organisation_id, person_id, valid_from, added_by) values ($1, $2, $3, now(), $4)",
		newID(), id, s.left.id, s.gp.id)
	s.must(err)
}

// brokenInto has her who left come back in an emergency, and leave again.
func (s *scene) brokenInto() {
	s.Helper()
	s.well(s.ask(0, s.left, "POST", "/emergencies", object{
		"id": newID(), "family_name": "Dufour", "given_name": "Odette", "birth_date": "1939-03-12", "sex": "F", "hours": 2, "reason": "chute au domicile",
	}))
	s.leave()
}
