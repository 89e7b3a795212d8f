package mobileapi

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// newMeasured counts and times requests by route and class of status. A pattern, never a path: paths carry ids.
func newMeasured(registry prometheus.Registerer) *prometheus.HistogramVec {
	measured := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name:    "liaison_http_request_duration_seconds",
		Help:    "Time to answer a request, by route and class of status.",
		Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5},
	}, []string{"route", "status"})
	registry.MustRegister(measured)
	return measured
}

func (a *API) measure(r *http.Request, status int, took time.Duration) {
	// A socket lasts as long as it lasts: that is no time to answer.
	if status == http.StatusSwitchingProtocols {
		return
	}
	a.measured.WithLabelValues(routeOf(r), strconv.Itoa(status/100)+"xx").Observe(took.Seconds())
}

func routeOf(r *http.Request) string {
	if r.Pattern == "" {
		return "none"
	}
	return r.Pattern
}
