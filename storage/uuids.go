package storage

import (
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgtype"
)

// registerUUIDs lets ids travel as the sixteen bytes they are. Of itself pgx takes them through text, and makes an error for
// each on the way: an eighth of a busy server's time.
func registerUUIDs(m *pgtype.Map) {
	id := &pgtype.Type{Name: "uuid", OID: pgtype.UUIDOID, Codec: uuidCodec{}}
	m.RegisterType(id)
	m.RegisterType(&pgtype.Type{Name: "_uuid", OID: pgtype.UUIDArrayOID, Codec: &pgtype.ArrayCodec{ElementType: id}})
}

// uuidCodec knows uuid.UUID in binary, and leaves everything else to pgx.
type uuidCodec struct{ pgtype.UUIDCodec }

// PlanEncode is asked by pgx.
func (c uuidCodec) PlanEncode(m *pgtype.Map, oid uint32, format int16, value any) pgtype.EncodePlan {
	if _, ok := value.(uuid.UUID); ok && format == pgtype.BinaryFormatCode {
		return uuidBytes{}
	}
	return c.UUIDCodec.PlanEncode(m, oid, format, value)
}

// PlanScan is asked by pgx.
func (c uuidCodec) PlanScan(m *pgtype.Map, oid uint32, format int16, target any) pgtype.ScanPlan {
	if _, ok := target.(*uuid.UUID); ok && format == pgtype.BinaryFormatCode {
		return uuidBytes{}
	}
	return c.UUIDCodec.PlanScan(m, oid, format, target)
}

type uuidBytes struct{}

// Encode is asked by pgx.
func (uuidBytes) Encode(value any, buf []byte) ([]byte, error) {
	id := value.(uuid.UUID)
	return append(buf, id[:]...), nil
}

// Scan is asked by pgx. Null leaves the target as it is, which is what uuid.UUID does itself.
func (uuidBytes) Scan(src []byte, target any) error {
	if src == nil {
		return nil
	}
	if len(src) != len(uuid.UUID{}) {
		return fmt.Errorf("an id of %d bytes", len(src))
	}
	copy(target.(*uuid.UUID)[:], src)
	return nil
}
