package store

import (
	"context"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
)

// Figures reads sums that settling keeps beside the executions. What it costs does not
// grow with the history, and retention of executions does not change it.
type Figures interface {
	// Tally sums up how the executions of a platform ended within a time, settled ones of
	// this moment included.
	Tally(ctx context.Context, t TallyOf) (job.Tally, error)
	// JobFigures sums up the executions of a job that ended since an instant; the zero time
	// is since ever.
	JobFigures(ctx context.Context, platform, ref string, since time.Time) (JobFigures, error)
	// Totals counts jobs by status, waiting and running executions, and dead letters of a
	// platform, or of all. Its cost grows with jobs and with what waits.
	Totals(ctx context.Context, platform string, now time.Time) (Totals, error)
}

// How long sums by time are kept, back from the newest.
const (
	KeepMinutes  = 26 * time.Hour       // of platforms, by minute
	KeepJobHours = 7 * 24 * time.Hour   // of jobs, by hour; then by day
	KeepFigures  = 400 * 24 * time.Hour // everything else
)

// TallyOf are the parameters of Figures.Tally.
type TallyOf struct {
	Platform string // required; AnyPlatform for all
	// From and To, exclusive, are whole minutes, or whole hours with Hours, which are kept
	// for KeepFigures and not for KeepMinutes.
	From, To time.Time
	Hours    bool
}

// JobFigures is what became of the executions of a job.
type JobFigures struct {
	Job job.Job
	// Ever counts since the job was created. Of durations it has number and sum only.
	Ever job.Tally
	// Periods are hours, and days where hours are not kept, oldest first. The first may
	// begin before the instant asked for.
	Periods []job.Period
	// Patterns are what failures since the day of the instant say, most often first.
	Patterns []job.FailurePattern
	// Last is the newest execution that started; nil = none among the newest thousand.
	Last *job.Execution
}
