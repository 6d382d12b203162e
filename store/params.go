package store

import (
	"encoding/json"
	"strconv"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
)

// AnyPlatform as a platform parameter means all of them; only for administrators.
const AnyPlatform = "*"

// Info describes a store.
type Info struct {
	Driver  string `json:"driver"`
	Version string `json:"version"`
	Schema  int64  `json:"schema"`
	Bytes   int64  `json:"bytes"`
	// Instance identifies this store's data for ever: made once, at creation.
	Instance string `json:"instance"`
}

// CreateJob are the parameters of Jobs.CreateJob.
type CreateJob struct {
	Job            job.Job // complete: identity, definition, status, anchor, seed, timestamps
	Open           *job.Opening
	IdempotencyKey string // "" = none; scoped to the platform, kept 24 h
	BodyHash       string // what the key stands for
	Now            time.Time
	MaxJobs        *int // how many jobs the platform may have; nil = no limit
}

// ChangeJob are the parameters of Jobs.ChangeJob.
type ChangeJob struct {
	Platform   string
	Ref        string // id, or name of a live job
	IfRevision int64  // 0 = any
	Now        time.Time
	By         string
	Change     job.Change
	NewID      func() job.ID
}

// ApplyJobs are the parameters of Jobs.ApplyJobs.
type ApplyJobs struct {
	Steps []ApplyStep // in this order; each sees what those before it did
	Now   time.Time
	By    string
	NewID func() job.ID
	// Begin is called before the first step; a transaction that has to start over calls
	// it again. nil = nobody cares.
	Begin func()
	// Commit decides when all steps are done: its error undoes them and is returned. nil =
	// nothing speaks against it.
	Commit func(done []AppliedJob) error
}

// ApplyStep is what shall become of one job.
type ApplyStep struct {
	Platform string
	Ref      string // id, or name: of a live job, else of the newest that has ended
	// Change decides over a job that has not ended.
	Change job.Change
	// Create returns the job to store when there is none, or one that has ended; nil =
	// nothing is stored. A nil Create leaves both cases alone.
	Create func(ended *job.Job) (*CreateJob, error)
}

// AppliedJob is what a step of ApplyJobs did.
type AppliedJob struct {
	Before *job.Job // nil = there was none
	After  *job.Job // nil = there is none
	// Created and Changed are both false when the step wrote nothing.
	Created, Changed bool
}

// PlanDue are the parameters of Planner.PlanDue.
type PlanDue struct {
	Now   time.Time
	Limit int // jobs in one transaction
	// Newest takes those that became due last first: what a flood of older ones hides.
	Newest bool
	Policy job.Policy
	NewID  func() job.ID
	// Session that may be given runs at birth; 0 = none.
	Session int64
	// Take says whether the session starts a run of this job at once; it is called
	// once per run that could start now, and counts against the caller's free slots.
	// nil = never.
	Take func(def *job.Job) bool
}

// Planned is what PlanDue did.
type Planned struct {
	Claimed []Claimed  // born claimed: the caller must start them
	Untaken []*job.Job // taken by Take, but not claimed after all: the caller frees their slots
	Jobs    int        // cursors advanced
	Waiting int        // executions inserted waiting
	Skipped int64      // slots recorded as not run
	Broken  int        // jobs put into error
	More    bool       // Limit was reached
}

// Claimed is an execution that a session may start: the durable claim is written.
type Claimed struct {
	ID          job.ID
	Job         *job.Job // shared; read only
	Number      int64
	Attempt     int
	RetryCount  int
	LostCount   int
	Token       int64
	Batch       int64 // claim this belongs to; passed back in Settlement
	Owner       int64 // the adapter's own handle of the job; passed back in Settlement
	Ends        bool  // the job has no further slot: it may end with this execution
	ScheduledAt time.Time
	CreatedAt   time.Time
	Occurrence  int64
	Trigger     job.Trigger
	Payload     json.RawMessage // nil = the job's
	TraceID     string
	SpanID      string
}

