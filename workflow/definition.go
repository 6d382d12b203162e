package workflow

import (
	"encoding/json"

	"github.com/agentic-sdlc/scheduler/job"
)

// Bounds of a definition.
const (
	MaxSteps    = 100
	MaxItems    = 256       // of one fan-out
	MaxParallel = 100       // of them at once
	MaxSize     = 256 << 10 // bytes of JSON
	MaxExpr     = 1 << 10   // bytes of a condition

	// DefaultTimeoutMS is the deadline of a run that no job asked for.
	DefaultTimeoutMS = 3_600_000
	// DefaultPollMS is how often an external engine is asked.
	DefaultPollMS = 5_000
)

// OnFailure says what a step that failed for good does to its workflow.
type OnFailure string

// The on_failure policies.
const (
	Fail     OnFailure = "fail"     // the workflow fails; other steps are stopped
	Continue OnFailure = "continue" // what needs the step goes on
)

// OnFailures lists them.
func OnFailures() []OnFailure { return []OnFailure{Fail, Continue} }

// Definition is what users say about a workflow: steps of its own, or an external
// engine that runs it.
type Definition struct {
	Name        string `json:"name"` // unique per platform
	Description string `json:"description,omitempty"`
	Steps       []Step `json:"steps,omitempty"`
	// Engine runs the workflow elsewhere; it stands in the place of steps.
	Engine *Engine `json:"engine,omitempty"`
	// Result is a JSON value with placeholders, which becomes the result of the run;
	// left out, the result says how each step ended.
	Result json.RawMessage `json:"result,omitempty"`
	// TimeoutMS bounds runs that no job asked for; 0 = no limit. A job has its own.
	TimeoutMS *int64 `json:"timeout_ms,omitempty"`
}

// Step is one part of a workflow: a handler with its payload.
type Step struct {
	Name  string   `json:"name"`            // a letter, then letters, digits and underscores
	Needs []string `json:"needs,omitempty"` // steps that must be over
	When  string   `json:"when,omitempty"`  // condition; false skips the step

	HandlerName string          `json:"handler_name"`
	HandlerType job.HandlerType `json:"handler_type,omitempty"` // default: that of the registered one
	Payload     json.RawMessage `json:"payload,omitempty"`      // object, with placeholders

	// ForEach is a list, or a placeholder that gives one: the step runs once for each
	// item of it, and its result is the list of theirs.
	ForEach     json.RawMessage `json:"for_each,omitempty"`
	MaxParallel int             `json:"max_parallel,omitempty"` // items at once; 0 = MaxParallel

	OnFailure       OnFailure    `json:"on_failure,omitempty"` // default fail
	MaxRetries      int          `json:"max_retries,omitempty"`
	RetryDelayMS    *int64       `json:"retry_delay_ms,omitempty"`
	RetryBackoff    *job.Backoff `json:"retry_backoff,omitempty"`
	RetryMaxDelayMS *int64       `json:"retry_max_delay_ms,omitempty"`
	TimeoutMS       *int64       `json:"timeout_ms,omitempty"` // of one attempt; 0 = no limit
	OnLost          job.OnLost   `json:"on_lost,omitempty"`    // default retry
}

// Engine is an external engine that is spoken to over HTTP.
type Engine struct {
	URL string `json:"url"` // POST starts a workflow, GET on URL/ID tells how it stands
	// Wait says that a run is over when the workflow is; without it when it was started.
	Wait bool `json:"wait,omitempty"`
	// PollMS is how often the engine is asked; it may call back sooner. 0 = DefaultPollMS.
	PollMS int64 `json:"poll_ms,omitempty"`
}

// Fans reports whether the step runs once for each item of a list.
func (s *Step) Fans() bool { return len(s.ForEach) > 0 }

// Deadline is the timeout of a run that no job asked for, in milliseconds; 0 = none.
func (d *Definition) Deadline() int64 {
	if d.TimeoutMS == nil {
		return DefaultTimeoutMS
	}
	return *d.TimeoutMS
}

// Step returns the step of that name; nil when there is none.
func (d *Definition) Step(name string) *Step {
	for i := range d.Steps {
		if d.Steps[i].Name == name {
			return &d.Steps[i]
		}
	}
	return nil
}

// Spec is the definition of the job that the step's runs belong to.
func (s *Step) Spec() job.Spec {
	defaults := job.StandardDefaults()
	spec := job.NewSpec(defaults)
	spec.Name, spec.Type, spec.HandlerName, spec.HandlerType = s.Name, job.TypeStep, s.HandlerName, s.HandlerType
	spec.MaxRetries, spec.OnLost, spec.Overlap, spec.AllowOverlap = s.MaxRetries, job.OnLostRetry, job.OverlapAllow, true
	set(&spec.RetryDelayMS, s.RetryDelayMS)
	set(&spec.RetryBackoff, s.RetryBackoff)
	set(&spec.RetryMaxDelayMS, s.RetryMaxDelayMS)
	set(&spec.TimeoutMS, s.TimeoutMS)
	if s.OnLost != "" {
		spec.OnLost = s.OnLost
	}
	spec.Normalize(defaults)
	spec.Concurrency = job.MaxConcurrency
	return spec
}

// Spec is the definition of the job that runs of the workflow belong to which no other
// job asked for.
func (d *Definition) Spec() job.Spec {
	defaults := job.StandardDefaults()
	spec := job.NewSpec(defaults)
	spec.Name, spec.Type, spec.HandlerName, spec.HandlerType = d.Name, job.TypeStep, d.Name, job.HandlerWorkflow
	spec.MaxRetries, spec.TimeoutMS, spec.OnLost, spec.Overlap, spec.AllowOverlap = 0, d.Deadline(), job.OnLostRetry, job.OverlapAllow, true
	spec.Normalize(defaults)
	spec.Concurrency = job.MaxConcurrency
	return spec
}

func set[T any](to *T, from *T) {
	if from != nil {
		*to = *from
	}
}
