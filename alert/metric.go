package alert

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
)

// Class says over what a metric is measured.
type Class int

// The classes.
const (
	Window Class = iota // what ended within the rule's duration
	Gauge               // what is there now; beyond the value for the rule's duration
	OfJob               // each job by itself
)

// The metrics of jobs.
const (
	Missed   = "scheduler.job.missed"    // due times gone by with nobody there, or no run for max_gap_ms
	Late     = "scheduler.job.late"      // a run that does not start in time
	NeverRan = "scheduler.job.never_ran" // a job that was due and has not run yet, ever
	TooSlow  = "scheduler.job.too_slow"  // a run longer than finish_within_ms
	TooFast  = "scheduler.job.too_fast"  // a success shorter than min_duration_ms
)

// The metrics of the owner's rules, and of the growth of the queue.
const (
	FailureRate  = "scheduler.failure_rate"
	TimeoutCount = "scheduler.timeout_count"
	QueueSize    = "scheduler.queue.size"
)

// Metric is something that rules can compare.
type Metric struct {
	Name  string
	Class Class
	Unit  string // after a value: "%", "ms", "a minute"; "" = a number
	About string // what it counts
}

// Figures are what the metrics of windows and gauges are computed from.
type Figures struct {
	Tally   job.Tally               // of the rule's duration
	Over    time.Duration           // that duration
	Jobs    map[job.JobStatus]int64 //
	Waiting int64                   // executions that could start now
	Running int64
	Delayed int64 // executions that wait for an instant
	Dead    int64 // dead letters
	Oldest  time.Duration
}

var metrics = []Metric{
	{FailureRate, Window, "%", "failed and timed out runs among all that ran to their end"},
	{TimeoutCount, Window, "", "runs that timed out"},
	{"scheduler.failure_count", Window, "", "runs that failed or timed out"},
	{"scheduler.missed_count", Window, "", "due times that nobody was there for"},
	{"scheduler.executions.rate", Window, "a minute", "runs that ended"},
	{"scheduler.executions.success_rate", Window, "%", "successes among all that ran to their end; 100 when nothing did"},
	{"scheduler.executions.duration_p95", Window, "ms", "95 of 100 successes took no longer"},
	{"scheduler.jobs.total", Gauge, "", "jobs"},
	{"scheduler.jobs.active", Gauge, "", "jobs that are planned"},
	{"scheduler.jobs.failed", Gauge, "", "jobs that ended as failed"},
	{QueueSize, Gauge, "", "runs that could start now"},
	{"scheduler.queue.processing", Gauge, "", "runs that are running"},
	{"scheduler.queue.delayed", Gauge, "", "runs that wait for an instant: retries, mostly"},
	{"scheduler.queue.failed", Gauge, "", "dead letters"},
	{"scheduler.queue.oldest_ms", Gauge, "ms", "how long the oldest run has been able to start"},
	{Missed, OfJob, "", "jobs whose due times went by with nobody there; value: how many are let pass"},
	{Late, OfJob, "ms", "jobs whose run does not start; value: for jobs without start_within_ms"},
	{NeverRan, OfJob, "ms", "jobs that were due so long ago and never ran"},
	{TooSlow, OfJob, "", "jobs whose run takes longer than finish_within_ms; value: 0"},
	{TooFast, OfJob, "", "jobs whose success took less than min_duration_ms; value: 0"},
}

// Metrics lists what rules can compare.
func Metrics() []Metric { return slices.Clone(metrics) }

// MetricNames are their names.
func MetricNames() []string {
	names := make([]string, len(metrics))
	for i := range metrics {
		names[i] = metrics[i].Name
	}
	return names
}

// MetricOf returns the metric of that name.
func MetricOf(name string) (Metric, bool) {
	i := slices.IndexFunc(metrics, func(m Metric) bool { return m.Name == name })
	if i < 0 {
		return Metric{}, false
	}
	return metrics[i], true
}

