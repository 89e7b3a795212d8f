package events

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"encoding/binary"
	"errors"

	"github.com/google/uuid"
)

// Cursor says up to where a client was given everything: all transactions older than Horizon, in one incarnation of the
// database. A client that is in the middle of a long catch-up has been given the channels up to After of what lies between
// Horizon and Next.
type Cursor struct {
	Incarnation uuid.UUID
	Person      uuid.UUID
	Horizon     uint64
	Next        uint64
	After       uuid.UUID
}

// ErrCursor answers a cursor that this instance did not seal for this person in this incarnation.
var ErrCursor = errors.New("cursor not valid here")

// Cursors seals cursors: a client learns nothing from one, not even whether something happened since the last.
type Cursors struct {
	aead        cipher.AEAD
	incarnation uuid.UUID
}

// NewCursors takes a 32-byte secret shared by all nodes, and the incarnation of the database (new after a restore).
func NewCursors(secret []byte, incarnation uuid.UUID) (*Cursors, error) {
	block, err := aes.NewCipher(secret)
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, err
	}
	return &Cursors{aead, incarnation}, nil
}

// Seal writes a cursor down for its person.
func (c *Cursors) Seal(cur Cursor) string {
	plain := make([]byte, 0, 64)
	plain = append(plain, c.incarnation[:]...)
	plain = append(plain, cur.Person[:]...)
	plain = binary.BigEndian.AppendUint64(plain, cur.Horizon)
	plain = binary.BigEndian.AppendUint64(plain, cur.Next)
	plain = append(plain, cur.After[:]...)
	return base64.RawURLEncoding.EncodeToString(c.aead.Seal(nil, nil, plain, nil))
}

// Open reads a cursor back; ErrCursor when it is not this person's, not ours or of a former incarnation.
func (c *Cursors) Open(text string, person uuid.UUID) (Cursor, error) {
	sealed, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return Cursor{}, ErrCursor
	}
	plain, err := c.aead.Open(nil, nil, sealed, nil)
	if err != nil || len(plain) != 64 {
		return Cursor{}, ErrCursor
	}
	cur := Cursor{
		Incarnation: uuid.UUID(plain[:16]), Person: uuid.UUID(plain[16:32]),
		Horizon: binary.BigEndian.Uint64(plain[32:]), Next: binary.BigEndian.Uint64(plain[40:]), After: uuid.UUID(plain[48:]),
	}
	if cur.Incarnation != c.incarnation || cur.Person != person {
		return Cursor{}, ErrCursor
	}
	return cur, nil
}
