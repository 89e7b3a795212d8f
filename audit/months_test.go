package audit

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"liaison/storage/copies"
)

// tables gives how many lines stand in each.
func (tr *territory) tables() map[string]int {
	tr.t.Helper()
	rows, err := tr.owner.Query(tr.t.Context(), "select tableoid::regclass::text, count(*)::int from audit_lines group by 1")
	if err != nil {
		tr.t.Fatal(err)
	}
	found := map[string]int{}
	var name string
	var count int
	if _, err := pgx.ForEachRow(rows, []any{&name, &count}, func() error { found[name] = count; return nil }); err != nil {
		tr.t.Fatal(err)
	}
	return found
}

func TestMonthsAreMadeAhead(t *testing.T) {
	t.Parallel()
	tr := newTerritory(t)
	tr.write(2)
	now := month{time.Now().UTC()}
	if got := tr.tables(); len(got) != 1 || got[now.table()] != 2 {
		t.Fatalf("%v", got)
	}
	first := time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, time.UTC)
	next, last := month{first.AddDate(0, 1, 0)}, month{first.AddDate(0, monthsAhead, 0)}
	for _, m := range []month{next, last} {
		if _, err := tr.owner.Exec(t.Context(), "drop table "+m.table()); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 { // and again, when there is nothing to make
		if err := MakeMonths(t.Context(), tr.DB.DB.Pool); err != nil {
			t.Fatal(err)
		}
	}
	tr.tamper("insert into audit_lines (id, at, actor, verb, outcome) values (gen_random_uuid(), $1, gen_random_uuid(), 'x', 'done')", last.end().Add(-time.Microsecond))
	if got := tr.tables(); got[last.table()] != 1 {
		t.Fatalf("%v", got)
	}
}

// A line whose month nobody made, as after a jump of the clock, is kept, sealed and verified, and moves to its month unchanged.
func TestALineWithoutAMonthIsKept(t *testing.T) {
	t.Parallel()
	tr := newTerritory(t)
	for _, years := range []int{-3, 8} {
		tr.tamper("insert into audit_lines (id, at, actor, verb, outcome) values ($1, $2, gen_random_uuid(), 'x', 'done')", uuid.New(), time.Now().AddDate(years, 0, 0))
	}
	tr.write(1)
	tr.seal(3)
	if got := tr.tables(); got["audit_lines_other"] != 2 {
		t.Fatalf("%v", got)
	}
	if r := tr.verify(); r.Problem != nil || r.Lines != 3 {
		t.Fatalf("%+v %v", r, r.Problem)
	}
	if err := MakeMonths(t.Context(), tr.DB.DB.Pool); err != nil {
		t.Fatal(err)
	}
	if got := tr.tables(); got["audit_lines_other"] != 0 || len(got) != 3 {
		t.Fatalf("%v", got)
	}
	if r := tr.verify(); r.Problem != nil || r.Lines != 3 {
		t.Fatalf("moved: %+v %v", r, r.Problem)
	}
}

func TestTheApplicationCannotRemoveAMonth(t *testing.T) {
	t.Parallel()
	tr, _, _, _ := aged(t)
	table := month{ago(14)}.table()
	for _, sql := range []string{
		"drop table " + table, "delete from " + table, "truncate " + table, "alter table audit_lines detach partition " + table,
		"update " + table + " set verb = 'x'", "insert into " + table + " select * from audit_lines limit 1", "select * from " + table,
		"delete from audit_lines_other", "drop table audit_lines", "select make_journal_months(1000)",
		`insert into audit_blocks select number + 100, from_xid, to_xid, sealed_at, 0, leaves, root, previous, key_id, signature, '{}' from audit_blocks limit 1`,
	} {
		if _, err := tr.DB.DB.Pool.Exec(t.Context(), sql); err == nil {
			t.Errorf("allowed: %s", sql)
		}
	}
	if err := tr.sealer.Retain(t.Context(), tr.URL, 6); err == nil {
		t.Error("removed by the application")
	}
	tr.whole(9, 3)
}

