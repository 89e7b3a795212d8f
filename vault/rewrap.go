package vault

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// RewrapMaster wraps every key again under the key of another file, made if absent, in one transaction. Other nodes refuse to
// add or load keys until they are started with that file; the former file may be deleted once they are.
func (v *Vault) RewrapMaster(ctx context.Context, newMasterKeyFile string) error {
	key, err := readMasterKey(newMasterKeyFile)
	if errors.Is(err, fs.ErrNotExist) {
		key, _, err = makeMasterKey(newMasterKeyFile)
	}
	if err != nil {
		return fmt.Errorf("change master key: %w", err)
	}
	next, err := newMaster(key)
	if err != nil {
		return fmt.Errorf("change master key: %w", err)
	}
	err = v.inTx(ctx, func(tx pgx.Tx, m *master) error { return m.handOver(ctx, tx, next) })
	if err != nil {
		return fmt.Errorf("change master key: %w", err)
	}
	v.master.Store(next)
	return nil
}

// handOver takes the master row first: whoever is adding a key under m ends before, and nobody adds one after.
func (m *master) handOver(ctx context.Context, tx pgx.Tx, next *master) error {
	tag, err := tx.Exec(ctx, "update instance_keys set wrapped = $3 where name = $1 and wrapped = $2", masterRow, m.id, next.id)
	if err != nil {
		return err
	}
	if tag.RowsAffected() == 0 {
		return fmt.Errorf("%w: another node has changed it", ErrMasterKey)
	}
	if err := m.rewrapSpaces(ctx, tx, next); err != nil {
		return err
	}
	return m.rewrapSecrets(ctx, tx, next)
}

// rewrapStep bounds what is held in memory at once.
const rewrapStep = 1000

func (m *master) rewrapSpaces(ctx context.Context, tx pgx.Tx, next *master) error {
	var space uuid.UUID
	var generation uint32
	for {
		rows, err := tx.Query(ctx, `select space_id, generation, wrapped from space_keys
			where (space_id, generation) > ($1, $2) and wrapped is not null
			order by space_id, generation limit $3 for update`, space, generation, rewrapStep)
		if err != nil {
			return err
		}
		b := &pgx.Batch{}
		var wrapped []byte
		_, err = pgx.ForEachRow(rows, []any{&space, &generation, &wrapped}, func() error {
			again, err := m.rewrap(wrapped, spacePlace(space, generation), next)
			b.Queue("update space_keys set wrapped = $3 where space_id = $1 and generation = $2", space, generation, again)
			return err
		})
		if err != nil {
			return err
		}
		if err := tx.SendBatch(ctx, b).Close(); err != nil || b.Len() < rewrapStep {
			return err
		}
	}
}

func (m *master) rewrapSecrets(ctx context.Context, tx pgx.Tx, next *master) error {
	rows, err := tx.Query(ctx, "select name, wrapped from instance_keys where name <> $1 for update", masterRow)
	if err != nil {
		return err
	}
	b := &pgx.Batch{}
	var name string
	var wrapped []byte
	_, err = pgx.ForEachRow(rows, []any{&name, &wrapped}, func() error {
		again, err := m.rewrap(wrapped, secretPlace(name), next)
		b.Queue("update instance_keys set wrapped = $2 where name = $1", name, again)
		return err
	})
	if err != nil {
		return err
	}
	return tx.SendBatch(ctx, b).Close()
}

func (m *master) rewrap(wrapped []byte, place string, next *master) ([]byte, error) {
	key, err := m.unwrap(wrapped, place)
	if err != nil {
		return nil, err
	}
	defer clear(key)
	return next.wrap(key, place), nil
}
