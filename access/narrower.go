package access

import (
	"context"
	"fmt"
)

// Narrower says whether nobody reads the category now who does not read the category was: no row of the matrix, and no standing in
// the grant's space, present or to come.
func (g Grant) Narrower(ctx context.Context, was, now Categories) (bool, error) {
	if was == now {
		return true, nil
	}
	matrix, err := g.in().gate.Matrix(ctx, g.Tx())
	if err != nil || !matrix.narrower(was, now) {
		return false, err
	}
	var wider bool
	err = g.Tx().QueryRow(ctx, `select exists (select from standings where space_id = $1 and valid_until > clock_timestamp()
		and reads & $2 = 0 and reads & $3 <> 0)`, g.Space(), int32(was), int32(now)).Scan(&wider)
	if err != nil {
		return false, fmt.Errorf("who reads the other category: %w", err)
	}
	return !wider, nil
}

func (m *Matrix) narrower(was, now Categories) bool {
	for _, seats := range m.rows {
		for _, row := range seats {
			if row.Reads&was == 0 && row.Reads&now != 0 {
				return false
			}
		}
	}
	return true
}
