package mobileapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/validation"
)

var errTrailing = errors.New("more than one value")

// decodeStrict refuses what it does not know: a misspelt field must not be a field left out.
func decodeStrict(data []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return errTrailing
	}
	return nil
}

// undecoded answers what could not be decoded, and never in huma's own words.
func undecoded(ctx huma.Context, _ int, _ string, errs ...error) huma.StatusError {
	if ctx == nil {
		return newProblem(french, "internal")
	}
	x := exchangeIn(ctx.Context())
	lang := languageOf(x.request)
	var faults []fieldFault
	for _, err := range errs {
		var detail *huma.ErrorDetail
		if !errors.As(err, &detail) {
			return problemOf(ctx.Context(), err)
		}
		where, name, _ := strings.Cut(detail.Location, ".")
		switch {
		case where == "path":
			// An id that cannot be one is as absent as one that is not there.
			return newProblem(lang, notFoundAt(ctx.Operation().Path))
		case where == "query" || where == "header":
			name, _, _ = strings.Cut(name, "[")
			faults = append(faults, fieldFault{name, codeOfParameter(name, detail.Message)})
		default:
			faults = append(faults, x.faultsOfBody(ctx.Operation(), detail)...)
		}
	}
	if len(faults) == 0 {
		return newProblem(lang, "invalid_body:syntax")
	}
	return fieldProblem(lang, faults...)
}

func notFoundAt(path string) string {
	if strings.HasPrefix(path, prefix+"/devices") {
		return "not_found:device"
	}
	if strings.HasPrefix(path, prefix+"/sessions") || strings.HasPrefix(path, prefix+"/admin") {
		return "not_found:account"
	}
	return "not_found"
}

func codeOfParameter(name, said string) string {
	if name == "cursor" || name == "before" {
		return "cursor_invalid"
	}
	return codeOfShape(name, said)
}

func codeOfShape(name, said string) string {
	if strings.Contains(strings.ToLower(said), "uuid") {
		return "invalid_id"
	}
	return codeOfField(name)
}

// faultsOfBody reads again, slowly, a body that did not decode, to say which of its fields are wrong.
func (x *exchange) faultsOfBody(op *huma.Operation, detail *huma.ErrorDetail) []fieldFault {
	raw, _ := detail.Value.(string)
	var parsed any
	if x.api == nil || decodeStrict([]byte(raw), &parsed) != nil {
		return nil
	}
	path, found := huma.NewPathBuffer(nil, 0), huma.ValidateResult{}
	path.Push("body")
	huma.Validate(x.api.huma.OpenAPI().Components.Schemas, op.RequestBody.Content["application/json"].Schema, path,
		huma.ModeWriteToServer, parsed, &found)
	var faults []fieldFault
	for _, err := range found.Errors {
		var one *huma.ErrorDetail
		if errors.As(err, &one) && len(faults) < 20 {
			faults = append(faults, faultOfShape(one))
		}
	}
	if len(faults) == 0 {
		return []fieldFault{{"", "invalid_body"}}
	}
	return faults
}

func faultOfShape(d *huma.ErrorDetail) fieldFault {
	field := strings.TrimPrefix(strings.TrimPrefix(d.Location, "body"), ".")
	switch {
	case d.Message == validation.MsgUnexpectedProperty:
		return fieldFault{field, "unknown_field"}
	case strings.HasPrefix(d.Message, "expected required property "):
		name := strings.Fields(strings.TrimPrefix(d.Message, "expected required property "))[0]
		return fieldFault{strings.TrimPrefix(field+"."+name, "."), "field_required"}
	}
	last := field[strings.LastIndexByte(field, '.')+1:]
	return fieldFault{field, codeOfShape(last, d.Message)}
}