// Trigger are the parameters of Planner.Trigger.
type Trigger struct {
	Platform       string
	Ref            string // job
	Kind           job.Trigger
	RetryOf        *job.Execution // for TriggerRetry; must be failed, timeout or cancelled, and not retried yet; leaves the dead letters unless the retry is skipped
	Dead           bool           // RetryOf must be in the dead letters
	Payload        json.RawMessage
	By             string
	Force          bool           // run a paused job
	Overlap        job.Overlap    // "" = the job's
	Parallel       int            // with OverlapQueueAll: the run starts beside so many less one, 32000 at most; 0 = as the job has it
	Skip           job.SkipReason // the run is recorded as skipped; "" = it is not
	Slot           time.Time      // scheduled_at of a run that stands for a due time gone by; zero = Now
	Now            time.Time
	NewID          func() job.ID
	IdempotencyKey string
	BodyHash       string
	TraceID        string
	ParentSpanID   string
	Step           *StepOf // for TriggerStep: conflict unless the flow's execution runs with the token
	// Session and Take are as in PlanDue: a run that could start now may be given to
	// the session at birth. Take is called at most once, and the caller gives its slot
	// back unless Triggered.Claimed is set.
	Session int64
	Take    func(def *job.Job) bool
}

// Due is the scheduled_at of the run.
func (t *Trigger) Due() time.Time {
	if t.Slot.IsZero() {
		return t.Now
	}
	return t.Slot
}

// Triggered is what Trigger made.
type Triggered struct {
	Execution job.Execution
	Replayed  bool     // made before, under the same idempotency key
	Claimed   *Claimed // born claimed: the caller must start it; nil = it was not
}

// Waiting is an execution that could be announced.
type Waiting struct {
	ID          job.ID
	Platform    string
	Priority    job.Priority
	HandlerName string
	ReadyAt     time.Time
}

// Claims is what Claim gave.
type Claims struct {
	Claimed []Claimed
	Untaken []*job.Job // as in Planned
}

// Claim are the parameters of Executions.Claim.
type Claim struct {
	Session int64
	IDs     []job.ID
	Now     time.Time
	Take    func(def *job.Job) bool // as in PlanDue; nil = all
}

// Settlement is how one attempt ended.
type Settlement struct {
	ID      job.ID
	Session int64
	Token   int64
	Attempt int
	Batch   int64 // of Claimed, as are Owner and Ends
	Owner   int64
	Ends    bool
	Event   job.Event // succeed, fail, expire, retry, return, park, cancel, abandon

	StartedAt   time.Time // zero when the handler never started
	CompletedAt time.Time
	Result      json.RawMessage
	ExitCode    *int
	Error       string
	ErrorClass  string
	ErrorStack  string
	RetryAt     time.Time // for retry and park
	DeadReason  string    // "" = not dead
}

// Settled is what Settle did.
type Settled struct {
	Fenced   []int // indexes of settlements that changed nothing
	Promoted int   // waiting runs that got a place
	Ended    int   // jobs completed or failed
}

// CancelExecution are the parameters of Executions.CancelExecution.
type CancelExecution struct {
	Platform string
	Ref      string
	Now      time.Time
	By       string
	Reason   string
}

// DropDead are the parameters of Executions.DropDead.
type DropDead struct {
	Platform string
	Ref      string // execution
	Now      time.Time
	By       string
}

// Session is one life of one node.
type Session struct {
	ID          int64      `json:"-"` // random, positive
	Node        string     `json:"node"`
	Version     string     `json:"version"`
	Roles       []string   `json:"roles"`    // of api, scheduler, worker; empty, not nil, when it told none
	Slots       int        `json:"slots"`    // executions at once; 0 without the role worker
	Commands    int        `json:"commands"` // of these, commands at once
	Handlers    []string   `json:"handlers"` // that the node can run, by name; empty, not nil, when it told none
	Running     int        `json:"running"`  // as of the last heartbeat
	StartedAt   time.Time  `json:"started_at"`
	HeartbeatAt time.Time  `json:"heartbeat_at"`
	LeaseUntil  time.Time  `json:"lease_until"`
	ClosedAt    *time.Time `json:"closed_at,omitempty"`

	// Draining says that the node was asked to take no new work. It is the node's, not
	// the session's: it outlives restarts. OpenSession ignores it and what follows.
	Draining    bool       `json:"draining"`
	DrainedAt   *time.Time `json:"drained_at,omitempty"`
	DrainedBy   string     `json:"drained_by,omitempty"`
	DrainReason string     `json:"drain_reason,omitempty"`
}

