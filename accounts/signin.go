package accounts

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"liaison/storage"
)

// SignInResult is an open session, or the second factor still asked for.
type SignInResult struct {
	Session      *OpenedSession
	SecondFactor *Challenge
}

// Challenge asks for a second factor: one of Methods, answered with ID. No method exists yet, so none is ever asked.
type Challenge struct {
	ID      string
	Methods []string
}

// Client is who asks: a browser (a cookie) or another client (tokens), on a device, from an address. Workplace is the
// one chosen, uuid.Nil for the first by name.
type Client struct {
	Kind      Kind
	Device    string
	Address   string
	Workplace uuid.UUID
}

type account struct {
	person uuid.UUID
	login  string
	hash   string
	active bool
}

// SignIn opens a session for a login and its password. Every refusal looks and lasts the same.
func (s *Service) SignIn(ctx context.Context, login, password string, client Client) (SignInResult, error) {
	if wait := s.addresses.wait(client.Address, s.now()); wait > 0 {
		// Not journalled: the failures that lead here are, and a flood must not fill the journal.
		return SignInResult{}, ErrTooManyAttempts{wait}
	}
	known, err := s.checkPassword(ctx, canonicalLogin(login), password)
	if err != nil {
		return SignInResult{}, s.refuseSignIn(ctx, known.person, client, err)
	}
	fresh := ""
	if s.hasher.outdated(known.hash) {
		if fresh, err = s.hasher.hash(ctx, password); err != nil {
			return SignInResult{}, err
		}
	}
	var opened OpenedSession
	err = s.db.InTx(ctx, func(tx pgx.Tx) error {
		if err := s.acceptSignIn(ctx, tx, known, fresh); err != nil {
			return err
		}
		opened, err = s.open(ctx, tx, known.person, client)
		return err
	})
	if err != nil {
		return SignInResult{}, s.refuseSignIn(ctx, known.person, client, err)
	}
	return SignInResult{Session: &opened}, nil
}

// refuseSignIn journals a refusal and makes its address pay; other errors pass.
func (s *Service) refuseSignIn(ctx context.Context, person uuid.UUID, client Client, err error) error {
	reason := "wrong"
	var wait ErrTooManyAttempts
	switch {
	case errors.As(err, &wait):
		reason = "account_waits"
	case !errors.Is(err, ErrSignInFailed):
		return err
	}
	s.addresses.failed(client.Address, s.now())
	if jerr := journal(ctx, s.db.Pool, refusedLine(Nobody(client.Address), "session.open", person, reason)); jerr != nil {
		return jerr
	}
	return err
}

// checkPassword does the same work whether the login exists or not. The slot is held from the count to the hash: a
// burst of parallel tries cannot pass between them.
func (s *Service) checkPassword(ctx context.Context, login, password string) (account, error) {
	if !loginShape.MatchString(login) {
		login = ""
	}
	if err := s.hasher.enter(ctx); err != nil {
		return account{}, err
	}
	defer s.hasher.slots.Release(1)
	known, err := s.accountOf(ctx, login)
	if err != nil {
		return account{}, err
	}
	wait, err := s.countAttempt(ctx, known.person)
	if err != nil {
		return known, err
	}
	if known.person == uuid.Nil {
		wait = s.strangers.try(login, s.now())
	}
	if wait > 0 {
		return known, ErrTooManyAttempts{wait}
	}
	if len(password) > maxPassword {
		password = ""
	}
	if right := s.hasher.verify(password, known.hash); !right || !known.active {
		return known, ErrSignInFailed
	}
	return known, nil
}

// accountOf gives the zero account for a login that nobody has.
func (s *Service) accountOf(ctx context.Context, login string) (account, error) {
	var a account
	err := s.db.Pool.QueryRow(ctx,
		"select person_id, login, coalesce(password_hash, ''), active from accounts where lower(login) = $1", login).
		Scan(&a.person, &a.login, &a.hash, &a.active)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return account{}, fmt.Errorf("read account: %w", err)
	}
	return a, nil
}

// countAttempt counts a try as a failure before it is made, so that tries in parallel do not all see the same count;
// success takes it back. For nobody it does the same work.
func (s *Service) countAttempt(ctx context.Context, person uuid.UUID) (wait time.Duration, err error) {
	err = s.db.InTx(ctx, func(tx pgx.Tx) error {
		// A crash may lose a count; waiting for the disk would tell an account from a stranger.
		if _, err := tx.Exec(ctx, "set local synchronous_commit = off"); err != nil {
			return err
		}
		var a attempts
		err := tx.QueryRow(ctx, "select failures, coalesce(failed_at, created_at) from accounts where person_id = $1 for update", person).
			Scan(&a.failures, &a.last)
		if err != nil && !errors.Is(err, pgx.ErrNoRows) {
			return err
		}
		if a, wait = a.next(s.now()); wait > 0 {
			return nil
		}
		_, err = tx.Exec(ctx, "update accounts set failures = $2, failed_at = $3 where person_id = $1", person, a.failures, a.last)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("count attempt: %w", err)
	}
	return wait, nil
}

// acceptSignIn forgets the failures, unless the account or its password changed since it was checked.
func (s *Service) acceptSignIn(ctx context.Context, q storage.Querier, known account, freshHash string) error {
	tag, err := q.Exec(ctx, `update accounts
		set failures = 0, failed_at = null, last_sign_in_at = $3, password_hash = coalesce(nullif($4, ''), password_hash)
		where person_id = $1 and active and password_hash = $2`, known.person, known.hash, s.now(), freshHash)
	if err != nil {
		return fmt.Errorf("record sign-in: %w", err)
	}
	if tag.RowsAffected() == 0 {
		return ErrSignInFailed
	}
	return nil
}

func canonicalLogin(login string) string { return strings.ToLower(strings.TrimSpace(login)) }
