package mobileapi

import (
	"context"
	"math"
	"time"

	"github.com/google/uuid"

	"liaison/access"
	"liaison/accounts"
	"liaison/professions"
)

// answer is a body and nothing else.
type answer[T any] struct{ Body T }

func answered[T any](body T, err error) (*answer[T], error) {
	if err != nil {
		return nil, err
	}
	return &answer[T]{body}, nil
}

// fileAnswer is a file to keep, small enough to be made in memory.
type fileAnswer struct {
	ContentType string `header:"Content-Type"`
	Disposition string `header:"Content-Disposition"`
	Body        []byte
}

func attached(contentType, name string, body []byte) *fileAnswer {
	return &fileAnswer{contentType, `attachment; filename="` + name + `"`, body}
}

// none is an answer without a body.
type none struct{}

func done(err error) (*none, error) {
	if err != nil {
		return nil, err
	}
	return &none{}, nil
}

// page is a list as every list is answered.
type page[T any] struct {
	Items []T     `json:"items"`
	Next  *string `json:"next" doc:"The cursor of the next page; null on the last."`
}

func wholeList[T any](items []T) page[T] {
	if items == nil {
		items = []T{}
	}
	return page[T]{Items: items}
}

type signInInput struct {
	Client string `header:"X-Liaison-Client" doc:"« web » is given a cookie and no token."`
	Body   struct {
		Login       string     `json:"login"`
		Password    string     `json:"password"`
		WorkplaceID *uuid.UUID `json:"workplace_id,omitempty"`
	}
}

// OpenSession is an open session: tokens, or the cookie that came with the answer; or the second factor still asked for.
type OpenSession struct {
	AccessToken  string        `json:"access_token,omitempty"`
	TokenType    string        `json:"token_type,omitempty"`
	ExpiresIn    int           `json:"expires_in,omitempty" doc:"Seconds."`
	RefreshToken string        `json:"refresh_token,omitempty"`
	Me           *Me           `json:"me,omitempty"`
	SecondFactor *SecondFactor `json:"second_factor,omitempty"`
}

// SecondFactor asks for one of its methods.
type SecondFactor struct {
	Methods   []string `json:"methods"`
	Challenge string   `json:"challenge"`
}

type openedAnswer struct {
	SetCookie string `header:"Set-Cookie"`
	Body      OpenSession
}

func (a *API) signIn(ctx context.Context, in *signInInput) (*openedAnswer, error) {
	client := clientOf(ctx, in.Client)
	if in.Body.WorkplaceID != nil {
		client.Workplace = *in.Body.WorkplaceID
	}
	result, err := a.cfg.Accounts.SignIn(ctx, in.Body.Login, in.Body.Password, client)
	if err != nil {
		return nil, err
	}
	return a.opened(ctx, result)
}

func clientOf(ctx context.Context, kind string) accounts.Client {
	x := exchangeIn(ctx)
	client := accounts.Client{Kind: accounts.Token, Address: x.address, Device: deviceOf(x.request.UserAgent(), languageOf(x.request))}
	if kind == string(accounts.Web) {
		client.Kind = accounts.Web
	}
	return client
}

func (a *API) opened(ctx context.Context, result accounts.SignInResult) (*openedAnswer, error) {
	if f := result.SecondFactor; f != nil {
		return &openedAnswer{Body: OpenSession{SecondFactor: &SecondFactor{Methods: f.Methods, Challenge: f.ID}}}, nil
	}
	o := *result.Session
	me, err := a.meOf(ctx, o.Actor(exchangeIn(ctx).address))
	if err != nil {
		return nil, err
	}
	if o.Kind == accounts.Web {
		lasts := int(time.Until(o.Until).Seconds())
		return &openedAnswer{SetCookie: a.sessionCookie(o.Cookie, lasts), Body: OpenSession{Me: &me}}, nil
	}
	tokens := tokensOf(o)
	tokens.Me = &me
	return &openedAnswer{Body: tokens}, nil
}

func tokensOf(o accounts.OpenedSession) OpenSession {
	return OpenSession{
		AccessToken: o.AccessToken, TokenType: "Bearer", RefreshToken: o.RefreshToken,
		ExpiresIn: int(math.Floor(o.ExpiresIn.Seconds())),
	}
}

type refreshInput struct {
	Body struct {
		RefreshToken string `json:"refresh_token"`
	}
}

func (a *API) refresh(ctx context.Context, in *refreshInput) (*answer[OpenSession], error) {
	o, err := a.cfg.Accounts.Refresh(ctx, in.Body.RefreshToken, exchangeIn(ctx).address)
	if err != nil {
		return nil, err
	}
	return &answer[OpenSession]{tokensOf(o)}, nil
}

type signedOut struct {
	SetCookie string `header:"Set-Cookie"`
}

func (a *API) signOut(ctx context.Context, _ *none) (*signedOut, error) {
	if err := a.cfg.Accounts.SignOut(ctx, actorIn(ctx)); err != nil {
		return nil, err
	}
	return &signedOut{SetCookie: a.sessionCookie("", -1)}, nil
}

