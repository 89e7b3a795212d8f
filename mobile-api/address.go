package mobileapi

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// addressOf is where a request comes from: the network for IPv6, where a subscriber has a whole one.
func (a *API) addressOf(r *http.Request) string {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return ""
	}
	ip := peer.Addr().Unmap()
	if a.trusted(ip) {
		ip = a.forwardedFor(r, ip)
	}
	return addressClass(ip)
}

func (a *API) trusted(ip netip.Addr) bool {
	return ip.IsLoopback() || slices.ContainsFunc(a.cfg.TrustedProxies, func(p netip.Prefix) bool { return p.Contains(ip) })
}

// forwardedFor goes back through the proxies that are believed; what stands before them anybody could have written.
func (a *API) forwardedFor(r *http.Request, ip netip.Addr) netip.Addr {
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, hop := range slices.Backward(hops) {
		said, err := netip.ParseAddr(strings.TrimSpace(hop))
		if err != nil {
			return ip
		}
		if ip = said.Unmap(); !a.trusted(ip) {
			return ip
		}
	}
	return ip
}

func addressClass(ip netip.Addr) string {
	if ip.Is4() {
		return ip.String()
	}
	network, err := ip.WithZone("").Prefix(64)
	if err != nil {
		return ip.String()
	}
	return network.String()
}
