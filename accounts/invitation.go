package accounts

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"liaison/access"
	"liaison/storage"
)

// Purpose is what an invitation is for.
type Purpose string

// A first invitation lets its holder choose login and password; a reset keeps the login.
const (
	ForInvite Purpose = "invite"
	ForReset  Purpose = "reset"
)

const invitationLife = 7 * 24 * time.Hour

// Invitation is a one-use link to hand over; Token exists nowhere else.
type Invitation struct {
	Person    uuid.UUID
	Purpose   Purpose
	Token     string
	ExpiresAt time.Time
}

// Invited is what the holder of a good invitation is shown. Login is empty until one is chosen.
type Invited struct {
	Professional
	Login     string
	Purpose   Purpose
	ExpiresAt time.Time
}

// invite makes a new link; the person's older ones stop working.
func (s *Service) invite(ctx context.Context, q storage.Querier, actor access.Actor, person uuid.UUID, purpose Purpose) (Invitation, error) {
	now := s.now()
	_, err := q.Exec(ctx, "update invitations set expires_at = $2 where person_id = $1 and used_at is null and expires_at > $2", person, now)
	if err != nil {
		return Invitation{}, fmt.Errorf("void older invitations: %w", err)
	}
	inv := Invitation{Person: person, Purpose: purpose, Token: newOpaque(), ExpiresAt: now.Add(invitationLife)}
	_, err = q.Exec(ctx, `insert into invitations (token_hash, person_id, purpose, created_by, created_at, expires_at)
		values ($1, $2, $3, $4, $5, $6)`, hashOpaque(inv.Token), person, purpose, storage.OrNull(actor.Person), now, inv.ExpiresAt)
	if err != nil {
		return Invitation{}, fmt.Errorf("keep invitation: %w", err)
	}
	return inv, nil
}

// Invitation says whom a link is for, or ErrInvitationInvalid.
func (s *Service) Invitation(ctx context.Context, token string) (Invited, error) {
	var inv Invited
	row := s.db.Pool.QueryRow(ctx, "select "+professionalColumns+`, coalesce(a.login, ''), i.purpose, i.expires_at
		from invitations i join accounts a on a.person_id = i.person_id join professionals p on p.id = i.person_id
		where i.token_hash = $1 and i.used_at is null and i.expires_at > $2 and a.active`, hashOpaque(token), s.now())
	err := row.Scan(append(inv.fields(), &inv.Login, &inv.Purpose, &inv.ExpiresAt)...)
	if errors.Is(err, pgx.ErrNoRows) {
		return Invited{}, ErrInvitationInvalid
	}
	if err != nil {
		return Invited{}, fmt.Errorf("read invitation: %w", err)
	}
	return inv, nil
}

// Accept uses an invitation: it sets login and password and opens a session. A reset ignores the login given.
func (s *Service) Accept(ctx context.Context, token, login, password string, client Client) (SignInResult, error) {
	if wait := s.addresses.wait(client.Address, s.now()); wait > 0 {
		return SignInResult{}, ErrTooManyAttempts{wait}
	}
	inv, err := s.Invitation(ctx, token)
	if err != nil {
		return SignInResult{}, s.refuseInvitation(ctx, client, err)
	}
	if inv.Login == "" {
		inv.Login = canonicalLogin(login)
	}
	if err := s.acceptableBoth(inv.Login, password); err != nil {
		return SignInResult{}, err
	}
	hash, err := s.hasher.hash(ctx, password)
	if err != nil {
		return SignInResult{}, err
	}
	var opened OpenedSession
	err = s.db.InTx(ctx, func(tx pgx.Tx) error {
		if err := s.use(ctx, tx, token, inv, hash); err != nil {
			return err
		}
		opened, err = s.open(ctx, tx, inv.ID, client)
		if err != nil {
			return err
		}
		return journal(ctx, tx, opened.Actor(client.Address).Line("account.accept", inv.ID))
	})
	if err != nil {
		return SignInResult{}, s.refuseInvitation(ctx, client, err)
	}
	return SignInResult{Session: &opened}, nil
}

// use spends the invitation and sets the password in one transaction: of two at once, one finds it spent.
func (s *Service) use(ctx context.Context, q storage.Querier, token string, inv Invited, hash string) error {
	spent, err := q.Exec(ctx, "update invitations set used_at = $2 where token_hash = $1 and used_at is null and expires_at > $2",
		hashOpaque(token), s.now())
	if err != nil {
		return fmt.Errorf("use invitation: %w", err)
	}
	set, err := q.Exec(ctx, `update accounts
		set login = $2, password_hash = $3, must_change = false, failures = 0, failed_at = null, last_sign_in_at = $4
		where person_id = $1 and active and (login is null or login = $2)`, inv.ID, inv.Login, hash, s.now())
	if constraint, ok := storage.IsUnique(err); ok && constraint == "accounts_login" {
		return ErrLoginTaken
	}
	if err != nil {
		return fmt.Errorf("set password: %w", err)
	}
	if spent.RowsAffected() == 0 || set.RowsAffected() == 0 {
		return ErrInvitationInvalid
	}
	return nil
}

func (s *Service) refuseInvitation(ctx context.Context, client Client, err error) error {
	if !errors.Is(err, ErrInvitationInvalid) {
		return err
	}
	s.addresses.failed(client.Address, s.now())
	if jerr := journal(ctx, s.db.Pool, refusedLine(Nobody(client.Address), "account.accept", uuid.Nil, "invalid")); jerr != nil {
		return jerr
	}
	return err
}

// Logins are typed on telephones: no accent, no space, no case.
var loginShape = regexp.MustCompile(`^[a-z0-9][a-z0-9._@+-]{2,63}$`)

func (s *Service) acceptableBoth(login, password string) error {
	if !loginShape.MatchString(login) {
		return ErrInvalid{"login"}
	}
	return s.acceptable(password, login)
}
