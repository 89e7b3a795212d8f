package mobileapi

import (
	"net/http"
	"net/netip"
	"testing"
)

func TestAddressOf(t *testing.T) {
	t.Parallel()
	a := &API{cfg: Config{TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}}
	for _, c := range []struct{ peer, forwarded, want string }{
		{"203.0.113.7:4000", "", "203.0.113.7"},
		{"203.0.113.7:4000", "198.51.100.1", "203.0.113.7"}, // nobody's proxy: not believed
		{"127.0.0.1:4000", "198.51.100.1", "198.51.100.1"},
		{"[::1]:4000", "198.51.100.1, 10.1.2.3", "198.51.100.1"},
		{"10.9.9.9:4000", "6.6.6.6, 198.51.100.1", "198.51.100.1"}, // what stands before is the client's own word
		{"127.0.0.1:4000", "not an address", "127.0.0.1"},
		{"[2001:db8:1:2:3:4:5:6]:4000", "", "2001:db8:1:2::/64"},
		{"[::ffff:203.0.113.7]:4000", "", "203.0.113.7"},
		{"@", "", ""},
	} {
		r := &http.Request{RemoteAddr: c.peer, Header: http.Header{}}
		if c.forwarded != "" {
			r.Header.Set("X-Forwarded-For", c.forwarded)
		}
		if got := a.addressOf(r); got != c.want {
			t.Errorf("%s for %q: got %q, want %q", c.peer, c.forwarded, got, c.want)
		}
	}
}
