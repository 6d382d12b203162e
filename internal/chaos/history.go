package chaos

import "time"

// History is what was seen of one run. Instants are those of one wall clock.
type History struct {
	Profile Profile
	Calls   []Call // in the order in which they began, for each job
	Marks   []Mark // in the order in which they were written
	Jobs    []Job
	Rows    []Row
	Ranges  []Range
	Faults  []Fault
	Refused []Refusal
	Usage   []Usage
	Audits  []Audit
}

// Profile is how the daemons were set up and what the run was to keep. Durations are
// milliseconds; a limit of zero is not checked.
type Profile struct {
	Seed      uint64    `json:"seed,omitempty"`
	From      time.Time `json:"from"`  // slots before it are nobody's
	Until     time.Time `json:"until"` // when everything had come to rest
	LeaseMS   int64     `json:"lease_ms,omitempty"`
	Slots     int       `json:"slots,omitempty"`    // executions at once on a node
	ClockMS   int64     `json:"clock_ms,omitempty"` // how far the clocks of nodes may be apart
	FenceMS   int64     `json:"fence_ms,omitempty"` // how long after a pause or a cut an old owner may go on
	LateP99MS int64     `json:"late_p99_ms,omitempty"`
	LateMaxMS int64     `json:"late_max_ms,omitempty"`
	HealMS    int64     `json:"heal_ms,omitempty"` // after a fault the backlog is gone by then
	MissedMS  int64     `json:"missed_ms,omitempty"`
}

// Spec is a definition as the client sent it.
type Spec struct {
	Platform  string    `json:"platform,omitempty"` // "" = default
	Type      string    `json:"type,omitempty"`     // cron | one_time | recurring
	Schedule  string    `json:"schedule,omitempty"`
	At        time.Time `json:"at,omitzero"`
	Start     time.Time `json:"start,omitzero"`
	Limit     int64     `json:"limit,omitempty"` // max_executions; 0 = none
	Retries   int       `json:"retries,omitempty"`
	DelayMS   int64     `json:"delay_ms,omitempty"` // before each retry
	Places    int       `json:"places,omitempty"`   // how many runs at once; 0 = 1
	OnLost    string    `json:"on_lost,omitempty"`  // retry | fail
	Behaviour string    `json:"behaviour,omitempty"`
}

// Call is one request of the client. One job's calls do not overlap in time.
type Call struct {
	Op        string    `json:"op"` // create | edit | pause | resume | cancel | run | retry | read
	Job       string    `json:"job"`
	Key       string    `json:"key,omitempty"` // idempotency key
	Began     time.Time `json:"began"`
	Ended     time.Time `json:"ended"`
	Answer    string    `json:"answer"` // ok | fail | unknown
	Code      string    `json:"code,omitempty"`
	Spec      *Spec     `json:"spec,omitempty"`      // create: all of it; edit: the new schedule
	Execution string    `json:"execution,omitempty"` // run and retry: what was answered
	Of        string    `json:"of,omitempty"`        // retry: of which execution
	Status    string    `json:"status,omitempty"`    // read
	Schedule  string    `json:"schedule,omitempty"`  // read
	Force     bool      `json:"force,omitempty"`     // run although paused
}

// Answers of a Call.
const (
	OK      = "ok"
	Fail    = "fail"    // it was refused: nothing may have happened
	Unknown = "unknown" // nobody knows what happened
)

// Mark is one line of the witness.
type Mark struct {
	Kind      string    `json:"mark"` // start | end | gone (the caller hung up)
	Execution string    `json:"execution"`
	Job       string    `json:"job"`
	Platform  string    `json:"platform,omitempty"`
	Slot      time.Time `json:"slot,omitzero"`
	Attempt   int       `json:"attempt"`
	Token     int64     `json:"token"`
	At        time.Time `json:"at"`
	OK        bool      `json:"ok,omitempty"` // end: with a success
	Exec      bool      `json:"exec,omitempty"`
}

// Job is a job as the store has it in the end.
type Job struct {
	Name       string `json:"name"`
	Platform   string `json:"platform,omitempty"`
	Status     string `json:"status"`
	Schedule   string `json:"schedule,omitempty"`
	Executions int64  `json:"executions"`
	Success    int64  `json:"success"`
	Failure    int64  `json:"failure"`
	Skipped    int64  `json:"skipped"`
}

// Row is an execution as the store has it in the end.
type Row struct {
	ID        string    `json:"id"`
	Job       string    `json:"job"`
	Platform  string    `json:"platform,omitempty"`
	N         int64     `json:"n"`
	Trigger   string    `json:"trigger"`
	Slot      time.Time `json:"slot"`
	Status    string    `json:"status"`
	Skip      string    `json:"skip,omitempty"`
	Class     string    `json:"class,omitempty"` // of its error
	Created   time.Time `json:"created"`
	Completed time.Time `json:"completed,omitzero"`
	Attempt   int       `json:"attempt,omitempty"`
	Retries   int       `json:"retries,omitempty"`
	Lost      int       `json:"lost,omitempty"`
	Token     int64     `json:"token,omitempty"`
	RetryOf   string    `json:"retry_of,omitempty"`
	Asked     bool      `json:"asked,omitempty"` // somebody asked it to stop
	CatchUp   bool      `json:"catch_up,omitempty"`
	Attempts  []Attempt `json:"attempts,omitempty"`
}

// Attempt is one claim of an execution.
type Attempt struct {
	N         int       `json:"n"`
	Token     int64     `json:"token"`
	Node      string    `json:"node,omitempty"`
	Status    string    `json:"status"` // success, failed, timeout, cancelled, lost, handed_back, running
	Started   time.Time `json:"started,omitzero"`
	Completed time.Time `json:"completed,omitzero"`
}

// Range is adjacent slots of a job that were recorded together.
type Range struct {
	Job   string    `json:"job"`
	From  time.Time `json:"from"`
	To    time.Time `json:"to"`
	Count int64     `json:"count"`
}

// Fault is something that was broken, from From until it was whole again.
type Fault struct {
	Kind   string    `json:"fault"` // kill, pause, stop, clock, flush, redis, postgres, cut, …
	Target string    `json:"target,omitempty"`
	From   time.Time `json:"from"`
	Until  time.Time `json:"until"`
}

// Refusal is a late result that a daemon says it was refused.
type Refusal struct {
	Execution string `json:"refused"`
	Token     int64  `json:"token"`
}

// Usage is what one life of a daemon, or a server, used at an instant.
type Usage struct {
	Of     string           `json:"usage"` // node and pid, redis, postgres
	At     time.Time        `json:"at"`
	Counts map[string]int64 `json:"counts"`
}

// Audit is a fault that the daemon's own audit of slots found.
type Audit struct {
	Job   string `json:"audit"`
	Found string `json:"found"`
}
