package control

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/queue"
	"github.com/agentic-sdlc/scheduler/store"
)

// HealthOptions say how this node is looked at. Nil functions leave a part out.
type HealthOptions struct {
	// Clock measures how long the store takes; nil = not measured.
	Clock func() time.Time
	// Ticked returns when the timer last looked for due jobs, and how late the newest
	// runs started.
	Ticked func() (last time.Time, lag time.Duration)
	// Queue checks the way to the workers.
	Queue func(ctx context.Context) (queue.Info, error)
	// Refused counts late results that this node was refused, since the execution belonged
	// to another attempt by then; nil = not counted.
	Refused func() int64
	// Missing returns the handlers of executions that wait and that no worker knows; nil =
	// not known.
	Missing func() []string
	// JobsDir says how the folder of job files stands; ok is false without one.
	JobsDir func() (message, fault string, ok bool)
	// AlertsLooked returns when this node last did its part about alerts; nil = it has none.
	AlertsLooked func() time.Time
	// Disk returns the room where the node keeps its files, in bytes; nil = not looked at.
	Disk func() (free, total int64, err error)
	// Draining reports that the daemon takes no new work.
	Draining func() bool

	SlowStore time.Duration // a slower answer is a warning; 0 = 1 s
	MaxLag    time.Duration // later starts are a warning; 0 = 5 s
	MaxTick   time.Duration // an older tick means that the timer is stuck; 0 = 15 s
	DiskLow   int64         // less room is a warning, in bytes; 0 = it is not
	DiskFull  int64         // less room, and new work is refused, in bytes; 0 = it never is
}

func (h *HealthOptions) fill() {
	for d, standard := range map[*time.Duration]time.Duration{&h.SlowStore: time.Second, &h.MaxLag: 5 * time.Second, &h.MaxTick: 15 * time.Second} {
		if *d == 0 {
			*d = standard
		}
	}
	if h.Draining == nil {
		h.Draining = func() bool { return false }
	}
}

// Words of api.Health.
const (
	Healthy   = "healthy"
	Degraded  = "degraded"
	Unhealthy = "unhealthy"

	up, down = "up", "down"

	severityWarning  = "warning"
	severityError    = "error"
	severityCritical = "critical" // makes the node unhealthy
)

// Health looks at every part of this node. Somebody who is confined to a platform is not
// told what goes on on others.
func (s *Service) Health(ctx context.Context, c Call) api.Health {
	now := c.Now
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	h := examination{s: s, now: now, answer: api.Health{Status: Healthy, Components: map[string]api.Component{}, Timestamp: now}}
	if !s.o.Started.IsZero() {
		h.answer.UptimeSeconds = int64(now.Sub(s.o.Started).Seconds())
	}
	way := h.askQueue(ctx) // beside the store: one that hangs takes no time from the other
	if h.database(ctx) {
		h.workers(ctx)
		h.holds(ctx)
		h.backlog(ctx)
		h.alerts(ctx)
		h.logs(ctx)
	}
	h.scheduler()
	h.queue(way)
	h.jobsDir()
	h.disk()
	h.remember()
	h.confine(c.Principal.reach())
	return h.answer
}

// confine leaves out what is about platforms other than the one that the caller reaches.
func (h *examination) confine(reach string) {
	if reach == AnyPlatform {
		return
	}
	var issues []api.Issue
	for i, key := range h.keys {
		held, ofOne := strings.CutPrefix(key, "queue/held/")
		if !slices.Contains([]string{"queue/dead", "scheduler/broken", "jobs_dir/fault", "disk/low", "disk/full", "alerts/untold"}, key) && (!ofOne || held == reach) {
			issues = append(issues, h.answer.Issues[i])
		}
	}
	h.answer.Issues = issues
	delete(h.answer.Components, "alerts")
	for _, part := range []string{"jobs_dir", "disk", "logs"} {
		delete(h.answer.Components, part)
	}
}

// examination is one look.
type examination struct {
	s      *Service
	now    time.Time
	answer api.Health
	keys   []string // of the issues
}

// issue notes what is wrong. kind tells issues of one component apart.
func (h *examination) issue(component, kind, severity, fix, format string, args ...any) {
	h.answer.Issues = append(h.answer.Issues, api.Issue{Component: component, Severity: severity, Message: fmt.Sprintf(format, args...), Fix: fix})
	h.keys = append(h.keys, component+"/"+kind)
	switch {
	case severity == severityCritical:
		h.answer.Status = Unhealthy
	case h.answer.Status == Healthy:
		h.answer.Status = Degraded
	}
}

