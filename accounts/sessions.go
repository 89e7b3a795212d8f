package accounts

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"liaison/access"
	"liaison/storage"
)

// Session is an open session as its owner sees it in her list.
type Session struct {
	ID         uuid.UUID
	Device     string
	Kind       Kind
	CreatedAt  time.Time
	LastUsedAt time.Time
	Current    bool
}

// Sessions lists the actor's open sessions, the latest used first.
func (s *Service) Sessions(ctx context.Context, actor access.Actor) ([]Session, error) {
	rows, err := s.db.Pool.Query(ctx, `select id, device, kind, created_at, last_used_at, id = $2 from sessions
		where person_id = $1 and revoked_at is null and expires_at > $3 order by last_used_at desc, id`,
		actor.Person, actor.Session, s.now())
	if err != nil {
		return nil, fmt.Errorf("list sessions: %w", err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Session])
	if err != nil {
		return nil, fmt.Errorf("list sessions: %w", err)
	}
	return list, nil
}

// SignOut ends the actor's own session.
func (s *Service) SignOut(ctx context.Context, actor access.Actor) error {
	return s.end(ctx, actor, "signed_out", only(actor.Session))
}

// RevokeSession ends one of the actor's sessions; ErrUnknown when it is not hers or has ended.
func (s *Service) RevokeSession(ctx context.Context, actor access.Actor, session uuid.UUID) error {
	return s.end(ctx, actor, "revoked", only(session))
}

// RevokeOthers ends every session of the actor but the present one.
func (s *Service) RevokeOthers(ctx context.Context, actor access.Actor) error {
	return s.end(ctx, actor, "revoked", allBut(actor.Session))
}

// which picks sessions of a person: one, or all but one.
type which struct{ one, but uuid.UUID }

func only(session uuid.UUID) which   { return which{one: session} }
func allBut(session uuid.UUID) which { return which{but: session} }
func every() which                   { return which{} }

func (s *Service) end(ctx context.Context, actor access.Actor, reason string, w which) error {
	var ended []uuid.UUID
	err := s.db.InTx(ctx, func(tx pgx.Tx) (err error) {
		ended, err = s.revoke(ctx, tx, actor, actor.Person, reason, w)
		return err
	})
	if err != nil {
		return err
	}
	if len(ended) == 0 && w.one != uuid.Nil {
		return ErrUnknown
	}
	s.announce(ended)
	return nil
}

// revoke ends sessions in the caller's transaction, who announces them after the commit.
func (s *Service) revoke(ctx context.Context, q storage.Querier, actor access.Actor, person uuid.UUID, reason string, w which) ([]uuid.UUID, error) {
	rows, err := q.Query(ctx, `update sessions set revoked_at = $2, revoked_reason = $3
		where person_id = $1 and revoked_at is null and ($4::uuid is null or id = $4) and ($5::uuid is null or id <> $5)
		returning id`, person, s.now(), reason, storage.OrNull(w.one), storage.OrNull(w.but))
	if err != nil {
		return nil, fmt.Errorf("revoke sessions: %w", err)
	}
	ended, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	if err != nil {
		return nil, fmt.Errorf("revoke sessions: %w", err)
	}
	return ended, journal(ctx, q, revocations(actor, reason, ended)...)
}

func (s *Service) announce(sessions []uuid.UUID) {
	if len(sessions) == 0 {
		return
	}
	for _, id := range sessions {
		s.Forget(id)
	}
	s.OnRevoked(sessions)
}

// RevokedAmong gives those of these sessions that are no longer good: ended, expired, unknown, or of a closed account.
func (s *Service) RevokedAmong(ctx context.Context, sessions []uuid.UUID) ([]uuid.UUID, error) {
	rows, err := s.db.Pool.Query(ctx, `select asked from unnest($1::uuid[]) asked
		where not exists (select from sessions s join accounts a on a.person_id = s.person_id
			where s.id = asked and s.revoked_at is null and s.expires_at > $2 and a.active)`, sessions, s.now())
	if err != nil {
		return nil, fmt.Errorf("check sessions: %w", err)
	}
	ended, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	if err != nil {
		return nil, fmt.Errorf("check sessions: %w", err)
	}
	return ended, nil
}

// ChooseWorkplace changes where the actor works in the present session.
func (s *Service) ChooseWorkplace(ctx context.Context, actor access.Actor, workplace uuid.UUID) error {
	err := s.db.InTx(ctx, func(tx pgx.Tx) error {
		chosen, err := chosenWorkplace(ctx, tx, actor.Person, workplace)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "update sessions set workplace_id = $2 where id = $1", actor.Session, storage.OrNull(chosen)); err != nil {
			return fmt.Errorf("choose workplace: %w", err)
		}
		return journal(ctx, tx, actor.Line("session.workplace", chosen))
	})
	if err == nil {
		s.Forget(actor.Session)
	}
	return err
}
