package event

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/agentic-sdlc/scheduler/internal/expr"
	"github.com/agentic-sdlc/scheduler/job"
)

// Compiled is a rule that is ready to be used. It is safe for concurrent use.
type Compiled struct {
	Rule

	when, key *expr.Program
	config    *expr.Template
	job       *job.Job // the job that listens for itself; nil for a rule
}

// Listener is something that acts on events.
type Listener struct {
	// Source is the rule's number in the store, or minus the number of the job.
	Source int64
	Rule   *Rule    // nil = a job
	Job    *job.Job // nil = a rule
}

// CancelShape says that jobs of a platform may be cancelled by events of a name, by
// these paths within the data.
type CancelShape struct {
	Platform, Event, Fields string // Fields as of job.CancelOn
}

// Act is what one listener does about one event.
type Act struct {
	Source   int64
	Event    int // place in the batch; -1 = the act waited
	Platform string
	Name     string // of the listener

	Action Action
	Config json.RawMessage // filled in
	Due    time.Time       // not before this instant; zero = now
	Group  string          // with Debounce: acts of one group wait together
	Dedupe string          // acts once for each; "" = always

	Debounce bool
	Commands bool
	// Skip says that the condition of a job does not hold: a run is recorded as skipped.
	Skip bool
	// Err is why nothing can be done; "" = nothing is wrong.
	Err string
}

// Cancel is what an event cancels: jobs of the platform whose cancel_on has the key.
type Cancel struct {
	Event          int
	Platform, Name string
	Fields, Key    string
	// Early says that a rule makes such jobs: an event that finds none came before its job,
	// which is not to be made then.
	Early bool
}

// Decision is what a batch of events makes happen.
type Decision struct {
	Acts    []Act // in order of the events, then of priority
	Cancels []Cancel
}

// Matcher holds all listeners. It never changes; it is safe for concurrent use.
type Matcher struct {
	exact  map[[2]string][]*entry // by platform and name
	globs  []*entry
	after  map[string][]*entry // jobs after others, by platform
	shapes map[[2]string][]shape
	broken []Broken
	system bool
}

// shape is the fields that a key is made of.
type shape struct {
	fields string
	early  bool
}

type entry struct {
	source int64
	c      *Compiled
}

// Broken is a listener that cannot be used.
type Broken struct {
	Name, Platform, Reason string
}

// NewMatcher compiles listeners. Those that cannot be compiled are left out and told by
// Broken: what is stored was checked, but perhaps by another version.
func NewMatcher(listeners []Listener, shapes []CancelShape) *Matcher {
	m := &Matcher{exact: map[[2]string][]*entry{}, after: map[string][]*entry{}, shapes: map[[2]string][]shape{}}
	for i := range listeners {
		m.add(&listeners[i])
		if rule := listeners[i].Rule; rule != nil {
			m.addShapes(rule.ShapesOf(), true)
		}
	}
	m.addShapes(shapes, false)
	return m
}

func (m *Matcher) addShapes(shapes []CancelShape, early bool) {
	for _, s := range shapes {
		at := [2]string{s.Platform, s.Event}
		m.system = m.system || job.IsSystemEvent(s.Event)
		if !slices.ContainsFunc(m.shapes[at], func(had shape) bool { return had.fields == s.Fields }) {
			m.shapes[at] = append(m.shapes[at], shape{fields: s.Fields, early: early})
		}
	}
}

func (m *Matcher) add(l *Listener) {
	rule := l.Rule
	if l.Job != nil {
		rule = ruleOf(l.Job)
	}
	c, problems := rule.Validate()
	if err := problems.Err(); err != nil {
		m.broken = append(m.broken, Broken{Name: rule.Name, Platform: rule.Platform, Reason: err.Error()})
		return
	}
	c.job = l.Job
	e := &entry{source: l.Source, c: c}
	switch {
	case l.Job != nil && l.Job.EventName == "":
	case strings.ContainsAny(rule.Event, "*?"):
		m.globs = append(m.globs, e)
		m.system = m.system || job.IsSystemEvent(rule.Event)
	default:
		at := [2]string{rule.Platform, rule.Event}
		m.exact[at] = append(m.exact[at], e)
		m.system = m.system || job.IsSystemEvent(rule.Event)
	}
	if l.Job != nil && len(l.Job.After) > 0 {
		m.after[rule.Platform] = append(m.after[rule.Platform], e)
		m.system = true
	}
}

// ruleOf is the rule by which events make a job run.
func ruleOf(j *job.Job) *Rule {
	name := j.EventName
	if name == "" {
		name = job.EventExecutionCompleted
	}
	return &Rule{
		ID: j.ID, Platform: j.Platform, Name: j.Name, Event: name, When: j.When, Enabled: true, Priority: 5, Action: RunJob,
		Config:  json.RawMessage(`{"job":"` + j.ID.String() + `","payload":` + string(j.Payload) + `}`),
		DelayMS: j.DelayMS, DebounceMS: j.DebounceMS,
	}
}

// CheckJob checks the condition and the payload of a job that events make run.
func CheckJob(s *job.Spec) job.Problems {
	var p job.Problems
	if _, err := expr.Condition(s.When, names()); err != nil && len(s.When) <= job.MaxConditionLen { // what is longer, job refuses
		p.Add("when", "syntax", "%s", err)
	}
	compileConfig(&p, "payload", s.Payload)
	return p
}

// Broken returns the listeners that cannot be used.
func (m *Matcher) Broken() []Broken { return m.broken }

// System reports whether anything listens to schedd's own events.
func (m *Matcher) System() bool { return m.system }

