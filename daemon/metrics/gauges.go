package metrics

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/agentic-sdlc/scheduler/alert"
	"github.com/agentic-sdlc/scheduler/job"
)

// gauges are read when somebody asks. What cannot be read then is left out, and
// schedd_store_up says so.
type gauges struct{ o *Options }

var (
	descUp      = prometheus.NewDesc("schedd_store_up", "Whether the store answered this scrape.", nil, nil)
	descJobs    = prometheus.NewDesc("schedd_jobs", "Jobs by status, of all nodes.", []string{"status"}, nil)
	descQueue   = prometheus.NewDesc("schedd_queue_depth", "Executions that have not ended, and dead letters, of all nodes.", []string{"state"}, nil)
	descOldest  = prometheus.NewDesc("schedd_queue_oldest_seconds", "Age of the execution that is ready longest; 0 when none is.", nil, nil)
	descWorkers = prometheus.NewDesc("schedd_workers", "Live nodes with the role worker, by state.", []string{"state"}, nil)
	descAlerts  = prometheus.NewDesc("schedd_alerts_firing", "Alerts that fire and nobody has taken, by severity, of all nodes.", []string{"severity"}, nil)
	descSlots   = prometheus.NewDesc("schedd_worker_slots", "Slots of this node.", []string{"state"}, nil)
)

// Describe tells what Collect sends.
func (g *gauges) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{descUp, descJobs, descQueue, descOldest, descWorkers, descAlerts, descSlots} {
		out <- d
	}
}

// scrape bounds how long the store is waited for.
const scrape = 5 * time.Second

// Collect reads everything.
func (g *gauges) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), scrape)
	defer cancel()
	set := func(d *prometheus.Desc, v float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	busy, free := g.o.Slots()
	set(descSlots, float64(busy), "busy")
	set(descSlots, float64(free), "free")
	totals, err := g.o.Totals(ctx)
	if err != nil {
		set(descUp, 0)
		return
	}
	workers, err := g.o.Workers(ctx)
	if err != nil {
		set(descUp, 0)
		return
	}
	firing, err := g.firing(ctx)
	if err != nil {
		set(descUp, 0)
		return
	}
	set(descUp, 1)
	for severity, n := range firing {
		set(descAlerts, float64(n), string(severity))
	}
	for _, status := range job.JobStatuses() {
		set(descJobs, float64(totals.Jobs[status]), string(status))
	}
	set(descQueue, float64(totals.Waiting), "pending")
	set(descQueue, float64(totals.Running), "processing")
	set(descQueue, float64(totals.Delayed), "delayed")
	set(descQueue, float64(totals.Dead), "dead")
	set(descOldest, totals.OldestReady.Seconds())
	for _, state := range []string{"active", "draining"} {
		set(descWorkers, float64(workers[state]), state)
	}
}

// firing counts alerts that fire by severity.
func (g *gauges) firing(ctx context.Context) (map[alert.Severity]int64, error) {
	firing := map[alert.Severity]int64{}
	for _, severity := range alert.Severities() {
		firing[severity] = 0
	}
	open, err := g.o.Alerts(ctx)
	for _, c := range open {
		if c.State == alert.Firing {
			firing[c.Severity] += c.Count
		}
	}
	return firing, err
}
