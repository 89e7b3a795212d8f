package accounts

import (
	"slices"
	"testing"

	"github.com/google/uuid"
)

func TestSessionsAreListedAndRevoked(t *testing.T) {
	w := newWorld(t)
	first := w.hire("Nadia", "Ferhat", "infirmiere")
	second := w.signIn("infirmiere", office)
	third := w.signIn("infirmiere", Client{Kind: Token, Device: "Tél\u202eéphone\x00\xff" + string(make([]byte, 500))})
	stranger := w.hire("Hélène", "Baudry", "medecin")
	me := second.Actor("")

	list, err := w.Sessions(t.Context(), me)
	w.ok(err)
	if len(list) != 3 {
		t.Fatalf("%d sessions", len(list))
	}
	for _, s := range list {
		if s.Current != (s.ID == second.ID) {
			t.Errorf("%+v", s)
		}
		if s.ID == third.ID && s.Device != "Téléphone" {
			t.Errorf("device %q", s.Device)
		}
	}

	w.refused(w.RevokeSession(t.Context(), me, stranger.ID), ErrUnknown)
	w.refused(w.RevokeSession(t.Context(), me, uuid.New()), ErrUnknown)
	w.ok(w.RevokeSession(t.Context(), me, first.ID))
	w.refused(w.RevokeSession(t.Context(), me, first.ID), ErrUnknown)
	_, err = w.authenticate(first)
	w.refused(err, ErrSessionRevoked)

	w.ok(w.RevokeOthers(t.Context(), me))
	_, err = w.authenticate(third)
	w.refused(err, ErrSessionRevoked)
	_, err = w.authenticate(second)
	w.ok(err)
	_, err = w.authenticate(stranger)
	w.ok(err)

	w.ok(w.SignOut(t.Context(), me))
	_, err = w.authenticate(second)
	w.refused(err, ErrSessionRevoked)
	for _, s := range []OpenedSession{first, second, third} {
		if !w.wasCut(s.ID) {
			t.Errorf("the end of a %s session was not told", s.Kind)
		}
	}
	if w.wasCut(stranger.ID) {
		t.Error("another's session was cut")
	}
}

func TestRevokedAmong(t *testing.T) {
	w := newWorld(t)
	good := w.hire("Nadia", "Ferhat", "infirmiere")
	out := w.signIn("infirmiere", phone)
	w.ok(w.SignOut(t.Context(), out.Actor("")))
	closed := w.hire("Paul", "Gone", "parti")
	w.exec("update accounts set active = false where person_id = $1", closed.Person)
	unknown := uuid.New()

	ended, err := w.RevokedAmong(t.Context(), []uuid.UUID{good.ID, out.ID, closed.ID, unknown})
	w.ok(err)
	want := []uuid.UUID{out.ID, closed.ID, unknown}
	if len(ended) != len(want) || slices.ContainsFunc(want, func(id uuid.UUID) bool { return !slices.Contains(ended, id) }) {
		t.Errorf("%v, want %v", ended, want)
	}
	ended, err = w.RevokedAmong(t.Context(), nil)
	w.ok(err)
	if len(ended) != 0 {
		t.Errorf("%v", ended)
	}
}

func TestChangePassword(t *testing.T) {
	w := newWorld(t)
	here := w.hire("Nadia", "Ferhat", "infirmiere")
	elsewhere := w.signIn("infirmiere", office)
	me := here.Actor("")

	w.refused(w.ChangePassword(t.Context(), me, "wrong", "une autre phrase"), ErrWrongPassword)
	w.refused(w.ChangePassword(t.Context(), me, goodPassword, "court"), ErrPasswordTooShort)
	w.ok(w.ChangePassword(t.Context(), me, goodPassword, "une autre phrase"))

	_, err := w.authenticate(here)
	w.ok(err)
	_, err = w.authenticate(elsewhere)
	w.refused(err, ErrSessionRevoked)
	_, err = w.SignIn(t.Context(), "infirmiere", goodPassword, phone)
	w.refused(err, ErrSignInFailed)
	_, err = w.SignIn(t.Context(), "infirmiere", "une autre phrase", phone)
	w.ok(err)
	for range freeFailures {
		w.refused(w.ChangePassword(t.Context(), me, "wrong", "x"), ErrWrongPassword)
	}
	w.waits(w.ChangePassword(t.Context(), me, "wrong", "x"), 1, longestWait)
	if w.journalled("account.password", "done") != 1 || w.journalled("account.password", "refused") != freeFailures+2 {
		t.Error("not all journalled")
	}
}

func TestPasswordRule(t *testing.T) {
	t.Parallel()
	s := &Service{}
	for password, want := range map[string]error{
		"elevenchars":           ErrPasswordTooShort,
		"éééééééééé1":           ErrPasswordTooShort,
		"motdepasse1234":        ErrPasswordTooCommon,
		"MotDePasse1234":        ErrPasswordTooCommon,
		"abababababab":          ErrPasswordTooCommon,
		"moi Infirmiere demain": ErrPasswordHoldsLogin,
		"nul\x00nulnulnulnul":   ErrInvalid{"password"},
		"\xff\xfeabcdefghijkl":  ErrInvalid{"password"},
		string(make([]byte, 0)): ErrPasswordTooShort,
		"trois chats gris 🐈":    nil,
		goodPassword:            nil,
	} {
		if err := s.acceptable(password, "infirmiere"); err != want {
			t.Errorf("%q: %v, want %v", password, err, want)
		}
	}
	long := make([]byte, maxPassword+1)
	for i := range long {
		long[i] = byte('a' + i%26)
	}
	if err := s.acceptable(string(long), "x"); err != ErrPasswordTooLong {
		t.Errorf("%d bytes: %v", len(long), err)
	}
	for word := range commonest {
		if len(word) < minPassword {
			t.Errorf("%q is too short to need listing", word)
		}
	}
	s.cfg.Demo = true
	if err := s.acceptable("demo", "medecin"); err != nil {
		t.Errorf("the demo's password: %v", err)
	}
}