// Two months may hold the same id; each line is what was sealed, and none more.
func TestTheSameIDInTwoMonths(t *testing.T) {
	t.Parallel()
	tr := newTerritory(t)
	id := tr.wrote(ago(2), 1)[0]
	tr.tamper("insert into audit_lines (id, actor, verb, outcome) values ($1, gen_random_uuid(), 'x', 'done')", id)
	tr.seal(2)
	if r := tr.verify(); r.Problem != nil || r.Lines != 2 {
		t.Fatalf("%+v %v", r, r.Problem)
	}
	tr.wrote(ago(4), 1)
	tr.tamper("insert into audit_lines (id, at, actor, verb, outcome, xid) values ($1, $2, gen_random_uuid(), 'x', 'done', '3')", id, ago(4))
	tr.problem(LineInserted, 0, id)
}

// The sealer looks every second, and the history of accesses at each page: over years of months, each by its index.
func TestQuestionsAcrossMonthsUseIndexes(t *testing.T) {
	t.Parallel()
	tr := newTerritory(t)
	for i := range 24 {
		tr.wrote(ago(i), 1)
	}
	tr.seal(24)
	for sql, months := range map[string]int{
		"select xid from audit_lines where xid >= '5' order by xid limit 1":                                                                                                               24,
		selectLines + "where xid >= '5' and xid < '100000' order by xid, id":                                                                                                              24,
		selectLines + "where id = '01890000-0000-7000-8000-000000000001'":                                                                                                                 24,
		"select * from audit_lines where space_id = '01890000-0000-7000-8000-000000000001' order by at desc, id desc limit 50":                                                            24,
		fmt.Sprintf("%s where id = '01890000-0000-7000-8000-000000000001' and at >= '%[2]s' and at < '%[2]s'::timestamptz + interval '1 day'", selectLines, ago(3).Format(time.DateOnly)): 1,
	} {
		plan := tr.plan(sql)
		if strings.Contains(plan, "Seq Scan") || strings.Count(plan, "on audit_lines_20") < months || months == 1 && strings.Count(plan, "on audit_lines_") > 3 {
			t.Errorf("%s\n%s", sql, plan)
		}
	}
}

func (tr *territory) plan(sql string) string {
	tr.t.Helper()
	var lines []string
	err := pgx.BeginFunc(tr.t.Context(), tr.owner, func(tx pgx.Tx) error {
		// Tables of a line are read whole unless they are taken for larger ones.
		if _, err := tx.Exec(tr.t.Context(), "set local enable_seqscan = off"); err != nil {
			return err
		}
		rows, err := tx.Query(tr.t.Context(), "explain "+sql)
		if err != nil {
			return err
		}
		lines, err = pgx.CollectRows(rows, pgx.RowTo[string])
		return err
	})
	if err != nil {
		tr.t.Fatal(err)
	}
	return strings.Join(lines, "\n")
}

// A copy holds the journal whatever its months, and what was removed stays stated after it is restored.
func TestACopyHoldsEveryMonth(t *testing.T) {
	t.Parallel()
	tr, _, _, _ := aged(t)
	tr.retain(13)
	var file bytes.Buffer
	m, err := copies.Dump(t.Context(), tr.OwnerURL, copies.Role, &file)
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range m.Tables {
		if strings.HasPrefix(table.Name, "audit_lines_") || table.Name == "audit_lines" && table.Rows != 4 {
			t.Errorf("%+v", table)
		}
	}
	there := newTerritory(t)
	there.key, there.exports = tr.key, tr.exports
	there.sealer = there.newSealer(there.exports)
	_, err = copies.Load(t.Context(), there.OwnerURL, copies.Role, bytes.NewReader(file.Bytes()), int64(file.Len()), func(ctx context.Context, tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "reset role"); err != nil {
			return err
		}
		return Rebase(ctx, tx, tr.key)
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := there.tables(); got["audit_lines_other"] != 0 || len(got) != 2 {
		t.Errorf("%v", got)
	}
	there.write(1)
	there.seal(1)
	r := there.verify()
	if r.Problem != nil || r.Lines != 5 || r.Removed != 5 || len(r.Restores) != 1 {
		t.Fatalf("%+v %v", r, r.Problem)
	}
	there.retain(6)
	if r := there.verify(); r.Problem != nil || r.Lines != 3 || r.Removed != 7 {
		t.Fatalf("%+v %v", r, r.Problem)
	}
}
