package accounts

import (
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"
)

const (
	accessTokenLife = 10 * time.Minute
	audience        = "liaison"
)

// keys are derived from the instance's secret: one signs access tokens, one makes the successor of a refresh token.
type keys struct {
	id      string
	signing ed25519.PrivateKey
	refresh []byte
}

func deriveKeys(secret []byte) (keys, error) {
	if len(secret) < 32 {
		return keys{}, errors.New("a secret of 32 bytes or more is needed")
	}
	seed, err := hkdf.Key(sha256.New, secret, nil, "liaison access tokens", ed25519.SeedSize)
	if err != nil {
		return keys{}, fmt.Errorf("derive the signing key: %w", err)
	}
	refresh, err := hkdf.Key(sha256.New, secret, nil, "liaison refresh tokens", sha256.Size)
	if err != nil {
		return keys{}, fmt.Errorf("derive the refresh key: %w", err)
	}
	signing := ed25519.NewKeyFromSeed(seed)
	fingerprint := sha256.Sum256(signing.Public().(ed25519.PublicKey))
	return keys{id: base64.RawURLEncoding.EncodeToString(fingerprint[:9]), signing: signing, refresh: refresh}, nil
}

// claims is what an access token says. The session's state decides; the token only names it.
type claims struct {
	jwt.RegisteredClaims
	Session   uuid.UUID `json:"sid"`
	Workplace uuid.UUID `json:"wid"`
}

func (s *Service) signAccess(person, session, workplace uuid.UUID, life time.Duration) (string, error) {
	now := s.now()
	token := jwt.NewWithClaims(jwt.SigningMethodEdDSA, claims{
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer:    s.cfg.Instance.String(),
			Audience:  jwt.ClaimStrings{audience},
			Subject:   person.String(),
			IssuedAt:  jwt.NewNumericDate(now),
			ExpiresAt: jwt.NewNumericDate(now.Add(life)),
		},
		Session:   session,
		Workplace: workplace,
	})
	token.Header["kid"] = s.keys.id
	signed, err := token.SignedString(s.keys.signing)
	if err != nil {
		return "", fmt.Errorf("sign access token: %w", err)
	}
	return signed, nil
}

// readAccess accepts what this instance signed for itself and nothing else. ErrTokenExpired is for a token that is
// good but for its age.
func (s *Service) readAccess(token string) (claims, error) {
	var c claims
	_, err := jwt.ParseWithClaims(token, &c, s.verifyingKey,
		jwt.WithValidMethods([]string{jwt.SigningMethodEdDSA.Alg()}),
		jwt.WithIssuer(s.cfg.Instance.String()),
		jwt.WithAudience(audience),
		jwt.WithExpirationRequired(),
		jwt.WithStrictDecoding(),
		jwt.WithTimeFunc(s.now),
	)
	switch {
	case err == nil:
		return c, nil
	case errors.Is(err, jwt.ErrTokenExpired) && !errors.Is(err, jwt.ErrTokenInvalidIssuer) && !errors.Is(err, jwt.ErrTokenInvalidAudience):
		return c, ErrTokenExpired
	}
	return c, ErrTokenInvalid
}

func (s *Service) verifyingKey(token *jwt.Token) (any, error) {
	if token.Header["kid"] != s.keys.id {
		return nil, errors.New("unknown key id")
	}
	return s.keys.signing.Public(), nil
}

// newOpaque makes a token that says nothing; only its hash is kept.
func newOpaque() string {
	b := make([]byte, 32)
	rand.Read(b)
	return base64.RawURLEncoding.EncodeToString(b)
}

func hashOpaque(token string) []byte {
	h := sha256.Sum256([]byte(token))
	return h[:]
}

// successor is the same for every node and every repetition, and nobody makes it without the key.
func (k keys) successor(refreshToken string) string {
	mac := hmac.New(sha256.New, k.refresh)
	mac.Write([]byte(refreshToken))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}
