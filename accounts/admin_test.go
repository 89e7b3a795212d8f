package accounts

import (
	"testing"

	"github.com/google/uuid"

	"liaison/access"
)

func TestCreateAccountRefusesWhatIsNotAPerson(t *testing.T) {
	w := newWorld(t)
	for field, change := range map[string]func(*NewAccount){
		"id":          func(a *NewAccount) { a.ID = uuid.Nil },
		"family_name": func(a *NewAccount) { a.FamilyName = " \u00a0 " },
		"given_name":  func(a *NewAccount) { a.GivenName = "Na\u202edia" },
		"gender":      func(a *NewAccount) { a.Gender = "X" },
		"profession":  func(a *NewAccount) { a.Profession = access.Profession{System: "TRE_R94", Code: "42"} },
		"title":       func(a *NewAccount) { a.Title = "Docteure en médecine générale" },
		"town":        func(a *NewAccount) { a.Town = "\xff" },
		"workplaces":  func(a *NewAccount) { a.Workplaces = []Workplace{{Name: "Cabinet"}} },
	} {
		a := person("Nadia", "Ferhat")
		change(&a)
		_, err := w.CreateAccount(t.Context(), w.admin, a)
		w.refused(err, ErrInvalid{field})
	}
}

func TestCreateAccountAgain(t *testing.T) {
	w := newWorld(t)
	nurse := person(" Nadia ", "Fe\u0301rhat")
	first, err := w.CreateAccount(t.Context(), w.admin, nurse)
	w.ok(err)
	again, err := w.CreateAccount(t.Context(), w.admin, nurse)
	w.ok(err)
	if again.Professional != first.Professional || again.Professional.DisplayName() != "Nadia Férhat" {
		t.Errorf("%+v", again.Professional)
	}
	other := nurse
	other.Town = "Ailleurs"
	_, err = w.CreateAccount(t.Context(), w.admin, other)
	w.refused(err, ErrIDConflict)
	other = nurse
	other.Administrator = true
	_, err = w.CreateAccount(t.Context(), w.admin, other)
	w.refused(err, ErrIDConflict)

	w.accept(again, "infirmiere")
	used, err := w.CreateAccount(t.Context(), w.admin, nurse)
	w.ok(err)
	if used.Invitation != nil {
		t.Error("a replay made a link into an account in use")
	}
}

func TestOnlyAdministratorsAdminister(t *testing.T) {
	w := newWorld(t)
	nurse := w.hire("Nadia", "Ferhat", "infirmiere")
	doctor := w.hire("Hélène", "Baudry", "medecin")
	for _, actor := range []access.Actor{nurse.Actor("192.0.2.4"), {}, {Person: uuid.New()}} {
		_, err := w.CreateAccount(t.Context(), actor, person("Rose", "Nouvelle"))
		w.refused(err, ErrNotAdministrator)
		_, err = w.ResetPassword(t.Context(), actor, doctor.Person)
		w.refused(err, ErrNotAdministrator)
		w.refused(w.Deactivate(t.Context(), actor, doctor.Person), ErrNotAdministrator)
		w.refused(w.Reactivate(t.Context(), actor, doctor.Person), ErrNotAdministrator)
		_, err = w.Accounts(t.Context(), actor, 10, uuid.Nil)
		w.refused(err, ErrNotAdministrator)
	}
	_, err := w.authenticate(doctor)
	w.ok(err)
	for _, verb := range []string{"account.create", "account.reset", "account.deactivate", "account.reactivate", "account.list"} {
		if n := w.journalled(verb, "refused"); n != 3 {
			t.Errorf("%s: %d refusals journalled", verb, n)
		}
	}
}

func TestDeactivateCutsAndReactivateRestores(t *testing.T) {
	w := newWorld(t)
	phoneSession := w.hire("Nadia", "Ferhat", "infirmiere")
	officeSession := w.signIn("infirmiere", office)
	other := w.node(cheap)
	_, err := other.Authenticate(t.Context(), Presented{Cookie: officeSession.Cookie})
	w.ok(err)

	w.ok(w.Deactivate(t.Context(), w.admin, phoneSession.Person))
	for _, o := range []OpenedSession{phoneSession, officeSession} {
		_, err := w.authenticate(o)
		w.refused(err, ErrSessionRevoked)
		if !w.wasCut(o.ID) {
			t.Error("the cut was not told")
		}
	}
	_, err = w.Refresh(t.Context(), phoneSession.RefreshToken, "")
	w.refused(err, ErrSessionRevoked)
	_, err = w.SignIn(t.Context(), "infirmiere", goodPassword, phone)
	w.refused(err, ErrSignInFailed)
	w.clock.advance(stateLife)
	_, err = other.Authenticate(t.Context(), Presented{Cookie: officeSession.Cookie})
	w.refused(err, ErrSessionRevoked)

	w.ok(w.Reactivate(t.Context(), w.admin, phoneSession.Person))
	_, err = w.authenticate(phoneSession)
	w.refused(err, ErrSessionRevoked)
	w.signIn("infirmiere", phone)
	w.refused(w.Deactivate(t.Context(), w.admin, uuid.New()), ErrUnknown)
	w.refused(w.Reactivate(t.Context(), w.admin, uuid.New()), ErrUnknown)
	_, err = w.ResetPassword(t.Context(), w.admin, uuid.New())
	w.refused(err, ErrUnknown)
}

func TestTheLastAdministratorStays(t *testing.T) {
	w := newWorld(t)
	w.refused(w.Deactivate(t.Context(), w.admin, w.admin.Person), ErrLastAdministrator)
	second := person("Rose", "Nouvelle")
	second.Administrator = true
	created, err := w.CreateAccount(t.Context(), w.admin, second)
	w.ok(err)
	w.refused(w.Deactivate(t.Context(), w.admin, w.admin.Person), ErrLastAdministrator)
	w.accept(created, "rose")
	w.ok(w.Deactivate(t.Context(), w.admin, w.admin.Person))
	_, err = w.Accounts(t.Context(), w.admin, 10, uuid.Nil)
	w.refused(err, ErrNotAdministrator)
}

func TestAccountsAreListedByName(t *testing.T) {
	w := newWorld(t)
	w.hire("Nadia", "Ferhat", "infirmiere")
	waiting, err := w.CreateAccount(t.Context(), w.admin, person("Zoé", "Abelin"))
	w.ok(err)
	page, err := w.Accounts(t.Context(), w.admin, 2, uuid.Nil)
	w.ok(err)
	if len(page.Items) != 2 || page.Items[0].ID != waiting.Professional.ID || page.Items[0].Login != "" || page.Items[0].InvitedUntil == nil {
		t.Fatalf("%+v", page)
	}
	if admin := page.Items[1]; !admin.Administrator || !admin.Active || admin.Login != "admin" || admin.LastSignIn == nil {
		t.Errorf("%+v", admin)
	}
	rest, err := w.Accounts(t.Context(), w.admin, 2, page.Next)
	w.ok(err)
	if len(rest.Items) != 1 || rest.Items[0].Login != "infirmiere" || rest.Next != uuid.Nil {
		t.Errorf("%+v", rest)
	}
}

func TestFirstAdministratorNeedsNobody(t *testing.T) {
	w := newWorld(t)
	a := person("Odile", "Seconde")
	created, err := w.CreateAdministrator(t.Context(), a)
	w.ok(err)
	o := w.accept(created, "odile")
	_, err = w.CreateAccount(t.Context(), o.Actor(""), person("Nadia", "Ferhat"))
	w.ok(err)
}
