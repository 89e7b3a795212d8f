package events

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/google/uuid"
)

// Horizon is a database snapshot (pg_snapshot as text): exactly the transactions that were over when it was taken. Positions
// and transaction ids become visible out of order across commits; a snapshot says which were in and which were not.
type Horizon string

// The beginning: nothing is over yet.
const Beginning Horizon = "1:1:"

// NotSeen is the condition that a row written by transaction column xid was not over at the horizon in @horizon. Its first
// half lets an index on xid work.
const NotSeen = `xid >= pg_snapshot_xmin(@horizon::text::pg_snapshot) and not pg_visible_in_snapshot(xid, @horizon::text::pg_snapshot)`

// horizonMost bounds a horizon's length in a cursor; beyond it the cursor says less and its client is told some things twice.
const horizonMost = 600

func (h Horizon) bounded() Horizon {
	if len(h) <= horizonMost {
		return h
	}
	oldest, _, _ := strings.Cut(string(h), ":")
	return Horizon(oldest + ":" + oldest + ":")
}

// Cursor says up to where a person's client was given everything, in one incarnation of the database. A client in the middle
// of a long catch-up has been given the channels up to After of what lies between Since and Next.
type Cursor struct {
	Incarnation uuid.UUID `json:"i"`
	Person      uuid.UUID `json:"p"`
	Since       Horizon   `json:"s"`
	Next        Horizon   `json:"n,omitempty"`
	After       uuid.UUID `json:"a"`
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
	cur.Incarnation, cur.Since, cur.Next = c.incarnation, cur.Since.bounded(), cur.Next.bounded()
	return c.seal(cur, nil)
}

func (c *Cursors) seal(what any, use []byte) string {
	plain, err := json.Marshal(what)
	if err != nil {
		panic("a cursor does not encode: " + err.Error())
	}
	return base64.RawURLEncoding.EncodeToString(c.aead.Seal(nil, nil, plain, use))
}

func (c *Cursors) open(text string, use []byte, into any) error {
	sealed, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return ErrCursor
	}
	plain, err := c.aead.Open(nil, nil, sealed, use)
	if err != nil || json.Unmarshal(plain, into) != nil {
		return ErrCursor
	}
	return nil
}

// Open reads a cursor back; ErrCursor when it is not this person's, not ours or of a former incarnation.
func (c *Cursors) Open(text string, person uuid.UUID) (Cursor, error) {
	var cur Cursor
	if err := c.open(text, nil, &cur); err != nil || cur.Incarnation != c.incarnation || cur.Person != person {
		return Cursor{}, ErrCursor
	}
	return cur, nil
}

// Place says where a person's list, newest first, is to be continued. It is sealed too: the last thing looked at may be one
// that she does not see.
type Place struct {
	Person uuid.UUID `json:"p"`
	Of     string    `json:"o"` // what the list was asked for
	At     time.Time `json:"t"`
	ID     uuid.UUID `json:"d"`
}

var placeUse = []byte("place in a list")

// SealPlace writes a place down for its person.
func (c *Cursors) SealPlace(p Place) string { return c.seal(p, placeUse) }

// OpenPlace reads a place back; ErrCursor when it is not this person's, or of a list asked for otherwise.
func (c *Cursors) OpenPlace(text string, person uuid.UUID, of string) (Place, error) {
	var p Place
	if err := c.open(text, placeUse, &p); err != nil || p.Person != person || p.Of != of {
		return Place{}, ErrCursor
	}
	return p, nil
}
