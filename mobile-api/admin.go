package mobileapi

import (
	"context"
	"net/url"
	"strings"
	"time"

	"github.com/google/uuid"

	"liaison/access"
	"liaison/accounts"
	"liaison/professions"
)

// Account is what an administrator sees of one.
type Account struct {
	Professional  professions.Person `json:"professional"`
	Login         *string            `json:"login"`
	Active        bool               `json:"active"`
	Administrator bool               `json:"administrator"`
	LastSignIn    *time.Time         `json:"last_sign_in"`
	InvitedUntil  *time.Time         `json:"invited_until" doc:"A link waits to be used."`
	ReadsNothing  bool               `json:"reads_nothing" doc:"The matrix has no row for the profession."`
}

// PageInput asks for a page of a list.
type PageInput struct {
	Cursor string `query:"cursor"`
	Limit  int    `query:"limit"`
}

// after reads the cursor of a list that is continued after one of its ids.
func after(ctx context.Context, cursor string) (uuid.UUID, error) {
	if cursor == "" {
		return uuid.Nil, nil
	}
	id, err := uuid.Parse(cursor)
	if err != nil {
		return uuid.Nil, newProblem(langIn(ctx), "cursor_invalid")
	}
	return id, nil
}

func cursorOf(id uuid.UUID) *string {
	if id == uuid.Nil {
		return nil
	}
	text := id.String()
	return &text
}

const listDefault = 50

func (in PageInput) limit() int {
	if in.Limit <= 0 {
		return listDefault
	}
	return in.Limit
}

func (a *API) accounts(ctx context.Context, in *PageInput) (*answer[page[Account]], error) {
	from, err := after(ctx, in.Cursor)
	if err != nil {
		return nil, err
	}
	found, err := a.cfg.Accounts.Accounts(ctx, actorIn(ctx), in.limit(), from)
	if err != nil {
		return nil, err
	}
	knows, err := a.cfg.Teams.Knows(ctx)
	if err != nil {
		return nil, err
	}
	items := make([]Account, 0, len(found.Items))
	for _, c := range found.Items {
		items = append(items, Account{person(c.Professional), orNull(c.Login), c.Active, c.Administrator, c.LastSignIn, c.InvitedUntil, !knows(c.Profession)})
	}
	return &answer[page[Account]]{page[Account]{items, cursorOf(found.Next)}}, nil
}

// ProfessionCode is a national code as a client names it.
type ProfessionCode struct {
	System string `json:"system" example:"TRE_G15"`
	Code   string `json:"code" example:"60"`
}

// NewAccount is a person to be given an account.
type NewAccount struct {
	ID            uuid.UUID      `json:"id"`
	FamilyName    string         `json:"family_name"`
	GivenName     string         `json:"given_name"`
	Gender        string         `json:"gender" enum:"F,M"`
	Title         string         `json:"title,omitempty"`
	Profession    ProfessionCode `json:"profession"`
	Town          string         `json:"town,omitempty"`
	Speciality    string         `json:"speciality,omitempty" doc:"A speciality of the profession (TRE_R38)."`
	Administrator bool           `json:"administrator,omitempty"`
	Workplaces    []NewWorkplace `json:"workplaces,omitempty"`
}

// NewWorkplace is where the person works.
type NewWorkplace struct {
	ID   uuid.UUID `json:"id"`
	Name string    `json:"name"`
	Town string    `json:"town,omitempty"`
}

// Link is an invitation to hand over; it works once.
type Link struct {
	URL       string    `json:"url"`
	ExpiresAt time.Time `json:"expires_at"`
}

// NewlyCreated is the account made; a repetition after the link was used has no link.
type NewlyCreated struct {
	Professional professions.Person `json:"professional"`
	Invitation   *Link              `json:"invitation"`
}

type createdAccount struct {
	Status int
	Body   NewlyCreated
}

func (a *API) createAccount(ctx context.Context, in *struct{ Body NewAccount }) (*createdAccount, error) {
	made, err := a.cfg.Accounts.CreateAccount(ctx, actorIn(ctx), in.Body.account())
	if err != nil {
		return nil, err
	}
	out := &createdAccount{Status: statusOf(made.Invitation != nil), Body: NewlyCreated{Professional: person(made.Professional)}}
	if made.Invitation != nil {
		out.Body.Invitation = a.link(*made.Invitation)
	}
	return out, nil
}

func (n NewAccount) account() accounts.NewAccount {
	made := accounts.NewAccount{
		Professional: accounts.Professional{
			ID: n.ID, FamilyName: n.FamilyName, GivenName: n.GivenName, Gender: n.Gender, Title: n.Title,
			Profession: access.Profession{System: n.Profession.System, Code: n.Profession.Code}, Town: n.Town,
			Speciality: n.Speciality,
		},
		Administrator: n.Administrator,
	}
	for _, w := range n.Workplaces {
		made.Workplaces = append(made.Workplaces, accounts.Workplace{ID: w.ID, Name: w.Name, Town: w.Town})
	}
	return made
}

func (a *API) link(inv accounts.Invitation) *Link {
	return &Link{strings.TrimSuffix(a.cfg.PublicURL, "/") + "/invitation/" + url.PathEscape(inv.Token), inv.ExpiresAt.UTC()}
}

// InAccount names the account of a path.
type InAccount struct {
	ID uuid.UUID `path:"id" format:"uuid"`
}

// ResetLink is the link by which a person chooses another password.
type ResetLink struct {
	Invitation *Link `json:"invitation"`
}

func (a *API) resetAccount(ctx context.Context, in *InAccount) (*answer[ResetLink], error) {
	inv, err := a.cfg.Accounts.ResetPassword(ctx, actorIn(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return &answer[ResetLink]{ResetLink{a.link(inv)}}, nil
}

type specialityInput struct {
	InAccount
	Body struct {
		Speciality string `json:"speciality" doc:"A speciality of the person's profession (TRE_R38); empty for none."`
	}
}

func (a *API) setSpeciality(ctx context.Context, in *specialityInput) (*none, error) {
	return done(a.cfg.Accounts.SetSpeciality(ctx, actorIn(ctx), in.ID, in.Body.Speciality))
}

func (a *API) deactivateAccount(ctx context.Context, in *InAccount) (*none, error) {
	return done(a.cfg.Accounts.Deactivate(ctx, actorIn(ctx), in.ID))
}

func (a *API) reactivateAccount(ctx context.Context, in *InAccount) (*none, error) {
	return done(a.cfg.Accounts.Reactivate(ctx, actorIn(ctx), in.ID))
}