// Beat are the parameters of Sessions.Heartbeat.
type Beat struct {
	Session int64
	Now     time.Time
	Lease   time.Duration // from Now
	Running int           // executions that run on the node
}

// Pulse is what a heartbeat answers.
type Pulse struct {
	Cancels     []job.ID // executions of the session that were asked to stop
	Draining    bool     // the node was asked to take no new work
	Maintenance bool     // nothing is planned or started on any node
}

// DrainNode are the parameters of Sessions.DrainNode.
type DrainNode struct {
	Node   string
	Drain  bool // false = take new work again
	By     string
	Reason string
	Now    time.Time
}

// Duty is something that one node at a time does for all of them.
type Duty struct {
	Name    string
	Session int64
	Now     time.Time
	Lease   time.Duration // from Now
}

// Reaped is what Reap did.
type Reaped struct {
	Sessions  int
	Restarted int
	Failed    int // on_lost fail, and poison
	More      bool
}

// LogFilter selects lines of one execution.
type LogFilter struct {
	Platform string
	Ref      string // execution
	AfterSeq int64
	Attempt  int          // 0 = all
	MinLevel job.LogLevel // "" = all
	Contains string
	Since    time.Time
	Until    time.Time
	Tail     int // >0: only the last so many
	Limit    int // 0 = 1000
}

// LogCaps bounds stored lines, in bytes; 0 = no cap.
type LogCaps struct {
	Job, Total int64
}

// Book is what was promised for a job's slots.
type Book = job.Book

// Entry is one record of one slot, or of a range of them.
type Entry = job.LedgerEntry

// OutboxRow is one batch of events as it was written.
type OutboxRow struct {
	Position int64
	At       time.Time
	Events   []Event
}

// Event is one thing that happened, for the bus.
type Event struct {
	Name        string          `json:"event"` // e.g. "scheduler:execution.completed"
	ID          string          `json:"id"`    // stable, and never used again: see EventID
	At          time.Time       `json:"at"`
	JobID       job.ID          `json:"job_id,omitzero"`
	ExecutionID job.ID          `json:"execution_id,omitzero"`
	Data        json.RawMessage `json:"data,omitempty"`
}

// EventID names the index-th event of a row of the outbox. Positions begin anew in a
// store that was moved or restored; no two stores write the same one at the same instant.
func EventID(at time.Time, position int64, index int) string {
	b := strconv.AppendInt(make([]byte, 0, 32), at.UnixMicro(), 10)
	b = strconv.AppendInt(append(b, '-'), position, 10)
	return string(strconv.AppendInt(append(b, '-'), int64(index), 10))
}

// Retention says how long history is kept; 0 = for ever.
type Retention struct {
	Success  time.Duration // successful and skipped executions
	Failed   time.Duration // every other one
	OneTime  time.Duration // ended one-time jobs
	Audit    time.Duration // entries of the audit log
	Events   time.Duration // events that came in, and what was done about them
	KeepLast int           // newest executions of each job that are kept whatever their age
}

// Retained is what Retain removed.
type Retained struct {
	Executions  int64 // with their logs and attempts
	DeadLetters int64 // of these executions
	Jobs        int64 // one-time jobs, with their executions, which are not counted
	Events      int64
}

// Add adds what another call removed.
func (r *Retained) Add(o Retained) {
	r.Executions += o.Executions
	r.DeadLetters += o.DeadLetters
	r.Jobs += o.Jobs
	r.Events += o.Events
}

// Totals are the store's figures at a glance.
type Totals struct {
	Jobs    map[job.JobStatus]int64 `json:"jobs"`
	Waiting int64                   `json:"waiting"`
	Delayed int64                   `json:"delayed"`
	Running int64                   `json:"running"`
	Dead    int64                   `json:"dead"`
	// OldestReady is the age of the longest-ready waiting execution.
	OldestReady time.Duration `json:"-"`
}
