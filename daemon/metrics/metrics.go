package metrics

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// Options of Metrics.
type Options struct {
	Version, Commit, Go string
	Schema              int64
	// Totals counts what is in the store; Workers, nodes with the role worker by state, and
	// their slots. Both are of all nodes.
	Totals  func(ctx context.Context) (store.Totals, error)
	Workers func(ctx context.Context) (map[string]int, error)
	// Alerts counts open alerts, of all nodes.
	Alerts func(ctx context.Context) ([]store.AlertCount, error)
	// Channels are those that alerts may be told by.
	Channels []string
	// Slots returns how many executions run here and how many more could.
	Slots func() (busy, free int)
	Now   func() time.Time
}

// Metrics is what Prometheus reads of a node. Make it with New. It is safe for concurrent
// use.
type Metrics struct {
	o        Options
	registry *prometheus.Registry

	executions *prometheus.CounterVec
	took       prometheus.Histogram
	retries    prometheus.Counter
	dead       prometheus.Counter
	lag        prometheus.Histogram
	skipped    prometheus.Counter
	store      *prometheus.HistogramVec
	faults     *prometheus.CounterVec
	requests   *prometheus.CounterVec
	answered   *prometheus.HistogramVec
	notified   *prometheus.CounterVec
	events     prometheus.Counter
	acts       *prometheus.CounterVec
}

// seconds are the bounds of what is quick as a rule.
var seconds = []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60}

// New returns metrics in a registry of their own.
func New(o Options) *Metrics {
	m := &Metrics{o: o, registry: prometheus.NewRegistry()}
	m.executions = prometheus.NewCounterVec(prometheus.CounterOpts{Name: "schedd_executions_total", Help: "Executions that ended on this node, by how."}, []string{"status"})
	m.took = prometheus.NewHistogram(prometheus.HistogramOpts{
		Name: "schedd_execution_duration_seconds", Help: "How long successful executions took on this node.",
		Buckets: []float64{.001, .005, .01, .05, .1, .5, 1, 5, 10, 30, 60, 300, 1800, 7200}, NativeHistogramBucketFactor: 1.1, NativeHistogramMaxBucketNumber: 100,
	})
	m.retries = counter("schedd_retries_total", "Attempts on this node that failed and are tried again.")
	m.dead = counter("schedd_dead_letters_total", "Executions that this node gave up for good.")
	m.lag = histogram("schedd_schedule_lag_seconds", "How late runs were planned and started at once on this node; those that catch up count.")
	m.skipped = counter("schedd_slots_skipped_total", "Due times that this node recorded as not run.")
	m.store = prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "schedd_store_query_seconds", Help: "How long the store took, by what was asked.", Buckets: seconds}, []string{"op"})
	m.faults = prometheus.NewCounterVec(prometheus.CounterOpts{Name: "schedd_store_errors_total", Help: "Questions that the store failed to answer, by what was asked."}, []string{"op"})
	m.requests = prometheus.NewCounterVec(prometheus.CounterOpts{Name: "schedd_http_requests_total", Help: "Requests by route and status."}, []string{"route", "code"})
	m.answered = prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "schedd_http_request_seconds", Help: "How long requests took, by route.", Buckets: seconds}, []string{"route"})
	m.notified = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "schedd_alert_notifications_total", Help: "Attempts of this node to tell a channel of alerts, by what came of them.",
	}, []string{"channel", "result"})
	m.events = counter("schedd_events_total", "Events that this node decided about.")
	m.acts = prometheus.NewCounterVec(prometheus.CounterOpts{Name: "schedd_event_acts_total", Help: "What events made happen on this node, by what came of it."}, []string{"result"})
	for _, channel := range o.Channels {
		for _, result := range []string{"sent", "retried", "failed"} {
			m.notified.WithLabelValues(channel, result)
		}
	}
	build := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "schedd_build_info", Help: "Which schedd this is.", ConstLabels: prometheus.Labels{"version": o.Version, "commit": o.Commit, "goversion": o.Go},
	})
	build.Set(1)
	schema := prometheus.NewGauge(prometheus.GaugeOpts{Name: "schedd_migration_version", Help: "Schema of the store."})
	schema.Set(float64(o.Schema))
	for _, status := range []job.Status{job.Success, job.Failed, job.TimedOut, job.Cancelled} {
		m.executions.WithLabelValues(string(status)) // a counter that is not there yet has no rate
	}
	for _, op := range ops {
		m.faults.WithLabelValues(op)
	}
	for _, result := range []string{actDone, actFailed} {
		m.acts.WithLabelValues(result)
	}
	m.registry.MustRegister(
		m.executions, m.took, m.retries, m.dead, m.lag, m.skipped, m.store, m.faults, m.requests, m.answered, m.notified, m.events, m.acts, build, schema,
		&gauges{o: &m.o},
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	return m
}

func counter(name, help string) prometheus.Counter {
	return prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
}

func histogram(name, help string) prometheus.Histogram {
	return prometheus.NewHistogram(prometheus.HistogramOpts{Name: name, Help: help, Buckets: seconds})
}

// Notified counts an attempt to tell a channel of alerts: sent, retried or failed.
func (m *Metrics) Notified(channel, result string) { m.notified.WithLabelValues(channel, result).Inc() }

// Handler answers what Prometheus asks.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{EnableOpenMetrics: true, MaxRequestsInFlight: 4, ErrorHandling: promhttp.ContinueOnError})
}

// HTTP counts the requests that a handler answers. Paths that no route matches are one.
func (m *Metrics) HTTP(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := m.o.Now()
		out := &answer{ResponseWriter: w, status: http.StatusOK}
		defer func() {
			route := r.Pattern // set by the mux
			if route == "" || route == "/" {
				route = "none"
			}
			m.requests.WithLabelValues(route, strconv.Itoa(out.status)).Inc()
			m.answered.WithLabelValues(route).Observe(m.o.Now().Sub(began).Seconds())
		}()
		next.ServeHTTP(out, r)
	})
}

// answer remembers the status of an answer.
type answer struct {
	http.ResponseWriter

	status int
}

// WriteHeader remembers the status.
func (a *answer) WriteHeader(status int) {
	a.status = status
	a.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController reach the connection.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }
