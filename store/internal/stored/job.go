package stored

import (
	"fmt"

	"github.com/agentic-sdlc/scheduler/job"
)

// JobColumns are the columns of a job's definition, in the order of ScanJob.
const JobColumns = `j.seq, j.id, j.platform, j.status, j.revision, j.spec, j.anchor, j.seed, j.reason, j.pause_reason,
	j.created_by, j.updated_by, j.created_at, j.updated_at, j.paused_at, j.completed_at, j.cancelled_at, j.deleted_at, j.pause_until`

// ScanJob reads JobColumns. The error is about the row's content only.
func ScanJob(r *Row, j *job.Job) (seq int64, err error) {
	seq = r.Int()
	j.ID = r.ID()
	j.Platform = r.Text()
	if j.Platform != job.DefaultPlatform {
		j.PlatformID = &j.Platform
	}
	j.Status = Value(JobStatuses, r.Int())
	j.Revision = r.Int()
	if fault := DecodeSpec(r.Blob(), &j.Spec); fault != nil {
		err = fmt.Errorf("definition cannot be read: %w", fault)
	}
	if j.Tags == nil {
		j.Tags = []string{}
	}
	j.Anchor = r.Time()
	j.Seed = r.Text()
	j.StatusReason = r.Text()
	j.PauseReason = r.Text()
	j.CreatedBy = r.Text()
	j.UpdatedBy = r.Text()
	j.CreatedAt = r.Time()
	j.UpdatedAt = r.Time()
	j.PausedAt = r.TimePtr()
	j.CompletedAt = r.TimePtr()
	j.CancelledAt = r.TimePtr()
	j.DeletedAt = r.TimePtr()
	j.PauseUntil = r.TimePtr()
	return seq, err
}
