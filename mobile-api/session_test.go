package mobileapi_test

import (
	"crypto/ed25519"
	"encoding/base64"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	mobileapi "liaison/mobile-api"
	"liaison/mobile-api/apitest"
)

func TestSignInRefusesAlike(t *testing.T) {
	t.Parallel()
	w := apitest.New(t)
	nobody := w.Nobody()
	wrong := refused(t, nobody.Send("POST", "/sign-in", fields{"login": "admin", "password": "autre phrase assez longue"}, nil), 401, "sign_in_failed")
	unknown := refused(t, nobody.Send("POST", "/sign-in", fields{"login": "personne", "password": "autre phrase assez longue"}, nil), 401, "sign_in_failed")
	if string(wrong.Raw) != string(unknown.Raw) {
		t.Fatalf("told apart: %s and %s", wrong.Raw, unknown.Raw)
	}
	refused(t, nobody.Send("POST", "/sign-in", fields{}, nil), 401, "sign_in_failed")
	about(t, refused(t, nobody.Send("POST", "/sign-in", fields{"login": "admin", "password": 4}, nil), 422, "invalid_value"), "password")
}

func TestTooManyWrongPasswordsWait(t *testing.T) {
	t.Parallel()
	w := apitest.New(t)
	for range 10 {
		refused(t, w.Nobody().Send("POST", "/sign-in", fields{"login": "admin", "password": "faux"}, nil), 401, "sign_in_failed")
	}
	a := refused(t, w.Nobody().Send("POST", "/sign-in", fields{"login": "admin", "password": "faux"}, nil), 429, "too_many_attempts")
	if a.Header.Get("Retry-After") == "" {
		t.Fatalf("when to come back is not said: %v", a.Header)
	}
}

func TestSignInWithTokens(t *testing.T) {
	t.Parallel()
	w := apitest.New(t)
	a := answered(t, w.Nobody().Send("POST", "/sign-in", fields{"login": "admin", "password": apitest.Password}, nil), 200)
	if a.Text("token_type") != "Bearer" || a.At("expires_in") != float64(600) || a.Text("refresh_token") == "" || a.Text("me", "login") != "admin" {
		t.Fatalf("got %s", a.Raw)
	}
	if a.Header.Get("Set-Cookie") != "" {
		t.Fatal("a cookie for a client that keeps tokens")
	}
}

func TestTokensThatAreNotOurs(t *testing.T) {
	t.Parallel()
	w := apitest.New(t)
	good := w.Admin.Token
	parts := strings.Split(good, ".")
	_, foreign, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	claims := jwt.MapClaims{}
	parsed, _, err := jwt.NewParser().ParseUnverified(good, claims)
	if err != nil {
		t.Fatal(err)
	}
	forged := jwt.NewWithClaims(jwt.SigningMethodEdDSA, claims)
	forged.Header["kid"] = parsed.Header["kid"]
	signedByOther, err := forged.SignedString(foreign)
	if err != nil {
		t.Fatal(err)
	}
	none := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","typ":"JWT"}`)) + "." + parts[1] + "."
	for name, token := range map[string]string{
		"signed by another key": signedByOther,
		"unsigned":              none,
		"without its signature": parts[0] + "." + parts[1] + ".",
		"of another content":    parts[0] + "." + base64.RawURLEncoding.EncodeToString([]byte(`{"sub":"x"}`)) + "." + parts[2],
		"not a token":           "bonjour",
		"a refresh token":       w.Admin.Refresh,
	} {
		a := (&apitest.Client{World: w, Token: token}).Send("GET", "/me", nil, nil)
		if refused(t, a, 401, "token_invalid"); !strings.HasPrefix(a.Header.Get("WWW-Authenticate"), "Bearer") {
			t.Errorf("%s: %v", name, a.Header)
		}
	}
	refused(t, w.Nobody().Send("GET", "/me", nil, nil), 401, "token_invalid")
	refused(t, w.Nobody().Send("GET", "/me", nil, http.Header{"Authorization": {"Basic " + good}}), 401, "token_invalid")
}

