package webpush

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"liaison/notifications"
	"liaison/notifications/pushtest"
)

var secret = []byte(strings.Repeat("s", 32))

func newSender(t *testing.T, change func(*Config)) *Sender {
	t.Helper()
	cfg := Config{Secret: secret, Contact: "mailto:assistance@example.org", Timeout: time.Second}
	change(&cfg)
	s, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func pushTo(d *pushtest.Device, endpoint string) notifications.Push {
	return notifications.Push{
		Subscription: notifications.Subscription{Endpoint: endpoint, P256dh: d.P256dh, Auth: d.Auth}, Body: []byte("{}"), Topic: "t", Urgent: true, TTL: time.Minute,
	}
}

// The name is known and leads to this machine: nothing is sent.
func TestAKnownNameThatLeadsToAPrivateAddress(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	s := newSender(t, func(c *Config) { c.hosts = []string{"localhost"} })
	d := pushtest.New(t).Subscribe()
	if err := s.Send(t.Context(), pushTo(d, "https://localhost/x")); !errors.Is(err, notifications.ErrEndpoint) {
		t.Errorf("sent to this machine: %v", err)
	}
}

func TestAddressesThatNoPushServiceHas(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"142.250.74.74": true, "2a00:1450:4007:80e::200a": true,
		"127.0.0.1": false, "10.1.2.3": false, "172.16.0.1": false, "192.168.1.1": false, "169.254.169.254": false, "100.64.0.1": false, "0.0.0.0": false,
		"224.0.0.1": false, "255.255.255.255": false, "::1": false, "::": false, "fe80::1": false, "fd00::1": false, "::ffff:10.0.0.1": false,
		"64:ff9b::a00:1": false, "2002:a00:1::": false, "192.0.2.1": false, "ff02::1": false,
	} {
		if got := public(netip.MustParseAddr(text).Unmap()); got != want {
			t.Errorf("%s: public %v, want %v", text, got, want)
		}
	}
	if err := publicOnly(t.Context(), "tcp", "142.250.74.74:22", nil); err == nil {
		t.Error("another port than that of https")
	}
}

func TestOneTokenServesManyPushesAndEveryNode(t *testing.T) {
	t.Parallel()
	service := pushtest.New(t)
	d := service.Subscribe()
	one := newSender(t, func(c *Config) { c.TestHosts = []string{service.Host()} })
	other := newSender(t, func(c *Config) { c.TestHosts, c.Contact = []string{service.Host()}, "https://liaison.example.org" })
	for range 2 {
		if err := one.Send(t.Context(), pushTo(d, d.Endpoint)); err != nil {
			t.Fatal(err)
		}
	}
	if err := other.Send(t.Context(), pushTo(d, d.Endpoint)); err != nil {
		t.Fatal(err)
	}
	got := service.Wait(3)
	if got[0].Token != got[1].Token {
		t.Error("a token a push")
	}
	if one.PublicKey() != other.PublicKey() {
		t.Error("two nodes sign with two keys")
	}
	if got[2].Claims["sub"] != "https://liaison.example.org" || got[0].Claims["sub"] != "mailto:assistance@example.org" {
		t.Errorf("subjects %v, %v", got[0].Claims, got[2].Claims)
	}
}

func TestAnswersOfPushServices(t *testing.T) {
	t.Parallel()
	service := pushtest.New(t)
	d := service.Subscribe()
	s := newSender(t, func(c *Config) { c.TestHosts = []string{service.Host()} })
	answer := func(status int, after string) error {
		service.Answer(func(_ *pushtest.Device, w http.ResponseWriter, _ *http.Request) bool {
			if after != "" {
				w.Header().Set("Retry-After", after)
			}
			w.WriteHeader(status)
			return true
		})
		err := s.Send(t.Context(), pushTo(d, d.Endpoint))
		if err != nil && strings.Contains(err.Error(), d.Endpoint) {
			t.Errorf("the endpoint is told: %v", err)
		}
		return err
	}
	for _, status := range []int{404, 410} {
		if err := answer(status, ""); !errors.Is(err, notifications.ErrGone) {
			t.Errorf("%d: %v", status, err)
		}
	}
	var later *notifications.Later
	if err := answer(429, "120"); !errors.As(err, &later) || later.After != 2*time.Minute {
		t.Errorf("429: %v", err)
	}
	if err := answer(503, time.Now().Add(time.Hour).UTC().Format(http.TimeFormat)); !errors.As(err, &later) || later.After < 59*time.Minute {
		t.Errorf("503: %v", err)
	}
	if err := answer(500, "soon"); !errors.As(err, &later) || later.After != 0 {
		t.Errorf("500: %v", err)
	}
	for _, status := range []int{301, 307, 400, 403, 413} {
		if err := answer(status, ""); err == nil || errors.As(err, &later) && later.Code == "" || errors.Is(err, notifications.ErrGone) {
			t.Errorf("%d: %v", status, err)
		}
	}
	let := make(chan struct{})
	defer close(let)
	service.Answer(func(_ *pushtest.Device, _ http.ResponseWriter, r *http.Request) bool {
		select {
		case <-let:
		case <-r.Context().Done():
		}
		return true
	})
	later = nil
	if err := s.Send(context.Background(), pushTo(d, d.Endpoint)); !errors.As(err, &later) || later.Code != "timeout" {
		t.Errorf("slow: %v", err)
	}
}

func TestAContactIsNeeded(t *testing.T) {
	t.Parallel()
	for _, contact := range []string{"", "assistance@example.org", "http://example.org"} {
		if _, err := New(Config{Secret: secret, Contact: contact}); err == nil {
			t.Errorf("contact %q", contact)
		}
	}
}
