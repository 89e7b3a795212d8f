package vault

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"liaison/storage/storagetest"
)

// place is where a vault's keys and master key are.
type place struct{ url, file string }

func newPlace(t *testing.T) place {
	t.Helper()
	return place{url: storagetest.New(t).KeysURL, file: filepath.Join(t.TempDir(), "master.key")}
}

func (p place) open(t *testing.T) *Vault {
	t.Helper()
	v, err := Open(t.Context(), p.url, p.file)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(v.Close)
	return v
}

func (p place) exec(t *testing.T, sql string, args ...any) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), p.url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	if _, err := conn.Exec(t.Context(), sql, args...); err != nil {
		t.Fatal(err)
	}
}

func (v *Vault) setClock(now func() time.Time) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.now = now
}

func newSpace(t *testing.T, v *Vault) uuid.UUID {
	t.Helper()
	space := uuid.Must(uuid.NewV7())
	if err := v.Create(t.Context(), space); err != nil {
		t.Fatal(err)
	}
	return space
}

func seal(t *testing.T, v *Vault, space, id uuid.UUID, text string) []byte {
	t.Helper()
	sealed, err := v.Seal(t.Context(), space, id, 1, []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return sealed
}

func opens(t *testing.T, v *Vault, space, id uuid.UUID, sealed []byte, want string) {
	t.Helper()
	plain, err := v.Unseal(t.Context(), space, id, 1, sealed)
	if err != nil || string(plain) != want {
		t.Fatalf("unseal: %q, %v; want %q", plain, err, want)
	}
}

func is(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("got %v, want %v", err, want)
	}
}

func TestMasterKeyIsMadeOnceAndKept(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	v := p.open(t)
	space, id := newSpace(t, v), uuid.New()
	sealed := seal(t, v, space, id, "bonjour")
	info, err := os.Stat(p.file)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("master key file: %v, %v", info, err)
	}
	opens(t, p.open(t), space, id, sealed, "bonjour")
	if rest, _ := filepath.Glob(p.file + ".*"); len(rest) > 0 {
		t.Fatalf("left behind: %v", rest)
	}
}

