package accounts

import (
	"crypto/sha256"
	"net/netip"
	"time"

	"golang.org/x/time/rate"
)

// Some wrong passwords in a row are free; then each try waits, twice as long each time, up to a minute: a guesser gains
// nothing and the owner is never locked out. An hour without a failure and all is forgotten.
const (
	freeFailures   = 10
	longestWait    = time.Minute
	failuresFadeIn = time.Hour
)

// attempts counts the failures in a row of one login.
type attempts struct {
	failures int
	last     time.Time
}

// next counts one more try, or says how long it must wait.
func (a attempts) next(now time.Time) (attempts, time.Duration) {
	if now.Sub(a.last) >= failuresFadeIn {
		a.failures = 0
	}
	if pause := waitAfter(a.failures); pause > 0 && now.Sub(a.last) < pause {
		return a, pause - now.Sub(a.last)
	}
	return attempts{failures: a.failures + 1, last: now}, 0
}

func waitAfter(failures int) time.Duration {
	over := failures - freeFailures
	switch {
	case over < 0:
		return 0
	case over > 5:
		return longestWait
	}
	return time.Second << over
}

// strangers counts the tries on logins that nobody has, as the database does for accounts: a wait must not tell
// which logins exist.
type strangers struct {
	byLogin *recent[[sha256.Size]byte, attempts]
}

func newStrangers() *strangers {
	return &strangers{byLogin: newRecent[[sha256.Size]byte, attempts](10_000)}
}

func (s *strangers) try(login string, now time.Time) (wait time.Duration) {
	s.byLogin.change(sha256.Sum256([]byte(login)), func(a attempts) attempts {
		a, wait = a.next(now)
		return a
	})
	return wait
}

// An address pays for its failures only, so that a whole hospital may sign in from one.
const (
	addressFailures = 60
	addressRefill   = rate.Limit(0.5)
)

type addressLimits struct {
	byAddress *recent[string, *rate.Limiter]
}

func newAddressLimits() *addressLimits {
	return &addressLimits{byAddress: newRecent[string, *rate.Limiter](20_000)}
}

func (l *addressLimits) limiter(address string) *rate.Limiter {
	return l.byAddress.change(addressClass(address), func(known *rate.Limiter) *rate.Limiter {
		if known == nil {
			return rate.NewLimiter(addressRefill, addressFailures)
		}
		return known
	})
}

func (l *addressLimits) wait(address string, now time.Time) time.Duration {
	missing := 1 - l.limiter(address).TokensAt(now)
	if missing <= 0 {
		return 0
	}
	return time.Duration(missing / float64(addressRefill) * float64(time.Second))
}

func (l *addressLimits) failed(address string, now time.Time) { l.limiter(address).AllowN(now, 1) }

// addressClass takes the network an IPv6 subscriber is given for one address.
func addressClass(address string) string {
	ip, err := netip.ParseAddr(address)
	if err != nil || ip.Unmap().Is4() {
		return address
	}
	network, err := ip.WithZone("").Prefix(64)
	if err != nil {
		return address
	}
	return network.String()
}
