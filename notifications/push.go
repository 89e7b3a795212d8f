package notifications

import (
	"context"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"golang.org/x/crypto/chacha20poly1305"
)

// Subscription is where and how a device is reached. Its endpoint is a secret: who knows it may ring.
type Subscription struct {
	Endpoint string `json:"e"`
	P256dh   string `json:"p"`
	Auth     string `json:"a"`
}

// Push is one ringing of one device.
type Push struct {
	Subscription
	Body   []byte
	Topic  string
	Urgent bool
	TTL    time.Duration
}

// Pusher brings a push to its push service. Its errors are ErrGone, ErrEndpoint, *Later, or a refusal that stays; none tells
// the endpoint.
type Pusher interface {
	Send(ctx context.Context, p Push) error
	// Check says ErrEndpoint of a subscription that no push would be sent to.
	Check(ctx context.Context, s Subscription) (host string, err error)
	// PublicKey is what a browser subscribes with.
	PublicKey() string
}

var (
	// ErrGone: the push service knows the subscription no more.
	ErrGone = errors.New("the push service knows this device no more")
	// ErrEndpoint: no push service of ours, or no usable keys.
	ErrEndpoint = errors.New("not an endpoint of a known push service")
)

// Later is a failure that may pass.
type Later struct {
	Code  string
	After time.Duration // as the service asks; 0 when it does not say
}

func (l *Later) Error() string { return "push not accepted now: " + l.Code }

// seals keep subscriptions unreadable in the database and its copies; each is bound to its device.
type seals struct {
	aead   cipher.AEAD
	prints []byte
	topics []byte
}

func newSeals(secret []byte) (s seals, err error) {
	if len(secret) < 32 {
		return s, errors.New("a secret of 32 bytes or more is needed")
	}
	var sealing []byte
	for name, into := range map[string]*[]byte{"seal": &sealing, "prints": &s.prints, "topics": &s.topics} {
		if *into, err = hkdf.Key(sha256.New, secret, nil, "liaison devices "+name, 32); err != nil {
			return s, fmt.Errorf("derive keys of devices: %w", err)
		}
	}
	s.aead, err = chacha20poly1305.NewX(sealing)
	return s, err
}

func (s seals) seal(device uuid.UUID, sub Subscription) ([]byte, error) {
	plain, err := json.Marshal(sub)
	if err != nil {
		return nil, err
	}
	nonce := make([]byte, s.aead.NonceSize())
	_, _ = rand.Read(nonce) // never fails: it ends the process instead
	return s.aead.Seal(nonce, nonce, plain, device[:]), nil
}

func (s seals) open(device uuid.UUID, sealed []byte) (sub Subscription, err error) {
	n := s.aead.NonceSize()
	if len(sealed) < n {
		return sub, errors.New("a sealed subscription is cut")
	}
	plain, err := s.aead.Open(nil, sealed[:n], sealed[n:], device[:])
	if err != nil {
		return sub, fmt.Errorf("open subscription: %w", err)
	}
	return sub, json.Unmarshal(plain, &sub)
}

func (s seals) print(endpoint string) []byte {
	mac := hmac.New(sha256.New, s.prints)
	mac.Write([]byte(endpoint))
	return mac.Sum(nil)
}
