// Package webpush brings pushes to browsers' push services (RFC 8030, 8188, 8291, 8292): encrypted to the device, signed by
// this instance, and only to services it knows, wherever their names lead. It decides nothing about whom to ring, and keeps
// nothing.
package webpush

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"

	push "github.com/SherClockHolmes/webpush-go"

	"liaison/notifications"
)

// Config says who sends. TestHosts ("127.0.0.1:9999") are push services of tests: reached by plain HTTP and on this machine.
type Config struct {
	Secret    []byte
	Contact   string // https: or mailto: address of who runs this instance
	TestHosts []string
	Timeout   time.Duration // of one push; default 3 s

	hosts []string // the services known; tests of this package name others
}

// Sender sends pushes of one instance.
type Sender struct {
	vapid  *vapid
	hosts  hosts
	client *http.Client
	tests  *http.Client
}

// New makes a sender.
func New(cfg Config) (*Sender, error) {
	if cfg.Timeout == 0 {
		cfg.Timeout = 3 * time.Second
	}
	if cfg.hosts == nil {
		cfg.hosts = services
	}
	v, err := newVAPID(cfg.Secret, cfg.Contact)
	if err != nil {
		return nil, err
	}
	return &Sender{
		vapid: v, hosts: hosts{services: cfg.hosts, tests: cfg.TestHosts},
		client: newClient(cfg.Timeout, (&net.Dialer{Timeout: cfg.Timeout, ControlContext: publicOnly}).DialContext),
		tests:  newClient(cfg.Timeout, (&net.Dialer{Timeout: cfg.Timeout}).DialContext),
	}, nil
}

// newClient asks no proxy (it would choose the address) and follows no redirection.
func newClient(timeout time.Duration, dial func(context.Context, string, string) (net.Conn, error)) *http.Client {
	return &http.Client{
		Timeout:       timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			DialContext: dial, ForceAttemptHTTP2: true, TLSHandshakeTimeout: timeout, ResponseHeaderTimeout: timeout,
			MaxIdleConnsPerHost: 2, IdleConnTimeout: time.Minute, MaxResponseHeaderBytes: 16 << 10,
		},
	}
}

// PublicKey is what a browser subscribes with.
func (s *Sender) PublicKey() string { return s.vapid.public }

// Check refuses a subscription that nothing would be sent to, and gives the host of its service.
func (s *Sender) Check(_ context.Context, sub notifications.Subscription) (host string, err error) {
	endpoint, err := s.hosts.allowed(sub.Endpoint)
	if err != nil {
		return "", err
	}
	return endpoint.Host, checkKeys(sub)
}

// Send brings one push to its service. What it answers holds no part of the endpoint.
func (s *Sender) Send(ctx context.Context, p notifications.Push) error {
	endpoint, err := s.hosts.allowed(p.Endpoint)
	if err != nil {
		return err
	}
	if err := checkKeys(p.Subscription); err != nil {
		return err
	}
	client := s.client
	if s.hosts.isTest(endpoint) {
		client = s.tests
	}
	urgency := push.UrgencyNormal
	if p.Urgent {
		urgency = push.UrgencyHigh
	}
	res, err := push.SendNotificationWithContext(ctx, p.Body, &push.Subscription{
		Endpoint: p.Endpoint, Keys: push.Keys{Auth: p.Auth, P256dh: p.P256dh},
	}, &push.Options{
		HTTPClient: signed{client, s.vapid}, Topic: p.Topic, TTL: int(p.TTL.Seconds()), Urgency: urgency, Subscriber: s.vapid.contact,
		VAPIDPublicKey: s.vapid.public, VAPIDPrivateKey: s.vapid.private,
	})
	if err != nil {
		return unreached(err)
	}
	defer res.Body.Close()
	_, _ = io.CopyN(io.Discard, res.Body, 4096) // so that the connection serves again
	return answerOf(res)
}

// signed puts the token we keep in place of the one the library makes anew for every push.
type signed struct {
	client *http.Client
	vapid  *vapid
}

// Do sends the request.
func (c signed) Do(r *http.Request) (*http.Response, error) {
	header, err := c.vapid.header(r.URL.Scheme + "://" + r.URL.Host)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", header)
	return c.client.Do(r)
}

// unreached says why without the words of the network's error, which hold the endpoint.
func unreached(err error) error {
	var network net.Error
	switch {
	case errors.Is(err, errPrivate):
		return notifications.ErrEndpoint
	case errors.As(err, &network) && network.Timeout(), errors.Is(err, context.DeadlineExceeded):
		return &notifications.Later{Code: "timeout"}
	}
	return &notifications.Later{Code: "unreachable"}
}

func answerOf(res *http.Response) error {
	code := "status_" + strconv.Itoa(res.StatusCode)
	switch {
	case res.StatusCode >= 200 && res.StatusCode < 300:
		return nil
	case res.StatusCode == http.StatusNotFound || res.StatusCode == http.StatusGone:
		return notifications.ErrGone
	case res.StatusCode == http.StatusTooManyRequests || res.StatusCode >= 500:
		return &notifications.Later{Code: code, After: retryAfter(res.Header.Get("Retry-After"), time.Now())}
	}
	return fmt.Errorf("push refused: %s", code)
}

// retryAfter reads seconds or a date; what is neither says nothing.
func retryAfter(text string, now time.Time) time.Duration {
	if seconds, err := strconv.ParseInt(text, 10, 32); err == nil {
		return time.Duration(max(seconds, 0)) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(at.Sub(now), 0)
	}
	return 0
}
