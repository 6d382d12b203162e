package api

import (
	"encoding/json"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
)

// JobInput is what creates and changes jobs. A nil field was not given; PATCH
// tells absent from null by Null.
type JobInput struct {
	ID             *string          `json:"id,omitempty"` // a UUID of the caller's choice; only at creation
	Name           *string          `json:"name,omitempty"`
	Description    *string          `json:"description,omitempty"`
	Schedule       *string          `json:"schedule,omitempty"`
	Timezone       *string          `json:"timezone,omitempty"`
	ExecuteAt      *time.Time       `json:"execute_at,omitempty"`
	In             *string          `json:"in,omitempty"` // one-time: a duration from now, e.g. "48h"
	StartDate      *time.Time       `json:"start_date,omitempty"`
	EndDate        *time.Time       `json:"end_date,omitempty"`
	MaxExecutions  *int64           `json:"max_executions,omitempty"`
	DSTPolicy      *string          `json:"dst_policy,omitempty"`
	JitterMS       *int64           `json:"jitter_ms,omitempty"`
	Misfire        *job.Misfire     `json:"misfire,omitempty"`
	MisfireGraceMS *int64           `json:"misfire_grace_ms,omitempty"`
	SkipIfOverdue  *bool            `json:"skip_if_overdue,omitempty"` // true = misfire skip
	HandlerName    *string          `json:"handler_name,omitempty"`
	HandlerType    *job.HandlerType `json:"handler_type,omitempty"`
	Payload        json.RawMessage  `json:"payload,omitempty"`
	Enabled        *bool            `json:"enabled,omitempty"` // false = created paused
	MaxRetries     *int             `json:"max_retries,omitempty"`
	RetryDelayMS   *int64           `json:"retry_delay_ms,omitempty"`
	RetryBackoff   *job.Backoff     `json:"retry_backoff,omitempty"`
	RetryMaxDelay  *int64           `json:"retry_max_delay_ms,omitempty"`
	TimeoutMS      *int64           `json:"timeout_ms,omitempty"`
	Priority       *job.Priority    `json:"priority,omitempty"`
	Concurrency    *int             `json:"concurrency,omitempty"`
	AllowOverlap   *bool            `json:"allow_overlap,omitempty"`
	Overlap        *job.Overlap     `json:"overlap,omitempty"`
	OnLost         *job.OnLost      `json:"on_lost,omitempty"`
	EventName      *string          `json:"event_name,omitempty"` // event jobs: name, or pattern, of the events that make it run
	When           *string          `json:"when,omitempty"`       // condition
	DelayMS        *int64           `json:"delay_ms,omitempty"`
	DebounceMS     *int64           `json:"debounce_ms,omitempty"`
	After          *[]job.After     `json:"after,omitempty"`
	CancelOn       *[]job.CancelOn  `json:"cancel_on,omitempty"`
	StartWithinMS  *int64           `json:"start_within_ms,omitempty"`
	FinishWithinMS *int64           `json:"finish_within_ms,omitempty"`
	MinDurationMS  *int64           `json:"min_duration_ms,omitempty"`
	MaxGapMS       *int64           `json:"max_gap_ms,omitempty"`
	PauseOnFails   *int             `json:"pause_on_failures,omitempty"`
	OnFailure      *job.Hook        `json:"on_failure,omitempty"`
	Tags           *[]string        `json:"tags,omitempty"`
	Metadata       json.RawMessage  `json:"metadata,omitempty"`
	PlatformID     *string          `json:"platform_id,omitempty"`

	// Null names the fields that a PATCH gave as null: they go back to their default.
	Null []string `json:"-"`
}

// Reschedule is the body of PUT /jobs/{id}/reschedule.
type Reschedule struct {
	Schedule  string     `json:"schedule,omitempty"`
	Timezone  *string    `json:"timezone,omitempty"`
	ExecuteAt *time.Time `json:"execute_at,omitempty"` // one-time jobs
}

// Pause is the optional body of POST /jobs/{id}/pause. Neither until nor for = until
// somebody resumes it.
type Pause struct {
	Until         *time.Time `json:"until,omitempty"` // resume by itself at an instant
	For           string     `json:"for,omitempty"`   // or after a duration such as "2h30m"
	Reason        string     `json:"reason,omitempty"`
	CancelRunning bool       `json:"cancel_running,omitempty"`
}

// Resume is the optional body of POST /jobs/{id}/resume.
type Resume struct {
	// CatchUp says what happens to slots of the pause: "none" (default), "once", "all".
	CatchUp string `json:"catch_up,omitempty"`
}

// Cancel is the optional body of POST /jobs/{id}/cancel and of POST
// /executions/{id}/cancel.
type Cancel struct {
	Reason        string `json:"reason,omitempty"`
	CancelRunning bool   `json:"cancel_running,omitempty"` // jobs: also stop what runs
}

// Run is the optional body of POST /jobs/{id}/run.
type Run struct {
	Payload json.RawMessage `json:"payload,omitempty"` // replaces the job's
	Force   bool            `json:"force,omitempty"`   // run a paused job
	Overlap job.Overlap     `json:"overlap,omitempty"` // "" = the job's
}

// Backfill is the body of POST /jobs/{id}/backfill: run the job for the due times in
// [from, to) that have no run.
type Backfill struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"` // at most now
	// Max refuses more runs than this; 0 = 100, at most 1000.
	Max int `json:"max,omitempty"`
	// Parallel is how many of the runs may be under way at once; 0 = as the job has it,
	// at most 100.
	Parallel int    `json:"parallel,omitempty"`
	DryRun   bool   `json:"dry_run,omitempty"` // only say what would run
	Reason   string `json:"reason,omitempty"`
}

// Retry is the optional body of POST /executions/{id}/retry.
type Retry struct {
	// Payload replaces what the execution was given; absent = exactly that.
	Payload json.RawMessage `json:"payload,omitempty"`
}