func TestTokensThatAreOver(t *testing.T) {
	t.Parallel()
	w := apitest.New(t)
	web := w.SignInWeb("admin")
	w.Clock.Advance(11 * time.Minute)
	refused(t, w.Admin.Send("GET", "/me", nil, nil), 401, "token_expired")
	a := answered(t, w.Nobody().Send("POST", "/refresh", fields{"refresh_token": w.Admin.Refresh}, nil), 200)
	renewed := &apitest.Client{World: w, Token: a.Text("access_token")}
	answered(t, renewed.Send("GET", "/me", nil, nil), 200)

	w.Clock.Advance(8 * 24 * time.Hour)
	refused(t, web.Send("GET", "/me", nil, nil), 401, "session_expired")
	refused(t, w.Nobody().Send("POST", "/refresh", fields{"refresh_token": a.Text("refresh_token")}, nil), 401, "session_expired")
}

func TestARepeatedRefreshAndAStolenOne(t *testing.T) {
	t.Parallel()
	w := apitest.New(t)
	refresh := func(token string) apitest.Answer {
		return w.Nobody().Send("POST", "/refresh", fields{"refresh_token": token}, nil)
	}
	first := answered(t, refresh(w.Admin.Refresh), 200)
	again := answered(t, refresh(w.Admin.Refresh), 200)
	if first.Text("refresh_token") != again.Text("refresh_token") {
		t.Fatal("a repetition got another successor")
	}
	answered(t, refresh(first.Text("refresh_token")), 200)
	refused(t, refresh(w.Admin.Refresh), 401, "session_revoked")
	refused(t, w.Admin.Send("GET", "/me", nil, nil), 401, "session_revoked")
	refused(t, refresh("inconnu"), 401, "token_invalid")
}

func TestSessionsAreListedAndEnded(t *testing.T) {
	t.Parallel()
	w := apitest.New(t)
	phone, other := w.SignIn("admin"), w.Hire("ferhat", apitest.Nurse)
	list := answered(t, w.Admin.Send("GET", "/sessions", nil, nil), 200)
	current := ""
	for i := range list.Items() {
		if list.At("items", i, "current") == true {
			current = list.Text("items", i, "id")
		}
	}
	if current == "" || len(list.Items()) < 2 {
		t.Fatalf("got %s", list.Raw)
	}
	refused(t, other.Send("DELETE", "/sessions/"+current, nil, nil), 404, "not_found")
	refused(t, w.Admin.Send("DELETE", "/sessions/nothing", nil, nil), 404, "not_found")
	answered(t, phone.Send("DELETE", "/sessions/"+current, nil, nil), 204)
	refused(t, w.Admin.Send("GET", "/me", nil, nil), 401, "session_revoked")
	third := w.SignIn("admin")
	answered(t, phone.Send("DELETE", "/sessions", nil, nil), 204)
	refused(t, third.Send("GET", "/me", nil, nil), 401, "session_revoked")
	answered(t, phone.Send("POST", "/sign-out", nil, nil), 204)
	refused(t, phone.Send("GET", "/me", nil, nil), 401, "session_revoked")
}

func TestPassword(t *testing.T) {
	t.Parallel()
	w := apitest.New(t)
	change := func(current, next string) apitest.Answer {
		return w.Admin.Send("POST", "/password", fields{"current": current, "new": next}, nil)
	}
	about(t, refused(t, change("faux", "encore une phrase assez longue"), 422, "wrong_password"), "current")
	about(t, refused(t, change(apitest.Password, "court"), 422, "password_too_short"), "new")
	about(t, refused(t, change(apitest.Password, "aaaaaaaaaaaaaaaa"), 422, "password_too_common"), "new")
	about(t, refused(t, change(apitest.Password, "je suis admin ici vraiment"), 422, "password_holds_login"), "new")
	about(t, refused(t, change(apitest.Password, strings.Repeat("longue ", 200)), 422, "password_too_long"), "new")
	other := w.SignIn("admin")
	answered(t, change(apitest.Password, "encore une phrase assez longue"), 204)
	refused(t, other.Send("GET", "/me", nil, nil), 401, "session_revoked")
	answered(t, w.Admin.Send("GET", "/me", nil, nil), 200)
}

