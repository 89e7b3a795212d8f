// Package copies brings a whole database into one file and back, through the driver alone: the private PostgreSQL of a small
// machine has no pg_dump. It knows tables, not what is in them.
package copies

import (
	"archive/zip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// Role sees every row of the main database for a copy; row-level security hides them from everybody else.
const Role = "liaison_backup"

// Manifest says what a copy holds.
type Manifest struct {
	Made    time.Time `json:"made"`
	Schema  int64     `json:"schema"` // number of the newest migration
	Version string    `json:"postgresql"`
	Tables  []Table   `json:"tables"`
}

// Table is one table of a copy; SHA256 is of its lines.
type Table struct {
	Name    string   `json:"name"`
	Columns []string `json:"columns"`
	Rows    int64    `json:"rows"`
	SHA256  string   `json:"sha256"`
}

const manifestName = "manifest.json"

// Dump writes one consistent state of the database at url to w, as role (empty: whoever connects).
func Dump(ctx context.Context, url, role string, w io.Writer) (Manifest, error) {
	var m Manifest
	err := inTransaction(ctx, url, role, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		archive := zip.NewWriter(w)
		var err error
		if m, err = describe(ctx, tx); err != nil {
			return err
		}
		for i := range m.Tables {
			if err := dumpTable(ctx, tx, archive, &m.Tables[i]); err != nil {
				return fmt.Errorf("copy table %s: %w", m.Tables[i].Name, err)
			}
		}
		if err := writeManifest(archive, m); err != nil {
			return err
		}
		return archive.Close()
	})
	return m, err
}

// inTransaction runs fn in a transaction of a connection of its own, under a role.
func inTransaction(ctx context.Context, url, role string, opts pgx.TxOptions, fn func(pgx.Tx) error) error {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return fmt.Errorf("reach database: %w", err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	return pgx.BeginTxFunc(ctx, conn, opts, func(tx pgx.Tx) error {
		if role == "" {
			return fn(tx)
		}
		if _, err := tx.Exec(ctx, "set local role "+pgx.Identifier{role}.Sanitize()); err != nil {
			return fmt.Errorf("take the role of copies: %w", err)
		}
		return fn(tx)
	})
}

// describe lists the tables in an order in which their references can be loaded. Durable jobs stay behind: they are made again
// from what they are about, for a copy may be old.
func describe(ctx context.Context, tx pgx.Tx) (Manifest, error) {
	m := Manifest{Made: time.Now().UTC()}
	if err := tx.QueryRow(ctx, "select current_setting('server_version')").Scan(&m.Version); err != nil {
		return m, err
	}
	var err error
	if m.Schema, err = schemaOf(ctx, tx); err != nil {
		return m, err
	}
	rows, err := tx.Query(ctx, `select c.relname::text, array_agg(a.attname::text order by a.attnum)
		from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid
		where n.nspname = 'public' and c.relkind in ('r', 'p') and not c.relispartition and c.relname <> 'goose_db_version' and c.relname not like 'river\_%' and a.attnum > 0 and not a.attisdropped
		group by 1 order by 1`)
	if err != nil {
		return m, err
	}
	m.Tables, err = pgx.CollectRows(rows, func(r pgx.CollectableRow) (Table, error) {
		var t Table
		err := r.Scan(&t.Name, &t.Columns)
		return t, err
	})
	if err != nil {
		return m, err
	}
	return m, m.order(ctx, tx)
}

func schemaOf(ctx context.Context, tx pgx.Tx) (version int64, err error) {
	err = tx.QueryRow(ctx, "select coalesce(max(version_id), 0) from goose_db_version").Scan(&version)
	if err != nil {
		return 0, fmt.Errorf("version of the schema: %w", err)
	}
	return version, nil
}

// order puts a table after those it refers to.
func (m *Manifest) order(ctx context.Context, tx pgx.Tx) error {
	rows, err := tx.Query(ctx, `select conrelid::regclass::text, confrelid::regclass::text from pg_constraint
		where contype = 'f' and conrelid <> confrelid and connamespace = 'public'::regnamespace`)
	if err != nil {
		return err
	}
	needs := map[string][]string{}
	var table, refers string
	if _, err := pgx.ForEachRow(rows, []any{&table, &refers}, func() error {
		needs[table] = append(needs[table], refers)
		return nil
	}); err != nil {
		return err
	}
	depth := func(name string) int { return depthOf(name, needs, 0) }
	slices.SortStableFunc(m.Tables, func(a, b Table) int { return depth(a.Name) - depth(b.Name) })
	return nil
}

func depthOf(name string, needs map[string][]string, guard int) int {
	deepest := 0
	for _, n := range needs[name] {
		if guard < 50 {
			deepest = max(deepest, 1+depthOf(n, needs, guard+1))
		}
	}
	return deepest
}

func dumpTable(ctx context.Context, tx pgx.Tx, archive *zip.Writer, t *Table) error {
	file, err := archive.Create(t.Name + ".copy")
	if err != nil {
		return err
	}
	sum := sha256.New()
	// Not the table itself: one that is divided is copied by what it shows.
	tag, err := tx.Conn().PgConn().CopyTo(ctx, io.MultiWriter(file, sum), "copy (select "+t.columns()+" from "+t.quoted()+") to stdout")
	if err != nil {
		return err
	}
	t.Rows, t.SHA256 = tag.RowsAffected(), hex.EncodeToString(sum.Sum(nil))
	return nil
}

func (t Table) quoted() string { return pgx.Identifier{t.Name}.Sanitize() }

func (t Table) columns() string {
	quoted := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		quoted[i] = pgx.Identifier{c}.Sanitize()
	}
	return strings.Join(quoted, ", ")
}

func writeManifest(archive *zip.Writer, m Manifest) error {
	file, err := archive.Create(manifestName)
	if err != nil {
		return err
	}
	out := json.NewEncoder(file)
	out.SetIndent("", "  ")
	return out.Encode(m)
}
