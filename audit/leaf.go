package audit

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"time"

	"github.com/google/uuid"
)

// Stored is a line as the database gives it back; its detail is in RawDetail only.
type Stored struct {
	Line
	At        time.Time
	Xid       uint64 // the transaction that wrote it; not part of what is sealed, since a restore changes it
	RawDetail []byte // the JSON as stored, nil when there is none
	noAddress bool
}

// Prefixes as in RFC 6962: a leaf can never be taken for a node.
const (
	leafPrefix = 0x00
	nodePrefix = 0x01
)

const leafDomain = "liaison journal line v1"

// absent stands for the length of a field that is null.
const absent = ^uint32(0)

// Leaf is SHA-256 of 0x00, the text "liaison journal line v1", then each field in this order, preceded by its length in bytes as
// 4 bytes big endian (ffffffff and nothing after for null):
//
//	id, at, actor, session, workplace, verb, outcome, space, object, detail, address
//
// An id is its 16 bytes; at is microseconds since 1970-01-01 UTC, 8 bytes big endian; outcome is "done" or "refused"; detail is
// JSON without white space, keys sorted by bytes, numbers written as stored, strings escaped as little as JSON allows (and
// U+2028, U+2029 as \u2028, \u2029); texts are UTF-8.
func (s *Stored) Leaf() [32]byte {
	detail := canonicalJSON(s.RawDetail)
	b := make([]byte, 0, 256+len(detail))
	b = append(b, leafPrefix)
	b = append(b, leafDomain...)
	b = appendField(b, s.ID[:])
	b = appendField(b, binary.BigEndian.AppendUint64(nil, uint64(s.At.UnixMicro())))
	b = appendField(b, s.Actor[:])
	b = appendID(b, s.Session)
	b = appendID(b, s.Workplace)
	b = appendField(b, []byte(s.Verb))
	b = appendField(b, []byte(outcome(s.Refused)))
	b = appendID(b, s.Space)
	b = appendID(b, s.Object)
	b = appendField(b, detail)
	if s.noAddress {
		b = binary.BigEndian.AppendUint32(b, absent)
	} else {
		b = appendField(b, []byte(s.Address))
	}
	return sha256.Sum256(b)
}

func outcome(refused bool) string {
	if refused {
		return "refused"
	}
	return "done"
}

func appendID(b []byte, id uuid.UUID) []byte {
	if id == uuid.Nil {
		return binary.BigEndian.AppendUint32(b, absent)
	}
	return appendField(b, id[:])
}

func appendField(b, field []byte) []byte {
	if field == nil {
		return binary.BigEndian.AppendUint32(b, absent)
	}
	return append(binary.BigEndian.AppendUint32(b, uint32(len(field))), field...)
}

// canonicalJSON gives back as stored what Go cannot read (nesting of ten thousand levels): no line may stop the sealer.
func canonicalJSON(raw []byte) []byte {
	if raw == nil {
		return nil
	}
	in := json.NewDecoder(bytes.NewReader(raw))
	in.UseNumber()
	var v any
	if err := in.Decode(&v); err != nil {
		return raw
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return raw
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n"))
}

// merkleRoot is the tree head of RFC 6962 section 2.1 over leaves already hashed. It uses level as working space.
func merkleRoot(level [][32]byte) [32]byte {
	if len(level) == 0 {
		return sha256.Sum256(nil)
	}
	// Pairing level by level, the odd one carried up, gives the same tree as splitting at the largest power of two.
	for len(level) > 1 {
		next := level[:0]
		for i := 0; i+1 < len(level); i += 2 {
			next = append(next, node(level[i], level[i+1]))
		}
		if len(level)%2 == 1 {
			next = append(next, level[len(level)-1])
		}
		level = next
	}
	return level[0]
}

func node(left, right [32]byte) [32]byte {
	var b [65]byte
	b[0] = nodePrefix
	copy(b[1:], left[:])
	copy(b[33:], right[:])
	return sha256.Sum256(b[:])
}
