package liaison_test

import (
	"encoding/json"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// floors lists, for every room, the rooms of this module it may import directly. Arrows go one way: what is not listed is
// refused, and a new room must say where it stands. Tests may reach further (a feature is tested on the real parts).
var floors = map[string][]string{
	"cmd/liaison": {"node", "notifications", "access", "accounts", "audit", "bench", "chat", "demo", "mobile-api", "storage", "storage/copies", "storage/embedded", "storage/objects", "teams", "vault"},
	"node":        {"access", "accounts", "audit", "chat", "documents", "events", "live", "matrices", "mobile-api", "notifications", "notifications/webpush", "professions", "storage", "storage/objects", "teams", "vault", "web"},
	"demo":        {"access", "accounts", "chat", "documents", "professions", "teams"},
	"mobile-api":  {"access", "accounts", "chat", "doctypes", "documents", "events", "live", "matrices", "notifications", "professions", "teams"},
	"web":         {},

	"chat":       {"access", "chat/words", "events", "professions", "storage"},
	"chat/words": {},
	"documents":  {"access", "doctypes", "professions", "storage", "storage/objects"},
	"teams":      {"access", "audit", "doctypes", "events", "professions", "storage"},
	"accounts":   {"access", "audit", "professions", "storage"},
	"matrices":   {"access", "audit", "storage"},
	"live":       {"access", "events"},

	"notifications":         {"access", "audit", "events", "professions", "storage"},
	"notifications/webpush": {"notifications"},

	"access":           {"audit", "doctypes", "events", "professions", "storage"},
	"events":           {"storage"},
	"audit":            {"storage", "storage/objects"},
	"vault":            {"storage"},
	"professions":      {},
	"doctypes":         {},
	"storage":          {},
	"storage/embedded": {"storage"},
	"storage/copies":   {},
	"storage/objects":  {},
}

// Outside, a feature and the floors below it know no transport and no browser.
var transports = []string{"net/http", "github.com/gorilla/websocket", "github.com/danielgtaylor/huma/v2"}

type goPackage struct {
	ImportPath string
	Imports    []string
}

func packages(t *testing.T) []goPackage {
	t.Helper()
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports", "./...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var list []goPackage
	for dec := json.NewDecoder(strings.NewReader(string(out))); dec.More(); {
		var p goPackage
		if err := dec.Decode(&p); err != nil {
			t.Fatal(err)
		}
		list = append(list, p)
	}
	return list
}

// forTests are rooms that only tests import; they may import anything.
func forTests(room string) bool {
	return room == "" || strings.HasSuffix(room, "test") || strings.HasPrefix(room, "storage/storagetest") ||
		strings.HasPrefix(room, "bench") || strings.HasPrefix(room, "proof") || strings.HasPrefix(room, "tools") || strings.HasPrefix(room, "e2e")
}

func TestLayoutArrowsGoOneWay(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		room := strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, "liaison"), "/")
		if forTests(room) {
			continue
		}
		allowed, known := floors[room]
		if !known {
			t.Errorf("%s: a room without a floor; list it in floors", p.ImportPath)
		}
		for _, i := range p.Imports {
			below, ours := strings.CutPrefix(i, "liaison/")
			if ours && !slices.Contains(allowed, below) {
				t.Errorf("%s imports %s: not below it", room, below)
			}
		}
	}
}

func TestLayoutFeaturesKnowNoTransport(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		room := strings.TrimPrefix(p.ImportPath, "liaison/")
		if slices.Contains([]string{"cmd/liaison", "node", "mobile-api", "notifications/webpush"}, room) || forTests(room) || room == "liaison" {
			continue
		}
		for _, i := range p.Imports {
			if slices.Contains(transports, i) {
				t.Errorf("%s imports %s", room, i)
			}
		}
	}
}
