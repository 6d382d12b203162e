package control

import (
	"context"
	"errors"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// dryCreate returns the job that would be stored, and stores nothing. A name that is
// taken is the conflict that it would be.
func (s *Service) dryCreate(ctx context.Context, c *Call, p store.CreateJob) (job.Job, error) {
	return s.dry(ctx, c, store.ApplyStep{
		Platform: p.Job.Platform, Ref: p.Job.Name,
		Change: func(cur job.Job, _ job.State) (job.Changed, error) {
			return job.Changed{}, job.Errorf(job.Conflict, "a job named %q exists", cur.Name).WithHint("its id is %s; change that one, or choose another name", cur.ID)
		},
		Create: func(*job.Job) (*store.CreateJob, error) { return &p, nil },
	})
}

// dryChange returns what a job would become, and leaves it as it is.
func (s *Service) dryChange(ctx context.Context, c *Call, scope, ref string, change job.Change) (job.Job, error) {
	j, err := s.store.Job(ctx, scope, ref)
	switch {
	case err != nil:
		return j, err
	case c.IfRevision != 0 && c.IfRevision != j.Revision:
		return j, job.Errorf(job.VersionMismatch, "the job is at revision %d, not %d", j.Revision, c.IfRevision)
	case j.Status.Terminal():
		changed, err := change(j, job.State{})
		return changed.Job, err
	}
	return s.dry(ctx, c, store.ApplyStep{Platform: j.Platform, Ref: j.ID.String(), Change: change})
}

// dry carries out a step and undoes it.
func (s *Service) dry(ctx context.Context, c *Call, step store.ApplyStep) (job.Job, error) {
	var would job.Job
	_, err := s.store.ApplyJobs(ctx, store.ApplyJobs{
		Steps: []store.ApplyStep{step}, Now: c.Now, By: c.Principal.Name, NewID: s.o.NewID,
		Commit: func(done []store.AppliedJob) error {
			would = *done[0].After
			return errDry
		},
	})
	if errors.Is(err, errDry) {
		err = nil
	}
	return would, err
}
