package accounts

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"liaison/access"
	"liaison/audit"
	"liaison/storage"
)

// SystemOperator acts for whoever runs a command on the machine itself.
var SystemOperator = uuid.MustParse("00000000-0000-7000-8000-000000000003")

// Nobody is who has not signed in.
func Nobody(address string) access.Actor { return access.Actor{Address: address} }

func refusedLine(actor access.Actor, verb string, object uuid.UUID, reason string) audit.Line {
	line := actor.Line(verb, object)
	line.Refused = true
	line.Detail = map[string]any{"reason": reason}
	return line
}

func revocations(actor access.Actor, reason string, sessions []uuid.UUID) []audit.Line {
	lines := make([]audit.Line, len(sessions))
	for i, id := range sessions {
		lines[i] = actor.Line("session.revoke", id)
		lines[i].Detail = map[string]any{"reason": reason}
	}
	return lines
}

func journal(ctx context.Context, q storage.Querier, lines ...audit.Line) error {
	return audit.Write(ctx, q, lines...)
}

func orUnknown(doing string, err error) error {
	if errors.Is(err, pgx.ErrNoRows) {
		return ErrUnknown
	}
	return fmt.Errorf("%s: %w", doing, err)
}
