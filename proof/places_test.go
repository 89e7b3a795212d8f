package proof

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/jackc/pgx/v5"

	"liaison/storage/copies"
	"liaison/storage/objects"
)

// places is everything that is kept or was sent, by where it is.
func (m *marked) places() map[string][]byte {
	m.Helper()
	out := map[string][]byte{"log": m.log.bytes(), "redis: commands": m.told.bytes()}
	_, err := m.owner.Exec(m.Context(), "checkpoint")
	m.must(err)
	m.files(out, "file of PostgreSQL", m.cluster.DataDir)
	m.files(out, "file of the store", m.gateway.Config.Files)
	for _, url := range []string{m.db.OwnerURL, m.db.KeysURL} {
		m.tables(out, url)
	}
	m.redisKeys(out)
	m.stored(out)
	for i, r := range m.push.Received() {
		out[fmt.Sprintf("push: %d", i)] = bytes.Join([][]byte{r.Cipher, r.Body, []byte(fmt.Sprint(r.Header, r.Claims))}, []byte("\n"))
	}
	for name, raw := range m.copies() {
		archive, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
		m.must(err)
		for _, f := range archive.File {
			file, err := f.Open()
			m.must(err)
			plain, err := io.ReadAll(file)
			m.must(err)
			out["copy: "+name+" "+f.Name] = plain
		}
		out["copy: "+name] = raw
	}
	return out
}

// files reads every file below a directory; one that goes away meanwhile held what is elsewhere by then.
func (m *marked) files(out map[string][]byte, what, dir string) {
	m.Helper()
	m.must(filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if os.IsNotExist(err) {
			return nil
		}
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		raw, err := os.ReadFile(path)
		if os.IsNotExist(err) {
			return nil
		}
		out[what+": "+path] = append(raw, path...)
		return err
	}))
}

// tables reads every column of every table as text, jobs and their faults included.
func (m *marked) tables(out map[string][]byte, url string) {
	m.Helper()
	conn, err := pgx.Connect(m.Context(), url)
	m.must(err)
	defer conn.Close(m.Context())
	rows, err := conn.Query(m.Context(), `select format('%I.%I', schemaname, tablename) from pg_tables where schemaname not in ('pg_catalog', 'information_schema')`)
	m.must(err)
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	m.must(err)
	for _, name := range names {
		var text bytes.Buffer
		_, err := conn.PgConn().CopyTo(m.Context(), &text, "copy (select * from "+name+") to stdout")
		m.must(err)
		out["table: "+name] = text.Bytes()
	}
}

func (m *marked) redisKeys(out map[string][]byte) {
	m.Helper()
	keys, err := m.redis.Keys(m.Context(), "*").Result()
	m.must(err)
	for _, key := range keys {
		value, err := m.redis.Dump(m.Context(), key).Result()
		m.must(err)
		out["redis: "+key] = []byte(key + value)
	}
	channels, err := m.redis.PubSubChannels(m.Context(), "*").Result()
	m.must(err)
	out["redis: channels"] = []byte(strings.Join(channels, "\n"))
}

// stored reads what the store gives whoever holds its keys.
func (m *marked) stored(out map[string][]byte) {
	m.Helper()
	bucket, err := objects.Open(m.gateway.Config)
	m.must(err)
	for o, err := range bucket.List(m.Context(), "") {
		m.must(err)
		body, err := bucket.Get(m.Context(), o.Key, 0, objects.All)
		m.must(err)
		raw, err := io.ReadAll(body)
		m.must(err)
		m.must(body.Close())
		where := "object: "
		if strings.HasPrefix(o.Key, "journal/") {
			where = "journal: "
		}
		out[where+o.Key] = append(raw, o.Key...)
	}
}

// copies are the two files of `liaison backup`.
func (m *marked) copies() map[string][]byte {
	m.Helper()
	var data, keys bytes.Buffer
	_, err := copies.Dump(m.Context(), m.db.OwnerURL, copies.Role, &data)
	m.must(err)
	_, err = copies.Dump(m.Context(), m.db.KeysURL, "", &keys)
	m.must(err)
	return map[string][]byte{"data": data.Bytes(), "keys": keys.Bytes()}
}
