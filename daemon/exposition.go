package daemon

import (
	"context"
	"log/slog"
	"net/http"
	"runtime"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/daemon/listen"
	"github.com/agentic-sdlc/scheduler/daemon/metrics"
	"github.com/agentic-sdlc/scheduler/store"
)

// newMetrics makes what Prometheus reads of this node.
func (n *node) newMetrics(ctx context.Context) error {
	info, err := n.store.Info(ctx)
	if err != nil {
		return storeError(err)
	}
	b := n.o.Build
	var channels []string
	for _, c := range alertChannels(&n.cfg) {
		channels = append(channels, c.Name)
	}
	n.metrics = metrics.New(metrics.Options{
		Channels: channels,
		Version:  b.Version, Commit: b.Commit, Go: runtime.Version(), Schema: info.Schema, Now: n.clock.Now,
		Totals:  func(ctx context.Context) (store.Totals, error) { return n.control.AllTotals(ctx, n.clock.Now()) },
		Workers: func(ctx context.Context) (map[string]int, error) { return n.control.WorkerStates(ctx, n.clock.Now()) },
		Alerts: func(ctx context.Context) ([]store.AlertCount, error) {
			return n.store.AlertCounts(ctx, store.AnyPlatform)
		},
		Slots: func() (busy, free int) {
			v := n.engine.Vitals()
			return v.Running, v.Free
		},
	})
	return nil
}

// listenMetrics listens for Prometheus, if that is wanted: on loopback, where what it is
// told, which names nobody's jobs, needs no token.
func (n *node) listenMetrics(ctx context.Context) (err error) {
	address := n.cfg.Listen.Metrics
	if address == "" {
		return nil
	}
	if n.exposed, err = listen.TCP(listen.TCPOptions{Address: address}); err != nil {
		return runningError(err)
	}
	n.onClose(func() error { return closeQuietly(n.exposed) })
	n.log.InfoContext(ctx, "metrics are exposed", slog.String("address", n.exposed.Addr().String()))
	return nil
}

// exposition is the server that Prometheus asks. It answers on one path.
func (n *node) exposition() *http.Server {
	mux := http.NewServeMux()
	hosts := listen.Hosts{Names: n.cfg.Listen.Hosts}
	scrape := n.metrics.Handler()
	mux.HandleFunc("GET "+api.RouteExposition, func(w http.ResponseWriter, r *http.Request) {
		if !hosts.Allow(r) {
			http.Error(w, "not for this host", http.StatusMisdirectedRequest)
			return
		}
		w.Header().Set("Cache-Control", "no-store")
		scrape.ServeHTTP(w, r)
	})
	return newServer(mux, n.log)
}
