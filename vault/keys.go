package vault

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"liaison/storage"
)

// Create gives a space its first key. Calling it again does nothing; a destroyed space never gets another.
func (v *Vault) Create(ctx context.Context, space uuid.UUID) error {
	err := v.inTx(ctx, func(tx pgx.Tx, m *master) error {
		if err := m.hold(ctx, tx); err != nil {
			return err
		}
		key := randomBytes(keySize)
		defer clear(key)
		_, err := tx.Exec(ctx, "insert into space_keys (space_id, generation, wrapped) values ($1, 1, $2) on conflict do nothing",
			space, m.wrap(key, spacePlace(space, 1)))
		return err
	})
	if err != nil {
		return fmt.Errorf("create key: %w", err)
	}
	if _, err := v.ring(ctx, space); err != nil {
		return fmt.Errorf("create key: %w", err)
	}
	return nil
}

// Rotate adds a generation for what will be sealed from now on. What older ones sealed still opens; other nodes take up the
// new one when told to Forget, or within minutes.
func (v *Vault) Rotate(ctx context.Context, space uuid.UUID) error {
	err := v.inTx(ctx, func(tx pgx.Tx, m *master) error {
		if err := m.hold(ctx, tx); err != nil {
			return err
		}
		newest, err := lockSpace(ctx, tx, space)
		if err != nil {
			return err
		}
		key := randomBytes(keySize)
		defer clear(key)
		_, err = tx.Exec(ctx, "insert into space_keys (space_id, generation, wrapped) values ($1, $2, $3)",
			space, newest+1, m.wrap(key, spacePlace(space, newest+1)))
		return err
	})
	if err != nil {
		return fmt.Errorf("rotate key: %w", err)
	}
	v.Forget(space)
	return nil
}

// lockSpace makes rotation and destruction wait for each other (on the row of the first generation) and gives the newest.
func lockSpace(ctx context.Context, tx pgx.Tx, space uuid.UUID) (newest uint32, err error) {
	var destroyed bool
	err = tx.QueryRow(ctx, "select wrapped is null from space_keys where space_id = $1 and generation = 1 for update", space).Scan(&destroyed)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return 0, ErrUnknownSpace
	case err != nil:
		return 0, err
	case destroyed:
		return 0, ErrDestroyed
	}
	err = tx.QueryRow(ctx, "select max(generation) from space_keys where space_id = $1", space).Scan(&newest)
	return newest, err
}

// Destroy wipes every generation of a space's key. When it returns nothing of the space opens on this node; on the others,
// from when they are told to Forget, and within minutes if nobody can tell them. Destroying twice is the same as once.
// The vacuum takes the former rows out of the table; what PostgreSQL keeps of them in its log, and in free space of the page
// until it is written over, fades with the short-lived backups of this database.
func (v *Vault) Destroy(ctx context.Context, space uuid.UUID) error {
	err := v.inTx(ctx, func(tx pgx.Tx, _ *master) error {
		if _, err := lockSpace(ctx, tx, space); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, "update space_keys set wrapped = null, destroyed_at = now() where space_id = $1", space)
		return err
	})
	if errors.Is(err, ErrDestroyed) {
		err = nil
	}
	if err != nil {
		return fmt.Errorf("destroy keys: %w", err)
	}
	v.Forget(space)
	if _, err := v.pool.Exec(ctx, "vacuum space_keys"); err != nil {
		return fmt.Errorf("destroy keys: they are, but their former rows remain: %w", err)
	}
	return nil
}

// Secret gives the instance's secret of that name, made at first use: the same on every node, and after a restart.
func (v *Vault) Secret(ctx context.Context, name string, size int) ([]byte, error) {
	if name == masterRow || size < 16 {
		return nil, fmt.Errorf("secret %q of %d bytes: not a secret", name, size)
	}
	var secret []byte
	err := v.inTx(ctx, func(tx pgx.Tx, m *master) (err error) {
		if err := m.hold(ctx, tx); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, "insert into instance_keys (name, wrapped) values ($1, $2) on conflict do nothing",
			name, m.wrap(randomBytes(size), secretPlace(name)))
		if err != nil {
			return err
		}
		var wrapped []byte
		if err := tx.QueryRow(ctx, "select wrapped from instance_keys where name = $1", name).Scan(&wrapped); err != nil {
			return err
		}
		secret, err = m.unwrap(wrapped, secretPlace(name))
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("secret %q: %w", name, err)
	}
	if len(secret) != size {
		return nil, fmt.Errorf("secret %q has %d bytes, not %d", name, len(secret), size)
	}
	return secret, nil
}

func (v *Vault) inTx(ctx context.Context, fn func(pgx.Tx, *master) error) error {
	m := v.master.Load()
	return storage.Retry(ctx, func() error {
		return pgx.BeginFunc(ctx, v.pool, func(tx pgx.Tx) error { return fn(tx, m) })
	})
}

func secretPlace(name string) string { return "secret/" + name }
