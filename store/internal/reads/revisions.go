package reads

import (
	"context"
	"encoding/json"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/internal/stored"
)

// sqlRevisions reads former revisions by the primary key.
const sqlRevisions = `SELECT revision, changed_at, changed_by, status, reason, spec FROM revisions
	WHERE job = $1 AND revision <= $2 ORDER BY revision DESC LIMIT $3`

// Revisions returns what a job is and was, the newest first.
func (r *Reader) Revisions(ctx context.Context, platform, ref string, upto int64, limit int) ([]store.Revision, error) {
	return ask(ctx, r.snapshot, platform, func(rows Rows) ([]store.Revision, error) {
		return r.dialect.revisions(rows, platform, ref, upto, limit)
	})
}

func (d *Dialect) revisions(rows Rows, platform, ref string, upto int64, limit int) (list []store.Revision, err error) {
	seq, err := d.Find(rows, platform, ref)
	if err != nil {
		return nil, err
	}
	j, err := d.JobBySeq(rows, seq)
	if err != nil {
		return nil, err
	}
	if upto == 0 || upto >= j.Revision {
		list = append(list, RevisionOf(&j))
	}
	if upto == 0 {
		upto = j.Revision
	}
	err = rows(sqlRevisions, []any{seq, upto, limit - len(list)}, func(r *stored.Row) error {
		v := store.Revision{Number: r.Int(), At: r.Time(), By: r.Text(), Status: stored.Value(stored.JobStatuses, r.Int()), Reason: r.Text()}
		list = append(list, v)
		return json.Unmarshal(r.Blob(), &list[len(list)-1].Spec)
	})
	return list, err
}

// RevisionOf is a job as its revision.
func RevisionOf(j *job.Job) store.Revision {
	v := store.Revision{Number: j.Revision, At: j.UpdatedAt, By: j.UpdatedBy, Status: j.Status, Reason: j.StatusReason, Spec: j.Spec}
	switch {
	case j.Status == job.JobPaused:
		v.Reason = j.PauseReason
	case j.Status == job.JobCompleted, j.Status == job.JobFailed, j.Status == job.JobError:
		v.By = ""
	}
	if j.Revision == 1 {
		v.At, v.By = j.CreatedAt, j.CreatedBy
	}
	return v
}
