package control

import (
	"context"
	"strings"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// Reschedule gives a job another schedule, or a one-time job another instant.
func (s *Service) Reschedule(ctx context.Context, c Call, ref string, in *api.Reschedule) (job.Job, error) {
	to := job.NewTimes{Schedule: in.Schedule, ExecuteAt: in.ExecuteAt}
	if in.Timezone != nil {
		to.Timezone = *in.Timezone
		if to.Timezone == "" {
			return job.Job{}, fieldError("timezone", "empty", "must not be empty; leave it out to keep it")
		}
	}
	if to == (job.NewTimes{}) {
		return job.Job{}, fieldError("schedule", "required", "give schedule, timezone or execute_at")
	}
	return s.change(ctx, c, ref, job.Reschedule(s.act(c), to), "job rescheduled")
}

// Pause stops planning. A paused job stays as it is, unless its pause is to end otherwise.
func (s *Service) Pause(ctx context.Context, c Call, ref string, in *api.Pause) error {
	until, err := stopEnd(&api.Stop{Until: in.Until, For: in.For}, c.Now)
	if err != nil {
		return err
	}
	c.Reason = first(in.Reason, c.Reason)
	j, err := s.change(ctx, c, ref, job.PauseUntil(s.act(c), until, c.Reason, in.CancelRunning), "job paused")
	if err == nil && in.CancelRunning {
		s.hint(ctx, &j)
	}
	return err
}

// Resume plans again from now on. An active job stays as it is.
func (s *Service) Resume(ctx context.Context, c Call, ref string, in *api.Resume) error {
	catchUp := job.CatchUp(in.CatchUp)
	if catchUp == "" {
		catchUp = job.CatchUpNone
	}
	var p job.Problems
	job.OneOf(&p, "catch_up", catchUp, job.CatchUps())
	if err := p.Err(); err != nil {
		return err
	}
	_, err := s.change(ctx, c, ref, job.Resume(s.act(c), catchUp), "job resumed")
	return err
}

// Cancel ends a job for good and keeps its history. A cancelled job stays as it is.
func (s *Service) Cancel(ctx context.Context, c Call, ref string, in *api.Cancel) error {
	c.Reason = first(in.Reason, c.Reason)
	j, err := s.change(ctx, c, ref, job.Cancel(s.act(c), c.Reason, in.CancelRunning), "job cancelled")
	if err == nil && in.CancelRunning {
		s.hint(ctx, &j)
	}
	return err
}

// Archive takes a job out of the lists and frees its name; its history stays and is
// found by id.
func (s *Service) Archive(ctx context.Context, c Call, ref string) error {
	_, err := s.change(ctx, c, ref, job.Delete(s.act(c), c.Reason), "job archived")
	return err
}

// Purge removes a job with its history. It is a conflict while an execution of it is
// not over.
func (s *Service) Purge(ctx context.Context, c Call, ref string) error {
	scope, err := c.scope()
	if err != nil {
		return err
	}
	j, err := s.store.Job(ctx, scope, ref)
	if err != nil {
		return err
	}
	if c.IfRevision != 0 && c.IfRevision != j.Revision {
		return job.Errorf(job.VersionMismatch, "the job is at revision %d, not %d", j.Revision, c.IfRevision)
	}
	if err := s.store.PurgeJob(c.trail(ctx, "job.purged"), j.Platform, j.ID.String(), c.Now, c.Principal.Name); err != nil {
		return err
	}
	s.did(ctx, c, "job purged", jobAttrs(&j)...)
	return nil
}

// change puts a change to the store and tells who needs to know.
func (s *Service) change(ctx context.Context, c Call, ref string, change job.Change, what string) (job.Job, error) {
	scope, err := c.scope()
	if err != nil {
		return job.Job{}, err
	}
	if c.DryRun {
		j, err := s.dryChange(ctx, &c, scope, ref, change)
		if job.CodeOf(err) == job.NotFound {
			err = s.suggest(ctx, scope, ref, err)
		}
		return j, err
	}
	unchanged := false
	j, err := s.store.ChangeJob(c.trail(ctx, strings.Replace(what, " ", ".", 1)), store.ChangeJob{
		Platform: scope, Ref: ref, IfRevision: c.IfRevision, Now: c.Now, By: c.Principal.Name, NewID: s.o.NewID,
		Change: func(cur job.Job, st job.State) (job.Changed, error) {
			changed, err := change(cur, st)
			unchanged = changed.Unchanged
			return changed, err
		},
	})
	if job.CodeOf(err) == job.NotFound {
		err = s.suggest(ctx, scope, ref, err)
	}
	if err != nil || unchanged {
		return j, err
	}
	s.o.Wake()
	s.o.Kick()
	s.did(ctx, c, what, jobAttrs(&j)...)
	return j, nil
}

// hint tells the executors which executions of a job were asked to stop; those that
// are not told learn it by their heartbeat.
func (s *Service) hint(ctx context.Context, j *job.Job) {
	if s.o.CancelRunning == nil {
		return
	}
	page, err := s.store.ListExecutions(ctx, store.ExecutionFilter{
		Platform: j.Platform, Job: j.ID.String(), Statuses: []job.Status{job.Running}, Limit: store.MaxLimit,
	})
	if err != nil || len(page.Items) == 0 {
		return
	}
	ids := make([]job.ID, len(page.Items))
	for i := range page.Items {
		ids[i] = page.Items[i].ID
	}
	s.o.CancelRunning(ids)
}

// first returns the first text that is not empty.
func first(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}