// Empty reports whether nothing listens to anything.
func (m *Matcher) Empty() bool {
	return len(m.exact)+len(m.globs)+len(m.after)+len(m.shapes) == 0
}

// Decide says what events make happen at an instant.
func (m *Matcher) Decide(events []Event, now time.Time) Decision {
	var d Decision
	for i := range events {
		m.decide(&d, i, &events[i], now)
	}
	return d
}

func (m *Matcher) decide(d *Decision, i int, e *Event, now time.Time) {
	found := m.find(e)
	fields := m.shapes[[2]string{e.Platform, e.Name}]
	if len(found)+len(fields) == 0 {
		return
	}
	s, err := scopeOf(e)
	if err != nil {
		return // data is checked when it comes in
	}
	data, _ := s["data"].(map[string]any)
	for _, f := range fields {
		if key, ok := keyOf(data, f.fields); ok {
			d.Cancels = append(d.Cancels, Cancel{Event: i, Platform: e.Platform, Name: e.Name, Fields: f.fields, Key: key, Early: f.early})
		}
	}
	for _, l := range found {
		if act, ok := l.act(i, e, s, now); ok {
			d.Acts = append(d.Acts, act)
		}
	}
}

// find returns the listeners whose pattern is of the event, the highest priority first.
func (m *Matcher) find(e *Event) []*entry {
	found := m.exact[[2]string{e.Platform, e.Name}]
	more := false
	add := func(l *entry) {
		if !more {
			found, more = slices.Clone(found), true
		}
		if !slices.Contains(found, l) {
			found = append(found, l)
		}
	}
	for _, l := range m.globs {
		if l.c.Platform == e.Platform && Match(l.c.Event, e.Name) {
			add(l)
		}
	}
	if e.Name == job.EventExecutionCompleted {
		for _, l := range m.after[e.Platform] {
			if l.c.follows(e) {
				add(l)
			}
		}
	}
	if len(found) > 1 {
		found = slices.Clone(found)
		slices.SortStableFunc(found, func(a, b *entry) int {
			return cmp.Or(b.c.Priority-a.c.Priority, cmp.Compare(a.source, b.source))
		})
	}
	return found
}

// follows reports whether the run that the event is about is one that the job waits for.
func (c *Compiled) follows(e *Event) bool {
	var about struct {
		JobID   job.ID     `json:"job_id"`
		JobName string     `json:"job_name"`
		Status  job.Status `json:"status"`
	}
	if json.Unmarshal(e.Data, &about) != nil {
		return false
	}
	for _, a := range c.job.After {
		if (a.Job == about.JobName || a.Job == about.JobID.String()) && a.Admits(about.Status) {
			return true
		}
	}
	return false
}

// act is what a listener does about an event; ok is false when its condition is not met.
func (l *entry) act(i int, e *Event, s expr.Env, now time.Time) (Act, bool) {
	c := l.c
	act := Act{
		Source: l.source, Event: i, Platform: c.Platform, Name: c.Name, Action: c.Action, Commands: c.Commands,
		Debounce: c.DebounceMS > 0,
	}
	holds, err := c.when.Holds(s)
	switch {
	case err != nil:
		act.Err = "when: " + err.Error()
		return act, true
	case !holds && c.job != nil:
		act.Skip = true
	case !holds:
		return act, false
	}
	if wait := c.DelayMS + c.DebounceMS; wait > 0 && !act.Skip {
		act.Due = now.Add(time.Duration(wait) * time.Millisecond)
	}
	key, err := c.key.Text(s)
	if err != nil {
		act.Err = "dedupe_key: " + err.Error()
		return act, true
	}
	if len(key) > MaxID {
		act.Err = fmt.Sprintf("dedupe_key: has %d bytes; at most %d are allowed", len(key), MaxID)
		return act, true
	}
	if act.Debounce {
		act.Group = key
	} else {
		act.Dedupe = key
	}
	if act.Config, err = render(c.config, s); err != nil {
		act.Err = err.Error()
	}
	return act, true
}

// keyOf is the key that jobs with these fields share with the data; false when the data
// lacks one of them.
func keyOf(data map[string]any, fields string) (string, bool) {
	match := map[string]any{}
	for path := range strings.SplitSeq(fields, ",") {
		v, ok := lookup(data, path)
		if !ok {
			return "", false
		}
		match[path] = v
	}
	return job.CorrelationKey(match), true
}

// lookup finds a scalar by its path.
func lookup(data map[string]any, path string) (any, bool) {
	var v any = data
	for name := range strings.SplitSeq(path, ".") {
		object, ok := v.(map[string]any)
		if !ok {
			return nil, false
		}
		if v, ok = object[name]; !ok {
			return nil, false
		}
	}
	switch v := v.(type) {
	case string, bool, int, float64:
		return v, true
	}
	return nil, false
}

// ShapesOf returns by which events, and which of their fields, the jobs that a rule makes
// are cancelled; for an event that comes before the job that it cancels.
func (r *Rule) ShapesOf() []CancelShape {
	if r.Action == RunJob || r.Action == CancelJobs {
		return nil
	}
	var config struct {
		CancelOn []job.CancelOn `json:"cancel_on"`
	}
	if json.Unmarshal(r.Config, &config) != nil {
		return nil
	}
	return CancelShapes(r.Platform, config.CancelOn)
}

// CancelShapes are the shapes of entries of cancel_on.
func CancelShapes(platform string, list []job.CancelOn) []CancelShape {
	var shapes []CancelShape
	for i := range list {
		if Literal(list[i].Event) {
			shapes = append(shapes, CancelShape{Platform: platform, Event: list[i].Event, Fields: list[i].Fields()})
		}
	}
	return shapes
}
