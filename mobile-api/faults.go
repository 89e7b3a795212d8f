package mobileapi

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"time"

	"liaison/access"
	"liaison/accounts"
	"liaison/chat"
	"liaison/documents"
	"liaison/events"
	"liaison/matrices"
	"liaison/notifications"
	"liaison/teams"
)

// busyPause is when to come back to a service that is briefly overloaded or out of reach.
const busyPause = 2 * time.Second

// storagePause is when to come back to a file once the store or the scanner was out of reach.
const storagePause = 5 * time.Second

// codes of the errors that say nothing more than themselves.
var codes = []struct {
	err  error
	code string
}{
	{notifications.ErrNotAsked, "forbidden:alert"},
	{notifications.ErrConflict, "id_conflict"},
	{notifications.ErrNoDevice, "not_found:device"},
	{notifications.ErrGone, "device_gone"},
	{teams.ErrEmergency, "emergency_not_open"},
	{teams.ErrOwnReview, "emergency_own_review"},
	{access.ErrStands, "emergency_not_needed"},
	{teams.ErrNotAdministrator, "forbidden:account"},
	{accounts.ErrNotAdministrator, "forbidden:account"},
	{teams.ErrStructure, "not_found:structure"},
	{access.ErrNotFound, "not_found"},
	{access.ErrForbidden, "forbidden"},
	{chat.ErrConflict, "id_conflict"},
	{chat.ErrRevision, "revision_mismatch"},
	{chat.ErrCategory, "category_not_writable"},
	{chat.ErrWidens, "narrow_widens"},
	{chat.ErrWithdrawn, "message_withdrawn"},
	{documents.ErrConflict, "id_conflict"},
	{documents.ErrAttached, "document_attached"},
	{documents.ErrNotReady, "document_not_ready"},
	{documents.ErrFull, "storage_full"},
	{documents.ErrDamaged, "document_unreadable"},
	{teams.ErrNoMatch, "emergency_no_match"},
	{teams.ErrSeveral, "emergency_several"},
	{teams.ErrReviewed, "emergency_reviewed"},
	{teams.ErrConflict, "id_conflict"},
	{teams.ErrLastManager, "last_manager"},
	{teams.ErrCategoryNotWritable, "category_not_writable"},
	{events.ErrCursor, "cursor_invalid"},
	{accounts.ErrSignInFailed, "sign_in_failed"},
	{accounts.ErrTokenInvalid, "token_invalid"},
	{accounts.ErrTokenExpired, "token_expired"},
	{accounts.ErrSessionExpired, "session_expired"},
	{accounts.ErrSessionRevoked, "session_revoked"},
	{accounts.ErrInvitationInvalid, "invitation_invalid"},
	{accounts.ErrLastAdministrator, "last_administrator"},
	{accounts.ErrUnknown, "not_found:account"},
	{accounts.ErrIDConflict, "id_conflict"},
	{matrices.ErrUnknown, "not_found:matrix"},
	{matrices.ErrRevision, "revision_mismatch:matrix"},
	{matrices.ErrEnded, "matrix_ended"},
	{matrices.ErrNotSimulated, "matrix_not_simulated"},
	{matrices.ErrOutdated, "matrix_outdated"},
}

// fields are the errors that speak of one field of the form.
var fields = []struct {
	err   error
	fault fieldFault
}{
	{accounts.ErrWrongPassword, fieldFault{"current", "wrong_password"}},
	{accounts.ErrPasswordTooShort, fieldFault{"password", "password_too_short"}},
	{accounts.ErrPasswordTooLong, fieldFault{"password", "password_too_long"}},
	{accounts.ErrPasswordTooCommon, fieldFault{"password", "password_too_common"}},
	{accounts.ErrPasswordHoldsLogin, fieldFault{"password", "password_holds_login"}},
	{notifications.ErrEndpoint, fieldFault{"endpoint", "push_endpoint"}},
	{notifications.ErrTooMany, fieldFault{"id", "too_many_devices"}},
	{accounts.ErrLoginTaken, fieldFault{"login", "login_taken"}},
}

// problemOf turns what a feature answered into what the user is told. What nobody foresaw is logged and told to nobody.
func problemOf(ctx context.Context, err error) *Problem {
	x, lang := exchangeIn(ctx), langIn(ctx)
	if p := (*Problem)(nil); errors.As(err, &p) {
		return p
	}
	if p := waiting(lang, err); p != nil {
		return p
	}
	if p := foreseen(lang, err); p != nil {
		x.noteUnjournalled(ctx, err)
		return p
	}
	if outOfReach(err) {
		x.log(ctx, slog.LevelWarn, "out of reach", err)
		return newProblem(lang, "unavailable").after(busyPause)
	}
	x.log(ctx, slog.LevelError, "internal error", err)
	p := newProblem(lang, "internal")
	p.Incident = x.id
	return p
}

