// Package accounts knows the people of this instance and who is signed in: passwords, sessions, tokens, invitations.
// It reads no care data and decides no right on any: that is the matrix's, in package access. It knows no transport.
package accounts

import (
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"liaison/access"
	"liaison/storage"
)

// Config says which instance this is. Secret is 32 bytes or more, the same on every node: keys are derived from it.
type Config struct {
	Instance uuid.UUID
	Secret   []byte
	// Demo relaxes the password rule and opens the demo's own functions, which also ask the database.
	Demo bool
	// Gate brings circles to what is changed of a person that rights follow from.
	Gate *access.Gate
	// Cost of a password's hash; zero is DefaultCost.
	Cost Cost
	// Now is the clock; nil is time.Now.
	Now func() time.Time
}

// Service is the accounts of one instance, as one node sees them.
type Service struct {
	// OnRevoked hears of every session cut here, once that is committed. Set it before serving.
	OnRevoked func(sessions []uuid.UUID)

	db        *storage.DB
	cfg       Config
	keys      keys
	hasher    *hasher
	addresses *addressLimits
	strangers *strangers
	states    *states
}

// New makes the service of an instance.
func New(db *storage.DB, cfg Config) (*Service, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Cost == (Cost{}) {
		cfg.Cost = DefaultCost
	}
	keys, err := deriveKeys(cfg.Secret)
	if err != nil {
		return nil, fmt.Errorf("accounts' keys: %w", err)
	}
	return &Service{
		db:        db,
		cfg:       cfg,
		keys:      keys,
		hasher:    newHasher(cfg.Cost),
		addresses: newAddressLimits(),
		strangers: newStrangers(),
		states:    newStates(),
		OnRevoked: func([]uuid.UUID) {},
	}, nil
}

// now is cut to what PostgreSQL keeps, so that a moment read back equals the one written.
func (s *Service) now() time.Time { return s.cfg.Now().UTC().Truncate(time.Microsecond) }

// What a caller may be told. Sign-in has one answer for an unknown login, a wrong password and a closed account.
var (
	ErrSignInFailed  = errors.New("login or password not recognised")
	ErrWrongPassword = errors.New("present password not recognised")

	ErrTokenInvalid   = errors.New("token not recognised")
	ErrTokenExpired   = errors.New("access token expired: refresh it")
	ErrSessionExpired = errors.New("session expired: sign in again")
	ErrSessionRevoked = errors.New("session ended: sign in again")

	ErrInvitationInvalid  = errors.New("invitation unknown, used or expired")
	ErrLoginTaken         = errors.New("login already taken")
	ErrPasswordTooShort   = errors.New("password too short")
	ErrPasswordTooLong    = errors.New("password too long")
	ErrPasswordTooCommon  = errors.New("password among the commonest")
	ErrPasswordHoldsLogin = errors.New("password contains the login")

	ErrNotAdministrator  = errors.New("for administrators")
	ErrLastAdministrator = errors.New("the last administrator cannot be deactivated")
	ErrUnknown           = errors.New("no such person, account or session")
	ErrIDConflict        = errors.New("this id is already somebody else")
	ErrNotDemo           = errors.New("only in a demo instance")
)

// ErrTooManyAttempts asks to wait before the next try, right or wrong. It never becomes a lock.
type ErrTooManyAttempts struct{ RetryAfter time.Duration }

func (e ErrTooManyAttempts) Error() string {
	return fmt.Sprintf("too many attempts: wait %s", e.RetryAfter.Round(time.Second))
}

// ErrInvalid names the field that cannot be accepted as it is.
type ErrInvalid struct{ Field string }

func (e ErrInvalid) Error() string { return "invalid " + e.Field }
