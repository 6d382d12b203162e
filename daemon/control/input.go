package control

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/job"
)

// overlay writes what in says over s. Empty values are refused where Normalize would
// take them for "not said".
func overlay(s *job.Spec, in *api.JobInput, now time.Time) job.Problems {
	var p job.Problems
	set(&s.Name, in.Name)
	set(&s.Description, in.Description)
	set(&s.Schedule, in.Schedule)
	named(&p, "timezone", &s.Timezone, in.Timezone)
	overlayTimes(&p, s, in, now)
	named(&p, "dst_policy", &s.DSTPolicy, in.DSTPolicy)
	set(&s.JitterMS, in.JitterMS)
	overlayMisfire(&p, s, in)
	set(&s.HandlerName, in.HandlerName)
	named(&p, "handler_type", &s.HandlerType, in.HandlerType)
	if in.Payload != nil {
		s.Payload = in.Payload
	}
	set(&s.MaxRetries, in.MaxRetries)
	set(&s.RetryDelayMS, in.RetryDelayMS)
	named(&p, "retry_backoff", &s.RetryBackoff, in.RetryBackoff)
	named(&p, "retry_max_delay_ms", &s.RetryMaxDelayMS, in.RetryMaxDelay)
	set(&s.TimeoutMS, in.TimeoutMS)
	named(&p, "priority", &s.Priority, in.Priority)
	overlayPlaces(&p, s, in)
	named(&p, "on_lost", &s.OnLost, in.OnLost)
	if in.Tags != nil {
		s.Tags = slices.Clone(*in.Tags)
	}
	if in.Metadata != nil {
		s.Metadata = in.Metadata
	}
	return p
}

// overlayTimes sets the instants. "in" counts from now.
func overlayTimes(p *job.Problems, s *job.Spec, in *api.JobInput, now time.Time) {
	setPointer(&s.ExecuteAt, in.ExecuteAt)
	setPointer(&s.StartDate, in.StartDate)
	setPointer(&s.EndDate, in.EndDate)
	setPointer(&s.MaxExecutions, in.MaxExecutions)
	if in.In == nil {
		return
	}
	d, err := time.ParseDuration(*in.In)
	at := now.Add(max(d, 0))
	if in.ExecuteAt == nil {
		s.ExecuteAt = &at // also when d is at fault: one complaint is enough
	}
	switch {
	case err != nil:
		p.Add("in", "syntax", `%.40q is not a duration such as "48h" or "90m"`, *in.In)
	case d < 0:
		p.Add("in", "out_of_range", "%s lies in the past", d)
	case in.ExecuteAt != nil:
		p.Add("in", "contradiction", "give in or execute_at, not both")
	}
}

// overlayMisfire sets misfire; skip_if_overdue is the owner's word for skip.
func overlayMisfire(p *job.Problems, s *job.Spec, in *api.JobInput) {
	named(p, "misfire", &s.Misfire, in.Misfire)
	setPointer(&s.MisfireGrace, in.MisfireGraceMS)
	if in.SkipIfOverdue == nil {
		return
	}
	skip := *in.SkipIfOverdue
	switch {
	case in.Misfire != nil && skip != (s.Misfire == job.MisfireSkip):
		p.Add("skip_if_overdue", "contradiction", "%t contradicts misfire %q", skip, s.Misfire)
	case skip:
		s.Misfire = job.MisfireSkip
	case s.Misfire == job.MisfireSkip || s.Misfire == "":
		s.Misfire = job.MisfireFireOnce
	}
}

// overlayPlaces sets overlap, allow_overlap and concurrency. An explicit
// allow_overlap false is not the same as none: it contradicts a concurrency above 1.
func overlayPlaces(p *job.Problems, s *job.Spec, in *api.JobInput) {
	named(p, "concurrency", &s.Concurrency, in.Concurrency)
	named(p, "overlap", &s.Overlap, in.Overlap)
	switch allow := in.AllowOverlap; {
	case allow != nil && in.Overlap != nil && *allow != (*in.Overlap == job.OverlapAllow):
		p.Add("allow_overlap", "contradiction", "%t contradicts overlap %q", *allow, *in.Overlap)
	case allow != nil && in.Overlap == nil && *allow:
		s.Overlap = job.OverlapAllow
	case allow != nil && in.Overlap == nil && (s.Overlap == job.OverlapAllow || s.Overlap == ""):
		s.Overlap = job.OverlapSkip
	}
	s.AllowOverlap = s.Overlap == job.OverlapAllow
}

// clearNull takes the fields that a PATCH gave as null back to their defaults.
func clearNull(s *job.Spec, d job.Defaults, null []string) job.Problems {
	var p job.Problems
	fresh := job.NewSpec(d)
	reset := map[string]func(){
		"description": func() { s.Description = "" }, "schedule": func() { s.Schedule = "" }, "timezone": func() { s.Timezone = "" },
		"execute_at": func() { s.ExecuteAt = nil }, "start_date": func() { s.StartDate = nil }, "end_date": func() { s.EndDate = nil },
		"max_executions": func() { s.MaxExecutions = nil }, "dst_policy": func() { s.DSTPolicy = "" }, "jitter_ms": func() { s.JitterMS = 0 },
		"misfire": func() { s.Misfire = "" }, "misfire_grace_ms": func() { s.MisfireGrace = nil }, "skip_if_overdue": func() { s.Misfire = "" },
		"handler_type": func() { s.HandlerType = "" }, "payload": func() { s.Payload = nil }, "max_retries": func() { s.MaxRetries = fresh.MaxRetries },
		"retry_delay_ms": func() { s.RetryDelayMS = fresh.RetryDelayMS }, "retry_backoff": func() { s.RetryBackoff = "" },
		"retry_max_delay_ms": func() { s.RetryMaxDelayMS = 0 }, "timeout_ms": func() { s.TimeoutMS = fresh.TimeoutMS },
		"priority": func() { s.Priority = "" }, "concurrency": func() { s.Concurrency = 0 },
		"allow_overlap": func() { s.Overlap, s.AllowOverlap = "", false }, "overlap": func() { s.Overlap, s.AllowOverlap = "", false },
		"on_lost": func() { s.OnLost = "" }, "tags": func() { s.Tags = nil }, "metadata": func() { s.Metadata = nil },
	}
	for _, name := range null {
		if f, ok := reset[name]; ok {
			f()
		} else {
			p.Add(name, "required", "must not be null")
		}
	}
	return p
}

// given returns a function that says which fields an edit names.
func given(in *api.JobInput) func(field string) bool {
	names := slices.Clone(in.Null)
	if raw, err := json.Marshal(in); err == nil {
		var fields map[string]json.RawMessage
		if json.Unmarshal(raw, &fields) == nil {
			for name := range fields {
				names = append(names, name)
			}
		}
	}
	return func(field string) bool { return slices.Contains(names, field) }
}

// set writes a value that was given.
func set[T any](field *T, value *T) {
	if value != nil {
		*field = *value
	}
}

// setPointer writes a copy of a value that was given.
func setPointer[T any](field **T, value *T) {
	if value != nil {
		v := *value
		*field = &v
	}
}

// named writes a value that was given and must not be empty or zero.
func named[T comparable](p *job.Problems, name string, field *T, value *T) {
	var zero T
	switch {
	case value == nil:
	case *value == zero:
		p.Add(name, "empty", "must not be empty or zero; leave it out for the default")
	default:
		*field = *value
	}
}
