package mobileapi

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"liaison/access"
	"liaison/accounts"
	"liaison/chat"
	"liaison/teams"
)

func TestWhatFeaturesAnswerBecomesAProblem(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err    error
		status int
		code   string
		retry  string
	}{
		{errors.Join(access.ErrNotFound, nil), 404, "not_found", ""},
		{fmt.Errorf("amend: %w", chat.ErrRevision), 412, "revision_mismatch", ""},
		{chat.ErrBusy, 503, "unavailable", "2"},
		{accounts.ErrTooManyAttempts{RetryAfter: 1500 * time.Millisecond}, 429, "too_many_attempts", "2"},
		{teams.ErrTooMany{RetryAfter: time.Minute}, 429, "too_many_attempts", "60"},
		{teams.ErrLastManager, 409, "last_manager", ""},
		{&teams.Invalid{Field: "professional_id", Code: "already_member"}, 409, "already_member", ""},
		{fmt.Errorf("open gate: %w", context.DeadlineExceeded), 503, "unavailable", "2"},
		{&net.OpError{Op: "dial", Err: io.EOF}, 503, "unavailable", "2"},
		{fmt.Errorf("read: %w", &pgconn.PgError{Code: "57P01"}), 503, "unavailable", "2"},
		{fmt.Errorf("read: %w", &pgconn.PgError{Code: "40001"}), 503, "unavailable", "2"},
		{&pgconn.PgError{Code: "42703", Message: "column patients.secret does not exist"}, 500, "internal", ""},
		{errors.New("Odette Dufour"), 500, "internal", ""},
	} {
		p := problemOf(t.Context(), c.err)
		if p.Status != c.status || p.Code != c.code || p.header.Get("Retry-After") != c.retry {
			t.Errorf("%v: got %d %s, wait %q", c.err, p.Status, p.Code, p.header.Get("Retry-After"))
		}
		if strings.Contains(p.Detail, "Dufour") || strings.Contains(p.Detail, "secret") {
			t.Errorf("%v leaks: %s", c.err, p.Detail)
		}
	}
}

func TestAnIncidentIsNamedInTheLogAndARequestLeavesNoTraceOfWhatItAsked(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	a := newAPI(t, Config{Log: slog.New(slog.NewTextHandler(&log, nil))})
	a.mux.HandleFunc("GET /api/v1/broken/{id}", func(w http.ResponseWriter, r *http.Request) {
		a.Refuse(w, r, errors.New("disk full"))
	})
	got := get(t, a, "/api/v1/broken/0192f000-aaaa?q=dufour")
	var incident string
	if _, after, ok := strings.Cut(got.Body.String(), `"incident":"`); ok {
		incident, _, _ = strings.Cut(after, `"`)
	}
	if got.Code != 500 || incident == "" || incident != got.Header().Get("X-Request-Id") {
		t.Fatalf("got %d %s", got.Code, got.Body)
	}
	for _, part := range []string{"disk full", "request=" + incident, `route="GET /api/v1/broken/{id}"`, "status=500", "method=GET", "took="} {
		if !strings.Contains(log.String(), part) {
			t.Errorf("the log does not hold %q: %s", part, &log)
		}
	}
	if strings.Contains(log.String(), "dufour") || strings.Contains(log.String(), "0192f000") {
		t.Errorf("the log says what was asked: %s", &log)
	}
}

func TestARefusalThatCouldNotBeJournalledIsLogged(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	a := newAPI(t, Config{Log: slog.New(slog.NewTextHandler(&log, nil))})
	r := httptest.NewRequest("GET", "/", nil)
	r = withExchange(r, newExchange(a, r))
	if p := problemOf(r.Context(), errors.Join(access.ErrNotFound, errors.New("journal out of reach"))); p.Code != "not_found" {
		t.Fatalf("got %s", p.Code)
	}
	if !strings.Contains(log.String(), "refusal not journalled") {
		t.Fatalf("got %s", &log)
	}
}
