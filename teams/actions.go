package teams

import (
	"context"

	"liaison/access"
)

// Knows says of which professions the matrix has a row; people of any other read nothing, in no circle.
func (s *Service) Knows(ctx context.Context) (func(access.Profession) bool, error) {
	matrix, err := s.gate.Matrix(ctx, s.db.Pool)
	if err != nil {
		return nil, err
	}
	return matrix.Knows, nil
}

// ActionsOf is what a profession may do before belonging to any circle: open a dossier, break the glass, or nothing.
func (s *Service) ActionsOf(ctx context.Context, p access.Profession) (access.Actions, error) {
	matrix, err := s.gate.Matrix(ctx, s.db.Pool)
	if err != nil {
		return 0, err
	}
	return matrix.Actions(p, nil) & (access.OpenDossier | access.BreakGlass), nil
}
