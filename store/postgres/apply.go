package postgres

import (
	"context"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/internal/stored"
)

// ApplyJobs carries out the steps in one transaction.
func (s *Store) ApplyJobs(ctx context.Context, p store.ApplyJobs) ([]store.AppliedJob, error) {
	var done []store.AppliedJob
	err := s.write(ctx, func(t *tx) (err error) {
		var touched []int64
		defer func() {
			if err != nil { // revisions that never came about may have been cached
				s.defs.drop(touched)
			}
		}()
		done = make([]store.AppliedJob, 0, len(p.Steps))
		if p.Begin != nil {
			p.Begin()
		}
		if err := s.lockSteps(t, p.Steps); err != nil {
			return err
		}
		var events stored.Events // one row for the whole transaction
		for i := range p.Steps {
			applied, seq, err := s.applyStep(t, &p, &p.Steps[i], &events)
			touched = append(touched, seq)
			if err != nil {
				return err
			}
			stored.NoteApplied(store.TrailOf(ctx), &applied)
			done = append(done, applied)
		}
		writeEvents(t, &events, p.Now)
		if p.Commit == nil {
			return nil
		}
		return p.Commit(done)
	})
	if err != nil {
		return nil, s.nameTaken(ctx, err)
	}
	return done, nil
}

// lockSteps locks the jobs of all steps in the order in which everybody locks jobs.
func (s *Store) lockSteps(t *tx, steps []store.ApplyStep) error {
	seqs := make([]int64, 0, len(steps))
	for i := range steps {
		seq, err := dialect.Find(s.within(t, steps[i].Platform), steps[i].Platform, steps[i].Ref)
		switch {
		case err == nil:
			seqs = append(seqs, seq)
		case job.CodeOf(err) != job.NotFound:
			return err
		}
	}
	_, err := lockCursors(t, seqs)
	return err
}

// applyStep changes the job that the step finds, whose row number it returns, or creates
// one.
func (s *Store) applyStep(t *tx, p *store.ApplyJobs, step *store.ApplyStep, events *stored.Events) (a store.AppliedJob, seq int64, err error) {
	seq, err = dialect.Find(s.within(t, step.Platform), step.Platform, step.Ref)
	if err != nil && job.CodeOf(err) != job.NotFound {
		return a, seq, err
	}
	if err == nil {
		before, err := jobBySeq(t, seq)
		if err != nil {
			return a, seq, err
		}
		a.Before, a.After = &before, &before
		if !before.Status.Terminal() {
			err = s.applyChange(t, p, step, seq, events, &a)
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
	if seq, err = createJob(t, create, events); err != nil {
		return a, seq, err
	}
	after, err := jobBySeq(t, seq)
	a.After, a.Created = &after, true
	return a, seq, err
}

func (s *Store) applyChange(t *tx, p *store.ApplyJobs, step *store.ApplyStep, seq int64, events *stored.Events, a *store.AppliedJob) error {
	params := &store.ChangeJob{Platform: step.Platform, Ref: step.Ref, Now: p.Now, By: p.By, NewID: p.NewID}
	params.Change = func(cur job.Job, st job.State) (job.Changed, error) {
		changed, err := step.Change(cur, st)
		a.Changed = err == nil && !changed.Unchanged
		return changed, err
	}
	run := change{planning: planning{s: s, t: t, p: &store.PlanDue{Now: p.Now, NewID: p.NewID}, careful: true, taker: &taker{}}, p: params, seq: seq}
	run.events = *events
	if err := run.decide(); err != nil || !a.Changed {
		return err
	}
	*events = run.events
	after, err := jobBySeq(t, seq)
	a.After = &after
	return err
}
