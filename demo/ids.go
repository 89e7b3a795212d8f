package demo

import (
	"crypto/sha256"
	"strings"

	"github.com/google/uuid"
)

// idOf gives what has this name the same id in every load: the form of a UUIDv7, its time that of the demo's writing.
func idOf(name ...string) uuid.UUID {
	sum := sha256.Sum256([]byte("liaison demo/" + strings.Join(name, "/")))
	id := uuid.UUID(sum[:16])
	copy(id[:6], []byte{0x01, 0x9b, 0x76, 0xda, 0xa8, 0x00})
	id[6] = id[6]&0x0f | 0x70
	id[8] = id[8]&0x3f | 0x80
	return id
}

// chance is a number below n that a name always draws.
func chance(n int, name ...string) int {
	sum := sha256.Sum256([]byte("chance/" + strings.Join(name, "/")))
	return int(sum[0]) % n
}