// value computes a metric of a window or a gauge; 0 for others.
func (f *Figures) value(metric string) float64 {
	t := &f.Tally
	failed, ran := float64(t.Failed+t.Timeout), float64(t.Success+t.Failed+t.Timeout)
	switch metric {
	case FailureRate:
		return 100 * failed / max(ran, 1)
	case TimeoutCount:
		return float64(t.Timeout)
	case "scheduler.failure_count":
		return failed
	case "scheduler.missed_count":
		return float64(t.Missed)
	case "scheduler.executions.rate":
		return float64(t.Ended()) / max(f.Over.Minutes(), 1)
	case "scheduler.executions.success_rate":
		return 100 - 100*failed/max(ran, 1)
	case "scheduler.executions.duration_p95":
		return float64(t.Took.Percentile(95).Milliseconds())
	case "scheduler.jobs.total":
		total := int64(0)
		for _, n := range f.Jobs {
			total += n
		}
		return float64(total)
	case "scheduler.jobs.active":
		return float64(f.Jobs[job.JobActive])
	case "scheduler.jobs.failed":
		return float64(f.Jobs[job.JobFailed])
	case QueueSize:
		return float64(f.Waiting)
	case "scheduler.queue.processing":
		return float64(f.Running)
	case "scheduler.queue.delayed":
		return float64(f.Delayed)
	case "scheduler.queue.failed":
		return float64(f.Dead)
	case "scheduler.queue.oldest_ms":
		return float64(f.Oldest.Milliseconds())
	}
	return 0
}

// Measure computes what a rule about a platform compares, and says whether it is beyond
// the rule's value.
func (r *Rule) Measure(f *Figures) (value float64, beyond bool) {
	value = f.value(r.Metric)
	return value, r.Operator.compare(value, r.Value)
}

// Operator compares a figure with a rule's value.
type Operator string

// The operators.
const (
	GT Operator = "gt"
	GE Operator = "gte"
	LT Operator = "lt"
	LE Operator = "lte"
	EQ Operator = "eq"
	NE Operator = "ne"
)

// Operators lists them.
func Operators() []Operator { return []Operator{GT, GE, LT, LE, EQ, NE} }

func (o Operator) compare(a, b float64) bool {
	switch o {
	case GT:
		return a > b
	case GE:
		return a >= b
	case LT:
		return a < b
	case LE:
		return a <= b
	case EQ:
		return a == b
	case NE:
		return a != b
	}
	return false
}

// Sign is an operator as people write it.
func (o Operator) Sign() string {
	return map[Operator]string{GT: ">", GE: ">=", LT: "<", LE: "<=", EQ: "=", NE: "!="}[o]
}

// Condition says what a rule compares, in few words: "> 10 % for 5m".
func (r *Rule) Condition() string {
	m, _ := MetricOf(r.Metric)
	text := r.Operator.Sign() + " " + amount(r.Value, m.Unit)
	if r.DurationMS > 0 {
		text += " for " + span(r.Duration())
	}
	return text
}

// amount writes a figure with two decimals at most.
func amount(v float64, unit string) string {
	text := strconv.FormatFloat(v, 'f', -1, 64)
	if len(text) > 4 && v != float64(int64(v)) {
		text = strconv.FormatFloat(v, 'f', 2, 64)
	}
	switch unit {
	case "":
		return text
	case "ms":
		return span(time.Duration(v) * time.Millisecond)
	}
	return text + " " + unit
}

// span writes a duration without what is zero: 1h30m, 10m, 1.5s.
func span(d time.Duration) string {
	switch {
	case d < time.Second:
		return d.Round(time.Millisecond).String()
	case d < time.Minute:
		return d.Round(100 * time.Millisecond).String()
	}
	d = d.Round(time.Second)
	h, m, s := d/time.Hour, d%time.Hour/time.Minute, d%time.Minute/time.Second
	text := ""
	for _, part := range []struct {
		n    time.Duration
		unit string
	}{{h, "h"}, {m, "m"}, {s, "s"}} {
		if part.n > 0 {
			text += fmt.Sprintf("%d%s", part.n, part.unit)
		}
	}
	return text
}
