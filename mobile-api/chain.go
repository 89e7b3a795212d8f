package mobileapi

import (
	"bufio"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"strings"
	"time"
)

// prefix is where the API lives; the rest of the origin is the web client's.
const prefix = "/api/v1"

// chain is what happens to every request, from the outside in.
func (a *API) chain(inner http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := now()
		x := newExchange(a, r)
		r = withExchange(r, x)
		out := &response{ResponseWriter: w}
		out.Header().Set("X-Request-Id", x.id)
		a.secure(out.Header(), r)
		defer func() {
			a.recovered(out, r, recover())
			took := now().Sub(start)
			a.measure(r, out.status, took)
			a.logRequest(r, x, out.status, took)
		}()
		if strings.HasPrefix(r.URL.Path, "/api/") {
			out.Header().Set("Cache-Control", "private, no-store")
			if p := a.admit(out, r, x); p != nil {
				p.write(out)
				return
			}
		}
		inner.ServeHTTP(out, r)
	})
}

// admit refuses, before any route, who asks too much, from another site, or what cannot be read.
func (a *API) admit(w http.ResponseWriter, r *http.Request, x *exchange) *Problem {
	if wait := a.limits.address(x.address); wait > 0 {
		return newProblem(languageOf(r), "too_many_attempts").after(wait)
	}
	// A token is put there by a script of ours; a cookie goes along by itself, whoever makes the browser ask.
	if r.Header.Get("Authorization") == "" && a.origins.Check(r) != nil {
		return newProblem(languageOf(r), "cross_origin")
	}
	if isTransfer(r) {
		return nil
	}
	return readBody(w, r)
}

const contentPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; " +
	"connect-src 'self'; manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

func (a *API) secure(h http.Header, r *http.Request) {
	h.Set("Content-Security-Policy", contentPolicy)
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Permissions-Policy", "camera=(self), microphone=(), geolocation=(), payment=(), usb=(), browsing-topics=()")
	if a.cfg.TLS || r.TLS != nil {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
}

// recovered answers for a handler that fell; net/http's own way to abort passes.
func (a *API) recovered(w *response, r *http.Request, fell any) {
	if fell == nil {
		return
	}
	if fell == http.ErrAbortHandler {
		panic(fell)
	}
	x := exchangeIn(r.Context())
	a.cfg.Log.LogAttrs(r.Context(), slog.LevelError, "handler fell", slog.String("request", x.id), slog.String("route", routeOf(r)),
		slog.Any("panic", fell), slog.String("stack", string(debug.Stack())))
	if w.status == 0 {
		p := newProblem(languageOf(r), "internal")
		p.Incident = x.id
		p.write(w)
	}
}

// logRequest holds ids and codes only: no path, no query, no body.
func (a *API) logRequest(r *http.Request, x *exchange, status int, took time.Duration) {
	attrs := []slog.Attr{
		slog.String("method", r.Method), slog.String("route", routeOf(r)), slog.Int("status", status),
		slog.Duration("took", took), slog.String("request", x.id),
	}
	if x.actor.Session.Version() != 0 {
		attrs = append(attrs, slog.String("session", x.actor.Session.String()))
	}
	a.cfg.Log.LogAttrs(r.Context(), slog.LevelInfo, "request", attrs...)
}

// response remembers its status.
type response struct {
	http.ResponseWriter
	status int
}

func (w *response) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *response) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(b)
}

// Unwrap is for http.ResponseController.
func (w *response) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// Hijack is for the socket.
func (w *response) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	w.status = http.StatusSwitchingProtocols
	return http.NewResponseController(w.ResponseWriter).Hijack()
}
