package alert

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/agentic-sdlc/scheduler/job"
)

// Severity says how bad it is.
type Severity string

// The severities.
const (
	Info     Severity = "info"
	Warning  Severity = "warning"
	Critical Severity = "critical"
)

// Severities lists them, the mildest first.
func Severities() []Severity { return []Severity{Info, Warning, Critical} }

// Dashboard is the channel that every alert has: the list of alerts itself.
const Dashboard = "dashboard"

// Bounds of rules.
const (
	MaxRules      = 1000 // of a platform
	MaxChannels   = 16
	MaxChannelLen = 64                   // bytes
	MaxDuration   = 24 * time.Hour       // figures by the minute are kept as long
	MaxText       = 1024                 // bytes of a description
	AnyPlatform   = "*"                  // a rule about all platforms together
	MaxQuiet      = 366 * 24 * time.Hour // how long an alert may be silenced
)

// Rule says when people must be told.
type Rule struct {
	Seq         int64 // the store's number; 0 = not stored
	ID          job.ID
	Platform    string // slug; AnyPlatform = all
	Name        string // unique on the platform
	Description string

	Metric     string // one of MetricNames
	Operator   Operator
	Value      float64
	DurationMS int64 // see Class
	Severity   Severity
	Channels   []string // names, or types, of channels of the configuration; Dashboard is none
	Enabled    bool

	// Seed names the rule that every store begins with; "" = somebody made it.
	Seed string
	// Pending is since when a gauge is beyond the value, without having fired; zero = it is not.
	Pending time.Time

	Revision  int64
	CreatedBy string
	UpdatedBy string
	CreatedAt time.Time
	UpdatedAt time.Time
}

// Duration is the rule's duration.
func (r *Rule) Duration() time.Duration { return time.Duration(r.DurationMS) * time.Millisecond }

// Covers reports whether a rule is about a platform.
func (r *Rule) Covers(platform string) bool {
	return r.Platform == AnyPlatform || r.Platform == platform
}

// nameRule is made when it is needed: to make it takes as long as many a command does.
var nameRule = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$`)
})

// Validate returns what is wrong with a rule. known are the channels that it may name; nil
// = any.
func (r *Rule) Validate(known []string) job.Problems {
	var p job.Problems
	switch _, idErr := job.ParseID(r.Name); {
	case r.Name == "":
		p.Add("name", "required", "is required")
	case !nameRule().MatchString(r.Name):
		p.Add("name", "pattern", "must be letters, digits, dots, hyphens and underscores, at most 128, a letter or digit first")
	case idErr == nil:
		p.Add("name", "pattern", "must not be a UUID: it would look like an id")
	}
	if len(r.Description) > MaxText {
		p.Add("description", "too_long", "has %d bytes; at most %d are allowed", len(r.Description), MaxText)
	}
	if !utf8.ValidString(r.Description) || strings.IndexByte(r.Description, 0) >= 0 {
		p.Add("description", "text", "must be Unicode text without NUL")
	}
	r.checkCondition(&p)
	job.OneOf(&p, "severity", r.Severity, Severities())
	r.checkChannels(&p, known)
	return p
}

func (r *Rule) checkCondition(p *job.Problems) {
	m, ok := MetricOf(r.Metric)
	switch {
	case r.Metric == "":
		p.Add("metric", "required", "is required")
	case !ok:
		p.Add("metric", "unknown", "%.64q is not a metric%s", r.Metric, nearest(r.Metric, MetricNames()))
	}
	job.OneOf(p, "operator", r.Operator, Operators())
	if math.IsNaN(r.Value) || math.Abs(r.Value) > 1e15 {
		p.Add("value", "out_of_range", "must lie within -1e15 and 1e15")
	}
	if r.DurationMS < 0 || r.Duration() > MaxDuration {
		p.Add("duration_ms", "out_of_range", "%d is outside 0 to %d", r.DurationMS, MaxDuration.Milliseconds())
	}
	switch {
	case !ok:
	case m.Class == Window && r.DurationMS < time.Minute.Milliseconds():
		p.Add("duration_ms", "out_of_range", "must be at least a minute: %s is counted over it", r.Metric)
	case m.Class == OfJob && r.Operator != GT:
		p.Add("operator", "not_allowed", "must be gt: %s finds single jobs", r.Metric)
	case m.Class == OfJob && r.DurationMS != 0:
		p.Add("duration_ms", "not_allowed", "must be 0: %s finds single jobs", r.Metric)
	case m.Class == OfJob && r.Value < 0, (r.Metric == TooSlow || r.Metric == TooFast) && r.Value != 0:
		p.Add("value", "out_of_range", "must be 0, or for %s and %s milliseconds", Late, NeverRan)
	}
}

func (r *Rule) checkChannels(p *job.Problems, known []string) {
	if len(r.Channels) > MaxChannels {
		p.Add("channels", "too_many", "names %d channels; at most %d are allowed", len(r.Channels), MaxChannels)
	}
	for i, name := range r.Channels {
		field := fmt.Sprintf("channels[%d]", i)
		switch {
		case name == "" || len(name) > MaxChannelLen || !nameRule().MatchString(name):
			p.Add(field, "pattern", "%.64q is not the name of a channel", name)
		case slices.Contains(r.Channels[:i], name):
			p.Add(field, "duplicate", "%q is named twice", name)
		case known != nil && name != Dashboard && !slices.Contains(known, name):
			p.Add(field, "unknown", "%q is not a channel of the configuration (handlers.channels)%s", name, nearest(name, append([]string{Dashboard}, known...)))
		}
	}
}

func nearest(word string, known []string) string {
	if near := job.Nearest(word, known); near != "" {
		return `; did you mean "` + near + `"?`
	}
	return ""
}

// Seeds are the rules that every store begins with: the owner's two, the growth of the
// queue, and what jobs are expected to do. They have no ids yet.
func Seeds() []Rule {
	seeds := []Rule{
		{Name: "scheduler-high-failure-rate", Description: "Alert when scheduler job failure rate exceeds 10%", Metric: FailureRate, Value: 10, DurationMS: 300_000, Severity: Warning, Channels: []string{Dashboard, "slack"}},
		{Name: "scheduler-timeout-spike", Description: "Alert when execution timeouts spike", Metric: TimeoutCount, Value: 5, DurationMS: 600_000, Severity: Critical, Channels: []string{Dashboard, "slack", "email"}},
		{Name: "scheduler-queue-growth", Description: "More runs wait than are started", Metric: QueueSize, Value: 100, DurationMS: 600_000, Severity: Warning, Channels: []string{Dashboard, "slack"}},
		{Name: "job-missed", Description: "Due times went by with nobody there", Metric: Missed, Severity: Warning, Channels: []string{Dashboard, "slack"}},
		{Name: "job-late", Description: "A run does not start in time", Metric: Late, Value: 300_000, Severity: Warning, Channels: []string{Dashboard, "slack"}},
		{Name: "job-never-ran", Description: "A job was due and has never run", Metric: NeverRan, Value: 300_000, Severity: Warning, Channels: []string{Dashboard, "slack"}},
		{Name: "job-too-slow", Description: "A run takes longer than its job allows", Metric: TooSlow, Severity: Warning, Channels: []string{Dashboard, "slack"}},
		{Name: "job-too-fast", Description: "A run succeeded sooner than its job can", Metric: TooFast, Severity: Warning, Channels: []string{Dashboard, "slack"}},
	}
	for i := range seeds {
		s := &seeds[i]
		s.Seed, s.Platform, s.Operator, s.Enabled = s.Name, AnyPlatform, GT, true
	}
	return seeds
}
