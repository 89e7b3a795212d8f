package accounts

import (
	"errors"
	"sync"
	"testing"
	"time"
)

func TestInvitation(t *testing.T) {
	w := newWorld(t)
	created, err := w.CreateAccount(t.Context(), w.admin, person("Nadia", "Ferhat"))
	w.ok(err)
	token := created.Invitation.Token

	inv, err := w.Invitation(t.Context(), token)
	w.ok(err)
	if inv.DisplayName() != "Nadia Ferhat" || inv.Purpose != ForInvite || inv.Login != "" || !inv.ExpiresAt.Equal(w.clock.Now().Add(invitationLife)) {
		t.Errorf("%+v", inv)
	}
	for _, weak := range []struct {
		login, password string
		want            error
	}{
		{"infirmiere", "demo", ErrPasswordTooShort},
		{"infirmiere", "motdepasse1234", ErrPasswordTooCommon},
		{"infirmiere", "infirmiere 2026", ErrPasswordHoldsLogin},
		{"a", goodPassword, ErrInvalid{"login"}},
		{"avec espace", goodPassword, ErrInvalid{"login"}},
		{"é́tienne", goodPassword, ErrInvalid{"login"}},
		{"", goodPassword, ErrInvalid{"login"}},
		{"Admin", goodPassword, ErrLoginTaken},
	} {
		_, err := w.Accept(t.Context(), token, weak.login, weak.password, phone)
		w.refused(err, weak.want)
	}
	result, err := w.Accept(t.Context(), token, "Infirmiere", goodPassword, office)
	w.ok(err)
	_, err = w.authenticate(*result.Session)
	w.ok(err)
	w.signIn("infirmiere", phone)

	_, err = w.Accept(t.Context(), token, "autre", goodPassword, phone)
	w.refused(err, ErrInvitationInvalid)
	_, err = w.Invitation(t.Context(), token)
	w.refused(err, ErrInvitationInvalid)
	if w.journalled("account.accept", "done") != 2 || w.journalled("account.accept", "refused") != 1 {
		t.Error("not all journalled")
	}
}

func TestInvitationRacedByTwo(t *testing.T) {
	w := newWorld(t)
	created, err := w.CreateAccount(t.Context(), w.admin, person("Nadia", "Ferhat"))
	w.ok(err)
	nodes := []*Service{w.Service, w.node(cheap)}
	logins := []string{"premiere", "seconde"}
	errs := make([]error, 2)
	var both sync.WaitGroup
	for i := range 2 {
		both.Go(func() {
			_, errs[i] = nodes[i].Accept(t.Context(), created.Invitation.Token, logins[i], goodPassword, phone)
		})
	}
	both.Wait()
	if (errs[0] == nil) == (errs[1] == nil) {
		t.Fatalf("one of two accepts: %v, %v", errs[0], errs[1])
	}
	for i, err := range errs {
		_, signErr := w.SignIn(t.Context(), logins[i], goodPassword, phone)
		if err == nil && signErr != nil || err != nil && !errors.Is(err, ErrInvitationInvalid) {
			t.Errorf("%s: accepted %v, signed in %v", logins[i], err, signErr)
		}
	}
}

// Two who both saw a good link before either used it: the second finds it spent, whatever login and password it brings.
func TestInvitationSeenByTwoIsSpentOnce(t *testing.T) {
	w := newWorld(t)
	o := w.hire("Nadia", "Ferhat", "infirmiere")
	reset, err := w.ResetPassword(t.Context(), w.admin, o.Person)
	w.ok(err)
	seen, err := w.Invitation(t.Context(), reset.Token)
	w.ok(err)
	w.ok(w.use(t.Context(), w.test.DB.Pool, reset.Token, seen, "first"))
	w.refused(w.use(t.Context(), w.test.DB.Pool, reset.Token, seen, "second"), ErrInvitationInvalid)
}

func TestInvitationExpiresAndIsReplaced(t *testing.T) {
	w := newWorld(t)
	nurse := person("Nadia", "Ferhat")
	first, err := w.CreateAccount(t.Context(), w.admin, nurse)
	w.ok(err)
	second, err := w.CreateAccount(t.Context(), w.admin, nurse)
	w.ok(err)
	_, err = w.Accept(t.Context(), first.Invitation.Token, "infirmiere", goodPassword, phone)
	w.refused(err, ErrInvitationInvalid)
	w.clock.advance(invitationLife)
	_, err = w.Accept(t.Context(), second.Invitation.Token, "infirmiere", goodPassword, phone)
	w.refused(err, ErrInvitationInvalid)
	third, err := w.ResetPassword(t.Context(), w.admin, nurse.ID)
	w.ok(err)
	if third.Purpose != ForInvite {
		t.Errorf("purpose %s for who has no login yet", third.Purpose)
	}
	_, err = w.Accept(t.Context(), third.Token, "infirmiere", goodPassword, phone)
	w.ok(err)
}

func TestInvitationOfAClosedAccountDoesNotOpenIt(t *testing.T) {
	w := newWorld(t)
	nurse := person("Nadia", "Ferhat")
	created, err := w.CreateAccount(t.Context(), w.admin, nurse)
	w.ok(err)
	w.ok(w.Deactivate(t.Context(), w.admin, nurse.ID))
	_, err = w.Accept(t.Context(), created.Invitation.Token, "infirmiere", goodPassword, phone)
	w.refused(err, ErrInvitationInvalid)
	w.ok(w.Reactivate(t.Context(), w.admin, nurse.ID))
	_, err = w.Accept(t.Context(), created.Invitation.Token, "infirmiere", goodPassword, phone)
	w.ok(err)
}

func TestResetKeepsTheLoginAndCutsTheSessions(t *testing.T) {
	w := newWorld(t)
	o := w.hire("Nadia", "Ferhat", "infirmiere")
	inv, err := w.ResetPassword(t.Context(), w.admin, o.Person)
	w.ok(err)
	_, err = w.authenticate(o)
	w.refused(err, ErrSessionRevoked)
	if !w.wasCut(o.ID) {
		t.Error("the cut was not told")
	}
	_, err = w.SignIn(t.Context(), "infirmiere", goodPassword, phone)
	w.refused(err, ErrSignInFailed)

	shown, err := w.Invitation(t.Context(), inv.Token)
	w.ok(err)
	if shown.Login != "infirmiere" || shown.Purpose != ForReset {
		t.Errorf("%+v", shown)
	}
	_, err = w.Accept(t.Context(), inv.Token, "pirate", "une autre phrase", phone)
	w.ok(err)
	w.clock.advance(time.Second)
	_, err = w.SignIn(t.Context(), "pirate", "une autre phrase", phone)
	w.refused(err, ErrSignInFailed)
	_, err = w.SignIn(t.Context(), "infirmiere", "une autre phrase", phone)
	w.ok(err)
}
