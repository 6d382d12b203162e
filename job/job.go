package job

import (
	"encoding/json"
	"time"
)

// DefaultPlatform is the reserved platform of jobs that name none. It is shown
// as null outside.
const DefaultPlatform = "default"

// Spec is what users say about a job: everything that PATCH can change, and
// nothing that the scheduler writes. Instants are UTC.
type Spec struct {
	Name        string `json:"name"` // unique per platform among live jobs
	Description string `json:"description,omitempty"`
	Type        Type   `json:"type"`

	Schedule      string     `json:"schedule,omitempty"` // cron expression; empty for one-time and event jobs
	Timezone      string     `json:"timezone"`           // IANA name
	ExecuteAt     *time.Time `json:"execute_at,omitempty"`
	StartDate     *time.Time `json:"start_date,omitempty"` // inclusive
	EndDate       *time.Time `json:"end_date,omitempty"`   // exclusive
	MaxExecutions *int64     `json:"max_executions,omitempty"`
	DSTPolicy     string     `json:"dst_policy"`                 // once | wall
	JitterMS      int64      `json:"jitter_ms"`                  // start moves later by 0…jitter, the slot never
	Misfire       Misfire    `json:"misfire"`                    //
	MisfireGrace  *int64     `json:"misfire_grace_ms,omitempty"` // fire_once: a latest missed slot older than this is recorded too

	HandlerName string          `json:"handler_name"`
	HandlerType HandlerType     `json:"handler_type"`
	Payload     json.RawMessage `json:"payload"` // JSON object

	MaxRetries      int      `json:"max_retries"`
	RetryDelayMS    int64    `json:"retry_delay_ms"`
	RetryBackoff    Backoff  `json:"retry_backoff"`
	RetryMaxDelayMS int64    `json:"retry_max_delay_ms"`
	TimeoutMS       int64    `json:"timeout_ms"` // 0 = no limit
	Priority        Priority `json:"priority"`
	Concurrency     int      `json:"concurrency"`
	AllowOverlap    bool     `json:"allow_overlap"` // = Overlap is allow
	Overlap         Overlap  `json:"overlap"`
	OnLost          OnLost   `json:"on_lost"`

	PauseOnFailures int        `json:"pause_on_failures,omitempty"` // paused after so many final failures in a row; 0 = never
	OnFailure       *Hook      `json:"on_failure,omitempty"`        // runs once when a run has failed for good
	EventName       string     `json:"event_name,omitempty"`        // event jobs: the name, or a pattern of names, of the events that make it run
	When            string     `json:"when,omitempty"`              // condition; false = the run is skipped
	DelayMS         int64      `json:"delay_ms,omitempty"`          // event jobs: between the event and the run
	DebounceMS      int64      `json:"debounce_ms,omitempty"`       // event jobs: run once, so long after the last of several events
	After           []After    `json:"after,omitempty"`             // event jobs: run when one of these jobs ended
	CancelOn        []CancelOn `json:"cancel_on,omitempty"`         // events that cancel the job

	// What is expected of runs; who is told when it is not so, alert rules say. 0 = nothing.
	StartWithinMS  int64 `json:"start_within_ms,omitempty"`  // from the due time to the first start
	FinishWithinMS int64 `json:"finish_within_ms,omitempty"` // from the start to the end of an attempt
	MinDurationMS  int64 `json:"min_duration_ms,omitempty"`  // a success that took less is suspicious
	MaxGapMS       int64 `json:"max_gap_ms,omitempty"`       // a run begins at least so often

	Tags     []string        `json:"tags"`
	Metadata json.RawMessage `json:"metadata,omitempty"` // JSON object
}

// Runner is the name under which nodes register what runs the job: its handler's, or
// "agent" and "workflow" for all of these.
func (s *Spec) Runner() string {
	if s.HandlerType == HandlerAgent || s.HandlerType == HandlerWorkflow {
		return string(s.HandlerType)
	}
	return s.HandlerName
}

