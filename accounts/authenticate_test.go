package accounts

import (
	"crypto/ed25519"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"
)

func TestForgedTokens(t *testing.T) {
	w := newWorld(t)
	o := w.hire("Nadia", "Ferhat", "infirmiere")
	other := w.hire("Hélène", "Baudry", "medecin")
	good := func() claims {
		return claims{RegisteredClaims: jwt.RegisteredClaims{
			Issuer: testInstance.String(), Audience: jwt.ClaimStrings{audience}, Subject: o.Person.String(),
			ExpiresAt: jwt.NewNumericDate(w.clock.Now().Add(time.Minute)),
		}, Session: o.ID}
	}
	with := func(change func(*claims)) claims {
		c := good()
		change(&c)
		return c
	}
	_, otherKey, err := ed25519.GenerateKey(nil)
	w.ok(err)
	public := w.keys.signing.Public().(ed25519.PublicKey)
	expired := jwt.NewNumericDate(w.clock.Now().Add(-time.Minute))
	for name, forged := range map[string]struct {
		method jwt.SigningMethod
		key    any
		kid    any
		claims claims
		want   error
	}{
		"the true one":       {jwt.SigningMethodEdDSA, w.keys.signing, w.keys.id, good(), nil},
		"no signature":       {jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, w.keys.id, good(), ErrTokenInvalid},
		"public key as HMAC": {jwt.SigningMethodHS256, []byte(public), w.keys.id, good(), ErrTokenInvalid},
		"another key":        {jwt.SigningMethodEdDSA, otherKey, w.keys.id, good(), ErrTokenInvalid},
		"another key id":     {jwt.SigningMethodEdDSA, w.keys.signing, "other", good(), ErrTokenInvalid},
		"no key id":          {jwt.SigningMethodEdDSA, w.keys.signing, nil, good(), ErrTokenInvalid},
		"expired":            {jwt.SigningMethodEdDSA, w.keys.signing, w.keys.id, with(func(c *claims) { c.ExpiresAt = expired }), ErrTokenExpired},
		"expired, another key": {
			jwt.SigningMethodEdDSA, otherKey, w.keys.id,
			with(func(c *claims) { c.ExpiresAt = expired }), ErrTokenInvalid,
		},
		"expired, another issuer": {
			jwt.SigningMethodEdDSA, w.keys.signing, w.keys.id,
			with(func(c *claims) { c.ExpiresAt = expired; c.Issuer = "x" }), ErrTokenInvalid,
		},
		"without end": {jwt.SigningMethodEdDSA, w.keys.signing, w.keys.id, with(func(c *claims) { c.ExpiresAt = nil }), ErrTokenInvalid},
		"another issuer": {
			jwt.SigningMethodEdDSA, w.keys.signing, w.keys.id,
			with(func(c *claims) { c.Issuer = uuid.NewString() }), ErrTokenInvalid,
		},
		"another audience": {
			jwt.SigningMethodEdDSA, w.keys.signing, w.keys.id,
			with(func(c *claims) { c.Audience = jwt.ClaimStrings{"other"} }), ErrTokenInvalid,
		},
		"no audience":       {jwt.SigningMethodEdDSA, w.keys.signing, w.keys.id, with(func(c *claims) { c.Audience = nil }), ErrTokenInvalid},
		"unknown session":   {jwt.SigningMethodEdDSA, w.keys.signing, w.keys.id, with(func(c *claims) { c.Session = uuid.New() }), ErrTokenInvalid},
		"another's session": {jwt.SigningMethodEdDSA, w.keys.signing, w.keys.id, with(func(c *claims) { c.Session = other.ID }), ErrTokenInvalid},
	} {
		token := jwt.NewWithClaims(forged.method, forged.claims)
		token.Header["kid"] = forged.kid
		signed, err := token.SignedString(forged.key)
		w.ok(err)
		if _, err := w.Authenticate(t.Context(), Presented{Bearer: signed}); err != forged.want {
			t.Errorf("%s: got %v, want %v", name, err, forged.want)
		}
	}
	for _, junk := range []string{"x", "a.b.c", o.RefreshToken, o.AccessToken + "=", o.AccessToken[:len(o.AccessToken)-2] + "xx"} {
		if _, err := w.Authenticate(t.Context(), Presented{Bearer: junk}); err != ErrTokenInvalid {
			t.Errorf("%q: %v", junk, err)
		}
	}
	for _, p := range []Presented{{}, {Cookie: "x"}, {Cookie: o.AccessToken}} {
		_, err := w.Authenticate(t.Context(), p)
		w.refused(err, ErrTokenInvalid)
	}
}

