package storage_test

import (
	"slices"
	"testing"

	"github.com/google/uuid"

	"liaison/storage/storagetest"
)

func TestIDsTravelWhole(t *testing.T) {
	t.Parallel()
	pool := storagetest.New(t).DB.Pool
	a, b := uuid.New(), uuid.New()
	var one, kept uuid.UUID
	var some *uuid.UUID
	var none *uuid.UUID
	var list []uuid.UUID
	var text string
	kept = a
	err := pool.QueryRow(t.Context(), "select $1::uuid, $1::uuid, null::uuid, null::uuid, $2::uuid[], $1::uuid::text", a, []uuid.UUID{a, b}).
		Scan(&one, &some, &none, &kept, &list, &text)
	if err != nil || one != a || *some != a || none != nil || kept != a || !slices.Equal(list, []uuid.UUID{a, b}) || text != a.String() {
		t.Errorf("%v: %s %v %v %s %v %s, sent %s", err, one, some, none, kept, list, text, a)
	}
	var nulls []*uuid.UUID
	if err := pool.QueryRow(t.Context(), "select $1::uuid[]", []*uuid.UUID{&b, nil}).Scan(&nulls); err != nil || len(nulls) != 2 || *nulls[0] != b || nulls[1] != nil {
		t.Errorf("%v: %v", err, nulls)
	}
	// An id as text is understood as well.
	if err := pool.QueryRow(t.Context(), "select $1::uuid", b.String()).Scan(&text); err != nil || text != b.String() {
		t.Errorf("%v: %s", err, text)
	}
}
