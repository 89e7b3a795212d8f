package accounts

import (
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
)

func TestSignIn(t *testing.T) {
	w := newWorld(t)
	hired := w.hire("Nadia", "Ferhat", "Infirmiere")
	for _, client := range []Client{phone, office} {
		result, err := w.SignIn(t.Context(), " INFIRMIERE ", goodPassword, client)
		w.ok(err)
		if result.SecondFactor != nil {
			t.Error("no second factor exists yet")
		}
		o := *result.Session
		if o.Person != hired.Person || o.Kind != client.Kind || (o.Cookie == "") == (o.Kind == Web) || (o.RefreshToken == "") == (o.Kind == Token) {
			t.Errorf("opened %+v", o)
		}
		actor, err := w.authenticate(o)
		w.ok(err)
		if actor.Person != hired.Person || actor.Session != o.ID || actor.Address != "192.0.2.3" {
			t.Errorf("acts as %+v", actor)
		}
	}
	if w.journalled("session.open", "done") != 4 {
		t.Error("each opened session has its line: two by invitation, two by password")
	}
}

func TestRefusedSignInsLookTheSame(t *testing.T) {
	w := newWorld(t)
	w.hire("Nadia", "Ferhat", "infirmiere")
	gone := w.hire("Paul", "Gone", "parti")
	w.ok(w.Deactivate(t.Context(), w.admin, gone.Person))
	reset := w.hire("Rose", "Nouvelle", "oubli")
	_, err := w.ResetPassword(t.Context(), w.admin, reset.Person)
	w.ok(err)
	for _, try := range []struct{ login, password string }{
		{"infirmiere", "wrong"},
		{"infirmiere", ""},
		{"infirmiere", strings.Repeat("x", 100_000)},
		{"nobody", goodPassword},
		{"", ""},
		{"infirmiere\x00", goodPassword},
		{"\xff\xfe", goodPassword},
		{"parti", goodPassword},
		{"oubli", goodPassword},
	} {
		result, err := w.SignIn(t.Context(), try.login, try.password, phone)
		w.refused(err, ErrSignInFailed)
		if result.Session != nil {
			t.Errorf("%q opened a session", try.login)
		}
	}
	if n := w.journalled("session.open", "refused"); n != 9 {
		t.Errorf("%d refusals journalled", n)
	}
}

func TestWrongPasswordsWaitLongerAndLongerButNeverForever(t *testing.T) {
	w := newWorld(t)
	w.hire("Nadia", "Ferhat", "infirmiere")
	// A login that nobody has waits in the same way: the wait tells nothing.
	for _, login := range []string{"infirmiere", "nobody"} {
		client := phone
		client.Address = "192.0.2.77"
		for range freeFailures {
			_, err := w.SignIn(t.Context(), login, "wrong", client)
			w.refused(err, ErrSignInFailed)
		}
		for want := time.Second; want < longestWait; want *= 2 {
			_, err := w.SignIn(t.Context(), login, goodPassword, client)
			w.waits(err, min(want, longestWait), min(want, longestWait))
			w.clock.advance(want)
			_, err = w.SignIn(t.Context(), login, "wrong", client)
			w.refused(err, ErrSignInFailed)
		}
		_, err := w.SignIn(t.Context(), login, "wrong", client)
		w.waits(err, longestWait, longestWait)
		w.clock.advance(longestWait)
	}
	w.signIn("infirmiere", phone)
	_, err := w.SignIn(t.Context(), "infirmiere", "wrong", phone)
	w.refused(err, ErrSignInFailed)
}

func TestFailuresFade(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	a := attempts{failures: 40, last: now}
	if _, wait := a.next(now.Add(time.Second)); wait != longestWait-time.Second {
		t.Errorf("waits %s", wait)
	}
	if a, wait := a.next(now.Add(failuresFadeIn)); wait != 0 || a.failures != 1 {
		t.Errorf("after an hour: %d failures, waits %s", a.failures, wait)
	}
}

