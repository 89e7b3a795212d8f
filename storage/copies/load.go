package copies

import (
	"archive/zip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/jackc/pgx/v5"
)

// ErrNotEmpty refuses to load over what is there.
var ErrNotEmpty = errors.New("the database holds something already: a copy is loaded into an empty one")

// Load brings a copy into a migrated, empty database, all or nothing, and checks every table's sum. after runs in the same
// transaction, still under the role.
func Load(ctx context.Context, url, role string, r io.ReaderAt, size int64, after func(context.Context, pgx.Tx) error) (Manifest, error) {
	var m Manifest
	archive, err := zip.NewReader(r, size)
	if err != nil {
		return m, fmt.Errorf("open copy: %w", err)
	}
	if m, err = readManifest(archive); err != nil {
		return m, err
	}
	err = inTransaction(ctx, url, role, pgx.TxOptions{}, func(tx pgx.Tx) error {
		if err := checkSchema(ctx, tx, m); err != nil {
			return err
		}
		for _, t := range m.Tables {
			if err := loadTable(ctx, tx, archive, t); err != nil {
				return fmt.Errorf("load table %s: %w", t.Name, err)
			}
		}
		return after(ctx, tx)
	})
	return m, err
}

func readManifest(archive *zip.Reader) (Manifest, error) {
	var m Manifest
	file, err := archive.Open(manifestName)
	if err != nil {
		return m, fmt.Errorf("a copy without manifest: %w", err)
	}
	defer file.Close()
	return m, json.NewDecoder(file).Decode(&m)
}

func checkSchema(ctx context.Context, tx pgx.Tx, m Manifest) error {
	here, err := schemaOf(ctx, tx)
	if err != nil {
		return err
	}
	if here != m.Schema {
		return fmt.Errorf("the copy is of schema %d and this program makes schema %d: load it with the program that made it, then upgrade", m.Schema, here)
	}
	return nil
}

func loadTable(ctx context.Context, tx pgx.Tx, archive *zip.Reader, t Table) error {
	var some bool
	if err := tx.QueryRow(ctx, "select exists (select from "+pgx.Identifier{t.Name}.Sanitize()+")").Scan(&some); err != nil {
		return err
	}
	if some {
		return ErrNotEmpty
	}
	aside := Table{Name: "loading_" + t.Name, Columns: t.Columns}
	// Not straight into the table: COPY FROM does not go where row-level security stands.
	if _, err := tx.Exec(ctx, "create temporary table "+aside.quoted()+" (like "+t.quoted()+") on commit drop"); err != nil {
		return err
	}
	rows, sum, err := copyInto(ctx, tx, archive, t.Name, aside)
	if err != nil {
		return err
	}
	if rows != t.Rows || sum != t.SHA256 {
		return errors.New("the copy is damaged: its sum does not match")
	}
	_, err = tx.Exec(ctx, "insert into "+t.quoted()+" ("+t.columns()+") select "+t.columns()+" from "+aside.quoted())
	return err
}

func copyInto(ctx context.Context, tx pgx.Tx, archive *zip.Reader, name string, into Table) (rows int64, sum string, err error) {
	file, err := archive.Open(name + ".copy")
	if err != nil {
		return 0, "", err
	}
	defer file.Close()
	hash := sha256.New()
	tag, err := tx.Conn().PgConn().CopyFrom(ctx, io.TeeReader(file, hash), "copy "+into.quoted()+" ("+into.columns()+") from stdin")
	return tag.RowsAffected(), hex.EncodeToString(hash.Sum(nil)), err
}
