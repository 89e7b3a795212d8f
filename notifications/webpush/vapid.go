package webpush

import (
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// tokenLife is how long a token is good (a push service allows a day); it is used for half of that.
const tokenLife = 12 * time.Hour

// vapid signs for this instance (RFC 8292). Its key comes from the instance's secret: a subscription is bound to it, so that
// every node, and every restart, must have the same.
type vapid struct {
	contact string
	public  string
	private string
	key     *ecdsa.PrivateKey

	mu     sync.Mutex
	tokens map[string]token // by origin of the push service
}

type token struct {
	header string
	until  time.Time
}

func newVAPID(secret []byte, contact string) (*vapid, error) {
	if !strings.HasPrefix(contact, "https://") && !strings.HasPrefix(contact, "mailto:") {
		return nil, fmt.Errorf("contact for push services %q: an https: or mailto: address is needed", contact)
	}
	raw, point, err := keyOf(secret)
	if err != nil {
		return nil, err
	}
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), raw)
	if err != nil {
		return nil, fmt.Errorf("key for push services: %w", err)
	}
	return &vapid{
		contact: contact, key: key, public: base64.RawURLEncoding.EncodeToString(point), private: base64.RawURLEncoding.EncodeToString(raw),
		tokens: map[string]token{},
	}, nil
}

// keyOf derives a key from the secret; a number above the curve's order (one in four thousand million) is passed over.
func keyOf(secret []byte) (raw, point []byte, err error) {
	for n := range 8 {
		raw, err = hkdf.Key(sha256.New, secret, nil, fmt.Sprintf("liaison web push %d", n), 32)
		if err != nil {
			return nil, nil, fmt.Errorf("derive key for push services: %w", err)
		}
		if key, err := ecdh.P256().NewPrivateKey(raw); err == nil {
			return raw, key.PublicKey().Bytes(), nil
		}
	}
	return nil, nil, fmt.Errorf("derive key for push services: none is good")
}

// header is what a push to origin is signed with.
func (v *vapid) header(origin string) (string, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	now := time.Now()
	if kept, ok := v.tokens[origin]; ok && now.Before(kept.until) {
		return kept.header, nil
	}
	signed, err := jwt.NewWithClaims(jwt.SigningMethodES256, jwt.MapClaims{
		"aud": origin, "exp": now.Add(tokenLife).Unix(), "sub": v.contact,
	}).SignedString(v.key)
	if err != nil {
		return "", fmt.Errorf("sign for push service: %w", err)
	}
	header := "vapid t=" + signed + ", k=" + v.public
	if len(v.tokens) >= 1000 { // test hosts and mistakes: the services are few
		clear(v.tokens)
	}
	v.tokens[origin] = token{header, now.Add(tokenLife / 2)}
	return header, nil
}