func TestAnotherInstanceWithTheSameSecretIsAnotherIssuer(t *testing.T) {
	w := newWorld(t)
	o := w.hire("Nadia", "Ferhat", "infirmiere")
	other, err := New(w.test.DB, Config{Instance: uuid.New(), Secret: testSecret, Cost: cheap, Now: w.clock.Now})
	w.ok(err)
	_, err = other.Authenticate(t.Context(), Presented{Bearer: o.AccessToken})
	w.refused(err, ErrTokenInvalid)
	if _, err := New(w.test.DB, Config{Instance: testInstance, Secret: testSecret[:31]}); err == nil {
		t.Error("a short secret was accepted")
	}
}

func TestAccessTokenLivesTenMinutes(t *testing.T) {
	w := newWorld(t)
	o := w.hire("Nadia", "Ferhat", "infirmiere")
	w.clock.advance(accessTokenLife - time.Second)
	_, err := w.authenticate(o)
	w.ok(err)
	w.clock.advance(time.Second)
	_, err = w.authenticate(o)
	w.refused(err, ErrTokenExpired)
}

func TestBrowserSessionSlidesAndEnds(t *testing.T) {
	w := newWorld(t)
	w.hire("Nadia", "Ferhat", "infirmiere")
	idle := w.signIn("infirmiere", office)
	used := w.signIn("infirmiere", office)
	for range int(webMost / (webIdle - time.Hour)) {
		w.clock.advance(webIdle - time.Hour)
		_, err := w.authenticate(used)
		w.ok(err)
	}
	_, err := w.authenticate(idle)
	w.refused(err, ErrSessionExpired)
	w.clock.advance(webIdle - time.Hour)
	_, err = w.authenticate(used)
	w.refused(err, ErrSessionExpired)
	ended, err := w.RevokedAmong(t.Context(), []uuid.UUID{used.ID, idle.ID})
	w.ok(err)
	if len(ended) != 2 {
		t.Errorf("%v ended", ended)
	}
}

func TestLastUseIsNotedOnceAMinute(t *testing.T) {
	w := newWorld(t)
	o := w.hire("Nadia", "Ferhat", "infirmiere")
	lastUse := func() (at time.Time) {
		w.ok(w.test.DB.Pool.QueryRow(t.Context(), "select last_used_at from sessions where id = $1", o.ID).Scan(&at))
		return at.UTC()
	}
	opened := lastUse()
	w.clock.advance(touchEvery - time.Second)
	_, err := w.authenticate(o)
	w.ok(err)
	if !lastUse().Equal(opened) {
		t.Error("noted within the minute")
	}
	w.clock.advance(time.Second)
	_, err = w.authenticate(o)
	w.ok(err)
	if !lastUse().Equal(w.clock.Now()) {
		t.Errorf("last use %s", lastUse())
	}
}

func TestAnotherNodesRevocationHolds(t *testing.T) {
	w := newWorld(t)
	o := w.hire("Nadia", "Ferhat", "infirmiere")
	other := w.node(cheap)
	seen := func() error {
		_, err := other.Authenticate(t.Context(), Presented{Bearer: o.AccessToken})
		return err
	}
	w.ok(seen())
	w.ok(w.SignOut(t.Context(), o.Actor("")))
	_, err := w.authenticate(o)
	w.refused(err, ErrSessionRevoked)
	w.ok(seen())
	w.clock.advance(stateLife)
	w.refused(seen(), ErrSessionRevoked)

	again := w.signIn("infirmiere", office)
	cookie := Presented{Cookie: again.Cookie}
	_, err = other.Authenticate(t.Context(), cookie)
	w.ok(err)
	w.ok(w.SignOut(t.Context(), again.Actor("")))
	other.Forget(again.ID)
	_, err = other.Authenticate(t.Context(), cookie)
	w.refused(err, ErrSessionRevoked)
}

func TestAStateReadBeforeAForgetIsNotKept(t *testing.T) {
	t.Parallel()
	r := newRecent[string, int](4)
	since := r.forgets()
	r.drop("a")
	r.putUnlessForgotten("a", 1, since)
	if _, kept := r.get("a"); kept {
		t.Error("kept")
	}
}

func TestRecentIsBounded(t *testing.T) {
	t.Parallel()
	r := newRecent[int, int](100)
	for i := range 10_000 {
		r.put(i, i)
		if _, ok := r.get(0); !ok {
			t.Fatalf("what is used was forgotten at %d", i)
		}
	}
	if n := len(r.young) + len(r.old); n > 200 {
		t.Errorf("%d kept", n)
	}
}
