package stored

import (
	"slices"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// Enums are stored as their place in these lists: append only.
var (
	JobTypes    = []job.Type{job.TypeCron, job.TypeOneTime, job.TypeRecurring, job.TypeEvent, job.TypeStep}
	JobStatuses = []job.JobStatus{
		job.JobPending, job.JobActive, job.JobPaused, job.JobCompleted, job.JobFailed, job.JobCancelled, job.JobError,
	}
	Priorities = job.Priorities()
	Statuses   = []job.Status{job.Pending, job.Running, job.Success, job.Failed, job.TimedOut, job.Cancelled, job.Skipped}
	Triggers   = []job.Trigger{job.TriggerSchedule, job.TriggerManual, job.TriggerRetry, job.TriggerEvent, job.TriggerBackfill, job.TriggerStep}
	Reasons    = []job.SkipReason{
		"", job.SkipMissed, job.SkipOverlap, job.SkipConcurrency, job.SkipCondition, job.SkipCancelled, job.SkipLimit, job.RangePruned,
	}
	Levels    = job.LogLevels()
	HoldKinds = store.HoldKinds()
	ActStates = store.ActStates()
)

// The execution statuses that statements name.
const (
	Pending   = 0
	Running   = 1
	Success   = 2
	Failed    = 3
	Timeout   = 4
	Cancelled = 5
	Skipped   = 6
)

// The job statuses that statements name.
const (
	JobActive    = 1
	JobPaused    = 2
	JobCompleted = 3
	JobFailed    = 4
	JobCancelled = 5
)

// The states of acts that statements name.
const (
	ActWaiting = 0
	ActDone    = 1
)

// Bits of an execution's flags.
const (
	FlagCatchUp = 1 << iota
	FlagDead
	FlagParked // pending, but its attempt goes on: shown as running
)

// TypeStep is the type of jobs that statements leave out.
const TypeStep = 4

// Code returns the number of an enum value; a value without one is a bug and
// becomes -1, which no reader maps back.
func Code[T comparable](list []T, v T) int64 { return int64(slices.Index(list, v)) }

// Value is the inverse of Code; the zero value for a number nobody knows.
func Value[T comparable](list []T, n int64) T {
	if n < 0 || n >= int64(len(list)) {
		var zero T
		return zero
	}
	return list[n]
}

// Codes maps a list of values.
func Codes[T comparable](list, values []T) []int64 {
	out := make([]int64, len(values))
	for i, v := range values {
		out[i] = Code(list, v)
	}
	return out
}
