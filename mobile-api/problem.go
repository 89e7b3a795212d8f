package mobileapi

import (
	"encoding/json"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"liaison/professions"

	"liaison/teams"
)

// Problem is an answer that is not the one asked for (RFC 9457). Code is stable; title and detail are in the user's words.
type Problem struct {
	Type       string            `json:"type"`
	Title      string            `json:"title"`
	Status     int               `json:"status"`
	Detail     string            `json:"detail"`
	Code       string            `json:"code"`
	Errors     []FieldError      `json:"errors,omitempty"`
	Candidates []teams.Candidate `json:"candidates,omitempty" doc:"Dossiers that may be the same person (look_alike)."`
	TeamID     *uuid.UUID        `json:"team_id,omitempty" doc:"The circle one belongs to already (emergency_not_needed)."`
	Alert      *EndedAlert       `json:"alert,omitempty" doc:"How the alert ended (alert_ended)."`
	Incident   string            `json:"incident,omitempty" doc:"Names the line of the server's log (internal)."`

	header http.Header
}

// EndedAlert says how an alert ended, and by whom.
type EndedAlert struct {
	State   string              `json:"state"`
	EndedAt *time.Time          `json:"ended_at"`
	EndedBy *professions.Person `json:"ended_by"`
}

// FieldError says what is wrong with one field.
type FieldError struct {
	Field  string `json:"field"`
	Code   string `json:"code"`
	Detail string `json:"detail"`
}

func (p *Problem) Error() string { return p.Code }

// GetStatus is for huma.
func (p *Problem) GetStatus() int { return p.Status }

// GetHeaders is for huma.
func (p *Problem) GetHeaders() http.Header { return p.header }

// ContentType is for huma.
func (p *Problem) ContentType(string) string { return "application/problem+json" }

// newProblem says a code of the table in a language. A code « not_found:account » is not_found in other words.
func newProblem(lang, code string) *Problem {
	entry, known := problems[code]
	if !known {
		entry = problems["invalid_value"]
	}
	code, _, _ = strings.Cut(code, ":")
	return &Problem{
		Type: "urn:liaison:problem:" + code, Title: titles[entry.status].in(lang), Status: entry.status,
		Detail: entry.in(lang), Code: code, header: http.Header{},
	}
}

// fieldProblem refuses a request for its fields; the first one names the problem.
func fieldProblem(lang string, fields ...fieldFault) *Problem {
	p := newProblem(lang, fields[0].code)
	for _, f := range fields {
		one := newProblem(lang, f.code)
		p.Errors = append(p.Errors, FieldError{Field: f.field, Code: one.Code, Detail: one.Detail})
	}
	if len(fields) > 1 {
		p.Detail = problems["invalid_body"].in(lang)
	}
	return p
}

type fieldFault struct{ field, code string }

// after asks to come back in a while, in whole seconds.
func (p *Problem) after(wait time.Duration) *Problem {
	p.header.Set("Retry-After", strconv.Itoa(max(1, int(math.Ceil(wait.Seconds())))))
	return p
}

// write sends the problem where huma does not.
func (p *Problem) write(w http.ResponseWriter) {
	for name, values := range p.header {
		w.Header()[name] = values
	}
	w.Header().Set("Content-Type", p.ContentType(""))
	w.WriteHeader(p.Status)
	// Nobody is left to tell when the client has gone.
	_ = json.NewEncoder(w).Encode(p)
}
