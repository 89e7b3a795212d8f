package mobileapi

import (
	"net/http"

	"golang.org/x/text/language"
)

// The languages of the interface; French when the user asks for none of them.
const (
	french  = "fr"
	english = "en"
)

var spoken = language.NewMatcher([]language.Tag{language.French, language.English})

func languageOf(r *http.Request) string {
	header := r.Header.Get("Accept-Language")
	if header == "" || header == french {
		return french
	}
	// A header written to exhaust the parser is no wish.
	if len(header) > 200 {
		return french
	}
	if _, index := language.MatchStrings(spoken, header); index == 1 {
		return english
	}
	return french
}
