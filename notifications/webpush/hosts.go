package webpush

import (
	"context"
	"crypto/ecdh"
	"encoding/base64"
	"errors"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"syscall"

	"liaison/notifications"
)

// services are the push services of browsers; a leading dot stands for every name under it.
var services = []string{"fcm.googleapis.com", ".push.services.mozilla.com", ".push.apple.com", ".notify.windows.com"}

const longestEndpoint = 2048

// hosts are those a push may go to: a subscription comes from a client, who could name any machine.
type hosts struct {
	services []string
	tests    []string
}

func (h hosts) allowed(endpoint string) (*url.URL, error) {
	u, err := url.Parse(endpoint)
	if err != nil || len(endpoint) > longestEndpoint || u.User != nil || u.Fragment != "" || u.Host == "" {
		return nil, notifications.ErrEndpoint
	}
	if h.isTest(u) {
		return u, nil
	}
	if u.Scheme != "https" || (u.Port() != "" && u.Port() != "443") || !h.isService(u.Hostname()) {
		return nil, notifications.ErrEndpoint
	}
	return u, nil
}

func (h hosts) isTest(u *url.URL) bool {
	return (u.Scheme == "http" || u.Scheme == "https") && slices.Contains(h.tests, u.Host)
}

func (h hosts) isService(name string) bool {
	name = strings.ToLower(name)
	return slices.ContainsFunc(h.services, func(service string) bool {
		if strings.HasPrefix(service, ".") {
			return strings.HasSuffix(name, service) && len(name) > len(service)
		}
		return name == service
	})
}

// checkKeys wants a point of P-256 and sixteen bytes: what the encryption needs.
func checkKeys(s notifications.Subscription) error {
	point, err := decoded(s.P256dh)
	if err != nil {
		return notifications.ErrEndpoint
	}
	if _, err := ecdh.P256().NewPublicKey(point); err != nil {
		return notifications.ErrEndpoint
	}
	if auth, err := decoded(s.Auth); err != nil || len(auth) != 16 {
		return notifications.ErrEndpoint
	}
	return nil
}

func decoded(text string) ([]byte, error) {
	text = strings.TrimRight(text, "=")
	if strings.ContainsAny(text, "+/") {
		return base64.RawStdEncoding.DecodeString(text)
	}
	return base64.RawURLEncoding.DecodeString(text)
}

var errPrivate = errors.New("a push service on a private address")

// publicOnly refuses, once the name is resolved and before anything is sent, addresses of private networks and of this machine.
func publicOnly(_ context.Context, _, address string, _ syscall.RawConn) error {
	host, port, err := net.SplitHostPort(address)
	if err != nil || port != "443" {
		return errPrivate
	}
	ip, err := netip.ParseAddr(host)
	if err != nil || !public(ip.Unmap().WithZone("")) {
		return errPrivate
	}
	return nil
}

// reserved are ranges that the standard library does not call private: shared by carriers, documentation, translation of v4
// addresses (which could hide a private one), and others that no service stands on.
var reserved = prefixes(
	"0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4",
	"64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16", "fec0::/10",
)

func prefixes(texts ...string) []netip.Prefix {
	out := make([]netip.Prefix, len(texts))
	for i, text := range texts {
		out[i] = netip.MustParsePrefix(text)
	}
	return out
}

func public(ip netip.Addr) bool {
	if !ip.IsGlobalUnicast() || ip.IsPrivate() || ip.IsLoopback() || ip.IsLinkLocalUnicast() {
		return false
	}
	return !slices.ContainsFunc(reserved, func(p netip.Prefix) bool { return p.Contains(ip) })
}
