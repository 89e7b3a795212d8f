package storage_test

import (
	"crypto/rand"
	"io/fs"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/jackc/pgx/v5"

	"liaison/storage"
	"liaison/storage/storagetest"
)

// The migration that divides the journal keeps every line as it is, and what the application may and may not do.
func TestTheJournalIsDividedWithoutLoss(t *testing.T) {
	t.Parallel()
	address := emptyDatabase(t)
	must(t, storage.MigrateFS(t.Context(), address, migrationsUntil(t, "00014")))
	conn, err := pgx.Connect(t.Context(), address)
	must(t, err)
	defer conn.Close(t.Context())
	_, err = conn.Exec(t.Context(), `insert into audit_lines (id, at, actor, session, verb, outcome, space_id, detail, address, xid)
		select gen_random_uuid(), at, gen_random_uuid(), null, 'message.read', 'done', gen_random_uuid(), '{"count": 3, "b": [1.50]}'::jsonb, '192.0.2.1', '77'::xid8
		from unnest(array['2019-12-31T23:59:59.999999Z', '2020-01-01T00:00:00Z', '2020-01-15T10:00:00Z', '2093-05-01T00:00:00Z']::timestamptz[]) at
		union all select gen_random_uuid(), clock_timestamp(), gen_random_uuid(), gen_random_uuid(), 'x', 'refused', null, null, null, pg_current_xact_id()`)
	must(t, err)
	lines := func() []string {
		return column(t, conn, "select (to_jsonb(l) || jsonb_build_object('xid', l.xid::text))::text from audit_lines l order by id")
	}
	before := lines()
	must(t, storage.Migrate(t.Context(), address))
	if after := lines(); len(before) != 5 || !slices.Equal(before, after) {
		t.Errorf("before %q\nafter %q", before, after)
	}
	places := column(t, conn, "select tableoid::regclass::text || ' ' || count(*) from audit_lines where at < '2021-01-01' or at > '2090-01-01' group by tableoid order by 1")
	if want := []string{"audit_lines_2019_12 1", "audit_lines_2020_01 2", "audit_lines_2093_05 1"}; !slices.Equal(places, want) {
		t.Errorf("%q", places)
	}
	indexes := column(t, conn, "select indexname::text from pg_indexes where tablename = 'audit_lines' order by 1")
	if want := []string{"audit_lines_many", "audit_lines_space", "audit_lines_xid"}; !slices.Equal(indexes, want) {
		t.Errorf("%q", indexes)
	}
	checkJournalRights(t, conn)
}

func checkJournalRights(t *testing.T, conn *pgx.Conn) {
	t.Helper()
	_, err := conn.Exec(t.Context(), "set role liaison_app")
	must(t, err)
	_, err = conn.Exec(t.Context(), "insert into audit_lines (id, actor, verb, outcome) values (gen_random_uuid(), gen_random_uuid(), 'x', 'done')")
	must(t, err)
	for _, sql := range []string{
		"insert into audit_lines (id, actor, verb, outcome, at) values (gen_random_uuid(), gen_random_uuid(), 'x', 'done', now())",
		"insert into audit_lines (id, actor, verb, outcome, xid) values (gen_random_uuid(), gen_random_uuid(), 'x', 'done', '3')",
		"insert into audit_lines (id, actor, verb, outcome) values (gen_random_uuid(), gen_random_uuid(), 'x', 'perhaps')",
		"insert into audit_lines (id, actor, verb, outcome) select '01890000-0000-7000-8000-000000000001', gen_random_uuid(), 'x', 'done' from generate_series(1, 2)",
		"update audit_lines set verb = 'y'", "delete from audit_lines", "drop table audit_lines_2020_01", "delete from audit_lines_2020_01",
	} {
		if _, err := conn.Exec(t.Context(), sql); err == nil {
			t.Errorf("allowed: %s", sql)
		}
	}
	_, err = conn.Exec(t.Context(), "reset role; set role liaison_backup; select * from audit_lines; update audit_lines set xid = xid")
	must(t, err)
}

func column(t *testing.T, conn *pgx.Conn, sql string) []string {
	t.Helper()
	rows, err := conn.Query(t.Context(), sql)
	must(t, err)
	found, err := pgx.CollectRows(rows, pgx.RowTo[string])
	must(t, err)
	return found
}

// emptyDatabase is one without any table.
func emptyDatabase(t *testing.T) (address string) {
	t.Helper()
	base := storagetest.New(t)
	admin, err := pgx.Connect(t.Context(), base.OwnerURL)
	must(t, err)
	defer admin.Close(t.Context())
	name := "t_" + strings.ToLower(rand.Text()[:12])
	_, err = admin.Exec(t.Context(), "create database "+name)
	must(t, err)
	t.Cleanup(func() {
		conn, err := pgx.Connect(t.Context(), base.OwnerURL)
		if err != nil {
			return
		}
		_, _ = conn.Exec(t.Context(), "drop database "+name+" with (force)")
	})
	u, err := url.Parse(base.OwnerURL)
	must(t, err)
	u.Path = "/" + name
	return u.String()
}

func migrationsUntil(t *testing.T, number string) fs.FS {
	t.Helper()
	files := fstest.MapFS{}
	entries, err := os.ReadDir("migrations")
	must(t, err)
	for _, e := range entries {
		if e.Name() < number+"~" {
			text, err := os.ReadFile("migrations/" + e.Name())
			must(t, err)
			files[e.Name()] = &fstest.MapFile{Data: text}
		}
	}
	return files
}
