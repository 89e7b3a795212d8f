package vault

import (
	"context"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

const keySize = 32

// masterRow names the row that says which master key wraps the others.
const masterRow = "master"

// master wraps keys. Its id is derived one way from the key and stored clear, to know a wrong key before using it.
type master struct {
	id   []byte
	aead cipher.AEAD
}

func newMaster(key []byte) (*master, error) {
	id, err := hkdf.Key(sha256.New, key, nil, "liaison master key id", sha256.Size)
	if err != nil {
		return nil, err
	}
	wrapping, err := hkdf.Key(sha256.New, key, nil, "liaison master key wrap", keySize)
	if err != nil {
		return nil, err
	}
	aead, err := newAEAD(wrapping)
	if err != nil {
		return nil, err
	}
	return &master{id: id, aead: aead}, nil
}

// wrap binds the key to its place (which space and generation, or which name), so that rows cannot be exchanged.
func (m *master) wrap(key []byte, place string) []byte {
	return m.aead.Seal([]byte{formatVersion}, nil, key, []byte(place))
}

func (m *master) unwrap(wrapped []byte, place string) ([]byte, error) {
	if len(wrapped) == 0 || wrapped[0] != formatVersion {
		return nil, fmt.Errorf("%w: unknown format of wrapped key %s", ErrMasterKey, place)
	}
	key, err := m.aead.Open(nil, nil, wrapped[1:], []byte(place))
	if err != nil {
		return nil, fmt.Errorf("%w: it does not open key %s", ErrMasterKey, place)
	}
	return key, nil
}

// openMaster reads the master key, or makes it for a database without keys, and claims the database for it.
func openMaster(ctx context.Context, pool *pgxpool.Pool, file string) (*master, error) {
	made := false
	key, err := readMasterKey(file)
	if errors.Is(err, fs.ErrNotExist) {
		key, made, err = firstMasterKey(ctx, pool, file)
	}
	if err != nil {
		return nil, err
	}
	m, err := newMaster(key)
	if err != nil {
		return nil, err
	}
	if err := m.claim(ctx, pool, file); err != nil {
		if made && errors.Is(err, ErrMasterKey) {
			// Another node was first: a key that wrapped nothing must not be mistaken for the real one.
			_ = os.Remove(file)
		}
		return nil, err
	}
	return m, nil
}

func firstMasterKey(ctx context.Context, pool *pgxpool.Pool, file string) (key []byte, made bool, err error) {
	var keys bool
	err = pool.QueryRow(ctx, "select exists (select from instance_keys) or exists (select from space_keys)").Scan(&keys)
	if err != nil {
		return nil, false, fmt.Errorf("look for keys: %w", err)
	}
	if !keys {
		return makeMasterKey(file)
	}
	// A node starting at the same time may have made the file and its first key since we looked.
	key, err = readMasterKey(file)
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("%w: %s is missing and the database already has keys: bring back the file that wrapped them", ErrMasterKey, file)
	}
	return key, false, err
}

// claim writes the master key's id in a database that has none, and compares it otherwise.
func (m *master) claim(ctx context.Context, pool *pgxpool.Pool, file string) error {
	_, err := pool.Exec(ctx, `insert into instance_keys (name, wrapped)
		select $1, $2 where not exists (select from space_keys) on conflict do nothing`, masterRow, m.id)
	if err != nil {
		return fmt.Errorf("claim key database: %w", err)
	}
	if err := m.check(ctx, pool.QueryRow(ctx, "select wrapped = $2 from instance_keys where name = $1", masterRow, m.id)); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return nil
}

// hold checks, inside tx, that keys are still wrapped by m, and keeps it so until tx ends: a node that missed a change of
// the master key must not add keys nobody could open.
func (m *master) hold(ctx context.Context, tx pgx.Tx) error {
	return m.check(ctx, tx.QueryRow(ctx, "select wrapped = $2 from instance_keys where name = $1 for share", masterRow, m.id))
}

func (m *master) check(_ context.Context, row pgx.Row) error {
	var same bool
	if err := row.Scan(&same); err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return fmt.Errorf("check master key: %w", err)
	}
	if !same {
		return fmt.Errorf("%w: the keys of this database were wrapped by another one", ErrMasterKey)
	}
	return nil
}

func readMasterKey(file string) ([]byte, error) {
	info, err := os.Stat(file)
	if err != nil {
		return nil, fmt.Errorf("master key: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("%w: %s is readable by others (mode %04o): chmod 600", ErrMasterKey, file, info.Mode().Perm())
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("master key: %w", err)
	}
	key, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(key) != keySize {
		return nil, fmt.Errorf("%w: %s does not hold 32 bytes in base64", ErrMasterKey, file)
	}
	return key, nil
}

// makeMasterKey writes a new key, whole and on disk before it appears under its name; who comes second reads the first's.
func makeMasterKey(file string) (key []byte, made bool, err error) {
	key = randomBytes(keySize)
	part, err := os.CreateTemp(filepath.Dir(file), filepath.Base(file)+".*")
	if err != nil {
		return nil, false, fmt.Errorf("make master key: %w", err)
	}
	defer os.Remove(part.Name())
	_, err = part.WriteString(base64.StdEncoding.EncodeToString(key) + "\n")
	if err = errors.Join(err, part.Sync(), part.Close()); err != nil {
		return nil, false, fmt.Errorf("make master key: %w", err)
	}
	err = os.Link(part.Name(), file)
	if errors.Is(err, fs.ErrExist) {
		key, err = readMasterKey(file)
		return key, false, err
	}
	if err != nil {
		return nil, false, fmt.Errorf("make master key: %w", err)
	}
	return key, true, syncDirectory(filepath.Dir(file))
}

func syncDirectory(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

func randomBytes(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails: it ends the process instead
	return b
}
