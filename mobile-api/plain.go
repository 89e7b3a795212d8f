package mobileapi

import (
	"net/http"
)

// plainRoutes are those that speak no JSON of ours: health, the document, the socket, the web client.
func (a *API) plainRoutes(web http.Handler) {
	a.mux.HandleFunc("GET "+prefix+"/openapi.json", a.serveDocument)
	a.mux.HandleFunc("GET "+prefix+"/live", a.serveLive)
	a.mux.HandleFunc("/api/", a.unknownPath)
	a.mux.HandleFunc("GET /healthz", a.healthy)
	a.mux.HandleFunc("GET /readyz", a.ready)
	a.mux.Handle("/", web)
}

func (a *API) serveDocument(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/vnd.oai.openapi+json;version=3.1")
	w.Header().Set("Cache-Control", "no-cache")
	_, _ = w.Write(a.openAPI)
}

func (a *API) serveLive(w http.ResponseWriter, r *http.Request) {
	if a.live == nil {
		a.unknownPath(w, r)
		return
	}
	a.live.ServeHTTP(w, r)
}

func (a *API) unknownPath(w http.ResponseWriter, r *http.Request) {
	newProblem(languageOf(r), "unknown_path").write(w)
}

// healthy says that the process answers.
func (a *API) healthy(w http.ResponseWriter, _ *http.Request) {
	plainText(w, http.StatusOK, "ok\n")
}

// ready says whether this node should be sent requests.
func (a *API) ready(w http.ResponseWriter, r *http.Request) {
	if err := a.cfg.Ready(r); err != nil {
		a.cfg.Log.WarnContext(r.Context(), "not ready", "error", err)
		plainText(w, http.StatusServiceUnavailable, "not ready\n")
		return
	}
	plainText(w, http.StatusOK, "ready\n")
}
