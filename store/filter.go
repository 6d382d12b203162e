package store

import (
	"time"

	"github.com/agentic-sdlc/scheduler/job"
)

// Page is one page of a list.
type Page[T any] struct {
	Items []T
	// Next is the cursor of the following page; "" = this is the last.
	Next string
	// Total is the number of rows that match, -1 unless it was asked for.
	Total int64
}

// Paging bounds of lists.
const (
	DefaultLimit = 50
	MaxLimit     = 100
)

// Sort keys of ListJobs.
const (
	SortCreatedAt = "created_at"
	SortNextRun   = "next_run"
	SortName      = "name"
	SortPriority  = "priority"
)

// JobFilter selects jobs: conditions are joined by AND, the values of one by OR.
// Zero values do not restrict. Bounds of instants are inclusive. Text is compared as
// it is, byte by byte: no wildcards. Ties follow the order of creation, reversed when
// descending; what has no sort value is last.
type JobFilter struct {
	Platform      string // required; AnyPlatform for all
	Types         []job.Type
	Statuses      []job.JobStatus
	Tags          []string // any of
	TagsAll       []string // all of
	CreatedAfter  time.Time
	CreatedBefore time.Time
	NextRunAfter  time.Time
	NextRunBefore time.Time
	NameContains  string // ASCII letters without case
	Names         []string
	NameGlobs     []string // * and ? match within names
	Handlers      []string
	CreatedBy     string
	Failing       bool // the newest finished execution did not succeed
	Deleted       bool // deleted jobs instead of live ones

	SortBy     string // default created_at
	Descending bool
	Limit      int // 0 = DefaultLimit; at most MaxLimit
	Offset     int
	Cursor     string // from Page.Next; only with the same filter and sort
	WithTotal  bool
}

// ExecutionFilter selects executions of one platform, or of one job.
type ExecutionFilter struct {
	Platform string // required; AnyPlatform for all
	Job      string // id or name; "" = all jobs
	Statuses []job.Status
	Triggers []job.Trigger
	Since    time.Time // scheduled_at, inclusive
	Until    time.Time // scheduled_at, exclusive
	Dead     bool      // in the dead letters
	// Workflow restricts to runs of the workflow with that name.
	Workflow string
	// DeadReasons and DeadBefore restrict to dead letters of these reasons, and to
	// those that have been dead since before an instant.
	DeadReasons []string
	DeadBefore  time.Time
	Workers     []string // nodes that ran the last attempt
	Handlers    []string // of the job as it is now
	// ErrorClasses are those of the last attempt.
	ErrorClasses []string
	// MinDuration and MaxDuration bound how long the last attempt took, both inclusive, in
	// whole milliseconds; 0 = no bound. What is not over took no time yet, and has neither.
	MinDuration, MaxDuration time.Duration
	Text                     string // in the name of the job, the error or the reason of a skip; ASCII letters without case
	Ascending                bool
	Limit                    int
	Offset                   int
	Cursor                   string
	WithTotal                bool
}
