package vault

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// ring holds every generation of one space's key, or says they were destroyed. It is never changed once made.
type ring struct {
	newest    uint32
	keys      map[uint32]spaceKey
	destroyed bool
	until     time.Time
}

// spaceKey is what a generation serves for; the key itself is not kept.
type spaceKey struct {
	aead        cipher.AEAD
	fingerprint []byte
	index       []byte
}

func newSpaceKey(key []byte) (spaceKey, error) {
	sealing, err := hkdf.Key(sha256.New, key, nil, "liaison space key seal", keySize)
	if err != nil {
		return spaceKey{}, err
	}
	fingerprint, err := hkdf.Key(sha256.New, key, nil, "liaison space key fingerprint", keySize)
	if err != nil {
		return spaceKey{}, err
	}
	index, err := hkdf.Key(sha256.New, key, nil, "liaison space key index", keySize)
	if err != nil {
		return spaceKey{}, err
	}
	aead, err := newAEAD(sealing)
	return spaceKey{aead: aead, fingerprint: fingerprint, index: index}, err
}

// newAEAD is AES-256-GCM with a random nonce of 96 bits put before the ciphertext. Two seals under one key must not draw the
// same nonce: at 2^32 seals the odds reach 2^-32, the bound of NIST SP 800-38D. A space is rotated long before.
func newAEAD(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// ring answers from memory, or loads once for everybody who asks at the same time.
func (v *Vault) ring(ctx context.Context, space uuid.UUID) (*ring, error) {
	v.mu.RLock()
	r := v.rings[space]
	v.mu.RUnlock()
	if r == nil || v.now().After(r.until) {
		var err error
		if r, err = v.loadShared(ctx, space); err != nil {
			return nil, err
		}
	}
	if r.destroyed {
		return nil, ErrDestroyed
	}
	return r, nil
}

// loadShared does not let one caller's cancellation fail the others.
func (v *Vault) loadShared(ctx context.Context, space uuid.UUID) (*ring, error) {
	done := v.loads.DoChan(string(space[:]), func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		return v.load(ctx, space)
	})
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case res := <-done:
		if res.Err != nil {
			return nil, res.Err
		}
		return res.Val.(*ring), nil
	}
}

func (v *Vault) load(ctx context.Context, space uuid.UUID) (*ring, error) {
	v.mu.RLock()
	before := v.forgotten
	v.mu.RUnlock()
	r, err := v.read(ctx, space)
	if err != nil {
		return nil, err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.forgotten == before {
		v.rings[space] = r
	}
	return r, nil
}

func (v *Vault) read(ctx context.Context, space uuid.UUID) (*ring, error) {
	rows, err := v.pool.Query(ctx, "select generation, wrapped from space_keys where space_id = $1", space)
	if err != nil {
		return nil, fmt.Errorf("read keys: %w", err)
	}
	r := &ring{keys: map[uint32]spaceKey{}, until: v.now().Add(keptFor)}
	var generation uint32
	var wrapped []byte
	_, err = pgx.ForEachRow(rows, []any{&generation, &wrapped}, func() error {
		return v.addGeneration(r, space, generation, wrapped)
	})
	if err != nil {
		return nil, fmt.Errorf("read keys: %w", err)
	}
	if len(r.keys) == 0 && !r.destroyed {
		return nil, ErrUnknownSpace
	}
	return r, nil
}

func (v *Vault) addGeneration(r *ring, space uuid.UUID, generation uint32, wrapped []byte) error {
	if wrapped == nil {
		r.destroyed = true
		return nil
	}
	key, err := v.master.Load().unwrap(wrapped, spacePlace(space, generation))
	if err != nil {
		return err
	}
	defer clear(key)
	r.keys[generation], err = newSpaceKey(key)
	r.newest = max(r.newest, generation)
	return err
}

// generation finds the key that sealed something; a generation made by another node since the ring was loaded is looked for once.
func (v *Vault) generation(ctx context.Context, space uuid.UUID, n uint32) (spaceKey, error) {
	r, err := v.ring(ctx, space)
	if err != nil {
		return spaceKey{}, err
	}
	if k, ok := r.keys[n]; ok {
		return k, nil
	}
	if r, err = v.loadShared(ctx, space); err != nil {
		return spaceKey{}, err
	}
	if r.destroyed {
		return spaceKey{}, ErrDestroyed
	}
	if k, ok := r.keys[n]; ok {
		return k, nil
	}
	return spaceKey{}, fmt.Errorf("%w: unknown generation %d", ErrSealed, n)
}

// Forget drops the cached keys of a space: called when another node says it destroyed or rotated them.
func (v *Vault) Forget(space uuid.UUID) {
	v.mu.Lock()
	delete(v.rings, space)
	v.forgotten++
	v.mu.Unlock()
	// Who asks from now on must not share a load that began before.
	v.loads.Forget(string(space[:]))
}

// expire takes out of memory the keys nobody asked for lately.
func (v *Vault) expire(every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-v.closing:
			return
		case <-tick.C:
			v.dropExpired()
		}
	}
}

func (v *Vault) dropExpired() {
	v.mu.Lock()
	defer v.mu.Unlock()
	now := v.now()
	for space, r := range v.rings {
		if now.After(r.until) {
			delete(v.rings, space)
		}
	}
}

func spacePlace(space uuid.UUID, generation uint32) string {
	return fmt.Sprintf("space/%s/%d", space, generation)
}
