package sqlite

import (
	"context"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/internal/stored"
)

// ApplyJobs carries out the steps under one savepoint.
func (s *Store) ApplyJobs(ctx context.Context, p store.ApplyJobs) ([]store.AppliedJob, error) {
	done := make([]store.AppliedJob, 0, len(p.Steps))
	err := s.write(ctx, func(c *conn) (err error) {
		var touched []int64
		defer func() {
			if err != nil { // revisions that never came about may have been cached
				s.defs.Drop(touched)
			}
		}()
		if p.Begin != nil {
			p.Begin()
		}
		for i := range p.Steps {
			applied, seq, err := s.applyStep(c, &p, &p.Steps[i])
			touched = append(touched, seq)
			if err != nil {
				return err
			}
			stored.NoteApplied(store.TrailOf(ctx), &applied)
			done = append(done, applied)
		}
		if p.Commit == nil {
			return nil
		}
		return p.Commit(done)
	})
	if err != nil {
		return nil, err
	}
	return done, nil
}

// applyStep changes the job that the step finds, whose row number it returns, or creates
// one.
func (s *Store) applyStep(c *conn, p *store.ApplyJobs, step *store.ApplyStep) (a store.AppliedJob, seq int64, err error) {
	seq, err = dialect.Find(c.query, step.Platform, step.Ref)
	if err != nil && job.CodeOf(err) != job.NotFound {
		return a, seq, err
	}
	if err == nil {
		before, err := dialect.JobBySeq(c.query, seq)
		if err != nil {
			return a, seq, err
		}
		a.Before, a.After = &before, &before
		if !before.Status.Terminal() {
			err = s.applyChange(c, p, step, seq, &a)
			return a, seq, err
		}
	}
	if step.Create == nil {
		return a, seq, nil
	}
	create, err := step.Create(a.Before)
	if err != nil || create == nil {
		return a, seq, err
	}
	if seq, err = createJob(c, create); err != nil {
		return a, seq, err
	}
	after, err := dialect.JobBySeq(c.query, seq)
	a.After, a.Created = &after, true
	return a, seq, err
}

func (s *Store) applyChange(c *conn, p *store.ApplyJobs, step *store.ApplyStep, seq int64, a *store.AppliedJob) error {
	params := &store.ChangeJob{Platform: step.Platform, Ref: step.Ref, Now: p.Now, By: p.By, NewID: p.NewID}
	params.Change = func(cur job.Job, st job.State) (job.Changed, error) {
		changed, err := step.Change(cur, st)
		a.Changed = err == nil && !changed.Unchanged
		return changed, err
	}
	run := change{planning: planning{s: s, c: c, p: &store.PlanDue{Now: p.Now, NewID: p.NewID}}, p: params, seq: seq}
	if err := run.decide(); err != nil || !a.Changed {
		return err
	}
	after, err := dialect.JobBySeq(c.query, seq)
	a.After = &after
	return err
}