func TestMasterKeyRefused(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	newSpace(t, p.open(t))

	other := place{p.url, filepath.Join(t.TempDir(), "other.key")}
	_, err := Open(t.Context(), other.url, other.file)
	is(t, err, ErrMasterKey)
	if _, err := os.Stat(other.file); !errors.Is(err, os.ErrNotExist) {
		t.Fatalf("a second master key was made: %v", err)
	}

	if _, _, err := makeMasterKey(other.file); err != nil {
		t.Fatal(err)
	}
	_, err = Open(t.Context(), other.url, other.file)
	is(t, err, ErrMasterKey)

	for name, text := range map[string]string{"short": "c2hvcnQ=", "not base64": "***", "empty": ""} {
		if err := os.WriteFile(other.file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err = Open(t.Context(), other.url, other.file); !errors.Is(err, ErrMasterKey) {
			t.Fatalf("%s: %v", name, err)
		}
	}

	if err := os.Chmod(p.file, 0o640); err != nil {
		t.Fatal(err)
	}
	_, err = Open(t.Context(), p.url, p.file)
	is(t, err, ErrMasterKey)
}

func TestMasterKeyMissingBesideClaimlessKeys(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	newSpace(t, p.open(t))
	p.exec(t, "delete from instance_keys")
	_, err := Open(t.Context(), p.url, p.file)
	is(t, err, ErrMasterKey)
}

func TestTwoFirstNodesAgreeOnOneMasterKey(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	vaults := make([]*Vault, 4)
	var all sync.WaitGroup
	for i := range vaults {
		all.Go(func() {
			v, err := Open(t.Context(), p.url, p.file)
			if err != nil {
				t.Errorf("node %d: %v", i, err)
				return
			}
			vaults[i] = v
		})
	}
	all.Wait()
	for _, v := range vaults {
		if v != nil {
			t.Cleanup(v.Close)
		}
	}
	if t.Failed() {
		return
	}
	space, id := newSpace(t, vaults[0]), uuid.New()
	sealed := seal(t, vaults[1], space, id, "un")
	opens(t, vaults[3], space, id, sealed, "un")
}

func TestSealedBytesAreBound(t *testing.T) {
	t.Parallel()
	v := newPlace(t).open(t)
	space, other, id := newSpace(t, v), newSpace(t, v), uuid.New()
	sealed := seal(t, v, space, id, "tension 14/8")
	opens(t, v, space, id, sealed, "tension 14/8")
	opens(t, v, space, id, seal(t, v, space, id, ""), "")
	if bytes.Contains(sealed, []byte("tension")) || bytes.Equal(sealed, seal(t, v, space, id, "tension 14/8")) {
		t.Fatal("not sealed, or sealed with the same nonce")
	}

	refused := func(name string, space, id uuid.UUID, revision int, sealed []byte) {
		t.Helper()
		if _, err := v.Unseal(t.Context(), space, id, revision, sealed); !errors.Is(err, ErrSealed) {
			t.Fatalf("%s: %v", name, err)
		}
	}
	refused("other space", other, id, 1, sealed)
	refused("other id", space, uuid.New(), 1, sealed)
	refused("other revision", space, id, 2, sealed)
	for i := range sealed {
		changed := bytes.Clone(sealed)
		changed[i] ^= 1
		refused("a changed byte", space, id, 1, changed)
	}
	for n := range sealed {
		refused("cut short", space, id, 1, sealed[:n])
	}
}

func TestUnknownSpace(t *testing.T) {
	t.Parallel()
	v := newPlace(t).open(t)
	space := uuid.New()
	_, err := v.Seal(t.Context(), space, space, 1, nil)
	is(t, err, ErrUnknownSpace)
	is(t, v.Rotate(t.Context(), space), ErrUnknownSpace)
	is(t, v.Destroy(t.Context(), space), ErrUnknownSpace)
	// Not knowing is not kept: the space may be created elsewhere the next moment.
	if err := v.Create(t.Context(), space); err != nil {
		t.Fatal(err)
	}
	seal(t, v, space, space, "x")
}

func TestCreateIsIdempotent(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	v := p.open(t)
	space, id := newSpace(t, v), uuid.New()
	sealed := seal(t, v, space, id, "x")
	if err := p.open(t).Create(t.Context(), space); err != nil {
		t.Fatal(err)
	}
	v.Forget(space)
	opens(t, v, space, id, sealed, "x")
}

func TestRotation(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	v, far := p.open(t), p.open(t)
	space, id := newSpace(t, v), uuid.New()
	before := seal(t, v, space, id, "avant")
	opens(t, far, space, id, before, "avant")
	fpBefore, err := v.Fingerprint(t.Context(), space, []byte("x"))
	if err != nil {
		t.Fatal(err)
	}

	if err := v.Rotate(t.Context(), space); err != nil {
		t.Fatal(err)
	}
	after := seal(t, v, space, id, "après")
	if binary.BigEndian.Uint32(before[1:]) != 1 || binary.BigEndian.Uint32(after[1:]) != 2 {
		t.Fatalf("generations %x %x", before[:5], after[:5])
	}
	opens(t, v, space, id, before, "avant")
	// The other node was told nothing and finds the new generation by itself.
	opens(t, far, space, id, after, "après")

	fpAfter, err := v.Fingerprint(t.Context(), space, []byte("x"))
	if err != nil || bytes.Equal(fpBefore, fpAfter) {
		t.Fatalf("fingerprint after rotation: %v", err)
	}
	for _, fp := range [][]byte{fpBefore, fpAfter} {
		sameFingerprint(t, v, space, fp, "x", true)
		sameFingerprint(t, v, space, fp, "y", false)
	}
}

func sameFingerprint(t *testing.T, v *Vault, space uuid.UUID, fp []byte, data string, want bool) {
	t.Helper()
	same, err := v.SameFingerprint(t.Context(), space, fp, []byte(data))
	if err != nil || same != want {
		t.Fatalf("fingerprint of %q: %v, %v", data, same, err)
	}
}

func TestFingerprintsTellNothingAcrossSpaces(t *testing.T) {
	t.Parallel()
	v := newPlace(t).open(t)
	space, other := newSpace(t, v), newSpace(t, v)
	fp, err := v.Fingerprint(t.Context(), space, []byte("x"))
	if err != nil {
		t.Fatal(err)
	}
	sameFingerprint(t, v, other, fp, "x", false)
	_, err = v.SameFingerprint(t.Context(), space, fp[:10], []byte("x"))
	is(t, err, ErrSealed)
}

func TestConcurrentRotationsAllCount(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	v, far := p.open(t), p.open(t)
	space := newSpace(t, v)
	var all sync.WaitGroup
	for _, node := range []*Vault{v, far, v, far} {
		all.Go(func() {
			if err := node.Rotate(t.Context(), space); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	v.Forget(space)
	if sealed := seal(t, v, space, space, "x"); binary.BigEndian.Uint32(sealed[1:]) != 5 {
		t.Fatalf("generation %x", sealed[1:5])
	}
}

func TestDestruction(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	v, far := p.open(t), p.open(t)
	space, id := newSpace(t, v), uuid.New()
	sealed := seal(t, v, space, id, "x")
	fp, _ := v.Fingerprint(t.Context(), space, []byte("x"))
	opens(t, far, space, id, sealed, "x")
	if err := v.Rotate(t.Context(), space); err != nil {
		t.Fatal(err)
	}

	for range 2 {
		if err := v.Destroy(t.Context(), space); err != nil {
			t.Fatal(err)
		}
	}
	gone := func(v *Vault) {
		t.Helper()
		_, err := v.Unseal(t.Context(), space, id, 1, sealed)
		is(t, err, ErrDestroyed)
		_, err = v.Seal(t.Context(), space, id, 1, nil)
		is(t, err, ErrDestroyed)
		_, err = v.Fingerprint(t.Context(), space, nil)
		is(t, err, ErrDestroyed)
		_, err = v.SameFingerprint(t.Context(), space, fp, nil)
		is(t, err, ErrDestroyed)
		is(t, v.Create(t.Context(), space), ErrDestroyed)
		is(t, v.Rotate(t.Context(), space), ErrDestroyed)
	}
	gone(v)
	opens(t, far, space, id, sealed, "x") // it was not told yet
	far.Forget(space)
	gone(far)
	gone(p.open(t))

	var left int
	conn, err := pgx.Connect(t.Context(), p.url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	if err := conn.QueryRow(t.Context(), "select count(*) from space_keys where wrapped is not null").Scan(&left); err != nil || left != 0 {
		t.Fatalf("%d wrapped keys left, %v", left, err)
	}
}

func TestCachedKeysExpire(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	v, far := p.open(t), p.open(t)
	var clock sync.Mutex
	now := time.Now()
	far.setClock(func() time.Time { clock.Lock(); defer clock.Unlock(); return now })
	space, id := newSpace(t, v), uuid.New()
	sealed := seal(t, v, space, id, "x")
	opens(t, far, space, id, sealed, "x")
	if err := v.Destroy(t.Context(), space); err != nil {
		t.Fatal(err)
	}
	clock.Lock()
	now = now.Add(keptFor + time.Second)
	clock.Unlock()
	_, err := far.Unseal(t.Context(), space, id, 1, sealed)
	is(t, err, ErrDestroyed)

	clock.Lock()
	now = now.Add(keptFor + time.Second)
	clock.Unlock()
	far.dropExpired()
	if len(far.rings) != 0 {
		t.Fatal("an expired key stayed in memory")
	}
}

// A load that began before Forget must not put back what Forget took away.
func TestForgetOvertakesALoad(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	v, far := p.open(t), p.open(t)
	space, id := newSpace(t, v), uuid.New()
	sealed := seal(t, v, space, id, "x")
	// The clock is read once the keys' rows are on their way: that is the middle of a load.
	inside, goOn := make(chan struct{}), make(chan struct{})
	var first sync.Once
	far.setClock(func() time.Time {
		first.Do(func() { close(inside); <-goOn })
		return time.Now()
	})
	loaded := make(chan error, 1)
	go func() {
		_, err := far.Unseal(t.Context(), space, id, 1, sealed)
		loaded <- err
	}()
	<-inside
	if err := v.Destroy(t.Context(), space); err != nil {
		t.Fatal(err)
	}
	far.Forget(space)
	close(goOn)
	<-loaded
	_, err := far.Unseal(t.Context(), space, id, 1, sealed)
	is(t, err, ErrDestroyed)
}

func TestSecretsAreTheSameEverywhere(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	nodes := []*Vault{p.open(t), p.open(t), p.open(t)}
	secrets := make([][]byte, 9)
	var all sync.WaitGroup
	for i := range secrets {
		all.Go(func() {
			var err error
			if secrets[i], err = nodes[i%3].Secret(t.Context(), "cursors", 32); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	for _, s := range secrets {
		if len(s) != 32 || !bytes.Equal(s, secrets[0]) {
			t.Fatal("secrets differ")
		}
	}
	if other, err := nodes[0].Secret(t.Context(), "journal", 32); err != nil || bytes.Equal(other, secrets[0]) {
		t.Fatalf("another name: %v", err)
	}
	for name, size := range map[string]int{"cursors": 64, "master": 32, "tiny": 8} {
		if _, err := nodes[0].Secret(t.Context(), name, size); err == nil {
			t.Fatalf("secret %q of %d bytes was given", name, size)
		}
	}
}

func TestRowsCannotBeExchanged(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	v := p.open(t)
	a, b := newSpace(t, v), newSpace(t, v)
	p.exec(t, "update space_keys set wrapped = (select wrapped from space_keys where space_id = $1) where space_id = $2", a, b)
	v.Forget(b)
	_, err := v.Seal(t.Context(), b, b, 1, nil)
	is(t, err, ErrMasterKey)
}

func TestRewrapMaster(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	v, late := p.open(t), p.open(t)
	space, id := newSpace(t, v), uuid.New()
	sealed := seal(t, v, space, id, "x")
	if err := v.Rotate(t.Context(), space); err != nil {
		t.Fatal(err)
	}
	secret, err := v.Secret(t.Context(), "cursors", 32)
	if err != nil {
		t.Fatal(err)
	}
	p.exec(t, "insert into space_keys (space_id, generation, destroyed_at) values ($1, 1, now())", uuid.New())

	next := place{p.url, filepath.Join(t.TempDir(), "next.key")}
	if err := v.RewrapMaster(t.Context(), next.file); err != nil {
		t.Fatal(err)
	}
	for _, v := range []*Vault{v, next.open(t)} {
		v.Forget(space)
		opens(t, v, space, id, sealed, "x")
		if again, err := v.Secret(t.Context(), "cursors", 32); err != nil || !bytes.Equal(again, secret) {
			t.Fatalf("secret: %v", err)
		}
	}
	_, err = Open(t.Context(), p.url, p.file)
	is(t, err, ErrMasterKey)
	// A node still holding the former key must not add what the new one cannot open.
	is(t, late.Create(t.Context(), uuid.New()), ErrMasterKey)
	is(t, late.Rotate(t.Context(), space), ErrMasterKey)
	is(t, late.RewrapMaster(t.Context(), filepath.Join(t.TempDir(), "third.key")), ErrMasterKey)
}

func TestManyKeysAreRewrapped(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	v := p.open(t)
	m := v.master.Load()
	var ids []uuid.UUID
	var wrapped [][]byte
	for range rewrapStep + 5 {
		id := uuid.New()
		ids, wrapped = append(ids, id), append(wrapped, m.wrap(randomBytes(keySize), spacePlace(id, 1)))
	}
	p.exec(t, "insert into space_keys (space_id, generation, wrapped) select unnest($1::uuid[]), 1, unnest($2::bytea[])", ids, wrapped)
	if err := v.RewrapMaster(t.Context(), p.file+".next"); err != nil {
		t.Fatal(err)
	}
	for _, space := range ids {
		if _, err := v.ring(t.Context(), space); err != nil {
			t.Fatal(err)
		}
	}
}

func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	v := newPlace(t).open(t)
	spaces := []uuid.UUID{newSpace(t, v), newSpace(t, v)}
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			space, id := spaces[i%2], uuid.New()
			for n := range 50 {
				sealed, err := v.Seal(t.Context(), space, id, n, []byte("x"))
				if err != nil {
					t.Error(err)
					return
				}
				if n%10 == 0 {
					v.Forget(space)
				}
				if n == 25 && i < 2 {
					if err := v.Rotate(t.Context(), space); err != nil {
						t.Error(err)
					}
				}
				if _, err := v.Unseal(t.Context(), space, id, n, sealed); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
}

func TestACancelledCallerDoesNotFailTheOthers(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	space := newSpace(t, p.open(t))
	v := p.open(t)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := v.Seal(gone, space, space, 1, nil)
	is(t, err, context.Canceled)
	seal(t, v, space, space, "x")
}

func TestErrorsHoldNoKey(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	newSpace(t, p.open(t))
	text, err := os.ReadFile(p.file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(p.file, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), p.url, p.file); strings.Contains(err.Error(), strings.TrimSpace(string(text))) {
		t.Fatal("the key is in the error")
	}
}

func BenchmarkSealUnseal(b *testing.B) {
	dir := b.TempDir()
	v, err := Open(b.Context(), storagetest.New(b).KeysURL, filepath.Join(dir, "master.key"))
	if err != nil {
		b.Fatal(err)
	}
	defer v.Close()
	space, plain := uuid.New(), make([]byte, 500)
	if err := v.Create(b.Context(), space); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		sealed, err := v.Seal(b.Context(), space, space, 1, plain)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := v.Unseal(b.Context(), space, space, 1, sealed); err != nil {
			b.Fatal(err)
		}
	}
}
