package mobileapi

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

func TestEveryCodeIsSaidInBothLanguages(t *testing.T) {
	t.Parallel()
	// What people of the trade would not say, or should not read.
	avoided := regexp.MustCompile(`(?i)erreur \d|\btoken|upload|ressource|utilisateur|oups|poster|\berror \d|oops|\buser\b`)
	for code, entry := range problems {
		for lang, sentence := range map[string]string{french: entry.fr, english: entry.en} {
			if sentence == "" || strings.TrimSpace(sentence) != sentence || !strings.ContainsAny(sentence[len(sentence)-1:], ".?") {
				t.Errorf("%s in %s is no sentence: %q", code, lang, sentence)
			}
			if avoided.MatchString(sentence) {
				t.Errorf("%s in %s uses a word to avoid: %q", code, lang, sentence)
			}
			if titles[entry.status].in(lang) == "" {
				t.Errorf("status %d has no title in %s", entry.status, lang)
			}
		}
		if entry.fr == entry.en {
			t.Errorf("%s is not translated", code)
		}
	}
}

// The contract's codes may not be renamed.
func TestTheContractsCodesStay(t *testing.T) {
	t.Parallel()
	for _, code := range strings.Fields(`invalid_body invalid_utf8 body_too_large unknown_field text_empty text_too_long text_forbidden_character
		unknown_category unknown_note_type unknown_measure measure_out_of_bounds unknown_mask unknown_seat seat_not_open seat_needs_physician
		category_not_writable only_to_unknown thread_unknown mention_unknown birth_date_future id_conflict revision_mismatch not_found forbidden
		sign_in_failed too_many_attempts session_expired session_revoked token_invalid invitation_invalid password_too_short last_manager
		look_alike already_member cursor_invalid reason_required invalid_id unavailable revision_required`) {
		if _, ok := problems[code]; !ok {
			t.Errorf("%s is not in the table", code)
		}
	}
}

func TestEveryCodeAFeatureGivesIsInTheTable(t *testing.T) {
	t.Parallel()
	for _, feature := range []string{"chat", "documents", "teams"} {
		codes := codesGivenBy(t, feature)
		if len(codes) < 8 {
			t.Fatalf("%s gives %d codes: the test no longer finds them", feature, len(codes))
		}
		for code, where := range codes {
			if _, ok := problems[code]; !ok {
				t.Errorf("%s: %s is not in the table", where, code)
			}
		}
	}
}

func TestEveryErrorOfAFeatureHasAnAnswer(t *testing.T) {
	t.Parallel()
	faults, err := os.ReadFile("faults.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, feature := range []string{"accounts", "chat", "documents", "teams", "access"} {
		for name, where := range errorsOf(t, feature) {
			if name == "ErrNotDemo" { // of a subcommand, never of a request
				continue
			}
			if !strings.Contains(string(faults), feature+"."+name) {
				t.Errorf("%s: %s.%s has no answer", where, feature, name)
			}
		}
	}
}

var code = regexp.MustCompile(`^[a-z]+(_[a-z0-9]+)+$`)

// codesGivenBy finds the codes a feature refuses fields with: in Invalid{field, code}, in want and refuse, and what
// functions of checks return.
func codesGivenBy(t *testing.T, feature string) map[string]string {
	t.Helper()
	found := map[string]string{}
	inspect(t, feature, func(node ast.Node, where string) {
		switch n := node.(type) {
		case *ast.CompositeLit:
			if name, ok := n.Type.(*ast.Ident); ok && name.Name == "Invalid" && len(n.Elts) == 2 {
				keep(found, n.Elts[1], where)
			}
		case *ast.CallExpr:
			if called, ok := n.Fun.(*ast.SelectorExpr); ok && (called.Sel.Name == "want" || called.Sel.Name == "refuse") {
				keep(found, n.Args[len(n.Args)-1], where)
			}
		case *ast.ReturnStmt:
			if len(n.Results) == 1 && strings.Contains(where, "measure") {
				keep(found, n.Results[0], where)
			}
		}
	})
	return found
}

func errorsOf(t *testing.T, feature string) map[string]string {
	t.Helper()
	found := map[string]string{}
	inspect(t, feature, func(node ast.Node, where string) {
		switch n := node.(type) {
		case *ast.ValueSpec:
			if strings.HasPrefix(n.Names[0].Name, "Err") {
				found[n.Names[0].Name] = where
			}
		case *ast.TypeSpec:
			if strings.HasPrefix(n.Name.Name, "Err") {
				found[n.Name.Name] = where
			}
		}
	})
	return found
}

func keep(found map[string]string, e ast.Expr, where string) {
	literal, ok := e.(*ast.BasicLit)
	if !ok || literal.Kind != token.STRING {
		return
	}
	if text, err := strconv.Unquote(literal.Value); err == nil && code.MatchString(text) {
		found[text] = where
	}
}

func inspect(t *testing.T, feature string, visit func(ast.Node, string)) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join("..", feature, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		tree, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(tree, func(n ast.Node) bool {
			if n != nil {
				visit(n, name)
			}
			return true
		})
	}
}

func TestCategoriesHaveWords(t *testing.T) {
	t.Parallel()
	out, err := (&API{}).categories(t.Context(), nil)
	if err != nil || len(out.Body) != 9 {
		t.Fatalf("got %v, %v", out, err)
	}
	for _, c := range out.Body {
		if c.Label == "" {
			t.Errorf("%s has no label", c.Code)
		}
	}
}