func TestTheCookie(t *testing.T) {
	t.Parallel()
	w := apitest.New(t)
	a := answered(t, w.Nobody().Send("POST", "/sign-in", fields{"login": "admin", "password": apitest.Password}, http.Header{"X-Liaison-Client": {"web"}}), 200)
	if a.At("access_token") != nil || a.At("refresh_token") != nil || a.Text("me", "login") != "admin" {
		t.Fatalf("a browser is given no token: %s", a.Raw)
	}
	cookie, err := http.ParseSetCookie(a.Header.Get("Set-Cookie"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(cookie.Name, "__Host-") || !cookie.HttpOnly || !cookie.Secure || cookie.SameSite != http.SameSiteLaxMode ||
		cookie.Path != "/" || cookie.Domain != "" || cookie.MaxAge < 3600 {
		t.Fatalf("got %+v", cookie)
	}
	web := &apitest.Client{World: w, Cookie: cookie.Value}
	answered(t, web.Send("GET", "/me", nil, nil), 200)
	refused(t, (&apitest.Client{World: w, Cookie: "invente"}).Send("GET", "/me", nil, nil), 401, "token_invalid")
	// A header wins over the cookie: it cannot be sent along unwillingly.
	refused(t, web.Send("GET", "/me", nil, http.Header{"Authorization": {"Bearer x"}}), 401, "token_invalid")
	out := answered(t, web.Send("POST", "/sign-out", fields{}, nil), 204)
	contains(t, out.Header.Get("Set-Cookie"), "Max-Age=0")
	refused(t, web.Send("GET", "/me", nil, nil), 401, "session_revoked")
}

func TestAnotherSiteCannotUseTheCookie(t *testing.T) {
	t.Parallel()
	w := apitest.New(t)
	web := w.SignInWeb("admin")
	for name, header := range map[string]http.Header{
		"fetch metadata": {"Sec-Fetch-Site": {"cross-site"}},
		"origin":         {"Origin": {"https://elsewhere.example"}},
	} {
		refused(t, web.Send("POST", "/sign-out", fields{}, header), 403, "cross_origin")
		refused(t, w.Nobody().Send("POST", "/sign-in", fields{"login": "admin", "password": apitest.Password}, header), 403, "cross_origin")
		if a := web.Send("GET", "/me", nil, nil); a.Status != 200 {
			t.Fatalf("%s: the session was touched: %s", name, a.Raw)
		}
	}
	// Our own page, also behind a proxy that hides the host, and clients with a token.
	answered(t, w.SignInWeb("admin").Send("POST", "/sign-out", fields{}, http.Header{"Origin": {"https://liaison.example"}}), 204)
	answered(t, web.Send("POST", "/sign-out", fields{}, http.Header{"Sec-Fetch-Site": {"same-origin"}}), 204)
	answered(t, w.Admin.Send("POST", "/sign-out", fields{}, http.Header{"Origin": {"https://elsewhere.example"}}), 204)
}

func TestOnePersonMayNotAskTooMuch(t *testing.T) {
	t.Parallel()
	w := apitest.New(t, func(c *mobileapi.Config) {
		c.RateLimit = mobileapi.RateLimit{Person: mobileapi.Rate{PerSecond: 0.01, Burst: 2}, Address: mobileapi.Rate{PerSecond: 0.01, Burst: 8}}
	})
	nurse := w.Hire("ferhat", apitest.Nurse) // two of the address's eight, with the administrator's
	answered(t, nurse.Send("GET", "/me", nil, nil), 200)
	answered(t, nurse.Send("GET", "/me", nil, nil), 200)
	a := refused(t, nurse.Send("GET", "/me", nil, nil), 429, "too_many_attempts")
	if a.Header.Get("Retry-After") == "" {
		t.Fatal("when to come back is not said")
	}
	answered(t, w.Admin.Send("GET", "/me", nil, nil), 200) // somebody else may
	answered(t, w.Admin.Send("GET", "/me", nil, nil), 200)
	refused(t, w.Admin.Send("GET", "/me", nil, nil), 429, "too_many_attempts")
	refused(t, w.Nobody().Send("POST", "/refresh", fields{}, nil), 429, "too_many_attempts") // the address has asked enough
}
