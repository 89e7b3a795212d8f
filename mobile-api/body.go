package mobileapi

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"net/http"
	"unicode/utf8"
)

// largestBody is far above the longest text, so that who writes too much is told about the text.
const largestBody = 1 << 20

// readBody takes the body in whole and refuses what no decoder should see.
func readBody(w http.ResponseWriter, r *http.Request) *Problem {
	if r.Body == nil || r.Body == http.NoBody {
		return nil
	}
	lang := languageOf(r)
	if kind := r.Header.Get("Content-Type"); kind != "" {
		if base, _, err := mime.ParseMediaType(kind); err != nil || base != "application/json" {
			return newProblem(lang, "unsupported_media_type")
		}
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, largestBody))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return newProblem(lang, "body_too_large")
	case err != nil:
		return newProblem(lang, "invalid_body:syntax")
	case !utf8.Valid(body):
		return newProblem(lang, "invalid_utf8")
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	return nil
}