// SessionItem is one of the person's open sessions.
type SessionItem struct {
	ID         uuid.UUID `json:"id"`
	Device     string    `json:"device"`
	CreatedAt  time.Time `json:"created_at"`
	LastUsedAt time.Time `json:"last_used_at"`
	Current    bool      `json:"current"`
}

func (a *API) sessions(ctx context.Context, _ *none) (*answer[page[SessionItem]], error) {
	list, err := a.cfg.Accounts.Sessions(ctx, actorIn(ctx))
	items := make([]SessionItem, 0, len(list))
	for _, s := range list {
		items = append(items, SessionItem{s.ID, s.Device, s.CreatedAt.UTC(), s.LastUsedAt.UTC(), s.Current})
	}
	return answered(wholeList(items), err)
}

// InSession names the session of a path.
type InSession struct {
	Session uuid.UUID `path:"id" format:"uuid"`
}

func (a *API) endSession(ctx context.Context, in *InSession) (*none, error) {
	return done(a.cfg.Accounts.RevokeSession(ctx, actorIn(ctx), in.Session))
}

func (a *API) endOtherSessions(ctx context.Context, _ *none) (*none, error) {
	return done(a.cfg.Accounts.RevokeOthers(ctx, actorIn(ctx)))
}

type passwordInput struct {
	Body struct {
		Current string `json:"current"`
		New     string `json:"new"`
	}
}

func (a *API) changePassword(ctx context.Context, in *passwordInput) (*none, error) {
	return done(asField("new", a.cfg.Accounts.ChangePassword(ctx, actorIn(ctx), in.Body.Current, in.Body.New)))
}

// InInvitation names the invitation of a path.
type InInvitation struct {
	Token string `path:"token"`
}

// Invited is what the holder of an invitation is shown before accepting it.
type Invited struct {
	DisplayName string `json:"display_name"`
	Territory   string `json:"territory"`
	Login       string `json:"login,omitempty" doc:"Chosen already: the invitation resets a password."`
}

func (a *API) invitation(ctx context.Context, in *InInvitation) (*answer[Invited], error) {
	inv, err := a.cfg.Accounts.Invitation(ctx, in.Token)
	return answered(Invited{inv.DisplayName(), a.cfg.Territory, inv.Login}, err)
}

type acceptInput struct {
	InInvitation
	Client string `header:"X-Liaison-Client"`
	Body   struct {
		Login    string `json:"login,omitempty"`
		Password string `json:"password"`
	}
}

func (a *API) acceptInvitation(ctx context.Context, in *acceptInput) (*openedAnswer, error) {
	result, err := a.cfg.Accounts.Accept(ctx, in.Token, in.Body.Login, in.Body.Password, clientOf(ctx, in.Client))
	if err != nil {
		return nil, err
	}
	return a.opened(ctx, result)
}

// Workplace is where a professional works.
type Workplace struct {
	ID   uuid.UUID `json:"id"`
	Name string    `json:"name"`
	Town *string   `json:"town"`
}

// Me is what a person sees of her own account.
type Me struct {
	professions.Person
	Login              string      `json:"login"`
	Workplaces         []Workplace `json:"workplaces"`
	WorkplaceID        *uuid.UUID  `json:"workplace_id"`
	Administrator      bool        `json:"administrator"`
	MustChangePassword bool        `json:"must_change_password"`
	Demo               bool        `json:"demo"`
	Territory          string      `json:"territory"`
	Instance           uuid.UUID   `json:"instance"`
	Actions            []string    `json:"actions" doc:"What the profession allows without a circle (open_dossier)."`
}

func (a *API) me(ctx context.Context, _ *none) (*answer[Me], error) {
	return answered(a.meOf(ctx, actorIn(ctx)))
}

func (a *API) meOf(ctx context.Context, actor access.Actor) (Me, error) {
	found, err := a.cfg.Accounts.Me(ctx, actor)
	if err != nil {
		return Me{}, err
	}
	actions, err := a.cfg.Teams.ActionsOf(ctx, found.Profession)
	if err != nil {
		return Me{}, err
	}
	return Me{
		Person: person(found.Professional), Login: found.Login, Workplaces: workplaces(found.Workplaces),
		WorkplaceID: orNull(found.Workplace), Administrator: found.Administrator, MustChangePassword: found.MustChange,
		Demo: a.cfg.Demo, Territory: a.cfg.Territory, Instance: a.cfg.InstanceID, Actions: actions.Codes(),
	}, nil
}

func workplaces(list []accounts.Workplace) []Workplace {
	out := make([]Workplace, 0, len(list))
	for _, w := range list {
		out = append(out, Workplace{w.ID, w.Name, orNull(w.Town)})
	}
	return out
}

func person(p accounts.Professional) professions.Person {
	return professions.NewPerson(p.ID, p.FamilyName, p.GivenName, p.Gender, orNull(p.Title), p.Profession.System, p.Profession.Code, orNull(p.Town)).
		With(p.Speciality)
}

// orNull is null for what is not there.
func orNull[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}
