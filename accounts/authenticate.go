package accounts

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"liaison/access"
)

const (
	// stateLife bounds what a node may not have heard of a session: an end holds everywhere within five seconds.
	stateLife = 4 * time.Second
	// touchEvery is how exact the last use of a session is.
	touchEvery = time.Minute
)

// Presented is what came with a request: a bearer token, or the session cookie.
type Presented struct {
	Bearer  string
	Cookie  string
	Address string
}

// state is a session as the database has it.
type state struct {
	session   uuid.UUID
	person    uuid.UUID
	workplace uuid.UUID
	kind      Kind
	created   time.Time
	used      time.Time
	expires   time.Time
	revoked   bool
	active    bool
	read      time.Time
}

const stateColumns = `s.id, s.person_id, coalesce(s.workplace_id, '00000000-0000-0000-0000-000000000000'), s.kind, s.created_at,
	s.last_used_at, s.expires_at, s.revoked_at is not null, a.active`

func (st *state) fields() []any {
	return []any{&st.session, &st.person, &st.workplace, &st.kind, &st.created, &st.used, &st.expires, &st.revoked, &st.active}
}

func (st *state) check(now time.Time) error {
	switch {
	case st.revoked, !st.active:
		return ErrSessionRevoked
	case !now.Before(st.expires):
		return ErrSessionExpired
	}
	return nil
}

// states are the sessions lately seen by this node.
type states struct {
	bySession *recent[uuid.UUID, state]
	byCookie  *recent[string, uuid.UUID]
}

func newStates() *states {
	return &states{bySession: newRecent[uuid.UUID, state](20_000), byCookie: newRecent[string, uuid.UUID](20_000)}
}

// Authenticate says who acts. Its errors are ErrTokenInvalid, ErrTokenExpired, ErrSessionExpired, ErrSessionRevoked,
// or the database's.
func (s *Service) Authenticate(ctx context.Context, p Presented) (access.Actor, error) {
	since := s.states.bySession.forgets()
	st, err := s.sessionOf(ctx, p)
	if err != nil {
		return access.Actor{}, err
	}
	if err := st.check(s.now()); err != nil {
		return access.Actor{}, err
	}
	if err := s.touch(ctx, st, since); err != nil {
		return access.Actor{}, err
	}
	return access.Actor{Person: st.person, Session: st.session, Workplace: st.workplace, Address: p.Address}, nil
}

func (s *Service) sessionOf(ctx context.Context, p Presented) (state, error) {
	switch {
	case p.Bearer != "":
		return s.sessionOfBearer(ctx, p.Bearer)
	case p.Cookie != "":
		return s.sessionOfCookie(ctx, p.Cookie)
	}
	return state{}, ErrTokenInvalid
}

func (s *Service) sessionOfBearer(ctx context.Context, token string) (state, error) {
	c, err := s.readAccess(token)
	if err != nil {
		return state{}, err
	}
	st, ok := s.lately(c.Session)
	if !ok {
		if st, err = s.readState(ctx, "s.id = $1", c.Session); err != nil {
			return state{}, err
		}
	}
	if st.kind != Token || st.person.String() != c.Subject {
		return state{}, ErrTokenInvalid
	}
	return st, nil
}

func (s *Service) sessionOfCookie(ctx context.Context, cookie string) (state, error) {
	hash := hashOpaque(cookie)
	if session, ok := s.states.byCookie.get(string(hash)); ok {
		if st, ok := s.lately(session); ok {
			return st, nil
		}
	}
	st, err := s.readState(ctx, "s.cookie_hash = $1", hash)
	if err != nil {
		return state{}, err
	}
	s.states.byCookie.put(string(hash), st.session)
	return st, nil
}

func (s *Service) lately(session uuid.UUID) (state, bool) {
	st, ok := s.states.bySession.get(session)
	age := s.now().Sub(st.read)
	return st, ok && age >= 0 && age < stateLife
}

func (s *Service) readState(ctx context.Context, which string, key any) (state, error) {
	since := s.states.bySession.forgets()
	st := state{read: s.now()}
	err := s.db.Pool.QueryRow(ctx,
		"select "+stateColumns+" from sessions s join accounts a on a.person_id = s.person_id where "+which, key).Scan(st.fields()...)
	if errors.Is(err, pgx.ErrNoRows) {
		return state{}, ErrTokenInvalid
	}
	if err != nil {
		return state{}, fmt.Errorf("read session: %w", err)
	}
	s.states.bySession.putUnlessForgotten(st.session, st, since)
	return st, nil
}

// touch notes the use of a session, once a minute at most; a browser's lasts longer by it.
func (s *Service) touch(ctx context.Context, st state, since uint64) error {
	now := s.now()
	if now.Sub(st.used) < touchEvery {
		return nil
	}
	if st.kind == Web {
		st.expires = Web.expiry(st.created, now)
	}
	st.used = now
	_, err := s.db.Pool.Exec(ctx, `update sessions set last_used_at = $2, expires_at = $3
		where id = $1 and revoked_at is null and last_used_at < $2`, st.session, st.used, st.expires)
	if err != nil {
		return fmt.Errorf("note use of session: %w", err)
	}
	s.states.bySession.putUnlessForgotten(st.session, st, since)
	return nil
}

// Forget makes this node ask the database again about a session: another node ended it.
func (s *Service) Forget(session uuid.UUID) { s.states.bySession.drop(session) }

// TokenEnds gives the end of an access token that Authenticate has accepted; zero for anything else.
func (s *Service) TokenEnds(bearer string) time.Time {
	c, err := s.readAccess(bearer)
	if err != nil || c.ExpiresAt == nil {
		return time.Time{}
	}
	return c.ExpiresAt.Time
}
