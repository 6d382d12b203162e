package event

import (
	"encoding/json"
	"regexp"
	"time"

	"github.com/agentic-sdlc/scheduler/internal/expr"
	"github.com/agentic-sdlc/scheduler/job"
)

// Action is what a rule does.
type Action string

// The actions.
const (
	CreateJob       Action = "create_job"
	RunJob          Action = "run_job"
	CancelJobs      Action = "cancel_jobs"
	TriggerWorkflow Action = "trigger_workflow"
	DispatchAgent   Action = "dispatch_agent"
)

// Actions lists them.
func Actions() []Action {
	return []Action{CreateJob, RunJob, CancelJobs, TriggerWorkflow, DispatchAgent}
}

// Bounds of rules.
const (
	MaxPriority = 10
	MinPriority = 1
	MaxConfig   = 256 << 10              // bytes of an action's configuration
	MaxDelayMS  = 366 * 24 * 3600 * 1000 //
	MaxRules    = 10_000                 // of a platform
	KeyLife     = 24 * time.Hour         // how long a dedupe key is remembered after its act, and a cancel that came too early
)

// Rule says what an event makes happen: an event handler, in the words of the API.
type Rule struct {
	Seq      int64 // the store's number; 0 = not stored
	ID       job.ID
	Platform string
	Name     string // unique on the platform

	Event    string // name, or pattern of names
	When     string // condition; "" = always
	Enabled  bool
	Priority int // 1…10; of rules that one event matches the higher acts first
	Action   Action
	Config   json.RawMessage // template of what the action is told; an object

	DelayMS    int64  // between the event and the act
	DebounceMS int64  // act once, so long after the last of several events
	DedupeKey  string // expression: acts once for each value; with DebounceMS, one quiet time for each value
	// Commands says that whoever wrote the rule may run free commands.
	Commands bool

	Revision  int64
	CreatedBy string
	UpdatedBy string
	CreatedAt time.Time
	UpdatedAt time.Time

	// Figures, which the store keeps.
	Triggered, Succeeded, Failed, Deduplicated, Cancelled int64

	LastTriggered time.Time // zero = never
	LastError     string
	LastErrorAt   time.Time
}

var nameRule = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$`)

// Validate returns what is wrong with a rule, and compiles it when nothing is.
func (r *Rule) Validate() (*Compiled, job.Problems) {
	var p job.Problems
	switch _, idErr := job.ParseID(r.Name); {
	case r.Name == "":
		p.Add("name", "required", "is required")
	case !nameRule.MatchString(r.Name):
		p.Add("name", "pattern", "must be letters, digits, dots, hyphens and underscores, at most 128, a letter or digit first")
	case idErr == nil:
		p.Add("name", "pattern", "must not be a UUID: it would look like an id")
	}
	if fault := job.EventNameFault(r.Event, true); fault != "" {
		p.Add("event_name", "pattern", "%s", fault)
	}
	if r.Priority < MinPriority || r.Priority > MaxPriority {
		p.Add("priority", "out_of_range", "%d is outside %d to %d", r.Priority, MinPriority, MaxPriority)
	}
	delay(&p, "delay_ms", r.DelayMS)
	delay(&p, "debounce_ms", r.DebounceMS)
	if r.DelayMS > 0 && r.DebounceMS > 0 {
		p.Add("debounce_ms", "contradiction", "give delay_ms or debounce_ms, not both")
	}
	job.OneOf(&p, "action_type", r.Action, Actions())
	c := &Compiled{Rule: *r}
	var err error
	if c.when, err = expr.Condition(r.When, names()); err != nil {
		p.Add("when", "syntax", "%s", err)
	}
	if c.key, err = expr.Compile(r.DedupeKey, names()); err != nil {
		p.Add("dedupe_key", "syntax", "%s", err)
	}
	c.config = compileConfig(&p, "action_config", r.Config)
	if len(p) == 0 {
		r.checkConfig(&p)
	}
	if len(p) > 0 {
		return nil, p
	}
	return c, nil
}

func delay(p *job.Problems, field string, ms int64) {
	if ms < 0 || ms > MaxDelayMS {
		p.Add(field, "out_of_range", "%d is outside 0 to %d", ms, int64(MaxDelayMS))
	}
}

// members of action_config that each action knows; a job's own are checked where jobs are.
var members = map[Action][]string{
	RunJob:     {"job", "payload"},
	CancelJobs: {"job", "tags", "cancel_running"},
}

// checkConfig checks the shape of the configuration.
func (r *Rule) checkConfig(p *job.Problems) {
	var fields map[string]json.RawMessage
	_ = json.Unmarshal(r.Config, &fields) // it is an object: the template was compiled
	need := map[Action]string{CreateJob: "name", RunJob: "job", TriggerWorkflow: "workflow", DispatchAgent: "agent"}[r.Action]
	if need != "" && len(fields[need]) == 0 {
		p.Add("action_config."+need, "required", "is required")
	}
	if r.Action == CancelJobs && (len(fields["job"]) == 0) == (len(fields["tags"]) == 0) {
		p.Add("action_config.job", "required", "give job, a name, or tags, of which a job must have all")
	}
	if known := members[r.Action]; known != nil {
		for name := range fields {
			if !contains(known, name) {
				p.Add("action_config."+name, "unknown", "is not known to %s%s", r.Action, nearest(name, known))
			}
		}
	}
	if r.Action != CreateJob {
		return
	}
	var own struct {
		EventName string `json:"event_name"`
	}
	if json.Unmarshal(r.Config, &own) == nil && own.EventName != "" && (Match(r.Event, own.EventName) || Match(own.EventName, r.Event)) {
		p.Add("action_config.event_name", "loop", "the job would be made run by the events that make it: %s", own.EventName)
	}
}

func contains(list []string, s string) bool {
	for _, one := range list {
		if one == s {
			return true
		}
	}
	return false
}

func nearest(word string, known []string) string {
	if near := job.Nearest(word, known); near != "" {
		return `; did you mean "` + near + `"?`
	}
	return ""
}
