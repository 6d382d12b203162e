package job

import (
	"encoding/json"
	"time"
)

// Execution is the record of one due time, one event or one manual trigger.
type Execution struct {
	ID         ID      `json:"id"`
	JobID      ID      `json:"job_id"`
	JobName    string  `json:"job_name"`
	RunNumber  int64   `json:"run_number"` // the N of JOB/N: 1, 2, 3 … within the job, in order of creation
	Platform   string  `json:"-"`
	PlatformID *string `json:"platform_id"`

	Status      Status     `json:"status"`
	Trigger     Trigger    `json:"trigger"`
	TriggeredBy string     `json:"triggered_by,omitempty"` // who, for manual runs and retries
	ScheduledAt time.Time  `json:"scheduled_at"`           // the due time; for other triggers the instant of the request. Never changes
	ReadyAt     *time.Time `json:"ready_at,omitempty"`     // waiting: not before this instant; nil while it waits for another run
	StartedAt   *time.Time `json:"started_at"`             // of the last attempt
	CompletedAt *time.Time `json:"completed_at"`
	DurationMS  *int64     `json:"duration_ms"`    // of the last attempt
	StartDelay  *int64     `json:"start_delay_ms"` // first start − scheduled_at

	Result     json.RawMessage `json:"result,omitempty"`
	ExitCode   *int            `json:"exit_code,omitempty"`
	Error      string          `json:"error,omitempty"`
	ErrorClass string          `json:"error_class,omitempty"`
	ErrorStack string          `json:"error_stack,omitempty"`

	Attempt     int        `json:"attempt"`     // starts so far
	RetryCount  int        `json:"retry_count"` // counted failures that were followed by another attempt
	MaxRetries  int        `json:"max_retries"`
	LostCount   int        `json:"lost_count,omitempty"` // attempts whose worker vanished
	WillRetry   bool       `json:"will_retry"`
	NextRetryAt *time.Time `json:"next_retry_at"`
	Dead        bool       `json:"dead,omitempty"`        // in the dead letters
	DeadReason  string     `json:"dead_reason,omitempty"` // retries_exhausted | permanent | poison | worker_lost | handler_missing

	SkipReason SkipReason `json:"skip_reason,omitempty"`
	SkipDetail string     `json:"skip_detail,omitempty"` // e.g. the execution it overlapped

	WorkerID    string `json:"worker_id,omitempty"` // node that ran the last attempt
	Token       int64  `json:"token"`               // rises with each claim
	RetryOf     *ID    `json:"retry_of,omitempty"`
	Occurrence  int64  `json:"occurrence,omitempty"` // 1…max_executions; 0 for runs outside the schedule
	JobRevision int64  `json:"job_revision"`
	CatchUp     bool   `json:"catch_up,omitempty"` // planned for a missed slot

	CancelRequestedAt *time.Time `json:"cancel_requested_at,omitempty"`

	Payload  json.RawMessage `json:"payload,omitempty"` // what this run was given, when it differs from the job's
	Metadata json.RawMessage `json:"metadata,omitempty"`

	TraceID      string `json:"trace_id,omitempty"`
	SpanID       string `json:"span_id,omitempty"`
	ParentSpanID string `json:"parent_span_id,omitempty"`

	CreatedAt time.Time `json:"created_at"`

	OnFailure *HookRun   `json:"on_failure,omitempty"` // of a final failure; filled for a single one
	Attempts  []Attempt  `json:"attempts,omitempty"`   // filled on request
	Logs      []LogEntry `json:"logs,omitempty"`       // filled on request
}

// Attempt is one start of the handler for an execution.
type Attempt struct {
	ExecutionID ID         `json:"execution_id"`
	Attempt     int        `json:"attempt"`
	Token       int64      `json:"token"`
	WorkerID    string     `json:"worker_id,omitempty"`
	Status      string     `json:"status"` // running, success, failed, timeout, cancelled, lost, handed_back
	StartedAt   time.Time  `json:"started_at"`
	CompletedAt *time.Time `json:"completed_at"`
	DurationMS  *int64     `json:"duration_ms"`
	NextRetryAt *time.Time `json:"next_retry_at,omitempty"`
	ExitCode    *int       `json:"exit_code,omitempty"`
	Error       string     `json:"error,omitempty"`
	ErrorClass  string     `json:"error_class,omitempty"`
}

// SkipRange records adjacent slots that ended alike, in one row.
type SkipRange struct {
	From   time.Time  `json:"from"` // first slot
	To     time.Time  `json:"to"`   // last slot
	Count  int64      `json:"count"`
	Reason SkipReason `json:"reason"` // or RangePruned
}

// RangePruned is the reason of a range row that stands for executions which
// retention removed: their slots stay accounted for.
const RangePruned SkipReason = "pruned"

// Epoch is a stretch of time in which one definition of a job's schedule was in
// force: slots t with After < t <= Until were planned by Schedule. Epochs are what
// an audit recomputes the slots from.
type Epoch struct {
	Seq       int64      `json:"seq"`
	After     time.Time  `json:"after"` // exclusive
	Until     *time.Time `json:"until"` // inclusive; nil = in force
	Type      Type       `json:"type"`
	Schedule  string     `json:"schedule,omitempty"`
	ExecuteAt *time.Time `json:"execute_at,omitempty"`
	Timezone  string     `json:"timezone"`
	DSTPolicy string     `json:"dst_policy"`
	StartDate *time.Time `json:"start_date,omitempty"`
	EndDate   *time.Time `json:"end_date,omitempty"`
	Anchor    time.Time  `json:"anchor"`
	Seed      string     `json:"seed"`
	Reason    string     `json:"reason"` // created | resumed | rescheduled
}