// database reports whether the store can be read.
func (h *examination) database(ctx context.Context) bool {
	part := api.Component{Status: up}
	clock := h.s.o.Health.Clock
	var began time.Time
	if clock != nil {
		began = clock()
	}
	err := h.s.store.Ping(ctx)
	if clock != nil {
		took := clock().Sub(began)
		ms := float64(took.Microseconds()) / 1000
		part.LatencyMS = &ms
		if took > h.s.o.Health.SlowStore {
			h.issue("database", "slow", severityWarning, "", "the store took %s to answer", took.Round(time.Millisecond))
		}
	}
	full := job.CodeOf(err) == job.StorageFull
	if full {
		h.issue("database", "full", severityCritical, "df -h", "the disk of the store is full: what it must write to start runs is refused")
	}
	reads := err == nil || full
	if !reads {
		part.Status = down
		h.issue("database", "down", severityCritical, "journalctl -u schedd", "%s", unusable(err))
	} else if info, err := h.s.store.Info(ctx); err == nil {
		part.Message = info.Driver + " " + info.Version
	}
	h.answer.Components["database"] = part
	return reads
}

// unusable says in what way the store cannot be used.
func unusable(err error) string {
	if known, ok := errors.AsType[*job.Error](err); ok && known.Code == job.Unavailable {
		return known.Message
	}
	return "the store does not answer"
}

// scheduler looks at the timer of this node.
func (h *examination) scheduler() {
	o := &h.s.o.Health
	if o.Ticked == nil {
		return
	}
	last, lag := o.Ticked()
	age := h.now.Sub(last)
	part := api.Component{Status: up, Message: fmt.Sprintf("tick %s ago, lag %s", age.Round(time.Millisecond), lag.Round(time.Millisecond))}
	switch {
	case age > o.MaxTick:
		part.Status = down
		h.issue("scheduler", "stuck", severityCritical, "systemctl restart schedd", "the timer has not looked for due jobs for %s", age.Round(time.Second))
	case lag > o.MaxLag:
		h.issue("scheduler", "late", severityWarning, "schedctl ps", "runs start %s late", lag.Round(100*time.Millisecond))
	}
	h.answer.Components["scheduler"] = part
}

// jobsDir looks at the folder of job files, where there is one.
func (h *examination) jobsDir() {
	if h.s.o.Health.JobsDir == nil {
		return
	}
	message, fault, ok := h.s.o.Health.JobsDir()
	if !ok {
		return
	}
	part := api.Component{Status: up, Message: message}
	if fault != "" {
		part.Status = down
		h.issue("jobs_dir", "fault", severityWarning, "schedd config check", "%s", fault)
	}
	h.answer.Components["jobs_dir"] = part
}

// way is what the queue answered.
type way struct {
	info queue.Info
	err  error
}

// askQueue asks the queue; nil when there is none to ask.
func (h *examination) askQueue(ctx context.Context) <-chan way {
	if h.s.o.Health.Queue == nil {
		return nil
	}
	answer := make(chan way, 1)
	go func() {
		info, err := h.s.o.Health.Queue(ctx)
		answer <- way{info, err}
	}()
	return answer
}

// queue looks at the way to the workers. Without it they poll the store.
func (h *examination) queue(answer <-chan way) {
	part := api.Component{Status: up}
	if answer != nil {
		a := <-answer
		if a.err != nil {
			part.Status = down
			h.issue("queue", "down", severityWarning, "", "the queue does not answer; workers poll the store")
		} else {
			part.Message = strings.TrimSpace(a.info.Server + " " + a.info.Version)
			if a.info.Latency > 0 {
				ms := float64(a.info.Latency.Microseconds()) / 1000
				part.LatencyMS = &ms
			}
			for _, w := range a.info.Warnings {
				h.issue("queue", w, severityWarning, "", "%s", w)
			}
		}
	}
	h.answer.Components["queue"] = part
}

