// Package pushtest is a push service for tests: it records what comes, checks the signature, decrypts as the browser would
// (RFC 8291, 8188, 8292) with the standard library alone, and answers as it is told. It is used by tests only.
package pushtest

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// Received is a push as it came and as the device reads it.
type Received struct {
	Device  *Device
	Header  http.Header
	Body    []byte // decrypted
	Cipher  []byte
	Claims  jwt.MapClaims
	Token   string
	At      time.Time
	Message struct {
		WebPush      int    `json:"web_push"`
		AlertID      string `json:"alert_id"`
		Urgency      string `json:"urgency"`
		Notification struct{ Title, Body, Navigate, Tag, Lang string }
	}
}

// Service is one push service.
type Service struct {
	t      testing.TB
	server *httptest.Server
	mu     sync.Mutex
	got    []Received
	by     map[string]*Device
	come   chan struct{}
	// Answer, when set, answers instead of 201. It is called before a push counts as received.
	answer func(*Device, http.ResponseWriter, *http.Request) (handled bool)
}

// New starts a push service; it ends with the test.
func New(t testing.TB) *Service {
	t.Helper()
	s := &Service{t: t, by: map[string]*Device{}, come: make(chan struct{})}
	s.server = httptest.NewServer(http.HandlerFunc(s.serve))
	t.Cleanup(s.server.Close)
	return s
}

// Host is what LIAISON_PUSH_TEST_HOSTS names.
func (s *Service) Host() string { return strings.TrimPrefix(s.server.URL, "http://") }

// Answer has pushes answered by fn; true means that it did.
func (s *Service) Answer(fn func(*Device, http.ResponseWriter, *http.Request) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer = fn
}

// Device is a browser subscribed at this service.
type Device struct {
	Endpoint string
	P256dh   string
	Auth     string
	key      *ecdh.PrivateKey
	auth     []byte
}

// Subscribe makes a device.
func (s *Service) Subscribe() *Device {
	s.t.Helper()
	key, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		s.t.Fatal(err)
	}
	d := &Device{key: key, auth: make([]byte, 16)}
	_, _ = rand.Read(d.auth)
	d.P256dh, d.Auth = base64.RawURLEncoding.EncodeToString(key.PublicKey().Bytes()), base64.RawURLEncoding.EncodeToString(d.auth)
	d.Endpoint = s.server.URL + "/push/" + rand.Text()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.by[d.Endpoint] = d
	return d
}

// Received gives every push that came.
func (s *Service) Received() []Received {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Received(nil), s.got...)
}

// Wait waits until at least n pushes came, and gives them.
func (s *Service) Wait(n int) []Received {
	s.t.Helper()
	patience := time.After(30 * time.Second)
	for {
		s.mu.Lock()
		got, come := append([]Received(nil), s.got...), s.come
		s.mu.Unlock()
		if len(got) >= n {
			return got
		}
		select {
		case <-come:
		case <-patience:
			s.t.Fatalf("%d pushes came within 30 s, want %d", len(got), n)
		}
	}
}

func (s *Service) serve(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	device, answer := s.by["http://"+r.Host+r.URL.Path], s.answer
	s.mu.Unlock()
	if device == nil {
		http.NotFound(w, r)
		return
	}
	if answer != nil && answer(device, w, r) {
		return
	}
	body, _ := io.ReadAll(r.Body)
	got, err := device.read(r, body)
	if err != nil {
		s.t.Errorf("push: %v", err)
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	got.At = time.Now()
	s.mu.Lock()
	s.got = append(s.got, got)
	close(s.come)
	s.come = make(chan struct{})
	s.mu.Unlock()
	w.WriteHeader(http.StatusCreated)
}

func (d *Device) read(r *http.Request, body []byte) (Received, error) {
	got := Received{Device: d, Header: r.Header.Clone(), Cipher: body}
	if r.Method != http.MethodPost || r.Header.Get("Content-Encoding") != "aes128gcm" || r.Header.Get("TTL") == "" {
		return got, fmt.Errorf("not a push: %s %v", r.Method, r.Header)
	}
	var err error
	if got.Claims, got.Token, err = vapid(r); err != nil {
		return got, err
	}
	if got.Body, err = d.decrypt(body); err != nil {
		return got, err
	}
	return got, json.Unmarshal(got.Body, &got.Message)
}

// vapid checks who signed, for whom, and until when.
func vapid(r *http.Request) (jwt.MapClaims, string, error) {
	token, key, ok := strings.Cut(strings.TrimPrefix(r.Header.Get("Authorization"), "vapid t="), ", k=")
	point, err := base64.RawURLEncoding.DecodeString(key)
	if !ok || err != nil {
		return nil, "", fmt.Errorf("authorization %q", r.Header.Get("Authorization"))
	}
	public, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
	if err != nil {
		return nil, "", fmt.Errorf("key of the sender: %w", err)
	}
	claims := jwt.MapClaims{}
	_, err = jwt.ParseWithClaims(token, claims, func(*jwt.Token) (any, error) { return public, nil },
		jwt.WithValidMethods([]string{"ES256"}), jwt.WithAudience("http://"+r.Host), jwt.WithExpirationRequired())
	if err != nil {
		return nil, "", fmt.Errorf("token: %w", err)
	}
	until, err := claims.GetExpirationTime()
	if err != nil || time.Until(until.Time) > 24*time.Hour {
		return nil, "", fmt.Errorf("token good until %v", until)
	}
	if sub, _ := claims.GetSubject(); strings.Count(sub, "mailto:") > 1 || (!strings.HasPrefix(sub, "mailto:") && !strings.HasPrefix(sub, "https://")) {
		return nil, "", fmt.Errorf("subject %q", sub)
	}
	return claims, token, nil
}

// decrypt opens an aes128gcm body of one record.
func (d *Device) decrypt(body []byte) ([]byte, error) {
	if len(body) < 21 || len(body) < 21+int(body[20]) {
		return nil, errors.New("body cut")
	}
	salt, size, point := body[:16], binary.BigEndian.Uint32(body[16:20]), body[21:21+int(body[20])]
	sealed := body[21+int(body[20]):]
	if uint32(len(sealed)) > size {
		return nil, errors.New("more than one record")
	}
	sender, err := ecdh.P256().NewPublicKey(point)
	if err != nil {
		return nil, err
	}
	shared, err := d.key.ECDH(sender)
	if err != nil {
		return nil, err
	}
	info := "WebPush: info\x00" + string(d.key.PublicKey().Bytes()) + string(point)
	ikm, err := hkdf.Key(sha256.New, shared, d.auth, info, 32)
	if err != nil {
		return nil, err
	}
	key, err := hkdf.Key(sha256.New, ikm, salt, "Content-Encoding: aes128gcm\x00", 16)
	if err != nil {
		return nil, err
	}
	nonce, err := hkdf.Key(sha256.New, ikm, salt, "Content-Encoding: nonce\x00", 12)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	padded, err := gcm.Open(nil, nonce, sealed, nil)
	if err != nil {
		return nil, err
	}
	text, ok := strings.CutSuffix(strings.TrimRight(string(padded), "\x00"), "\x02")
	if !ok {
		return nil, errors.New("no end of record")
	}
	return []byte(text), nil
}
