package alert

import (
	"fmt"
	"strings"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
)

// Round is what one look found about one rule.
type Round struct {
	Rule  Rule
	Found []Finding
	Value float64 // of a window or a gauge
	// Partial says that not all was looked at: what was not found is not resolved.
	Partial bool
	// Send are the channels to tell, by their names in the configuration.
	Send []string
}

// Look returns the round of a rule about a platform.
func (r *Rule) Look(f *Figures) Round {
	value, beyond := r.Measure(f)
	round := Round{Rule: *r, Value: value}
	if beyond {
		m, _ := MetricOf(r.Metric)
		round.Found = []Finding{{Platform: r.Platform, Value: value, Summary: amount(value, m.Unit) + " " + r.Condition()}}
	}
	return round
}

// Ripe reports whether what was found is to fire: the figure of a gauge has been beyond
// the value for long enough. pending is since when it is, as it becomes.
func (r *Round) Ripe(pending, now time.Time) (ripe bool, since time.Time) {
	m, _ := MetricOf(r.Rule.Metric)
	switch {
	case m.Class != Gauge:
		return len(r.Found) > 0, time.Time{}
	case len(r.Found) == 0:
		return false, time.Time{}
	case pending.IsZero():
		pending = now
	}
	return now.Sub(pending) >= r.Rule.Duration(), pending
}

// maxListed bounds the alerts that one notice lists.
const maxListed = 50

// Notice is what one channel is told, once: the alerts of a rule that came into a state
// together. It is the same whenever it is sent again.
type Notice struct {
	ID       job.ID    `json:"id"`
	State    State     `json:"state"` // firing or resolved
	At       time.Time `json:"at"`
	Rule     string    `json:"rule"`
	Severity Severity  `json:"severity"`
	Metric   string    `json:"metric"`
	Cond     string    `json:"condition"`
	Platform string    `json:"platform_id"` // of the rule
	Count    int       `json:"count"`       // of alerts; Alerts may have fewer
	Alerts   []Listed  `json:"alerts"`
}

// Listed is an alert in a notice.
type Listed struct {
	ID         string     `json:"id"`
	Platform   string     `json:"platform_id"`
	JobID      *job.ID    `json:"job_id,omitempty"`
	JobName    string     `json:"job_name,omitempty"`
	Value      float64    `json:"value"`
	Summary    string     `json:"summary"`
	FiredAt    time.Time  `json:"fired_at"`
	ResolvedAt *time.Time `json:"resolved_at,omitempty"`
}

// Tell returns the notice of alerts of one rule that came into a state; its id is the
// caller's to give.
func Tell(platform string, state State, alerts []*Alert, now time.Time) Notice {
	first := alerts[0]
	n := Notice{State: state, At: now, Rule: first.Rule, Severity: first.Severity, Metric: first.Metric, Cond: first.Cond, Platform: platform, Count: len(alerts)}
	for _, a := range alerts[:min(len(alerts), maxListed)] {
		l := Listed{ID: a.ID(), Platform: a.Platform, JobID: a.JobID, JobName: a.JobName, Value: a.Value, Summary: a.Summary, FiredAt: a.FiredAt}
		if state == Resolved {
			l.ResolvedAt = &now
		}
		n.Alerts = append(n.Alerts, l)
	}
	return n
}

// Subject is a notice in one line.
func (n *Notice) Subject() string {
	about := n.Alerts[0].JobName
	switch {
	case n.Count > 1:
		about = fmt.Sprintf("%d alerts", n.Count)
	case about == "":
		about = n.Alerts[0].Summary
	}
	return fmt.Sprintf("[%s] %s %s: %s", n.State, n.Severity, n.Rule, about)
}

// Text is a notice in a few lines.
func (n *Notice) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s is %s (%s, %s %s)\n", n.Rule, n.State, n.Severity, n.Metric, n.Cond)
	for i := range n.Alerts {
		a := &n.Alerts[i]
		fmt.Fprintf(&b, "%s  ", a.ID)
		if a.JobName != "" {
			fmt.Fprintf(&b, "job %s", a.JobName)
			if a.Platform != job.DefaultPlatform {
				fmt.Fprintf(&b, " of %s", a.Platform)
			}
			b.WriteString(": ")
		}
		fmt.Fprintf(&b, "%s, since %s\n", a.Summary, a.FiredAt.Format(time.RFC3339))
	}
	if more := n.Count - len(n.Alerts); more > 0 {
		fmt.Fprintf(&b, "and %d more: schedctl alert list\n", more)
	}
	return b.String()
}
