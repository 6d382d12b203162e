package control

import (
	"encoding/json"
	"slices"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/job"
)

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
		"on_lost": func() { s.OnLost = "" }, "event_name": func() { s.EventName = "" }, "when": func() { s.When = "" }, "delay_ms": func() { s.DelayMS = 0 },
		"debounce_ms": func() { s.DebounceMS = 0 }, "after": func() { s.After = nil }, "cancel_on": func() { s.CancelOn = nil }, "start_within_ms": func() { s.StartWithinMS = 0 }, "finish_within_ms": func() { s.FinishWithinMS = 0 }, "min_duration_ms": func() { s.MinDurationMS = 0 }, "max_gap_ms": func() { s.MaxGapMS = 0 },
		"pause_on_failures": func() { s.PauseOnFailures = 0 }, "on_failure": func() { s.OnFailure = nil }, "tags": func() { s.Tags = nil }, "metadata": func() { s.Metadata = nil },
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