// waiting answers those who have to come back later.
func waiting(lang string, err error) *Problem {
	var attempts accounts.ErrTooManyAttempts
	var probes teams.ErrTooMany
	switch {
	case errors.As(err, &probes):
		return newProblem(lang, "too_many_attempts").after(probes.RetryAfter)
	case errors.As(err, &attempts):
		return newProblem(lang, "too_many_attempts").after(attempts.RetryAfter)
	case errors.Is(err, notifications.ErrPushFailed) && !errors.Is(err, notifications.ErrGone):
		return newProblem(lang, "push_failed").after(busyPause)
	case errors.Is(err, chat.ErrBusy), errors.Is(err, documents.ErrBusy):
		return newProblem(lang, "unavailable").after(busyPause)
	case errors.Is(err, documents.ErrStorage):
		return newProblem(lang, "storage_unavailable").after(storagePause)
	case errors.Is(err, documents.ErrScanner):
		return newProblem(lang, "scanner_unavailable").after(storagePause)
	case errors.Is(err, documents.ErrCut):
		return newProblem(lang, "upload_cut").after(busyPause)
	}
	return nil
}

func foreseen(lang string, err error) *Problem {
	var member teams.ErrStands
	if errors.As(err, &member) {
		return stands(lang, member)
	}
	if alike := (*teams.LookAlike)(nil); errors.As(err, &alike) {
		return lookAlike(lang, alike)
	}
	if late := (*notifications.ErrEnded)(nil); errors.As(err, &late) {
		return ended(lang, late)
	}
	if invalid := (*notifications.Invalid)(nil); errors.As(err, &invalid) {
		return fieldProblem(lang, fieldFault{invalid.Field, invalid.Code})
	}
	if invalid, ok := chat.IsInvalid(err); ok {
		return fieldProblem(lang, fieldFault{invalid.Field, invalid.Code})
	}
	if fault := (*access.TableFault)(nil); errors.As(err, &fault) {
		return tableProblem(lang, fault)
	}
	if p := aboutDocument(lang, err); p != nil {
		return p
	}
	if invalid := (*teams.Invalid)(nil); errors.As(err, &invalid) {
		return fieldProblem(lang, fieldFault{invalid.Field, invalid.Code})
	}
	var invalid accounts.ErrInvalid
	if errors.As(err, &invalid) {
		return fieldProblem(lang, fieldFault{invalid.Field, codeOfField(invalid.Field)}.named(err))
	}
	for _, f := range fields {
		if errors.Is(err, f.err) {
			return fieldProblem(lang, f.fault.named(err))
		}
	}
	for _, c := range codes {
		if errors.Is(err, c.err) {
			return asked(newProblem(lang, c.code))
		}
	}
	return nil
}

// aboutDocument answers what is wrong with a file.
func aboutDocument(lang string, err error) *Problem {
	var invalid *documents.Invalid
	var refused *documents.Refused
	var mismatch *documents.OffsetMismatch
	switch {
	case errors.As(err, &invalid):
		return fieldProblem(lang, fieldFault{invalid.Field, invalid.Code})
	case errors.As(err, &refused):
		return newProblem(lang, refused.Code)
	case errors.As(err, &mismatch):
		p := newProblem(lang, "offset_mismatch")
		p.header.Set("Upload-Offset", strconv.FormatInt(mismatch.Offset, 10))
		return p
	}
	return nil
}

// asked tells a client without credentials, or with spent ones, which kind is wanted.
func asked(p *Problem) *Problem {
	if p.Status == 401 && p.Code != "sign_in_failed" {
		p.header.Set("WWW-Authenticate", `Bearer realm="liaison", error="invalid_token"`)
	}
	return p
}

func codeOfField(field string) string {
	switch {
	case field == "profession":
		return "unknown_profession"
	case field == "speciality":
		return "unknown_speciality"
	case field == "id" || strings.HasSuffix(field, "_id"):
		return "invalid_id"
	}
	return "invalid_value"
}

// outOfReach says whether the fault is the database's or the time's, not the request's.
func outOfReach(err error) bool {
	var network net.Error
	var state interface{ SQLState() string }
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return true
	case errors.As(err, &state):
		// Connection lost, resources exhausted, shutting down, still in conflict after every retry.
		class := state.SQLState()[:2]
		return class == "08" || class == "53" || class == "57" || class == "40" || class == "25"
	}
	return errors.As(err, &network) || errors.Is(err, io.ErrUnexpectedEOF)
}

// noteUnjournalled logs a refusal that could not be written in the journal: the user is refused all the same.
func (x *exchange) noteUnjournalled(ctx context.Context, err error) {
	if joined, ok := err.(interface{ Unwrap() []error }); ok && len(joined.Unwrap()) > 1 {
		x.log(ctx, slog.LevelError, "refusal not journalled", err)
	}
}

func (x *exchange) log(ctx context.Context, level slog.Level, what string, err error) {
	if x.api == nil || errors.Is(ctx.Err(), context.Canceled) {
		return
	}
	x.api.cfg.Log.LogAttrs(ctx, level, what, slog.String("request", x.id), slog.String("route", x.request.Pattern), slog.Any("error", err))
}

// asField names the field under which a form sent the password that was refused.
func asField(field string, err error) error {
	if err == nil {
		return nil
	}
	return &inField{err, field}
}

type inField struct {
	error
	field string
}

func (e *inField) Unwrap() error { return e.error }

func (f fieldFault) named(err error) fieldFault {
	var as *inField
	if f.field == "password" && errors.As(err, &as) {
		f.field = as.field
	}
	return f
}
