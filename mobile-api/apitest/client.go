package apitest

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"

	"github.com/google/uuid"
)

// Client speaks to the API as one person on one device.
type Client struct {
	World   *World
	Login   string
	Person  uuid.UUID
	Token   string // sent as bearer when not empty
	Refresh string
	Cookie  string // else sent as the session cookie
	Lang    string // Accept-Language
}

// Answer is what came back.
type Answer struct {
	Status int
	Header http.Header
	Raw    []byte
	JSON   any
}

// Nobody is a client that has not signed in.
func (w *World) Nobody() *Client { return &Client{World: w} }

// SignIn opens a session with tokens.
func (w *World) SignIn(login string) *Client {
	w.T.Helper()
	c := &Client{World: w, Login: login}
	a := c.Send("POST", "/sign-in", map[string]string{"login": login, "password": Password}, nil)
	if a.Status != http.StatusOK {
		w.T.Fatalf("sign in as %s: %d %s", login, a.Status, a.Raw)
	}
	c.Token, c.Refresh = a.Text("access_token"), a.Text("refresh_token")
	c.Person = uuid.MustParse(a.Text("me", "id"))
	return c
}

// SignInWeb opens a session as a browser does.
func (w *World) SignInWeb(login string) *Client {
	w.T.Helper()
	c := &Client{World: w, Login: login}
	a := c.Send("POST", "/sign-in", map[string]string{"login": login, "password": Password}, http.Header{"X-Liaison-Client": {"web"}})
	if a.Status != http.StatusOK {
		w.T.Fatalf("sign in as %s: %d %s", login, a.Status, a.Raw)
	}
	cookie, err := http.ParseSetCookie(a.Header.Get("Set-Cookie"))
	w.must(err)
	c.Cookie, c.Person = cookie.Value, uuid.MustParse(a.Text("me", "id"))
	return c
}

// Do sends a request under /api/v1 and gives its status and decoded body.
func (c *Client) Do(method, path string, body any) (status int, answer any) {
	c.World.T.Helper()
	a := c.Send(method, path, body, nil)
	return a.Status, a.JSON
}

// Send is Do with headers of one's own. A body of bytes or text goes as it is.
func (c *Client) Send(method, path string, body any, header http.Header) Answer {
	c.World.T.Helper()
	if !strings.HasPrefix(path, "/api/") {
		path = "/api/v1" + path
	}
	return c.Fetch(method, path, body, header)
}

// Fetch is Send for any path of the origin.
func (c *Client) Fetch(method, path string, body any, header http.Header) Answer {
	c.World.T.Helper()
	r, err := http.NewRequestWithContext(c.World.T.Context(), method, c.World.URL+path, c.encode(body))
	c.World.must(err)
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	c.identify(r)
	for name, values := range header {
		r.Header[name] = values
	}
	res, err := transport.RoundTrip(r)
	c.World.must(err)
	defer res.Body.Close()
	a := Answer{Status: res.StatusCode, Header: res.Header}
	a.Raw, err = io.ReadAll(res.Body)
	c.World.must(err)
	if len(a.Raw) > 0 && strings.Contains(res.Header.Get("Content-Type"), "json") {
		c.World.must(json.Unmarshal(a.Raw, &a.JSON))
	}
	return a
}

// Redirections and compression are the test's business.
var transport = &http.Transport{DisableCompression: true}

func (c *Client) encode(body any) io.Reader {
	switch b := body.(type) {
	case nil:
		return nil
	case []byte:
		return bytes.NewReader(b)
	case string:
		return strings.NewReader(b)
	}
	raw, err := json.Marshal(body)
	c.World.must(err)
	return bytes.NewReader(raw)
}

func (c *Client) identify(r *http.Request) {
	if c.Lang != "" {
		r.Header.Set("Accept-Language", c.Lang)
	}
	switch {
	case c.Token != "":
		r.Header.Set("Authorization", "Bearer "+c.Token)
	case c.Cookie != "":
		r.AddCookie(&http.Cookie{Name: CookieName, Value: c.Cookie})
	}
}

// At follows names and indexes into decoded JSON; nil where the path ends early.
func At(v any, path ...any) any {
	for _, step := range path {
		switch s := step.(type) {
		case string:
			object, _ := v.(map[string]any)
			v = object[s]
		case int:
			list, _ := v.([]any)
			if s >= len(list) {
				return nil
			}
			v = list[s]
		}
	}
	return v
}

// At follows a path into the answer.
func (a Answer) At(path ...any) any { return At(a.JSON, path...) }

// Text is At for a text; "" when there is none.
func (a Answer) Text(path ...any) string {
	text, _ := a.At(path...).(string)
	return text
}

// Items is the list of a page.
func (a Answer) Items() []any {
	items, _ := a.At("items").([]any)
	return items
}

// Code is the code of a problem.
func (a Answer) Code() string { return a.Text("code") }
