// Package vault keeps the keys: one per space, wrapped by a master key, in a database of its own, and what is done with them:
// sealing and unsealing bytes, fingerprints for comparing without reading, named secrets of the instance.
// It knows neither what the bytes mean nor who may read them: that is asked of access before coming here.
//
// Destroying a space's keys makes every copy of what they sealed unreadable, backups included, once the backups of this
// database (which are short-lived, and apart from those of the data) have expired.
package vault

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/singleflight"

	"liaison/storage"
)

//go:embed migrations/*.sql
var migrations embed.FS

// forEver is a failure that no later try will mend.
type forEver string

func (e forEver) Error() string { return string(e) }

// Gone tells those who try again from those who need not.
func (forEver) Gone() bool { return true }

// What a caller can tell apart.
var (
	// ErrDestroyed answers for a space whose keys were destroyed: nothing it sealed can be read again.
	ErrDestroyed error = forEver("the keys of this space were destroyed")
	// ErrUnknownSpace answers for a space that never had a key.
	ErrUnknownSpace error = forEver("this space has no key")
	// ErrSealed answers for bytes that were tampered with, or sealed for another space, id or revision.
	ErrSealed error = forEver("sealed bytes are damaged or belong elsewhere")
	// ErrMasterKey answers when the master key file is missing, unsafe, or not the one that wrapped the keys.
	ErrMasterKey = errors.New("master key refused")
)

// keptFor bounds how long a key destroyed by a node that could not say so stays usable on this one.
const keptFor = 5 * time.Minute

// Vault opens and closes with the keys of one instance. It is safe for concurrent use.
type Vault struct {
	pool    *pgxpool.Pool
	master  atomic.Pointer[master]
	now     func() time.Time
	closing chan struct{}

	loads singleflight.Group
	mu    sync.RWMutex
	rings map[uuid.UUID]*ring
	// forgotten counts the calls to Forget: a load that one of them overtook must not be kept.
	forgotten uint64
}

// Open migrates the key database at url and checks the master key against it. The file is made when it is absent and the
// database has no keys yet; with keys, a missing or different master key is ErrMasterKey.
func Open(ctx context.Context, url, masterKeyFile string) (*Vault, error) {
	if err := Migrate(ctx, url); err != nil {
		return nil, err
	}
	pool, err := pgxpool.New(ctx, url)
	if err != nil {
		return nil, fmt.Errorf("key database address: %w", err)
	}
	m, err := openMaster(ctx, pool, masterKeyFile)
	if err != nil {
		pool.Close()
		return nil, err
	}
	v := &Vault{pool: pool, now: time.Now, closing: make(chan struct{}), rings: map[uuid.UUID]*ring{}}
	v.master.Store(m)
	go v.expire(time.Minute)
	return v, nil
}

// Migrate brings the key database to the newest schema.
func Migrate(ctx context.Context, url string) error {
	dir, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	if err := storage.MigrateFS(ctx, url, dir); err != nil {
		return fmt.Errorf("key database: %w", err)
	}
	return nil
}

// Close drops every cached key and ends the connections.
func (v *Vault) Close() {
	close(v.closing)
	v.mu.Lock()
	clear(v.rings)
	v.forgotten++
	v.mu.Unlock()
	v.pool.Close()
}
