package accounts

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"liaison/access"
	"liaison/storage"
)

// repeatWindow is how long a client that did not hear the answer may ask again for the same successor.
const repeatWindow = time.Minute

// presented is a refresh token as it stands in the database, with its session locked by it.
type presented struct {
	state
	used      *time.Time
	successor []byte
}

// Refresh exchanges a refresh token for its successor and a new access token. The same token again within a minute,
// its successor unused, gets the same successor: the first answer was lost on the way. Any later use means that two
// hold the token: the session ends.
func (s *Service) Refresh(ctx context.Context, token, address string) (OpenedSession, error) {
	var opened OpenedSession
	stolen := false
	err := s.db.InTx(ctx, func(tx pgx.Tx) error {
		p, err := s.presentedToken(ctx, tx, token)
		if err != nil {
			return err
		}
		if stolen, err = s.reused(ctx, tx, p); err != nil {
			return err
		}
		opened = OpenedSession{ID: p.session, Person: p.person, Workplace: p.workplace, Kind: Token, ExpiresAt: p.expires}
		if stolen {
			return s.endStolen(ctx, tx, opened.Actor(address))
		}
		opened.Until = Token.expiry(p.created, p.created.Add(tokenMost))
		return s.rotate(ctx, tx, token, p, &opened)
	})
	if err != nil {
		return OpenedSession{}, err
	}
	if stolen {
		s.announce([]uuid.UUID{opened.ID})
		return OpenedSession{}, ErrSessionRevoked
	}
	return opened, s.grantAccess(&opened)
}

func (s *Service) presentedToken(ctx context.Context, q storage.Querier, token string) (presented, error) {
	var p presented
	row := q.QueryRow(ctx, `select r.used_at, r.successor_hash, `+stateColumns+`
		from refresh_tokens r join sessions s on s.id = r.session_id join accounts a on a.person_id = s.person_id
		where r.hash = $1 for update of r`, hashOpaque(token))
	err := row.Scan(append([]any{&p.used, &p.successor}, p.fields()...)...)
	if errors.Is(err, pgx.ErrNoRows) {
		return p, ErrTokenInvalid
	}
	if err != nil {
		return p, fmt.Errorf("read refresh token: %w", err)
	}
	return p, p.check(s.now())
}

// reused says whether the token was used before in a way that no lost answer explains.
func (s *Service) reused(ctx context.Context, q storage.Querier, p presented) (bool, error) {
	if p.used == nil {
		return false, nil
	}
	if s.now().Sub(*p.used) > repeatWindow {
		return true, nil
	}
	var successorUsed bool
	err := q.QueryRow(ctx, "select used_at is not null from refresh_tokens where hash = $1", p.successor).Scan(&successorUsed)
	if err != nil {
		return false, fmt.Errorf("read successor: %w", err)
	}
	return successorUsed, nil
}

func (s *Service) endStolen(ctx context.Context, tx pgx.Tx, actor access.Actor) error {
	_, err := s.revoke(ctx, tx, actor, actor.Person, "refresh_reused", only(actor.Session))
	return err
}

// rotate marks the token used and keeps its successor; a repetition finds both done.
func (s *Service) rotate(ctx context.Context, q storage.Querier, token string, p presented, o *OpenedSession) error {
	o.RefreshToken = s.keys.successor(token)
	if p.used != nil {
		return nil
	}
	now := s.now()
	o.ExpiresAt = Token.expiry(p.created, now)
	tag, err := q.Exec(ctx, "update sessions set expires_at = $2, last_used_at = $3 where id = $1 and revoked_at is null",
		p.session, o.ExpiresAt, now)
	if err != nil {
		return fmt.Errorf("prolong session: %w", err)
	}
	if tag.RowsAffected() == 0 {
		return ErrSessionRevoked
	}
	_, err = q.Exec(ctx, "update refresh_tokens set used_at = $2, successor_hash = $3 where hash = $1",
		hashOpaque(token), now, hashOpaque(o.RefreshToken))
	if err != nil {
		return fmt.Errorf("use refresh token: %w", err)
	}
	return s.keepRefreshToken(ctx, q, o.RefreshToken, p.session)
}

func (s *Service) keepRefreshToken(ctx context.Context, q storage.Querier, token string, session uuid.UUID) error {
	_, err := q.Exec(ctx, "insert into refresh_tokens (hash, session_id, created_at) values ($1, $2, $3)",
		hashOpaque(token), session, s.now())
	if err != nil {
		return fmt.Errorf("keep refresh token: %w", err)
	}
	return nil
}

// pruneBatch keeps each transaction short: none may hold back the horizon of sync.
const pruneBatch = 500

// Prune forgets the refresh tokens of sessions that ended more than a day ago. Run it now and then.
func (s *Service) Prune(ctx context.Context) error {
	for {
		tag, err := s.db.Pool.Exec(ctx, `delete from refresh_tokens where hash in (
			select r.hash from refresh_tokens r join sessions s on s.id = r.session_id
			where least(s.expires_at, s.revoked_at) < $1 limit $2)`, s.now().Add(-24*time.Hour), pruneBatch)
		if err != nil {
			return fmt.Errorf("prune refresh tokens: %w", err)
		}
		if tag.RowsAffected() < pruneBatch {
			return nil
		}
	}
}
