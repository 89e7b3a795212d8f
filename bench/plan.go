package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"liaison/storage"
)

// planNode is what is used here of a plan.
type planNode struct {
	Relation string     `json:"Relation Name"`
	Rows     float64    `json:"Actual Rows"`
	Loops    float64    `json:"Actual Loops"`
	Filtered float64    `json:"Rows Removed by Filter"`
	Rechecks float64    `json:"Rows Removed by Index Recheck"`
	Plans    []planNode `json:"Plans"`
}

// visited runs a statement, counts the rows of messages that were looked at, and gives its plan to be read.
func visited(ctx context.Context, q storage.Querier, sql string, args pgx.NamedArgs) (count int, plan string, err error) {
	var raw []byte
	if err := q.QueryRow(ctx, "explain (analyze, format json) "+sql, args).Scan(&raw); err != nil {
		return 0, "", fmt.Errorf("plan: %w", err)
	}
	if count, err = visitedIn(raw); err != nil {
		return 0, "", err
	}
	rows, err := q.Query(ctx, "explain (analyze, costs off, timing off, summary off) "+sql, args)
	if err != nil {
		return 0, "", fmt.Errorf("plan: %w", err)
	}
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	return count, strings.Join(lines, "\n"), err
}

func visitedIn(raw []byte) (int, error) {
	var plans []struct{ Plan planNode }
	if err := json.Unmarshal(raw, &plans); err != nil {
		return 0, fmt.Errorf("plan: %w", err)
	}
	sum := 0.0
	for _, p := range plans {
		sum += p.Plan.visited("messages")
	}
	return int(sum), nil
}

func (n planNode) visited(relation string) (sum float64) {
	if n.Relation == relation {
		sum = (n.Rows + n.Filtered + n.Rechecks) * n.Loops
	}
	for _, below := range n.Plans {
		sum += below.visited(relation)
	}
	return sum
}
