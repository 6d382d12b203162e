package api

import (
	"time"

	"github.com/agentic-sdlc/scheduler/job"
)

// What POST /jobs/bulk does to jobs.
const (
	BulkPause  = "pause"
	BulkResume = "resume"
	BulkCancel = "cancel"
	BulkDelete = "delete" // removes the history, too
	BulkRun    = "run"
	BulkTag    = "tag"
	BulkSet    = "set"
)

// BulkActions returns all of them.
func BulkActions() []string {
	return []string{BulkPause, BulkResume, BulkCancel, BulkDelete, BulkRun, BulkTag, BulkSet}
}

// MaxBulk is how many jobs one request may concern.
const MaxBulk = 1000

// Bulk is the body of POST /jobs/bulk. The jobs are those of IDs, or those that the
// query selects as that of GET /jobs does. Each is changed by itself, all of it or not at
// all.
type Bulk struct {
	Action string   `json:"action"`
	IDs    []string `json:"ids,omitempty"` // ids or names, at most 1000
	// All is needed where there are neither IDs nor a condition in the query.
	All    bool `json:"all,omitempty"`
	DryRun bool `json:"dry_run,omitempty"` // only say which jobs these are
	// Expect refuses the request unless exactly so many jobs are selected.
	Expect *int   `json:"expect,omitempty"`
	Reason string `json:"reason,omitempty"`

	Until         *time.Time `json:"until,omitempty"`          // pause: resume by itself at an instant
	For           string     `json:"for,omitempty"`            // pause: or after a duration such as "2h30m"
	CancelRunning bool       `json:"cancel_running,omitempty"` // pause, cancel: stop what runs, too
	CatchUp       string     `json:"catch_up,omitempty"`       // resume
	AddTags       []string   `json:"add_tags,omitempty"`       // tag
	RemoveTags    []string   `json:"remove_tags,omitempty"`    // tag
	Set           *JobInput  `json:"set,omitempty"`            // set: as the body of PATCH /jobs/{id}
}

// What became of a job in a BulkResult.
const (
	BulkWould     = "would" // a dry run
	BulkDone      = "done"
	BulkUnchanged = "unchanged" // it was so already
	BulkFailed    = "failed"
)

// BulkResult is the answer of POST /jobs/bulk.
type BulkResult struct {
	Action    string     `json:"action"`
	DryRun    bool       `json:"dry_run"`
	Matched   int        `json:"matched"`
	Done      int        `json:"done"`
	Unchanged int        `json:"unchanged"`
	Failed    int        `json:"failed"`
	Items     []BulkItem `json:"items"`
}

// BulkItem is what became of one job.
type BulkItem struct {
	ID         *job.ID    `json:"id"` // null when there is no such job
	Name       string     `json:"name"`
	PlatformID *string    `json:"platform_id"`
	Result     string     `json:"result"` // would | done | unchanged | failed
	Error      *ErrorBody `json:"error,omitempty"`
	Run        string     `json:"run,omitempty"`  // of run: JOB/N
	Tags       []string   `json:"tags,omitempty"` // of tag: those that it has now
}
