package mobileapi

import (
	"encoding/json"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

type document struct {
	OpenAPI    string
	Paths      map[string]map[string]operation
	Components struct{ Schemas map[string]any }
}

type operation struct {
	OperationID string
	Summary     string
	Security    []map[string][]string
	Responses   map[string]any
}

func openAPI(t *testing.T) (document, []byte) {
	t.Helper()
	got := get(t, newAPI(t, Config{}), "/api/v1/openapi.json")
	var doc document
	if err := json.Unmarshal(got.Body.Bytes(), &doc); err != nil || got.Code != 200 {
		t.Fatalf("%d: %v", got.Code, err)
	}
	return doc, got.Body.Bytes()
}

func TestOpenAPIHoldsEveryRoute(t *testing.T) {
	t.Parallel()
	doc, _ := openAPI(t)
	if !strings.HasPrefix(doc.OpenAPI, "3.1") {
		t.Fatalf("version %q", doc.OpenAPI)
	}
	source, err := os.ReadFile("routes.go")
	if err != nil {
		t.Fatal(err)
	}
	routes := regexp.MustCompile(`route\(a, "([A-Z]+) ([^"]+)"`).FindAllStringSubmatch(string(source), -1)
	if len(routes) < 35 {
		t.Fatalf("%d routes found", len(routes))
	}
	for _, r := range routes {
		op, ok := doc.Paths[r[2]][strings.ToLower(r[1])]
		if !ok || op.OperationID == "" || op.Summary == "" || op.Responses["default"] == nil {
			t.Errorf("%s %s is not described", r[1], r[2])
		}
	}
}

func TestOnlyWhatComesBeforeSigningInIsPublic(t *testing.T) {
	t.Parallel()
	doc, _ := openAPI(t)
	var open []string
	for path, methods := range doc.Paths {
		for method, op := range methods {
			if len(op.Security) == 0 {
				open = append(open, method+" "+path)
			}
		}
	}
	slices.Sort(open)
	want := []string{"get /api/v1/instance", "get /api/v1/invitations/{token}", "post /api/v1/invitations/{token}/accept", "post /api/v1/refresh", "post /api/v1/sign-in"}
	if !slices.Equal(open, want) {
		t.Fatalf("open to who is not signed in: %v", open)
	}
}

func TestOpenAPIReferencesExist(t *testing.T) {
	t.Parallel()
	doc, raw := openAPI(t)
	refs := regexp.MustCompile(`"\$ref":"([^"]+)"`).FindAllStringSubmatch(string(raw), -1)
	if len(refs) == 0 {
		t.Fatal("no reference found")
	}
	for _, ref := range refs {
		if _, ok := doc.Components.Schemas[strings.TrimPrefix(ref[1], schemaPrefix)]; !ok {
			t.Errorf("%s leads nowhere; there are %v", ref[1], slices.Sorted(maps.Keys(doc.Components.Schemas)))
		}
	}
}

func TestOpenAPISaysWhatIsAnIDAndWhatMayBeNull(t *testing.T) {
	t.Parallel()
	doc, _ := openAPI(t)
	raw, err := json.Marshal(doc.Components.Schemas["Message"])
	if err != nil {
		t.Fatal(err)
	}
	var message struct {
		Properties map[string]struct {
			Type   any
			Format string
			AnyOf  []any
		}
	}
	if err := json.Unmarshal(raw, &message); err != nil {
		t.Fatal(err)
	}
	p := message.Properties
	if p["id"].Format != "uuid" || p["thread_id"].Format != "uuid" {
		t.Errorf("ids: %+v, %+v", p["id"], p["thread_id"])
	}
	if types, _ := p["thread_id"].Type.([]any); !slices.Contains(types, any("null")) {
		t.Errorf("thread_id may be null: %v", p["thread_id"].Type)
	}
	if len(p["withdrawn"].AnyOf) != 2 {
		t.Errorf("withdrawn may be null: %+v", p["withdrawn"])
	}
}
