package job

// Type is how a job comes to run.
type Type string

// The job types of the owner's document.
const (
	TypeCron      Type = "cron"
	TypeOneTime   Type = "one_time"
	TypeRecurring Type = "recurring"
	TypeEvent     Type = "event"
	// TypeStep is of the jobs that runs of workflows and of their steps belong to. Nobody
	// makes them but the definition of a workflow, and lists leave them out.
	TypeStep Type = "step"
)

// Types lists them in the order shown to people.
func Types() []Type { return []Type{TypeCron, TypeOneTime, TypeRecurring, TypeEvent} }

// Trigger is what made an execution.
type Trigger string

// The triggers.
const (
	TriggerSchedule Trigger = "schedule" // a due time of the schedule; the only one inside the slot key
	TriggerManual   Trigger = "manual"   // somebody ran the job now
	TriggerRetry    Trigger = "retry"    // somebody retried an execution
	TriggerEvent    Trigger = "event"
	TriggerBackfill Trigger = "backfill"
	TriggerStep     Trigger = "step" // a workflow whose step it is
)

// Triggers lists them.
func Triggers() []Trigger {
	return []Trigger{TriggerSchedule, TriggerManual, TriggerRetry, TriggerEvent, TriggerBackfill, TriggerStep}
}

// HandlerType says what kind of thing runs.
type HandlerType string

// The handler types.
const (
	HandlerFunction HandlerType = "function"
	HandlerAgent    HandlerType = "agent"
	HandlerWorkflow HandlerType = "workflow"
)

// HandlerTypes lists them.
func HandlerTypes() []HandlerType {
	return []HandlerType{HandlerFunction, HandlerAgent, HandlerWorkflow}
}

// Priority orders waiting executions; ageing keeps low ones from starving.
type Priority string

// The priorities, lowest first.
const (
	PriorityLow      Priority = "low"
	PriorityMedium   Priority = "medium"
	PriorityHigh     Priority = "high"
	PriorityCritical Priority = "critical"
)

// Priorities lists them, lowest first: a priority's index is its rank.
func Priorities() []Priority {
	return []Priority{PriorityLow, PriorityMedium, PriorityHigh, PriorityCritical}
}

// Misfire says what happens to slots that became due while nobody could run them.
type Misfire string

// The misfire policies.
const (
	MisfireFireOnce Misfire = "fire_once" // the latest missed slot runs, the rest are recorded
	MisfireFireAll  Misfire = "fire_all"  // the newest 100 run, oldest of them first; the rest are recorded
	MisfireSkip     Misfire = "skip"      // all are recorded
)

// Misfires lists them.
func Misfires() []Misfire { return []Misfire{MisfireFireOnce, MisfireFireAll, MisfireSkip} }

// Overlap says what happens to a run that is due while another of its job is not over.
type Overlap string

// The overlap policies.
const (
	OverlapSkip          Overlap = "skip"           // record it as skipped
	OverlapQueueOne      Overlap = "queue_one"      // wait, at most one
	OverlapQueueAll      Overlap = "queue_all"      // wait, any number
	OverlapCancelRunning Overlap = "cancel_running" // stop what runs, then start
	OverlapAllow         Overlap = "allow"          // run beside it, up to Concurrency
)

// Overlaps lists them.
func Overlaps() []Overlap {
	return []Overlap{OverlapSkip, OverlapQueueOne, OverlapQueueAll, OverlapCancelRunning, OverlapAllow}
}

// OnLost says what happens to an execution whose worker vanished.
type OnLost string

// The on_lost policies.
const (
	OnLostRetry OnLost = "retry" // start it again: at least once
	OnLostFail  OnLost = "fail"  // never start it again: at most once
)

// OnLosts lists them.
func OnLosts() []OnLost { return []OnLost{OnLostRetry, OnLostFail} }

// Backoff shapes the delay between attempts.
type Backoff string

// The backoffs.
const (
	BackoffFixed       Backoff = "fixed"
	BackoffLinear      Backoff = "linear"
	BackoffExponential Backoff = "exponential"
)

// Backoffs lists them.
func Backoffs() []Backoff { return []Backoff{BackoffFixed, BackoffLinear, BackoffExponential} }

// SkipReason says why a due time did not run.
type SkipReason string

// The skip reasons.
const (
	SkipMissed      SkipReason = "missed"      // older than the misfire threshold, and the policy did not pick it
	SkipOverlap     SkipReason = "overlap"     // another run of the job was not over
	SkipConcurrency SkipReason = "concurrency" // as many runs as allowed were not over
	SkipCondition   SkipReason = "condition"   // the job's condition was false
	SkipCancelled   SkipReason = "cancelled"   // the job was cancelled before the slot was planned
	SkipLimit       SkipReason = "limit"       // a quota said no
)

// SkipReasons lists them.
func SkipReasons() []SkipReason {
	return []SkipReason{SkipMissed, SkipOverlap, SkipConcurrency, SkipCondition, SkipCancelled, SkipLimit}
}

// LogLevel is the level of a line that an execution printed.
type LogLevel string

// The log levels.
const (
	LogDebug LogLevel = "debug"
	LogInfo  LogLevel = "info"
	LogWarn  LogLevel = "warn"
	LogError LogLevel = "error"
)

// LogLevels lists them, least severe first.
func LogLevels() []LogLevel { return []LogLevel{LogDebug, LogInfo, LogWarn, LogError} }

// Stream says where a log line came from.
type Stream string

// The streams.
const (
	StreamStdout Stream = "stdout"
	StreamStderr Stream = "stderr"
	StreamSystem Stream = "system" // schedd itself, e.g. "output truncated"
	StreamLog    Stream = "log"    // a handler's own logger
)
