package sqlite

import (
	"slices"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// Enums are stored as the numbers below. They are part of the schema: append only.
var (
	jobTypes    = []job.Type{job.TypeCron, job.TypeOneTime, job.TypeRecurring, job.TypeEvent}
	jobStatuses = []job.JobStatus{
		job.JobPending, job.JobActive, job.JobPaused, job.JobCompleted, job.JobFailed, job.JobCancelled, job.JobError,
	}
	priorities = job.Priorities()
	statuses   = []job.Status{job.Pending, job.Running, job.Success, job.Failed, job.TimedOut, job.Cancelled, job.Skipped}
	triggers   = []job.Trigger{job.TriggerSchedule, job.TriggerManual, job.TriggerRetry, job.TriggerEvent, job.TriggerBackfill}
	reasons    = []job.SkipReason{
		"", job.SkipMissed, job.SkipOverlap, job.SkipConcurrency, job.SkipCondition, job.SkipCancelled, job.SkipLimit, job.RangePruned,
	}
	levels    = job.LogLevels()
	holdKinds = store.HoldKinds()
)

// The statuses that hot statements name.
const (
	statusPending   = 0
	statusRunning   = 1
	statusSuccess   = 2
	statusFailed    = 3
	statusTimeout   = 4
	statusCancelled = 5
	statusSkipped   = 6
)

// The job statuses that statements name.
const (
	jobActive    = 1
	jobPaused    = 2
	jobCompleted = 3
	jobFailed    = 4
	jobCancelled = 5
)

// Bits of executions.flags.
const (
	flagCatchUp = 1 << iota
	flagDead
)

// code returns the number of an enum value; a value without one is a bug and
// becomes -1, which no CHECK-free reader maps back.
func code[T comparable](list []T, v T) int64 { return int64(slices.Index(list, v)) }

// value is the inverse of code; the zero value for a number nobody knows.
func value[T comparable](list []T, n int64) T {
	if n < 0 || n >= int64(len(list)) {
		var zero T
		return zero
	}
	return list[n]
}

// codesOf maps a list of values.
func codesOf[T comparable](list, values []T) []any {
	out := make([]any, len(values))
	for i, v := range values {
		out[i] = code(list, v)
	}
	return out
}
