package accounts

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/google/uuid"

	"liaison/access"
	"liaison/storage"
)

// Kind is how a session is carried.
type Kind string

// A browser keeps a cookie that no script reads; other clients keep a pair of tokens.
const (
	Web   Kind = "web"
	Token Kind = "token"
)

// How long a session lasts: without use, and at most. A shared computer is left sooner than one's own phone; whoever
// works with the telephone every day signs in once a month.
const (
	webIdle   = 12 * time.Hour
	webMost   = 7 * 24 * time.Hour
	tokenIdle = 7 * 24 * time.Hour
	tokenMost = 30 * 24 * time.Hour
)

// OpenedSession is what a client takes away: a cookie, or tokens. The secrets in it exist nowhere else.
type OpenedSession struct {
	ID        uuid.UUID
	Person    uuid.UUID
	Workplace uuid.UUID
	Kind      Kind
	// ExpiresAt is when the session ends if it is not used; Until is when it ends at the latest.
	ExpiresAt time.Time
	Until     time.Time

	Cookie string

	AccessToken  string
	ExpiresIn    time.Duration
	RefreshToken string
}

// Actor is who acts in the session just opened.
func (o OpenedSession) Actor(address string) access.Actor {
	return access.Actor{Person: o.Person, Session: o.ID, Workplace: o.Workplace, Address: address}
}

// expiry is when a session of this kind ends if it is used now for the last time.
func (k Kind) expiry(created, now time.Time) time.Time {
	idle, most := webIdle, webMost
	if k == Token {
		idle, most = tokenIdle, tokenMost
	}
	if last := created.Add(most); last.Before(now.Add(idle)) {
		return last
	}
	return now.Add(idle)
}

// open starts a session in the caller's transaction.
func (s *Service) open(ctx context.Context, q storage.Querier, person uuid.UUID, client Client) (OpenedSession, error) {
	if client.Kind != Web && client.Kind != Token {
		return OpenedSession{}, ErrInvalid{"kind"}
	}
	workplace, err := chosenWorkplace(ctx, q, person, client.Workplace)
	if err != nil {
		return OpenedSession{}, err
	}
	now := s.now()
	o := OpenedSession{
		ID: uuid.Must(uuid.NewV7()), Person: person, Workplace: workplace, Kind: client.Kind,
		ExpiresAt: client.Kind.expiry(now, now), Until: client.Kind.expiry(now, now.Add(tokenMost)),
	}
	var cookieHash []byte
	if o.Kind == Web {
		o.Cookie = newOpaque()
		cookieHash = hashOpaque(o.Cookie)
	}
	_, err = q.Exec(ctx, `insert into sessions (id, person_id, workplace_id, kind, device, cookie_hash, created_at, last_used_at, expires_at)
		values ($1, $2, $3, $4, $5, $6, $7, $7, $8)`,
		o.ID, person, storage.OrNull(workplace), o.Kind, deviceName(client.Device), cookieHash, now, o.ExpiresAt)
	if err != nil {
		return OpenedSession{}, fmt.Errorf("open session: %w", err)
	}
	if o.Kind == Token {
		if err := s.firstTokens(ctx, q, &o); err != nil {
			return OpenedSession{}, err
		}
	}
	return o, journal(ctx, q, o.Actor(client.Address).Line("session.open", o.ID))
}

func (s *Service) firstTokens(ctx context.Context, q storage.Querier, o *OpenedSession) error {
	o.RefreshToken = newOpaque()
	if err := s.keepRefreshToken(ctx, q, o.RefreshToken, o.ID); err != nil {
		return err
	}
	return s.grantAccess(o)
}

func (s *Service) grantAccess(o *OpenedSession) (err error) {
	o.ExpiresIn = accessTokenLife
	o.AccessToken, err = s.signAccess(o.Person, o.ID, o.Workplace, accessTokenLife)
	return err
}

// chosenWorkplace is the one asked for if it is the person's, else her first by name; uuid.Nil when she has none.
func chosenWorkplace(ctx context.Context, q storage.Querier, person, asked uuid.UUID) (uuid.UUID, error) {
	var chosen uuid.UUID
	err := q.QueryRow(ctx, `select coalesce(
			(select id from workplaces where professional_id = $1 and ($2::uuid is null or id = $2) order by name, id limit 1),
			'00000000-0000-0000-0000-000000000000')`, person, storage.OrNull(asked)).Scan(&chosen)
	if err != nil {
		return uuid.Nil, fmt.Errorf("choose workplace: %w", err)
	}
	if asked != uuid.Nil && chosen == uuid.Nil {
		return uuid.Nil, ErrInvalid{"workplace_id"}
	}
	return chosen, nil
}

const longestDevice = 200

// deviceName keeps what a client says of itself readable in a list, whatever it sent.
func deviceName(said string) string {
	clean := strings.Map(func(r rune) rune {
		if r == unicode.ReplacementChar || !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(said, ""))
	if runes := []rune(clean); len(runes) > longestDevice {
		return string(runes[:longestDevice])
	}
	return clean
}
