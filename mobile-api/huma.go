package mobileapi

import (
	"context"
	"net/http"
	"reflect"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"liaison/access"
	"liaison/chat"
	"liaison/matrices"
	"liaison/notifications"
	"liaison/professions"
)

func init() {
	huma.NewError = func(int, string, ...error) huma.StatusError { return newProblem(french, "internal") }
	huma.NewErrorWithContext = undecoded
	huma.DefaultArrayNullable = false
}

const schemaPrefix = "#/components/schemas/"

// humaConfig serves no documentation page and no schema: only the document, by a route of our own.
func humaConfig(cookieName string) huma.Config {
	cfg := huma.DefaultConfig("Liaison", "1")
	cfg.OpenAPIPath, cfg.DocsPath, cfg.SchemasPath = "", "", ""
	cfg.CreateHooks = nil
	cfg.Info.Description = "Secure messaging around a patient. Care data is never cached; every list is {items, next}; " +
		"every refusal is an RFC 9457 problem with a stable code."
	cfg.Components.Schemas = huma.NewMapRegistry(schemaPrefix, schemaName)
	cfg.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"bearer": {Type: "http", Scheme: "bearer", BearerFormat: "JWT"},
		"cookie": {Type: "apiKey", In: "cookie", Name: cookieName},
	}
	format := huma.Format{Marshal: huma.DefaultJSONFormat.Marshal, Unmarshal: decodeStrict}
	cfg.Formats = map[string]huma.Format{"application/json": format, "json": format}
	return cfg
}

// schemaName gives the words of the API to what features name in their own context.
func schemaName(t reflect.Type, hint string) string {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t {
	case reflect.TypeFor[professions.Person]():
		return "Professional"
	case reflect.TypeFor[professions.Shown]():
		return "Profession"
	case reflect.TypeFor[chat.SnippetPiece]():
		return "SnippetPiece"
	case reflect.TypeFor[chat.Series]():
		return "MeasureSeries"
	case reflect.TypeFor[chat.Point]():
		return "MeasurePoint"
	case reflect.TypeFor[professions.SpecialityShown]():
		return "Speciality"
	case reflect.TypeFor[chat.Document]():
		return "MessageDocument"
	case reflect.TypeFor[chat.Reader]():
		return "MessageReader"
	case reflect.TypeFor[notifications.Step]():
		return "AlertStep"
	case reflect.TypeFor[matrices.Right]():
		return "MatrixRight"
	case reflect.TypeFor[matrices.RightChange]():
		return "MatrixRightChange"
	case reflect.TypeFor[matrices.ActionChange]():
		return "MatrixActionChange"
	case reflect.TypeFor[matrices.DocumentChange]():
		return "MatrixDocumentChange"
	case reflect.TypeFor[matrices.Count]():
		return "MatrixCount"
	case reflect.TypeFor[access.Profession]():
		return "ProfessionKey"
	}
	return huma.DefaultSchemaNamer(t, hint)
}

// option changes how a route is registered.
type option func(*huma.Operation)

const publicMark = "public"

// public opens a route to who is not signed in.
func public(op *huma.Operation) {
	op.Metadata = map[string]any{publicMark: true}
	op.Security = nil
}

// created answers 201, unless the handler says 200 for a repetition.
func created(op *huma.Operation) { op.DefaultStatus = http.StatusCreated }

// route registers one call: « POST /api/v1/teams/{team}/will » and the method that answers it. The schema documents;
// decoding is strict; what a field may hold is the feature's to judge, so that its answer is the same everywhere.
func route[I, O any](a *API, pattern, summary string, handle func(context.Context, *I) (*O, error), options ...option) {
	method, path, _ := strings.Cut(pattern, " ")
	op := huma.Operation{
		OperationID: operationID(method, path), Method: method, Path: path, Summary: summary,
		SkipValidateBody: true, MaxBodyBytes: -1, BodyReadTimeout: -time.Second,
		Security: []map[string][]string{{"bearer": {}}, {"cookie": {}}},
	}
	for _, change := range options {
		change(&op)
	}
	huma.Register(a.huma, op, func(ctx context.Context, in *I) (*O, error) {
		out, err := handle(ctx, in)
		if err != nil {
			return nil, problemOf(ctx, err)
		}
		return out, nil
	})
}

func operationID(method, path string) string {
	words := strings.FieldsFunc(strings.TrimPrefix(path, prefix), func(r rune) bool { return r == '/' || r == '{' || r == '}' })
	return strings.ToLower(method) + "-" + strings.Join(words, "-")
}