// workers counts the nodes whose lease is good, by what they do. A node that does not
// say does everything.
func (h *examination) workers(ctx context.Context) {
	sessions, err := h.s.store.ListSessions(ctx, h.now)
	if err != nil {
		return
	}
	alive, draining, planning := 0, 0, 0
	for i := range sessions {
		s := &sessions[i]
		if s.ClosedAt != nil || !s.LeaseUntil.After(h.now) {
			continue
		}
		if has(s.Roles, "worker") {
			alive++
			if s.Draining {
				draining++
			}
		}
		if has(s.Roles, "scheduler") {
			planning++
		}
	}
	part := api.Component{Status: up, ActiveCount: &alive}
	var notes []string
	if draining > 0 {
		notes = append(notes, fmt.Sprintf("%d draining", draining))
	}
	if h.s.o.Health.Refused != nil {
		if n := h.s.o.Health.Refused(); n > 0 {
			notes = append(notes, fmt.Sprintf("%d late results refused here", n))
		}
	}
	part.Message = strings.Join(notes, ", ")
	switch {
	case alive == 0:
		part.Status = down
		h.issue("workers", "none", severityError, "systemctl start schedd", "no worker is alive: nothing that is due will start")
	case alive == draining:
		h.issue("workers", "draining", severityError, "schedctl worker list", "every worker drains: nothing that is due will start")
	}
	if planning == 0 && alive > 0 {
		h.issue("scheduler", "none", severityError, "systemctl start schedd", "no node with the role scheduler is alive: nothing is planned")
	}
	h.answer.Components["workers"] = part
	if missing := h.s.o.Health.Missing; missing != nil && alive > draining {
		for _, name := range missing() {
			h.issue("workers", "handler/"+name, severityError, "schedctl worker list", "no live worker knows the handler %q: its executions wait", name)
		}
	}
}

// has reports whether a node has a role.
func has(roles []string, role string) bool { return len(roles) == 0 || slices.Contains(roles, role) }

// holds looks at what operators stopped.
func (h *examination) holds(ctx context.Context) {
	holds, err := h.s.store.Holds(ctx, h.now)
	if err != nil {
		return
	}
	for i := range holds {
		hold, said := &holds[i], sayHold(&holds[i], h.now)
		switch {
		case hold.Kind == store.HoldMaintenance:
			h.issue("scheduler", "maintenance", severityWarning, "schedctl maintenance off", "%s", said)
		case hold.Platform == "":
			h.issue("queue", "held", severityWarning, "schedctl queue resume", "%s", said)
		default:
			h.issue("queue", "held/"+hold.Platform, severityWarning, "schedctl queue resume --platform "+hold.Platform, "%s", said)
		}
	}
}

// backlog looks at what nobody takes care of.
func (h *examination) backlog(ctx context.Context) {
	totals, err := h.s.totals(ctx, AnyPlatform, h.now)
	if err != nil {
		return
	}
	if totals.Dead > 0 {
		h.issue("queue", "dead", severityWarning, "schedctl dlq list", "%s", plural(totals.Dead, "dead letter"))
	}
	if broken := totals.Jobs[job.JobError]; broken > 0 {
		h.issue("scheduler", "broken", severityWarning, "schedctl ls --status error", "%s with a definition that cannot be used", plural(broken, "job"))
	}
}

// remember dates the issues by their first sight, and forgets those that are gone.
func (h *examination) remember() {
	known := &h.s.health
	known.Lock()
	defer known.Unlock()
	since := make(map[string]time.Time, len(h.keys))
	for i, key := range h.keys {
		first, ok := known.since[key]
		if !ok {
			first = h.now
		}
		since[key], h.answer.Issues[i].Since = first, first
	}
	known.since = since
}

// Ready returns nil when the daemon takes requests: it is not draining, and the
// store answers.
func (s *Service) Ready(ctx context.Context) error {
	if s.o.Health.Draining() {
		return job.Errorf(job.Unavailable, "schedd is shutting down")
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	if err := s.store.Ping(ctx); err != nil {
		return &job.Error{Code: job.Unavailable, Message: "the store does not answer", Err: err}
	}
	return nil
}

// Draining reports that the daemon is shutting down.
func (s *Service) Draining() bool { return s.o.Health.Draining() }

// Version says what the daemon is.
func (s *Service) Version(ctx context.Context) (api.Version, error) {
	v := s.o.Version
	info, err := s.store.Info(ctx)
	if err != nil {
		return v, err
	}
	v.Store, v.Schema = info.Driver+" "+info.Version, info.Schema
	return v, nil
}

// plural is a number of things.
func plural(n int64, thing string) string {
	if n != 1 {
		thing += "s"
	}
	return fmt.Sprintf("%d %s", n, thing)
}
