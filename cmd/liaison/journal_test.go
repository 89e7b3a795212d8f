package main

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"liaison/node"
	"liaison/storage/storagetest"
)

// A node makes the months to come and removes those past the retention it is told; without one it removes nothing.
func TestANodeLooksAfterTheJournalsMonths(t *testing.T) {
	t.Parallel()
	db := storagetest.New(t)
	owner, err := pgx.Connect(t.Context(), db.OwnerURL)
	if err != nil {
		t.Fatal(err)
	}
	defer owner.Close(t.Context())
	now := time.Now().UTC()
	next := time.Date(now.Year(), now.Month()+1, 1, 0, 0, 0, 0, time.UTC).Format("audit_lines_2006_01")
	const long = "audit_lines_2019_01"
	_, err = owner.Exec(t.Context(), "create table "+long+" partition of audit_lines (primary key (id)) for values from ('2019-01-01Z') to ('2019-02-01Z'); drop table "+next)
	if err != nil {
		t.Fatal(err)
	}
	there := func(table string) (found bool) {
		if err := owner.QueryRow(t.Context(), "select to_regclass($1) is not null", table).Scan(&found); err != nil {
			t.Fatal(err)
		}
		return found
	}
	dir := t.TempDir()
	for _, months := range []int{0, 6} {
		n, err := node.Start(t.Context(), node.Config{
			DatabaseURL: db.URL, OwnerURL: db.OwnerURL, KeysURL: db.KeysURL, MasterKeyFile: filepath.Join(dir, "master.key"),
			JournalDir: filepath.Join(dir, "journal"), JournalMonths: months, Listen: "127.0.0.1:0", AllowNoFsync: true,
		})
		if err != nil {
			t.Fatal(err)
		}
		for !n.Sealer.Stats().Leads { // the one before may still hold the lock
			if _, err := n.Sealer.SealOnce(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if err := n.KeepJournal(t.Context()); err != nil {
			t.Error(err)
		}
		n.Stop()
		if there(long) != (months == 0) || !there(next) {
			t.Errorf("kept for %d months: the old one is there %t, the next one %t", months, there(long), there(next))
		}
	}
}