func TestTriesInParallelAreAllCounted(t *testing.T) {
	w := newWorld(t)
	w.hire("Nadia", "Ferhat", "infirmiere")
	nodes := []*Service{w.Service, w.node(cheap), w.node(cheap)}
	var checked atomic.Int32
	var tries sync.WaitGroup
	for i := range 3 * freeFailures {
		tries.Go(func() {
			_, err := nodes[i%len(nodes)].SignIn(t.Context(), "infirmiere", "wrong", phone)
			if errors.Is(err, ErrSignInFailed) {
				checked.Add(1)
			}
		})
	}
	tries.Wait()
	if n := checked.Load(); n != freeFailures {
		t.Errorf("%d passwords were checked in a burst, want %d", n, freeFailures)
	}
}

func TestAnAddressPaysForItsFailures(t *testing.T) {
	w := newWorld(t)
	w.hire("Nadia", "Ferhat", "infirmiere")
	from := func(address string) Client { return Client{Kind: Token, Address: address} }
	for range addressFailures + 1 {
		w.signIn("infirmiere", from("2001:db8:1:2::1"))
	}
	for i := range addressFailures {
		_, err := w.SignIn(t.Context(), uuid.NewString(), "wrong", from("2001:db8:1:2::1"))
		if !errors.Is(err, ErrSignInFailed) {
			t.Fatalf("failure %d: %v", i, err)
		}
	}
	_, err := w.SignIn(t.Context(), "infirmiere", goodPassword, from("2001:db8:1:2:ffff::9"))
	w.waits(err, time.Second, 2*time.Second)
	_, err = w.Accept(t.Context(), "guess", "someone", goodPassword, from("2001:db8:1:2::1"))
	w.waits(err, time.Second, 2*time.Second)
	w.signIn("infirmiere", from("2001:db8:1:3::1"))
	w.clock.advance(2 * time.Second)
	w.signIn("infirmiere", from("2001:db8:1:2::1"))
}

func TestPasswordIsHashedAgainWhenTheCostChanges(t *testing.T) {
	w := newWorld(t)
	hired := w.hire("Nadia", "Ferhat", "infirmiere")
	stored := func() (hash string) {
		w.ok(w.test.DB.Pool.QueryRow(t.Context(), "select password_hash from accounts where person_id = $1", hired.Person).Scan(&hash))
		return hash
	}
	before := stored()
	w.signIn("infirmiere", phone)
	if stored() != before {
		t.Error("hashed again at the same cost")
	}
	_, err := w.node(DefaultCost).SignIn(t.Context(), "infirmiere", goodPassword, phone)
	w.ok(err)
	if after := stored(); !strings.HasPrefix(after, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("hash is %s", after)
	}
	w.signIn("infirmiere", phone)
}

func TestUnreadableHashRefuses(t *testing.T) {
	t.Parallel()
	h := newHasher(cheap)
	for _, encoded := range []string{
		"", "x", "$argon2i$v=19$m=64,t=1,p=1$AAAA$AAAAAAAAAAAAAAAAAAAAAAAA", "$argon2id$v=16$m=64,t=1,p=1$AAAA$AAAAAAAAAAAAAAAAAAAAAAAA",
		"$argon2id$v=19$m=64,t=0,p=1$AAAA$AAAAAAAAAAAAAAAAAAAAAAAA", "$argon2id$v=19$m=64,t=1,p=0$AAAA$AAAAAAAAAAAAAAAAAAAAAAAA",
		"$argon2id$v=19$m=4000000000,t=1,p=1$AAAA$AAAAAAAAAAAAAAAAAAAAAAAA", "$argon2id$v=19$m=64,t=1,p=1$!$AAAAAAAAAAAAAAAAAAAAAAAA",
		"$argon2id$v=19$m=64,t=1,p=1$AAAA$", "$argon2id$v=19$m=64$AAAA$AAAAAAAAAAAAAAAAAAAAAAAA", h.decoy,
	} {
		if h.verify("", encoded) {
			t.Errorf("%q accepts the empty password", encoded)
		}
	}
}

func TestAccentsComposedOtherwiseAreTheSamePassword(t *testing.T) {
	t.Parallel()
	h := newHasher(cheap)
	hash, err := h.hash(t.Context(), "e\u0301te\u0301 a\u0300 Bre\u0301vigny")
	if err != nil {
		t.Fatal(err)
	}
	if !h.verify("été à Brévigny", hash) {
		t.Error("refused")
	}
}
