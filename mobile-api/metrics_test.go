package mobileapi

import (
	"net/http"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
)

func TestRequestsAreMeasuredByRoute(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewRegistry()
	a := newAPI(t, Config{Metrics: registry})
	get(t, a, "/healthz")
	get(t, a, "/api/v1/messages-of/0192f000-0000-7000-8000-0000000000aa")
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]uint64{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			seen[f.GetName()+" "+m.GetLabel()[0].GetValue()+" "+m.GetLabel()[1].GetValue()] = m.GetHistogram().GetSampleCount()
		}
	}
	const name = "liaison_http_request_duration_seconds "
	if seen[name+"GET /healthz 2xx"] != 1 || seen[name+"/api/ 4xx"] != 1 || len(seen) != 2 {
		t.Fatalf("got %v", seen)
	}
}

func TestTheSocketIsMounted(t *testing.T) {
	t.Parallel()
	a := newAPI(t, Config{Live: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusTeapot) })})
	if got := get(t, a, "/api/v1/live"); got.Code != http.StatusTeapot {
		t.Fatalf("got %d", got.Code)
	}
}
