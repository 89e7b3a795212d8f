package node

import (
	"errors"
	"net"
	"net/http"
	"syscall"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// observe registers the figures an operator watches.
func (n *Node) observe() {
	gauge := func(name, help string, value func() float64) {
		n.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "liaison_" + name, Help: help}, value))
	}
	n.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	gauge("sockets", "Connected sockets of this node.", func() float64 { return float64(n.Hub.Sockets()) })
	gauge("bus_healthy", "1 while other nodes can be told at once.", func() float64 { return boolToFloat(n.Bus.Healthy()) })
	gauge("journal_seal_lag_seconds", "Age of the oldest journal line not yet sealed.", func() float64 { return n.Sealer.Stats().Lag.Seconds() })
	gauge("journal_seal_failures", "Sealing passes of this node that failed.", func() float64 { return float64(n.Sealer.Stats().Failures) })
	gauge("journal_unexported_blocks", "Signed blocks not yet exported, on the node that seals.", func() float64 { return float64(n.Sealer.Stats().Unexported) })
	if n.Objects != nil {
		gauge("objects_ready", "1 while the object store answers.", n.objectsReady)
	}
	gauge("database_connections_used", "Connections in use.", func() float64 { return float64(n.DB.Pool.Stat().AcquiredConns()) })
	gauge("database_connections_max", "Connections allowed.", func() float64 { return float64(n.DB.Pool.Stat().MaxConns()) })
	gauge("horizon_lag_seconds", "How long ago this node last compared itself with the database.", func() float64 { return n.Hub.Lag().Seconds() })
}

func boolToFloat(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// serveMetrics listens apart, for the operator. A port taken by another node's metrics is no reason not to serve.
func (n *Node) serveMetrics() error {
	if n.MetricsListen == "" {
		return nil
	}
	listener, err := net.Listen("tcp", n.MetricsListen)
	if errors.Is(err, syscall.EADDRINUSE) {
		n.Log.Warn("metrics not served: the port is taken (LIAISON_METRICS_LISTEN names another)", "address", n.MetricsListen)
		return nil
	}
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(n.registry, promhttp.HandlerOpts{}))
	server := &http.Server{Handler: mux}
	n.servers = append(n.servers, server)
	n.working.Go(func() { _ = server.Serve(listener) })
	return nil
}
