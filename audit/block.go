package audit

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// Block binds the lines of a closed range of transactions, in order. A block without lines states what was removed under retention,
// or else marks a restore: what was numbered from there on before it belongs to the database that was lost.
type Block struct {
	Number    int64     `json:"number"` // from 1, without gap
	FromXid   uint64    `json:"from_xid,string"`
	ToXid     uint64    `json:"to_xid,string"` // excluded
	SealedAt  time.Time `json:"sealed_at"`     // to the microsecond, UTC
	Lines     int       `json:"lines"`
	Leaves    []byte    `json:"leaves"`    // per line its id (16 bytes) and leaf hash (32), by transaction then id
	Root      []byte    `json:"root"`      // Merkle root of the leaf hashes
	Previous  []byte    `json:"previous"`  // hash of the block before; 32 zero bytes for the first
	KeyID     string    `json:"key_id"`    // first 8 bytes of SHA-256 of the public key, in hexadecimal
	Signature []byte    `json:"signature"` // Ed25519 over the payload
	Removed   *Removal  `json:"removed,omitempty"`
}

const (
	blockDomain     = "liaison journal block v1"
	statementDomain = "liaison journal block v2"
	leafSize        = 16 + 32
)

// payload is what is signed: the text "liaison journal block v1", number, from, to, sealed_at in microseconds, lines (8 bytes big
// endian each), root, previous (32 bytes each), key id. The leaves are bound by the root, the ids by the leaves. A block that states
// what was removed says v2, and has that before the key id: see Removal.append.
func (b *Block) payload() []byte {
	p := make([]byte, 0, 192)
	domain := blockDomain
	if b.Removed != nil {
		domain = statementDomain
	}
	p = append(p, domain...)
	for _, n := range []uint64{uint64(b.Number), b.FromXid, b.ToXid, uint64(b.SealedAt.UnixMicro()), uint64(b.Lines)} {
		p = binary.BigEndian.AppendUint64(p, n)
	}
	p = append(p, b.Root...)
	p = append(p, b.Previous...)
	if b.Removed != nil {
		p = b.Removed.append(p)
	}
	return append(p, b.KeyID...)
}

// Hash is SHA-256 of what is signed; the next block holds it.
func (b *Block) Hash() [32]byte { return sha256.Sum256(b.payload()) }

// KeyID names a public key in the blocks it signed.
func KeyID(key ed25519.PublicKey) string {
	sum := sha256.Sum256(key)
	return hex.EncodeToString(sum[:8])
}

// next begins the block that follows b; a nil b is followed by the first.
func (b *Block) next(to uint64, at time.Time) *Block {
	if b == nil {
		return &Block{Number: 1, ToXid: to, SealedAt: at.UTC().Truncate(time.Microsecond), Previous: make([]byte, 32)}
	}
	hash := b.Hash()
	return &Block{
		Number: b.Number + 1, FromXid: b.ToXid, ToXid: to,
		SealedAt: at.UTC().Truncate(time.Microsecond), Previous: hash[:],
	}
}

// bind puts the lines in the block, in their order, and signs it.
func (b *Block) bind(lines []Stored, key ed25519.PrivateKey) {
	hashes := make([][32]byte, 0, len(lines))
	b.Leaves = make([]byte, 0, len(lines)*leafSize)
	for i := range lines {
		hash := lines[i].Leaf()
		b.Leaves = append(append(b.Leaves, lines[i].ID[:]...), hash[:]...)
		hashes = append(hashes, hash)
	}
	root := merkleRoot(hashes)
	b.Lines, b.Root = len(lines), root[:]
	b.KeyID = KeyID(key.Public().(ed25519.PublicKey))
	b.Signature = ed25519.Sign(key, b.payload())
}

// leaf gives the id and the hash at a place of the block.
func (b *Block) leaf(i int) (uuid.UUID, [32]byte) {
	at := b.Leaves[i*leafSize:]
	return uuid.UUID(at[:16]), [32]byte(at[16:leafSize])
}

// check says what is wrong with the block by itself, or nothing.
func (b *Block) check(keys map[string]ed25519.PublicKey) string {
	key, known := keys[b.KeyID]
	switch {
	case !known:
		return fmt.Sprintf("signed by an unknown key %q", b.KeyID)
	case !ed25519.Verify(key, b.payload(), b.Signature):
		return "the signature is not that of the block"
	case len(b.Leaves) != b.Lines*leafSize:
		return "the list of leaves has not the announced length"
	}
	hashes := make([][32]byte, b.Lines)
	for i := range hashes {
		_, hashes[i] = b.leaf(i)
	}
	if root := merkleRoot(hashes); !bytes.Equal(root[:], b.Root) {
		return "the leaves do not give the root"
	}
	return ""
}

// restored says whether the block is the mark of a restore.
func (b *Block) restored() bool { return b.Lines == 0 && b.Removed == nil }

// name sorts as the numbers do, and never collides with a block of a database that was lost.
func (b *Block) name() string {
	hash := b.Hash()
	return fmt.Sprintf("%08d/%012d-%x.json", b.Number/10000, b.Number, hash[:8])
}

func (b *Block) encode() ([]byte, error) {
	data, err := json.MarshalIndent(b, "", "  ")
	return append(data, '\n'), err
}