// isStep reports whether its executions are steps of a workflow.
func (s *Spec) isStep() bool { return s.Type == TypeStep && s.HandlerType != HandlerWorkflow }

// Job is a definition with its identity, its state and its figures.
type Job struct {
	ID       ID     `json:"id"`
	Platform string `json:"-"` // slug; see PlatformID
	// PlatformID is Platform as shown outside: nil for the reserved platform.
	PlatformID *string `json:"platform_id"`

	Spec

	Status   JobStatus  `json:"status"`
	Revision int64      `json:"revision"` // rises by one with every change of the definition or the status
	NextRun  *time.Time `json:"next_run"` // first slot not yet accounted for; nil when there is none or the job is not active
	LastRun  *time.Time `json:"last_run"` // when the newest execution started

	ExecutionsCount int64  `json:"executions_count"` // executions that were not skipped
	SuccessCount    int64  `json:"success_count"`
	FailureCount    int64  `json:"failure_count"`             // failed and timeout
	SkippedCount    int64  `json:"skipped_count"`             // slots recorded as skipped or missed
	AvgDurationMS   *int64 `json:"avg_duration_ms,omitempty"` // of successful executions

	PausedAt     *time.Time `json:"paused_at,omitempty"`
	PauseUntil   *time.Time `json:"pause_until,omitempty"` // when it resumes by itself
	PauseReason  string     `json:"pause_reason,omitempty"`
	StatusReason string     `json:"status_reason,omitempty"` // why status is error or failed

	CreatedBy   string     `json:"created_by"`
	UpdatedBy   string     `json:"updated_by,omitempty"`
	CreatedAt   time.Time  `json:"created_at"`
	UpdatedAt   time.Time  `json:"updated_at"`
	CompletedAt *time.Time `json:"completed_at,omitempty"`
	CancelledAt *time.Time `json:"cancelled_at,omitempty"`
	DeletedAt   *time.Time `json:"deleted_at,omitempty"`

	// Anchor is where "@every" counts from: start_date or created_at. Only an edit of
	// start_date moves it.
	Anchor time.Time `json:"-"`
	// Seed is what H fields hash: platform and name at creation. A rename keeps it.
	Seed string `json:"-"`
}

// MaxBounds of what users may say; the store and the API rely on them.
const (
	MaxNameLen       = 128       // bytes
	MaxTextLen       = 4 << 10   // bytes of a description
	MaxPayload       = 256 << 10 // bytes
	MaxMetadata      = 16 << 10  // bytes
	MaxResult        = 64 << 10  // bytes
	MaxErrorLen      = 4 << 10   // bytes
	MaxStackLen      = 16 << 10  // bytes
	MaxTags          = 32        //
	MaxTagLen        = 64        // bytes
	MaxRetriesLimit  = 100       //
	MaxConcurrency   = 1000      //
	MaxDurationMS    = 366 * 24 * 3600 * 1000
	MaxRetryDelayMS  = 24 * 3600 * 1000
	MaxJitterMS      = 24 * 3600 * 1000
	MaxMaxExecutions = 1_000_000_000
)

// Defaults are what a Spec gets where its author said nothing.
type Defaults struct {
	Timezone        string
	DSTPolicy       string
	Misfire         Misfire
	MaxRetries      int
	RetryDelayMS    int64
	RetryBackoff    Backoff
	RetryMaxDelayMS int64
	TimeoutMS       int64
	Priority        Priority
}

// StandardDefaults are the defaults of the owner's document and the design.
func StandardDefaults() Defaults {
	return Defaults{
		Timezone: "UTC", DSTPolicy: "once", Misfire: MisfireFireOnce,
		MaxRetries: 3, RetryDelayMS: 60_000, RetryBackoff: BackoffExponential, RetryMaxDelayMS: 3_600_000,
		TimeoutMS: 300_000, Priority: PriorityMedium,
	}
}
