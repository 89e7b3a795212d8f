package access

import (
	"slices"
	"testing"

	"github.com/google/uuid"
)

func TestDeliveriesToTheSamePeopleAreOneLine(t *testing.T) {
	ids := make([]uuid.UUID, 8)
	for i := range ids {
		ids[i] = uuid.Must(uuid.NewV7())
	}
	circle, other, a, b, structure := ids[0], ids[1], ids[2], ids[3], ids[4]
	through := map[uuid.UUID][]uuid.UUID{a: {structure}}
	lines := gathered([]Delivery{
		{Space: circle, Message: ids[5], To: []uuid.UUID{a, b}},
		{Space: other, Message: ids[6], To: []uuid.UUID{a, b}},
		{Space: circle, Message: ids[7], To: []uuid.UUID{b, a}},
		{Space: circle, Message: ids[7], To: []uuid.UUID{a}},
		{Space: circle, Message: ids[6], To: []uuid.UUID{a, b}, Through: through},
	})
	if len(lines) != 4 {
		t.Fatalf("%d lines, want 4: another circle, fewer people and another right are lines of their own", len(lines))
	}
	together := deliveryLine("n", lines[0])
	if got := together.Detail["messages"].([]uuid.UUID); !slices.Equal(got, []uuid.UUID{ids[5], ids[7]}) || together.Detail["count"] != 2 {
		t.Errorf("the line tells of %v", together.Detail)
	}
	if alone := deliveryLine("n", lines[3]); alone.Object != ids[6] || alone.Detail["acting"].(map[uuid.UUID][]uuid.UUID)[a][0] != structure {
		t.Errorf("the line of one message is %+v", alone)
	}
}
