package accounts

import (
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
)

func (w *world) refresh(token string) OpenedSession {
	w.t.Helper()
	o, err := w.Refresh(w.t.Context(), token, "192.0.2.1")
	w.ok(err)
	return o
}

func TestRefreshRotates(t *testing.T) {
	w := newWorld(t)
	first := w.hire("Nadia", "Ferhat", "infirmiere")
	w.clock.advance(time.Hour)
	second := w.refresh(first.RefreshToken)
	if second.RefreshToken == first.RefreshToken || second.ID != first.ID || second.ExpiresIn != accessTokenLife {
		t.Errorf("got %+v", second)
	}
	_, err := w.authenticate(second)
	w.ok(err)
	third := w.refresh(second.RefreshToken)
	if third.RefreshToken == second.RefreshToken {
		t.Error("not rotated")
	}
}

func TestRepeatedRefreshGetsTheSameSuccessor(t *testing.T) {
	w := newWorld(t)
	first := w.hire("Nadia", "Ferhat", "infirmiere")
	lost := w.refresh(first.RefreshToken)
	w.clock.advance(repeatWindow)
	again, err := w.node(cheap).Refresh(t.Context(), first.RefreshToken, "")
	w.ok(err)
	if again.RefreshToken != lost.RefreshToken {
		t.Error("another successor")
	}
	_, err = w.authenticate(again)
	w.ok(err)
	w.refresh(again.RefreshToken)
}

func TestConcurrentRefreshesGetTheSameSuccessor(t *testing.T) {
	w := newWorld(t)
	token := w.hire("Nadia", "Ferhat", "infirmiere").RefreshToken
	for range 10 {
		token = w.refreshAtOnce(token, 8)
	}
}

// refreshAtOnce refreshes with the same token from many clients and gives their one successor.
func (w *world) refreshAtOnce(token string, clients int) string {
	w.t.Helper()
	start := make(chan struct{})
	got := make(chan OpenedSession, clients)
	var all sync.WaitGroup
	for range clients {
		all.Go(func() {
			<-start
			o, err := w.Refresh(w.t.Context(), token, "")
			if err != nil {
				w.t.Error(err)
			}
			got <- o
		})
	}
	close(start)
	all.Wait()
	first := <-got
	for range clients - 1 {
		if o := <-got; o.RefreshToken != first.RefreshToken {
			w.t.Fatal("two successors")
		}
	}
	return first.RefreshToken
}

func TestReusedRefreshTokenEndsTheSession(t *testing.T) {
	for name, reuse := range map[string]func(w *world, first OpenedSession){
		"after a minute": func(w *world, first OpenedSession) {
			w.refresh(first.RefreshToken)
			w.clock.advance(repeatWindow + time.Second)
		},
		"once its successor is used": func(w *world, first OpenedSession) {
			w.refresh(w.refresh(first.RefreshToken).RefreshToken)
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			first := w.hire("Nadia", "Ferhat", "infirmiere")
			reuse(w, first)
			_, err := w.Refresh(t.Context(), first.RefreshToken, "203.0.113.5")
			w.refused(err, ErrSessionRevoked)
			_, err = w.authenticate(first)
			w.refused(err, ErrSessionRevoked)
			_, err = w.Refresh(t.Context(), w.keys.successor(first.RefreshToken), "")
			w.refused(err, ErrSessionRevoked)
			if !w.wasCut(first.ID) || w.journalled("session.revoke", "done") != 1 {
				t.Error("the theft was not told")
			}
		})
	}
}

func TestRefreshRefusals(t *testing.T) {
	w := newWorld(t)
	o := w.hire("Nadia", "Ferhat", "infirmiere")
	for _, junk := range []string{"", "x", o.AccessToken, uuid.NewString()} {
		_, err := w.Refresh(t.Context(), junk, "")
		w.refused(err, ErrTokenInvalid)
	}
	w.clock.advance(tokenIdle)
	_, err := w.Refresh(t.Context(), o.RefreshToken, "")
	w.refused(err, ErrSessionExpired)

	again := w.signIn("infirmiere", phone)
	w.ok(w.SignOut(t.Context(), again.Actor("")))
	_, err = w.Refresh(t.Context(), again.RefreshToken, "")
	w.refused(err, ErrSessionRevoked)
}

func TestTokenSessionEndsAfterAMonthHoweverUsed(t *testing.T) {
	w := newWorld(t)
	o := w.hire("Nadia", "Ferhat", "infirmiere")
	until := o.Until
	for w.clock.Now().Add(tokenIdle - time.Hour).Before(until) {
		w.clock.advance(tokenIdle - time.Hour)
		o = w.refresh(o.RefreshToken)
		if !o.Until.Equal(until) {
			t.Fatalf("until %s, then %s", until, o.Until)
		}
	}
	w.clock.advance(until.Sub(w.clock.Now()))
	_, err := w.Refresh(t.Context(), o.RefreshToken, "")
	w.refused(err, ErrSessionExpired)
}

func TestPruneKeepsWhatIsStillGood(t *testing.T) {
	w := newWorld(t)
	gone := w.hire("Nadia", "Ferhat", "infirmiere")
	w.ok(w.SignOut(t.Context(), gone.Actor("")))
	w.clock.advance(25 * time.Hour)
	kept := w.hire("Hélène", "Baudry", "medecin")
	w.ok(w.Prune(t.Context()))
	_, err := w.Refresh(t.Context(), gone.RefreshToken, "")
	w.refused(err, ErrTokenInvalid)
	w.refresh(kept.RefreshToken)
}
