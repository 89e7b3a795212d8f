package mobileapi

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"
)

// document is the OpenAPI document, as served and printed.
func (a *API) document() ([]byte, error) {
	registry := a.huma.OpenAPI().Components.Schemas
	for name, schema := range registry.Map() {
		complete(registry.TypeFromRef(schemaPrefix+name), schema)
	}
	doc, err := json.Marshal(a.huma.OpenAPI())
	if err != nil {
		return nil, fmt.Errorf("encode OpenAPI document: %w", err)
	}
	return doc, nil
}

// complete says what the generator leaves out: which texts are ids, and what may be null.
func complete(t reflect.Type, schema *huma.Schema) {
	for _, field := range reflect.VisibleFields(t) {
		name, rules, _ := strings.Cut(field.Tag.Get("json"), ",")
		property := schema.Properties[name]
		if property == nil {
			continue
		}
		markIDs(field.Type, property)
		if field.Type.Kind() == reflect.Pointer && rules == "" {
			schema.Properties[name] = nullable(property)
		}
	}
}

func markIDs(t reflect.Type, s *huma.Schema) {
	switch {
	case t == reflect.TypeFor[uuid.UUID]():
		s.Format = "uuid"
	case t.Kind() == reflect.Pointer:
		markIDs(t.Elem(), s)
	case t.Kind() == reflect.Slice && s.Items != nil:
		markIDs(t.Elem(), s.Items)
	}
}

func nullable(s *huma.Schema) *huma.Schema {
	if s.Ref != "" {
		return &huma.Schema{AnyOf: []*huma.Schema{s, {Type: "null"}}}
	}
	s.Nullable = true
	return s
}
