package vault

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	"github.com/google/uuid"
)

// Sealed bytes: version (1), generation (4, big endian), nonce (12), ciphertext and tag (16).
// A fingerprint: generation (4, big endian), HMAC-SHA256 (32).
const (
	formatVersion = 1
	headerSize    = 1 + 4
	generation4   = 4
	overhead      = headerSize + 12 + 16
)

// Seal encrypts under the space's newest key, bound to the space, the id and the revision.
func (v *Vault) Seal(ctx context.Context, space, id uuid.UUID, revision int, plain []byte) ([]byte, error) {
	r, err := v.ring(ctx, space)
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	out := make([]byte, headerSize, overhead+len(plain))
	out[0] = formatVersion
	binary.BigEndian.PutUint32(out[1:], r.newest)
	return r.keys[r.newest].aead.Seal(out, nil, plain, binding(space, id, revision)), nil
}

// Unseal opens what Seal made for the same space, id and revision, under whatever generation it was sealed.
func (v *Vault) Unseal(ctx context.Context, space, id uuid.UUID, revision int, sealed []byte) ([]byte, error) {
	if len(sealed) < overhead || sealed[0] != formatVersion {
		return nil, fmt.Errorf("unseal: %w", ErrSealed)
	}
	key, err := v.generation(ctx, space, binary.BigEndian.Uint32(sealed[1:]))
	if err != nil {
		return nil, fmt.Errorf("unseal: %w", err)
	}
	plain, err := key.aead.Open(nil, nil, sealed[headerSize:], binding(space, id, revision))
	if err != nil {
		return nil, fmt.Errorf("unseal: %w", ErrSealed)
	}
	return plain, nil
}

func binding(space, id uuid.UUID, revision int) []byte {
	aad := make([]byte, 0, 40)
	aad = append(aad, space[:]...)
	aad = append(aad, id[:]...)
	return binary.BigEndian.AppendUint64(aad, uint64(revision))
}

// Fingerprint is a keyed hash of data: it lets a replay be compared with what was first posted, and tells nothing without the key.
func (v *Vault) Fingerprint(ctx context.Context, space uuid.UUID, data []byte) ([]byte, error) {
	r, err := v.ring(ctx, space)
	if err != nil {
		return nil, fmt.Errorf("fingerprint: %w", err)
	}
	out := binary.BigEndian.AppendUint32(make([]byte, 0, generation4+sha256.Size), r.newest)
	return r.keys[r.newest].appendHash(out, data), nil
}

// SameFingerprint says, in constant time, whether fp was made from data, under the generation that fp names.
func (v *Vault) SameFingerprint(ctx context.Context, space uuid.UUID, fp, data []byte) (bool, error) {
	if len(fp) != generation4+sha256.Size {
		return false, fmt.Errorf("compare fingerprint: %w", ErrSealed)
	}
	key, err := v.generation(ctx, space, binary.BigEndian.Uint32(fp))
	if err != nil {
		return false, fmt.Errorf("compare fingerprint: %w", err)
	}
	return hmac.Equal(fp[generation4:], key.appendHash(nil, data)), nil
}

func (k spaceKey) appendHash(to, data []byte) []byte {
	h := hmac.New(sha256.New, k.fingerprint)
	h.Write(data)
	return h.Sum(to)
}
