package api

import (
	"slices"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
)

// Overlay writes what in says over s. Empty values are refused where Normalize would
// take them for "not said". "in" counts from now.
func (in *JobInput) Overlay(s *job.Spec, now time.Time) job.Problems {
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
	named(&p, "event_name", &s.EventName, in.EventName)
	set(&s.When, in.When)
	set(&s.DelayMS, in.DelayMS)
	set(&s.DebounceMS, in.DebounceMS)
	set(&s.StartWithinMS, in.StartWithinMS)
	set(&s.FinishWithinMS, in.FinishWithinMS)
	set(&s.MinDurationMS, in.MinDurationMS)
	set(&s.MaxGapMS, in.MaxGapMS)
	if in.After != nil {
		s.After = slices.Clone(*in.After)
	}
	if in.CancelOn != nil {
		s.CancelOn = slices.Clone(*in.CancelOn)
	}
	set(&s.PauseOnFailures, in.PauseOnFails)
	setPointer(&s.OnFailure, in.OnFailure)
	if in.Tags != nil {
		s.Tags = slices.Clone(*in.Tags)
	}
	if in.Metadata != nil {
		s.Metadata = in.Metadata
	}
	return p
}

// overlayTimes sets the instants. "in" counts from now.
func overlayTimes(p *job.Problems, s *job.Spec, in *JobInput, now time.Time) {
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
func overlayMisfire(p *job.Problems, s *job.Spec, in *JobInput) {
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
func overlayPlaces(p *job.Problems, s *job.Spec, in *JobInput) {
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
