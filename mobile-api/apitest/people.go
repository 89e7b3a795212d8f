package apitest

import (
	"time"

	"github.com/google/uuid"

	"liaison/access"
	"liaison/accounts"
	"liaison/teams"
)

// Professions of the tests' people, as « system#code ».
var (
	Physician   = access.Profession{System: "TRE_G15", Code: "10"}
	Pharmacist  = access.Profession{System: "TRE_G15", Code: "21"}
	Nurse       = access.Profession{System: "TRE_G15", Code: "60"}
	HomeHelp    = access.Profession{System: "TRE_R85", Code: "372"}
	SocialWork  = access.Profession{System: "TRE_R94", Code: "41"}
	Physio      = access.Profession{System: "TRE_G15", Code: "70"}
	Coordinator = access.Profession{System: "TRE_R85", Code: "320"}
)

func (w *World) hireAdministrator() {
	made, err := w.Accounts.CreateAdministrator(w.T.Context(), account("Berthelin", Nurse))
	w.must(err)
	w.accept(made, "admin")
	w.Admin = w.SignIn("admin")
}

func account(family string, p access.Profession) accounts.NewAccount {
	return accounts.NewAccount{Professional: accounts.Professional{
		ID: NewID(), FamilyName: family, GivenName: "Anne", Gender: "F", Profession: p, Town: "Brévigny",
	}}
}

func (w *World) accept(made accounts.Created, login string) {
	w.T.Helper()
	client := accounts.Client{Kind: accounts.Token, Device: "test", Address: "192.0.2.1"}
	result, err := w.Accounts.Accept(w.T.Context(), made.Invitation.Token, login, Password, client)
	w.must(err)
	w.Actors[login] = result.Session.Actor("192.0.2.1")
}

// Hire makes a person with that login (also her family name) and signs her in.
func (w *World) Hire(login string, p access.Profession) *Client {
	w.T.Helper()
	made, err := w.Accounts.CreateAccount(w.T.Context(), w.Actors["admin"], account(login, p))
	w.must(err)
	w.accept(made, login)
	return w.SignIn(login)
}

// Circle is a patient's circle.
type Circle struct {
	ID, Patient, Discussion, Notebook uuid.UUID
}

// Open makes a circle around a new patient: the first opens the dossier (and manages it), the others join as intervenants.
func (w *World) Open(patient string, first *Client, others ...*Client) Circle {
	w.T.Helper()
	// A birth date of its own: the dossiers of a test are of different persons.
	born := time.Date(1939, 3, 12+w.opened, 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
	w.opened += 40
	opened, _, err := w.Teams.Open(w.T.Context(), w.Actors[first.Login], teams.OpenRequest{
		ID:       NewID(),
		Identity: teams.Identity{BirthName: patient, GivenNames: "Odette Marie", Sex: "F", BirthDate: born},
		Information: teams.Information{
			GivenBy: "Anne Berthelin", GivenAt: time.Now().Add(-time.Hour),
		},
	})
	w.must(err)
	c := Circle{ID: opened.TeamID, Patient: opened.ID}
	for _, other := range others {
		w.Join(c, first, other)
	}
	team, err := w.Teams.Get(w.T.Context(), w.Actors[first.Login], c.ID)
	w.must(err)
	for _, channel := range team.Channels {
		if channel.Kind == "notebook" {
			c.Notebook = channel.ID
		} else {
			c.Discussion = channel.ID
		}
	}
	return c
}

// Join gives somebody a place in a circle.
func (w *World) Join(c Circle, manager, other *Client) {
	w.T.Helper()
	_, _, err := w.Teams.AddMember(w.T.Context(), w.Actors[manager.Login], c.ID, teams.NewMember{
		ID: NewID(), ProfessionalID: other.Person, Seat: access.SeatIntervenant, Basis: "care_team_3",
	})
	w.must(err)
}

// Leave ends somebody's places in a circle.
func (w *World) Leave(c Circle, manager, other *Client) {
	w.T.Helper()
	w.must(w.Teams.EndMember(w.T.Context(), w.Actors[manager.Login], c.ID, other.Person))
}
