package vault

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// Terms gives, for each space, the blind index terms of words: eight bytes of a keyed hash, under a key of the space that
// serves for nothing else. The same word gives another term in another space. A space whose keys were destroyed, or that
// never had one, is left out: nothing is found there.
func (v *Vault) Terms(ctx context.Context, spaces []uuid.UUID, words []string) (map[uuid.UUID][]int64, error) {
	if err := v.loadMissing(ctx, spaces); err != nil {
		return nil, fmt.Errorf("index terms: %w", err)
	}
	out := make(map[uuid.UUID][]int64, len(spaces))
	for _, space := range spaces {
		r, err := v.ring(ctx, space)
		if forever(err) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("index terms: %w", err)
		}
		out[space] = r.terms(words)
	}
	return out, nil
}

// terms are made under the first generation: what was indexed before a rotation must be found after it. They begin with three
// bytes that all terms of the space share: they then lie side by side in an index, and adding a message changes few of its pages.
func (r *ring) terms(words []string) []int64 {
	h := hmac.New(sha256.New, r.keys[firstGeneration].index)
	shared := binary.BigEndian.Uint64(h.Sum(nil)) >> ownBits << ownBits // no word is empty
	sum := make([]byte, 0, sha256.Size)
	terms := make([]int64, len(words))
	for i, word := range words {
		h.Reset()
		h.Write([]byte(word))
		terms[i] = int64(shared | binary.BigEndian.Uint64(h.Sum(sum))>>(64-ownBits))
	}
	return terms
}

// ownBits tell the words of a space apart: of five thousand, two meet once in ninety thousand spaces, and a message is asked
// anyway whether it says what is looked for.
const ownBits = 40

const firstGeneration = 1

// loadMissing reads together the keys that are not in memory: somebody may follow a thousand patients.
func (v *Vault) loadMissing(ctx context.Context, spaces []uuid.UUID) error {
	var missing []uuid.UUID
	v.mu.RLock()
	before, now := v.forgotten, v.now()
	for _, space := range spaces {
		if r := v.rings[space]; r == nil || now.After(r.until) {
			missing = append(missing, space)
		}
	}
	v.mu.RUnlock()
	if len(missing) < 2 { // one is loaded as any other
		return nil
	}
	rings, err := v.readMany(ctx, missing)
	if err != nil {
		return err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.forgotten == before {
		for space, r := range rings {
			v.rings[space] = r
		}
	}
	return nil
}

func (v *Vault) readMany(ctx context.Context, spaces []uuid.UUID) (map[uuid.UUID]*ring, error) {
	rows, err := v.pool.Query(ctx, "select space_id, generation, wrapped from space_keys where space_id = any ($1)", spaces)
	if err != nil {
		return nil, fmt.Errorf("read keys: %w", err)
	}
	rings := map[uuid.UUID]*ring{}
	until := v.now().Add(keptFor)
	var space uuid.UUID
	var generation uint32
	var wrapped []byte
	_, err = pgx.ForEachRow(rows, []any{&space, &generation, &wrapped}, func() error {
		if rings[space] == nil {
			rings[space] = &ring{keys: map[uint32]spaceKey{}, until: until}
		}
		return v.addGeneration(rings[space], space, generation, wrapped)
	})
	if err != nil {
		return nil, fmt.Errorf("read keys: %w", err)
	}
	return rings, nil
}

func forever(err error) bool {
	var f forEver
	return errors.As(err, &f)
}
