package accounts

import (
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"liaison/access"
)

func TestFind(t *testing.T) {
	w := newWorld(t)
	for _, p := range []struct{ given, family, login string }{
		{"Hélène", "Baudry", "medecin"},
		{"Héloïse", "Le Goff-Œuvrard", "kine"},
		{"Marie-Ange", "D'Hélouis", "sage_femme"},
		{"Nadia", "Ferhat", "infirmiere"},
	} {
		w.hire(p.given, p.family, p.login)
	}
	gone := w.hire("Hélène", "Partie", "partie")
	w.ok(w.Deactivate(t.Context(), w.admin, gone.Person))
	for q, want := range map[string][]string{
		"hel":              {"Baudry", "D'Hélouis", "Le Goff-Œuvrard"},
		"HÉL":              {"Baudry", "D'Hélouis", "Le Goff-Œuvrard"},
		"he\u0301le\u0301": {"Baudry"},
		"baudry hé":        {"Baudry"},
		"hélène  baud":     {"Baudry"},
		"ange":             {"D'Hélouis"},
		"oeuv":             {"Le Goff-Œuvrard"},
		"goff":             {"Le Goff-Œuvrard"},
		"infirm":           {"Ferhat"},
		"sage_":            {"D'Hélouis"},
		"sage%":            nil,
		"%":                nil,
		"'":                nil,
		"' | 'xyz":         nil,
		"fer\x00hat":       nil,
		"\xffferhat":       {"Ferhat"},
		"xyz":              nil,
		"partie":           nil,
		" ":                {"Baudry", "Berthelin", "D'Hélouis", "Ferhat", "Le Goff-Œuvrard"},
	} {
		found, err := w.Find(t.Context(), q, 50, uuid.Nil)
		w.ok(err)
		var names []string
		for _, p := range found.Items {
			names = append(names, p.FamilyName)
		}
		if !slices.Equal(names, want) || found.Next != uuid.Nil {
			t.Errorf("%q finds %v, want %v", q, names, want)
		}
	}
}

func TestFindByPages(t *testing.T) {
	w := newWorld(t)
	for range 5 {
		_, err := w.CreateAccount(t.Context(), w.admin, person("Nadia", "Ferhat"))
		w.ok(err)
	}
	seen := map[uuid.UUID]bool{}
	after := uuid.Nil
	for {
		found, err := w.Find(t.Context(), "ferhat", 2, after)
		w.ok(err)
		for _, p := range found.Items {
			seen[p.ID] = true
		}
		if after = found.Next; after == uuid.Nil {
			break
		}
	}
	if len(seen) != 5 {
		t.Errorf("%d seen", len(seen))
	}
}

func TestProfessionals(t *testing.T) {
	w := newWorld(t)
	doctor := person("Hélène", "Baudry")
	doctor.Title, doctor.Profession = "Dr", access.Profession{System: "TRE_G15", Code: "10"}
	_, err := w.CreateAccount(t.Context(), w.admin, doctor)
	w.ok(err)
	people, err := w.Professionals(t.Context(), []uuid.UUID{doctor.ID, uuid.New()})
	w.ok(err)
	if len(people) != 1 || people[doctor.ID] != doctor.Professional || people[doctor.ID].DisplayName() != "Dr Hélène Baudry" {
		t.Errorf("%+v", people)
	}
}

func TestMeAndWorkplaces(t *testing.T) {
	w := newWorld(t)
	nurse := person("Nadia", "Ferhat")
	nurse.Workplaces = []Workplace{
		{ID: uuid.New(), Name: "SSIAD de l'Orselle", Town: "Brévigny"},
		{ID: uuid.New(), Name: "Cabinet du Pont"},
	}
	created, err := w.CreateAccount(t.Context(), w.admin, nurse)
	w.ok(err)
	o := w.accept(created, "infirmiere")
	me, err := w.Me(t.Context(), o.Actor(""))
	w.ok(err)
	if me.Professional != nurse.Professional || me.Login != "infirmiere" || me.Administrator || len(me.Workplaces) != 2 || me.Workplace != nurse.Workplaces[1].ID {
		t.Errorf("%+v", me)
	}

	w.ok(w.ChooseWorkplace(t.Context(), o.Actor(""), nurse.Workplaces[0].ID))
	actor, err := w.authenticate(o)
	w.ok(err)
	if actor.Workplace != nurse.Workplaces[0].ID {
		t.Errorf("works at %s", actor.Workplace)
	}
	w.refused(w.ChooseWorkplace(t.Context(), o.Actor(""), uuid.New()), ErrInvalid{"workplace_id"})
	client := phone
	client.Workplace = uuid.New()
	_, err = w.SignIn(t.Context(), "infirmiere", goodPassword, client)
	w.refused(err, ErrInvalid{"workplace_id"})

	_, err = w.Me(t.Context(), access.Actor{Person: uuid.New()})
	w.refused(err, ErrUnknown)
}

func TestDemoAccounts(t *testing.T) {
	w := newWorld(t)
	doctor := DemoAccount{NewAccount: person("Hélène", "Baudry"), Login: "medecin"}
	w.refused(w.LoadDemoAccounts(t.Context(), []DemoAccount{doctor}, "demo"), ErrNotDemo)
	w.cfg.Demo = true
	w.refused(w.LoadDemoAccounts(t.Context(), []DemoAccount{doctor}, "demo"), ErrNotDemo)
	_, err := w.DemoAccessTokens(t.Context(), []uuid.UUID{w.admin.Person}, time.Hour)
	w.refused(err, ErrNotDemo)

	w.exec("update instance set demo = true")
	for range 2 {
		w.ok(w.LoadDemoAccounts(t.Context(), []DemoAccount{doctor}, "demo"))
	}
	_, err = w.SignIn(t.Context(), "medecin", "demo", phone)
	w.ok(err)
	twin := DemoAccount{NewAccount: person("Hélène", "Baudry"), Login: "MEDECIN"}
	w.refused(w.LoadDemoAccounts(t.Context(), []DemoAccount{twin}, "demo"), ErrLoginTaken)

	tokens, err := w.DemoAccessTokens(t.Context(), []uuid.UUID{doctor.ID}, 60*24*time.Hour)
	w.ok(err)
	w.clock.advance(59 * 24 * time.Hour)
	actor, err := w.Authenticate(t.Context(), Presented{Bearer: tokens[doctor.ID]})
	w.ok(err)
	if actor.Person != doctor.ID {
		t.Errorf("acts as %s", actor.Person)
	}
}
