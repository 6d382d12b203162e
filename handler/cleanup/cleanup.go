// Package cleanup has the built-in "cleanup-old-data": it removes old history of the
// platform of its job, a kind at a time, in small batches.
//
//	{"retention_days": 90, "success_days": 7, "failed_days": 30}
//
// Events and ended one-time jobs go after retention_days (90), executions that went well
// after success_days, others after failed_days; without these the configuration decides.
// With dry_run it only counts. The result says how many went:
//
//	{"retention_days": 90, "job_executions": 120, "dead_letters": 3, "workflow_events": 17, "one_time_jobs": 2}
package cleanup

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/agentic-sdlc/scheduler/handler"
	"github.com/agentic-sdlc/scheduler/handler/payload"
	"github.com/agentic-sdlc/scheduler/job"
)

const (
	day = 24 * time.Hour
	// standardDays is how long events and ended one-time jobs are kept.
	standardDays = 90
	maxDays      = 36500
)

// Ask is what shall go; 0 = nothing of the kind.
type Ask struct {
	Executions          bool
	Success, Failed     time.Duration // of executions; 0 = as configured
	Events, OneTimeJobs time.Duration
	DryRun              bool
}

// Sums are what went, or would go.
type Sums struct {
	Executions, DeadLetters, Events, Jobs int64
}

// Clean removes a bounded part of a platform's history; more says that there is more.
type Clean func(ctx context.Context, platform string, ask Ask) (gone Sums, more bool, err error)

// Handler cleans up. It is safe for concurrent use.
type Handler struct{ clean Clean }

var (
	_ handler.Validator = (*Handler)(nil)
	_ handler.Describer = (*Handler)(nil)
)

// New returns a handler that removes by clean.
func New(clean Clean) *Handler { return &Handler{clean: clean} }

// spec is what a payload asks for, in days; 0 = as configured.
type spec struct {
	retention, success, failed int
	dryRun                     bool
}

func parse(raw json.RawMessage) (spec, error) {
	f := payload.Read(raw, "retention_days", "success_days", "failed_days", "dry_run")
	s := spec{retention: standardDays, dryRun: f.Bool("dry_run")}
	for name, days := range map[string]*int{"retention_days": &s.retention, "success_days": &s.success, "failed_days": &s.failed} {
		if f.Has(name) {
			*days = f.Number(name, f.Members[name], 1, maxDays)
		}
	}
	return s, f.Problems.Err()
}

// ValidatePayload reports everything that is wrong with a payload.
func (h *Handler) ValidatePayload(raw json.RawMessage) error {
	_, err := parse(raw)
	return err
}

// result is what a run leaves behind.
type result struct {
	RetentionDays  int   `json:"retention_days"`
	DryRun         bool  `json:"dry_run,omitempty"`
	JobExecutions  int64 `json:"job_executions"`
	DeadLetters    int64 `json:"dead_letters"`
	WorkflowEvents int64 `json:"workflow_events"`
	OneTimeJobs    int64 `json:"one_time_jobs"`
}

// Run cleans up, phase by phase. What a run that is stopped removed stays removed.
func (h *Handler) Run(ctx context.Context, t *handler.Task) (handler.Result, error) {
	s, err := parse(t.Payload)
	if err != nil {
		return handler.Result{}, &handler.Failure{Class: "bad_payload", Message: err.Error(), Permanent: true, Err: err}
	}
	var sum Sums
	keep := time.Duration(s.retention) * day
	for _, phase := range []struct {
		name string
		ask  Ask
		gone *int64
	}{
		{"executions", Ask{Executions: true, Success: time.Duration(s.success) * day, Failed: time.Duration(s.failed) * day, DryRun: s.dryRun}, &sum.Executions},
		{"events", Ask{Events: keep, DryRun: s.dryRun}, &sum.Events},
		{"one-time jobs", Ask{OneTimeJobs: keep, DryRun: s.dryRun}, &sum.Jobs},
	} {
		if err := h.phase(ctx, t.Platform, phase.ask, &sum); err != nil {
			return handler.Result{}, err
		}
		verb := "removed"
		if s.dryRun {
			verb = "would be removed"
		}
		t.Log.Line(job.LogInfo, job.StreamSystem, fmt.Sprintf("%s: %d %s", phase.name, *phase.gone, verb))
	}
	value, err := json.Marshal(result{
		RetentionDays: s.retention, DryRun: s.dryRun, JobExecutions: sum.Executions, DeadLetters: sum.DeadLetters, WorkflowEvents: sum.Events, OneTimeJobs: sum.Jobs,
	})
	return handler.Result{Value: value}, err
}

// phase removes all of one kind.
func (h *Handler) phase(ctx context.Context, platform string, ask Ask, sum *Sums) error {
	for more := true; more; {
		if err := ctx.Err(); err != nil {
			return err
		}
		var gone Sums
		var err error
		if gone, more, err = h.clean(ctx, platform, ask); err != nil {
			return err
		}
		sum.Executions += gone.Executions
		sum.DeadLetters += gone.DeadLetters
		sum.Events += gone.Events
		sum.Jobs += gone.Jobs
	}
	return nil
}

// Schema describes the payload.
func (h *Handler) Schema() json.RawMessage {
	days := func(about string) string {
		return fmt.Sprintf(`{"type":"integer","minimum":1,"maximum":%d,"description":%q}`, maxDays, about)
	}
	return json.RawMessage(`{"type":"object","additionalProperties":false,"properties":{` +
		`"retention_days":` + days("how long events and ended one-time jobs are kept; 90 without it") + `,` +
		`"success_days":` + days("how long executions that went well are kept; as configured without it") + `,` +
		`"failed_days":` + days("how long other executions are kept; as configured without it") + `,` +
		`"dry_run":{"type":"boolean","description":"only count"}}}`)
}
