package api

import (
	"time"

	"github.com/agentic-sdlc/scheduler/job"
)

// Revision is what a job was, or is, from one change to the next: an item of GET
// /jobs/{id}/revisions, which has the newest first. Numbers have gaps where schedd
// changed the status by itself.
type Revision struct {
	Revision  int64         `json:"revision"`
	Current   bool          `json:"current"`
	ChangedAt time.Time     `json:"changed_at"`
	ChangedBy string        `json:"changed_by"` // "" = schedd itself
	Status    job.JobStatus `json:"status"`
	Reason    string        `json:"reason,omitempty"`  // of the status
	Changes   []FieldChange `json:"changes,omitempty"` // against the revision before, when that is kept
	// Definition is what a job file must say to get this; only in the answer of GET
	// /jobs/{id}/revisions/{n}.
	Definition *JobDefinition `json:"definition,omitempty"`
}

// Restore is the optional body of POST /jobs/{id}/revisions/{n}/restore.
type Restore struct {
	Reason string `json:"reason,omitempty"`
}
