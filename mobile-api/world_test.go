package mobileapi_test

import (
	"strings"
	"testing"

	"liaison/mobile-api/apitest"
)

// circle is the world of most tests: a physician who opened the dossier, a nurse, a home help, and a physician of another
// circle.
type circle struct {
	*apitest.World
	apitest.Circle
	doctor, nurse, help, stranger *apitest.Client
	elsewhere                     apitest.Circle
}

func newCircle(t *testing.T) *circle {
	t.Helper()
	t.Parallel()
	w := &circle{World: apitest.New(t)}
	w.doctor, w.nurse = w.Hire("baudry", apitest.Physician), w.Hire("ferhat", apitest.Nurse)
	w.help, w.stranger = w.Hire("diallo", apitest.HomeHelp), w.Hire("verne", apitest.Physician)
	w.Circle = w.Open("Dufour", w.doctor, w.nurse, w.help)
	w.elsewhere = w.Open("Lescure", w.stranger)
	return w
}

type fields = map[string]any

func note(category, text string) fields {
	return fields{"id": apitest.NewID(), "category": category, "text": text, "note_type": "OBS"}
}

func with(body fields, name string, value any) fields {
	out := fields{}
	for k, v := range body {
		out[k] = v
	}
	out[name] = value
	return out
}

func (w *circle) messages() string { return "/channels/" + w.Notebook.String() + "/messages" }

// post posts a note of the nurse's and gives its id.
func (w *circle) post(text string) string {
	w.T.Helper()
	body := note("nursing", text)
	answered(w.T, w.nurse.Send("POST", w.messages(), body, nil), 201)
	return body["id"].(interface{ String() string }).String()
}

func answered(t testing.TB, a apitest.Answer, status int) apitest.Answer {
	t.Helper()
	if a.Status != status {
		t.Fatalf("got %d %s, want %d", a.Status, a.Raw, status)
	}
	return a
}

// refused wants a whole problem with that status and code.
func refused(t testing.TB, a apitest.Answer, status int, code string) apitest.Answer {
	t.Helper()
	if a.Status != status || a.Code() != code {
		t.Fatalf("got %d %s, want %d %s", a.Status, a.Raw, status, code)
	}
	if a.Header.Get("Content-Type") != "application/problem+json" || a.Text("type") != "urn:liaison:problem:"+code ||
		a.Text("title") == "" || a.Text("detail") == "" || a.At("status") != float64(status) {
		t.Fatalf("not a whole problem: %v %s", a.Header, a.Raw)
	}
	if a.Header.Get("Cache-Control") != "private, no-store" {
		t.Fatalf("may be kept: %v", a.Header)
	}
	return a
}

// about wants the first field error to name that field.
func about(t testing.TB, a apitest.Answer, field string) {
	t.Helper()
	if got := a.Text("errors", 0, "field"); got != field || a.Text("errors", 0, "detail") == "" {
		t.Fatalf("about %q, want %q: %s", got, field, a.Raw)
	}
}

func contains(t testing.TB, text, part string) {
	t.Helper()
	if !strings.Contains(text, part) {
		t.Fatalf("%q does not hold %q", text, part)
	}
}
