package access

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"liaison/audit"
)

// Delivery is one message handed by a node to its listeners.
type Delivery struct {
	Space   uuid.UUID
	Message uuid.UUID
	To      []uuid.UUID
	Through map[uuid.UUID][]uuid.UUID // through whom some of them stood there
}

// deliveryMost bounds the messages that one line tells of.
const deliveryMost = 200

// JournalDeliveries writes who got which messages, those of one circle that the same people got in one line. It may commit
// asynchronously: what a crash loses is the last moment before it.
func (g *Gate) JournalDeliveries(ctx context.Context, node string, deliveries []Delivery) error {
	var lines []audit.Line
	for _, together := range gathered(deliveries) {
		for some := range slices.Chunk(together, deliveryMost) {
			lines = append(lines, deliveryLine(node, some))
		}
	}
	b := &pgx.Batch{}
	queueActor(b, SystemRelay, false)
	audit.Queue(b, lines...)
	tx, err := g.db.Begin(ctx, "", b)
	if err != nil {
		return fmt.Errorf("journal deliveries: %w", err)
	}
	return tx.Commit(ctx, nil)
}

// gathered puts together what the same people got, in the same circle and by the same right, in the order of the first of each.
func gathered(deliveries []Delivery) [][]Delivery {
	var out [][]Delivery
	at := map[string]int{}
	for _, d := range deliveries {
		key := d.key()
		i, known := at[key]
		if !known {
			i = len(out)
			at[key], out = i, append(out, nil)
		}
		out[i] = append(out[i], d)
	}
	return out
}

// key is the same for two deliveries in one circle to the same people, each through the same others.
func (d Delivery) key() string {
	key := slices.Clone(d.Space[:])
	for _, person := range sortedIDs(d.To) {
		key = append(key, person[:]...)
		// An id of zeros is nobody's: it closes the list of those through whom.
		for _, via := range append(sortedIDs(d.Through[person]), uuid.Nil) {
			key = append(key, via[:]...)
		}
	}
	return string(key)
}

func sortedIDs(ids []uuid.UUID) []uuid.UUID {
	return slices.SortedFunc(slices.Values(ids), func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) })
}

func deliveryLine(node string, some []Delivery) audit.Line {
	first := some[0]
	line := audit.Line{
		Actor: SystemRelay, Verb: audit.VerbDeliver, Space: first.Space,
		Detail: map[string]any{"to": first.To, "node": node},
	}
	if len(first.Through) > 0 {
		line.Detail["acting"] = maps.Clone(first.Through)
	}
	if len(some) == 1 {
		line.Object = first.Message
		return line
	}
	messages := make([]uuid.UUID, len(some))
	for i, d := range some {
		messages[i] = d.Message
	}
	line.Detail["messages"], line.Detail["count"] = messages, len(messages)
	return line
}
