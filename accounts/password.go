package accounts

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	_ "embed"
	"encoding/base64"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
	"golang.org/x/sync/semaphore"
	"golang.org/x/text/unicode/norm"
)

// Cost is what hashing one password takes (Argon2id).
type Cost struct {
	MemoryKiB  uint32
	Iterations uint32
	Threads    uint8
}

// DefaultCost follows OWASP's Password Storage Cheat Sheet (2023 and later).
var DefaultCost = Cost{MemoryKiB: 19 * 1024, Iterations: 2, Threads: 1}

const (
	saltLength = 16
	hashLength = 32
	// dearest bounds what a stored hash may ask of this machine.
	dearestKiB = 1 << 20
)

// hasher hashes as many passwords at once as there are cores, so that a rush on sign-in cannot exhaust the memory.
type hasher struct {
	cost  Cost
	slots *semaphore.Weighted
	decoy string
}

func newHasher(cost Cost) *hasher {
	h := &hasher{cost: cost, slots: semaphore.NewWeighted(int64(runtime.GOMAXPROCS(0)))}
	h.decoy = encodeHash(cost, make([]byte, saltLength), make([]byte, hashLength))
	return h
}

// enter waits for a slot; leave with h.slots.Release(1).
func (h *hasher) enter(ctx context.Context) error {
	if err := h.slots.Acquire(ctx, 1); err != nil {
		return fmt.Errorf("wait to hash a password: %w", err)
	}
	return nil
}

// hash gives the PHC string of a password.
func (h *hasher) hash(ctx context.Context, password string) (string, error) {
	if err := h.enter(ctx); err != nil {
		return "", err
	}
	defer h.slots.Release(1)
	salt := make([]byte, saltLength)
	rand.Read(salt)
	return encodeHash(h.cost, salt, derive(h.cost, password, salt, hashLength)), nil
}

// verify compares in constant time; without a stored hash it works as long and refuses. The caller holds a slot.
func (h *hasher) verify(password, encoded string) bool {
	cost, salt, want, err := decodeHash(encoded)
	known := err == nil
	if !known {
		cost, salt, want, _ = decodeHash(h.decoy)
	}
	got := derive(cost, password, salt, uint32(len(want)))
	return subtle.ConstantTimeCompare(got, want) == 1 && known
}

// outdated says that a hash was made at another cost than today's.
func (h *hasher) outdated(encoded string) bool {
	cost, _, _, err := decodeHash(encoded)
	return err != nil || cost != h.cost
}

func derive(c Cost, password string, salt []byte, length uint32) []byte {
	// Keyboards compose accents differently: the same password must give the same bytes.
	return argon2.IDKey(norm.NFKC.Bytes([]byte(password)), salt, c.Iterations, c.MemoryKiB, c.Threads, length)
}

func encodeHash(c Cost, salt, hash []byte) string {
	b64 := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, c.MemoryKiB, c.Iterations, c.Threads, b64(salt), b64(hash))
}

var errNotAHash = errors.New("not an Argon2id hash")

func decodeHash(encoded string) (c Cost, salt, hash []byte, err error) {
	parts := strings.Split(encoded, "$")
	if len(parts) != 6 || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return c, nil, nil, errNotAHash
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &c.MemoryKiB, &c.Iterations, &c.Threads); err != nil {
		return c, nil, nil, errNotAHash
	}
	if c.MemoryKiB > dearestKiB || c.Iterations == 0 || c.Threads == 0 {
		return c, nil, nil, errNotAHash
	}
	if salt, err = base64.RawStdEncoding.DecodeString(parts[4]); err != nil {
		return c, nil, nil, errNotAHash
	}
	if hash, err = base64.RawStdEncoding.DecodeString(parts[5]); err != nil || len(hash) < 16 {
		return c, nil, nil, errNotAHash
	}
	return c, salt, hash, nil
}

//go:embed commonest.txt
var commonestList string

var commonest = func() map[string]bool {
	set := map[string]bool{}
	for _, word := range strings.Fields(commonestList) {
		set[word] = true
	}
	return set
}()

const (
	minPassword     = 12
	minPasswordDemo = 4
	maxPassword     = 512
	minDistinct     = 5
)

// acceptable says why a new password is refused. Length matters; composition rules are not asked for (NIST 800-63B).
func (s *Service) acceptable(password, login string) error {
	shortest := minPassword
	if s.cfg.Demo {
		shortest = minPasswordDemo
	}
	switch folded := strings.ToLower(password); {
	case !utf8.ValidString(password) || strings.ContainsRune(password, 0):
		return ErrInvalid{"password"}
	case utf8.RuneCountInString(password) < shortest:
		return ErrPasswordTooShort
	case len(password) > maxPassword:
		return ErrPasswordTooLong
	case s.cfg.Demo:
		return nil
	case commonest[folded] || distinct(folded) < minDistinct:
		return ErrPasswordTooCommon
	case login != "" && strings.Contains(folded, strings.ToLower(login)):
		return ErrPasswordHoldsLogin
	}
	return nil
}

func distinct(text string) int {
	seen := map[rune]bool{}
	for _, r := range text {
		seen[r] = true
	}
	return len(seen)
}
