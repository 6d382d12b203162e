package api

import (
	"encoding/json"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
)

// JobDefinition is a job as job files say it: its type and what creates it. What is
// left out has its default.
type JobDefinition struct {
	Type job.Type `json:"type"`
	JobInput
}

// Apply is the body of POST /jobs/apply: jobs as they shall be. All of them come about
// in one transaction, or none. A live job with the name on the platform is changed to
// what its definition says, others are created. enabled is obeyed when it is given.
type Apply struct {
	Jobs   []JobDefinition `json:"jobs"`              // at least one; no two of one name on one platform
	Owner  string          `json:"owner,omitempty"`   // marks the jobs that this creates; "" = OwnerApply
	DryRun bool            `json:"dry_run,omitempty"` // say what would happen, and write nothing
	// Prune cancels jobs of the owner that are not among Jobs, on the platforms that
	// Jobs, or platform_id of the query, name.
	Prune     bool     `json:"prune,omitempty"`
	PruneTags []string `json:"prune_tags,omitempty"` // only jobs that have all of these
}

// Owners that mean something to the daemon.
const (
	OwnerApply   = "apply"    // of jobs that POST /jobs/apply creates when it names none
	OwnerJobsDir = "jobs_dir" // of jobs that the daemon's own folder of job files creates
)

// What apply does to a job.
const (
	ActionCreate    = "create"
	ActionChange    = "change"
	ActionUnchanged = "unchanged"
	ActionPrune     = "prune"
)

// Applied is the answer of POST /jobs/apply.
type Applied struct {
	Items     []AppliedJob `json:"items"` // in the order of the request, then what was pruned
	Created   int          `json:"created"`
	Changed   int          `json:"changed"`
	Unchanged int          `json:"unchanged"`
	Pruned    int          `json:"pruned"`
	DryRun    bool         `json:"dry_run"`
}

// AppliedJob is what became, or would become, of one job.
type AppliedJob struct {
	Index         *int          `json:"index,omitempty"` // in the request; nil = pruned
	Action        string        `json:"action"`          // create | change | unchanged | prune
	Name          string        `json:"name"`
	PlatformID    *string       `json:"platform_id"`
	Changes       []FieldChange `json:"changes,omitempty"`
	NextRunBefore *time.Time    `json:"next_run_before,omitempty"`
	NextRun       *time.Time    `json:"next_run"`
	Job           job.Job       `json:"job"` // as it is afterwards
}

// FieldChange is one field of a definition that changes. A side that is left out is
// the default.
type FieldChange struct {
	Field string          `json:"field"`
	Old   json.RawMessage `json:"old,omitempty"`
	New   json.RawMessage `json:"new,omitempty"`
}
