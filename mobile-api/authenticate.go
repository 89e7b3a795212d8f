package mobileapi

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"liaison/access"
	"liaison/accounts"
)

// actorOf says who asks: by the bearer token when there is one, else by the session cookie.
func (a *API) actorOf(r *http.Request) (access.Actor, error) {
	shown := accounts.Presented{Address: a.addressOf(r), Bearer: bearerOf(r)}
	if r.Header.Get("Authorization") == "" {
		if cookie, err := r.Cookie(a.cfg.CookieName); err == nil {
			shown.Cookie = cookie.Value
		}
	}
	return a.cfg.Accounts.Authenticate(r.Context(), shown)
}

// bearerOf is empty for any other scheme: nobody is recognised by it.
func bearerOf(r *http.Request) string {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}

// authenticated lets through who is known and not in a rush; public routes ask neither.
func (a *API) authenticated(ctx huma.Context, next func(huma.Context)) {
	if ctx.Operation().Metadata[publicMark] != nil {
		next(ctx)
		return
	}
	x := exchangeIn(ctx.Context())
	actor, err := a.actorOf(x.request)
	if err != nil {
		writeProblem(ctx, problemOf(ctx.Context(), err))
		return
	}
	x.actor = actor
	if wait := a.limits.person(actor.Person); wait > 0 {
		writeProblem(ctx, newProblem(langIn(ctx.Context()), "too_many_attempts").after(wait))
		return
	}
	next(ctx)
}

func writeProblem(ctx huma.Context, p *Problem) {
	_, w := humago.Unwrap(ctx)
	p.write(w)
}

func hostPrefixed(name string) string {
	const host = "__Host-"
	if name == "" {
		name = "liaison"
	}
	return host + strings.TrimPrefix(name, host)
}

// sessionCookie is kept from scripts, other sites and plain connections.
func (a *API) sessionCookie(value string, lasts int) string {
	cookie := http.Cookie{
		Name: a.cfg.CookieName, Value: value, Path: "/", MaxAge: lasts, Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	}
	return cookie.String()
}

// trustedOrigins refuses what another site makes a browser send. A proxy may hide the host that the browser asked for.
func trustedOrigins(publicURL string) (*http.CrossOriginProtection, error) {
	protection := http.NewCrossOriginProtection()
	if publicURL == "" {
		return protection, nil
	}
	u, err := url.Parse(publicURL)
	if err != nil {
		return nil, fmt.Errorf("public address: %w", err)
	}
	if err := protection.AddTrustedOrigin(u.Scheme + "://" + u.Host); err != nil {
		return nil, fmt.Errorf("public address: %w", err)
	}
	return protection, nil
}
