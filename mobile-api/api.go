// Package mobileapi is the one HTTP API of phone and browser: it decodes, asks one feature, encodes, and says what went
// wrong in the user's words. It holds no SQL, no right and no rule of the product; those are in the features and in access.
package mobileapi

import (
	"io/fs"
	"log/slog"
	"net/http"
	"net/netip"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"

	"liaison/accounts"
	"liaison/chat"
	"liaison/documents"
	"liaison/matrices"
	"liaison/notifications"
	"liaison/teams"
)

// Config is what the API serves and how.
type Config struct {
	Accounts  *accounts.Service
	Teams     *teams.Service
	Matrices  *matrices.Service
	Chat      *chat.Service
	Documents *documents.Service
	Alerts    *notifications.Service

	// Web is the built web client, index.html at its root; nil when there is none.
	Web fs.FS
	// Live answers GET /api/v1/live; nil when nothing is live.
	Live http.Handler
	// Ready says why this node cannot serve now; nil is always ready.
	Ready func(*http.Request) error

	Demo bool
	// DemoLogins are told to anybody, where Demo is set.
	DemoLogins []DemoLogin
	Territory  string
	InstanceID uuid.UUID
	// PublicURL is where browsers reach this instance; links are made from it and its origin is trusted.
	PublicURL string
	// CookieName is the session cookie's; it carries the instance, and is given the prefix __Host- when it lacks it.
	CookieName string
	// TLS says that browsers reach this instance by https only, even where a proxy ends it.
	TLS bool
	// TrustedProxies are believed, as loopback is, when they say for whom they ask.
	TrustedProxies []netip.Prefix
	RateLimit      RateLimit
	// Stall is how long a transfer of a document may stand still; default 30 s.
	Stall time.Duration

	Log     *slog.Logger
	Metrics prometheus.Registerer
}

// API answers HTTP requests.
type API struct {
	cfg      Config
	huma     huma.API
	mux      *http.ServeMux
	handler  http.Handler
	live     http.Handler
	limits   *limits
	origins  *http.CrossOriginProtection
	measured *prometheus.HistogramVec
	openAPI  []byte
}

// New makes the API. It fails on a configuration that would be unsafe or a web client that cannot be read.
func New(cfg Config) (*API, error) {
	a := &API{cfg: withDefaults(cfg), mux: http.NewServeMux(), live: cfg.Live}
	a.limits = newLimits(a.cfg.RateLimit)
	a.measured = newMeasured(a.cfg.Metrics)
	var err error
	if a.origins, err = trustedOrigins(a.cfg.PublicURL); err != nil {
		return nil, err
	}
	a.huma = humago.New(a.mux, humaConfig(a.cfg.CookieName))
	a.huma.UseMiddleware(a.authenticated)
	a.routes()
	if a.openAPI, err = a.document(); err != nil {
		return nil, err
	}
	web, err := newStatic(a.cfg.Web)
	if err != nil {
		return nil, err
	}
	a.plainRoutes(web)
	a.handler = a.chain(a.mux)
	return a, nil
}

func withDefaults(cfg Config) Config {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Metrics == nil {
		cfg.Metrics = prometheus.NewRegistry()
	}
	if cfg.Ready == nil {
		cfg.Ready = func(*http.Request) error { return nil }
	}
	if cfg.Stall == 0 {
		cfg.Stall = defaultStall
	}
	cfg.CookieName = hostPrefixed(cfg.CookieName)
	return cfg
}

// ServeHTTP answers one request.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) { a.handler.ServeHTTP(w, r) }

// OpenAPI is the document served at /api/v1/openapi.json.
func (a *API) OpenAPI() []byte { return a.openAPI }

// now is the clock of what is limited and measured; care data is dated by the database.
func now() time.Time { return time.Now() }
