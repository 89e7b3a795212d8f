package accounts

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"liaison/access"
	"liaison/storage"
)

// ChangePassword replaces the actor's password, who must know the present one (ErrWrongPassword); the actor's other
// sessions end.
func (s *Service) ChangePassword(ctx context.Context, actor access.Actor, current, next string) error {
	me, err := s.Me(ctx, actor)
	if err != nil {
		return err
	}
	known, err := s.checkPassword(ctx, canonicalLogin(me.Login), current)
	if err != nil {
		return s.refuseChange(ctx, actor, err)
	}
	if err := s.acceptable(next, me.Login); err != nil {
		return err
	}
	hash, err := s.hasher.hash(ctx, next)
	if err != nil {
		return err
	}
	var ended []uuid.UUID
	err = s.db.InTx(ctx, func(tx pgx.Tx) (err error) {
		ended, err = s.replacePassword(ctx, tx, actor, known.hash, hash)
		return err
	})
	if err != nil {
		return s.refuseChange(ctx, actor, err)
	}
	s.announce(ended)
	return nil
}

// replacePassword does nothing if the password changed since it was checked.
func (s *Service) replacePassword(ctx context.Context, q storage.Querier, actor access.Actor, old, fresh string) ([]uuid.UUID, error) {
	tag, err := q.Exec(ctx, `update accounts set password_hash = $3, must_change = false, failures = 0, failed_at = null
		where person_id = $1 and password_hash = $2 and active`, actor.Person, old, fresh)
	if err != nil {
		return nil, fmt.Errorf("change password: %w", err)
	}
	if tag.RowsAffected() == 0 {
		return nil, ErrSignInFailed
	}
	ended, err := s.revoke(ctx, q, actor, actor.Person, "password_changed", allBut(actor.Session))
	if err != nil {
		return nil, err
	}
	return ended, journal(ctx, q, actor.Line("account.password", actor.Person))
}

func (s *Service) refuseChange(ctx context.Context, actor access.Actor, err error) error {
	reason := "wrong"
	var wait ErrTooManyAttempts
	switch {
	case errors.Is(err, ErrSignInFailed):
		err = ErrWrongPassword
	case errors.As(err, &wait):
		reason = "account_waits"
	default:
		return err
	}
	if jerr := journal(ctx, s.db.Pool, refusedLine(actor, "account.password", actor.Person, reason)); jerr != nil {
		return jerr
	}
	return err
}
