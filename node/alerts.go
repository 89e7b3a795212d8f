package node

import (
	"context"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"

	"liaison/notifications"
	"liaison/notifications/webpush"
	"liaison/storage"
)

// AlertConfig is how alerts go on, and who pushes are sent by.
type AlertConfig struct {
	AlertTimes    notifications.Times // zero: five minutes, then fifteen
	AlertPoll     time.Duration       // how often due jobs are looked for; default 1 s
	PushContact   string              // https: or mailto: address of who runs this instance; default PublicURL
	PushTestHosts []string            // push services of tests, by plain HTTP; never in production
}

// jobConns are the connections of background jobs, apart from those of people.
const jobConns = 5

func (n *Node) openJobs(ctx context.Context) (err error) {
	n.Jobs, err = storage.Open(ctx, storage.Config{URL: n.DatabaseURL, OwnerURL: n.OwnerURL, MaxConns: jobConns, AllowNoFsync: n.AllowNoFsync})
	if err != nil {
		return err
	}
	n.onStop(n.Jobs.Close)
	return nil
}

func (n *Node) openAlerts(ctx context.Context, who people) error {
	secret, err := n.Vault.Secret(ctx, "devices", 32)
	if err != nil {
		return err
	}
	pushes, err := webpush.New(webpush.Config{Secret: secret, Contact: n.contact(), TestHosts: n.PushTestHosts})
	if err != nil {
		return err
	}
	n.Alerts, err = notifications.New(notifications.Config{
		DB: n.DB, Jobs: n.Jobs, Gate: n.Gate, Bus: n.Bus, People: who, Push: pushes, Secret: secret, Times: n.AlertTimes, Poll: n.AlertPoll, Log: n.Log,
	})
	if err != nil {
		return err
	}
	n.Chat.Alerts = n.Alerts
	return nil
}

// contact is whom a push service may ask about this instance. One that nobody configured gives nobody's address, which some
// services refuse.
func (n *Node) contact() string {
	switch {
	case n.PushContact != "":
		return n.PushContact
	case strings.HasPrefix(n.PublicURL, "https://"):
		return n.PublicURL
	}
	return "mailto:nobody@example.org"
}

func (n *Node) runAlerts(ctx context.Context) {
	if err := n.Alerts.Run(ctx); err != nil {
		n.Log.Error("alerts", "error", err)
	}
}

// forgetDevices ends the pushes of ended sessions. The pushes themselves ask whether the session is good.
func (n *Node) forgetDevices(sessions []uuid.UUID) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := n.Alerts.Forget(ctx, sessions); err != nil {
		n.Log.Warn("devices of ended sessions stay listed until they are pruned", "error", err)
	}
}

// alertFigures asks the database when an operator asks.
type alertFigures struct {
	alerts                 *notifications.Service
	open, oldest, failures *prometheus.Desc
}

func (n *Node) observeAlerts() {
	n.registry.MustRegister(&alertFigures{
		alerts:   n.Alerts,
		open:     prometheus.NewDesc("liaison_alerts_open", "Alerts nobody has answered yet.", nil, nil),
		oldest:   prometheus.NewDesc("liaison_alerts_oldest_seconds", "Age of the oldest of them.", nil, nil),
		failures: prometheus.NewDesc("liaison_push_failures_total", "Pushes of this node that no push service accepted.", nil, nil),
	})
}

// Describe is for Prometheus.
func (f *alertFigures) Describe(ch chan<- *prometheus.Desc) {
	ch <- f.open
	ch <- f.oldest
	ch <- f.failures
}

// Collect is for Prometheus. What cannot be counted is absent: that says more than a figure of before.
func (f *alertFigures) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	now, err := f.alerts.Figures(ctx)
	ch <- prometheus.MustNewConstMetric(f.failures, prometheus.CounterValue, float64(now.PushFailures))
	if err == nil {
		ch <- prometheus.MustNewConstMetric(f.open, prometheus.GaugeValue, float64(now.Open))
		ch <- prometheus.MustNewConstMetric(f.oldest, prometheus.GaugeValue, now.Oldest.Seconds())
	}
}
