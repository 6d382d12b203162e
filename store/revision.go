package store

import (
	"time"

	"github.com/agentic-sdlc/scheduler/job"
)

// KeptRevisions is how many former definitions of a job are kept; older ones are
// forgotten when it changes again.
const KeptRevisions = 100

// Revision is what a job was from one change to the next. Changes that schedd makes by
// itself, as when a job completes, show in the newest one only.
type Revision struct {
	Number int64
	At     time.Time // of the change that made it
	By     string    // who changed it; "" = schedd itself
	Status job.JobStatus
	Reason string // of the status
	Spec   job.Spec
}
