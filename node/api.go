package node

import (
	"io/fs"
	"net/http"
	"strings"
	"time"

	"liaison/access"
	mobileapi "liaison/mobile-api"
)

// api makes the HTTP API over this node's features.
func (n *Node) api(dist fs.FS) (*mobileapi.API, error) {
	logins, err := n.demoLogins()
	if err != nil {
		return nil, err
	}
	socket := &mobileapi.Socket{Hub: n.Hub, Log: n.Log}
	api, err := mobileapi.New(mobileapi.Config{
		Accounts: n.Accounts, Teams: n.Teams, Matrices: n.Matrices, Chat: n.Chat, Documents: n.Documents, Alerts: n.Alerts, Web: builtWeb(dist), Live: socket,
		Ready: func(r *http.Request) error { return n.Ready(r.Context()) },
		Demo:  n.Instance.Demo, DemoLogins: logins, Territory: n.Instance.Territory, InstanceID: n.Instance.ID, PublicURL: n.URL,
		CookieName: "liaison-" + n.Instance.ID.String()[:8], TLS: strings.HasPrefix(n.URL, "https://"), RateLimit: n.rateLimit(),
		Log: n.Log, Metrics: n.registry,
	})
	if err != nil {
		return nil, err
	}
	socket.Authenticate = func(r *http.Request) (access.Actor, time.Time, error) { return api.SocketActor(r) }
	socket.Refuse = api.Refuse
	return api, nil
}

// demoLogins are none outside a demo, whatever this node was told.
func (n *Node) demoLogins() ([]mobileapi.DemoLogin, error) {
	if !n.Instance.Demo || n.DemoAccounts == nil {
		return nil, nil
	}
	list, err := n.DemoAccounts()
	if err != nil {
		return nil, err
	}
	logins := make([]mobileapi.DemoLogin, 0, len(list))
	for _, a := range list {
		p := shown(a.ID, a.Professional)
		logins = append(logins, mobileapi.DemoLogin{Login: a.Login, DisplayName: p.DisplayName, Gender: p.Gender, Profession: p.Profession})
	}
	return logins, nil
}

// builtWeb is nil until the web client is built: the API then says so in a sentence.
func builtWeb(dist fs.FS) fs.FS {
	if _, err := fs.Stat(dist, "index.html"); err != nil {
		return nil
	}
	return dist
}

func (n *Node) rateLimit() mobileapi.RateLimit {
	return mobileapi.RateLimit{Off: n.NoRateLimit}
}
