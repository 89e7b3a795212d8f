package teams

import (
	"context"

	"liaison/access"
)

// ActionsOf is what a profession may do before belonging to any circle: open a dossier, break the glass, or nothing.
func (s *Service) ActionsOf(ctx context.Context, p access.Profession) (access.Actions, error) {
	matrix, err := s.gate.Matrix(ctx, s.db.Pool)
	if err != nil {
		return 0, err
	}
	return matrix.Actions(p, nil) & (access.OpenDossier | access.BreakGlass), nil
}
