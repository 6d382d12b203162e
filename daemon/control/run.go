package control

import (
	"context"
	"log/slog"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// Run makes an execution of a job now. One that the overlap policy does not admit
// comes back skipped.
func (s *Service) Run(ctx context.Context, c Call, ref string, in *api.Run) (e job.Execution, replayed bool, err error) {
	if in.Overlap != "" {
		var p job.Problems
		job.OneOf(&p, "overlap", in.Overlap, job.Overlaps())
		if err := p.Err(); err != nil {
			return e, false, err
		}
	}
	j, err := s.Job(ctx, c, ref)
	if err != nil {
		return e, false, err
	}
	if err := s.checkRun(c, &j, in.Payload); err != nil {
		return e, false, err
	}
	return s.trigger(ctx, c, &j, store.Trigger{Kind: job.TriggerManual, Payload: in.Payload, Force: in.Force, Overlap: in.Overlap})
}

// Retry makes an execution that repeats one which did not succeed, with what that
// one was given unless in has a payload.
func (s *Service) Retry(ctx context.Context, c Call, ref string, in *api.Retry) (e job.Execution, replayed bool, err error) {
	return s.repeat(ctx, c, ref, in, store.Trigger{})
}

// repeat makes an execution that repeats another, on the terms of t.
func (s *Service) repeat(ctx context.Context, c Call, ref string, in *api.Retry, t store.Trigger) (e job.Execution, replayed bool, err error) {
	of, err := s.Execution(ctx, c, ref)
	if err != nil {
		return e, false, err
	}
	j, err := s.store.Job(ctx, of.Platform, of.JobID.String())
	if err != nil {
		return e, false, err
	}
	if err := s.checkRun(c, &j, in.Payload); err != nil {
		return e, false, err
	}
	if c.Repeats != nil {
		c.Repeats(&of)
	}
	t.Kind, t.RetryOf, t.Payload = job.TriggerRetry, &of, in.Payload
	if t.Payload == nil {
		t.Payload = of.Payload
		if err := s.checkRepeat(c, &j, t.Payload); err != nil {
			return e, false, err
		}
	}
	return s.trigger(ctx, c, &j, t)
}

// trigger completes the parameters of a run outside the schedule and makes it.
func (s *Service) trigger(ctx context.Context, c Call, j *job.Job, t store.Trigger) (job.Execution, bool, error) {
	if err := s.Room(); err != nil {
		return job.Execution{}, false, err
	}
	t.Platform, t.Ref, t.By, t.Now, t.NewID = j.Platform, j.ID.String(), c.Principal.Name, c.Now, s.o.NewID
	t.IdempotencyKey, t.BodyHash, t.TraceID, t.ParentSpanID = c.IdempotencyKey, c.BodyHash, c.TraceID, c.ParentSpanID
	made, err := s.o.Trigger(c.trail(ctx, "execution."+string(t.Kind)), t)
	if err != nil || made.Replayed {
		return made.Execution, made.Replayed, err
	}
	s.did(ctx, c, "job run by hand", append(jobAttrs(j), slog.String("execution_id", made.Execution.ID.String()), slog.String("trigger", string(t.Kind)))...)
	return made.Execution, false, nil
}

// CancelExecution cancels an execution that waits and asks one that runs to stop.
func (s *Service) CancelExecution(ctx context.Context, c Call, ref string, in *api.Cancel) (job.Execution, error) {
	scope, err := c.scope()
	if err != nil {
		return job.Execution{}, err
	}
	c.Reason = first(in.Reason, c.Reason)
	e, err := s.store.CancelExecution(c.trail(ctx, "execution.cancelled"), store.CancelExecution{Platform: scope, Ref: ref, Now: c.Now, By: c.Principal.Name, Reason: c.Reason})
	if err != nil {
		return e, err
	}
	if e.Status == job.Running && s.o.CancelRunning != nil {
		s.o.CancelRunning([]job.ID{e.ID})
	}
	s.o.Kick()
	s.did(ctx, c, "execution cancelled", slog.String("execution_id", e.ID.String()), slog.String("job", e.JobName))
	return e, nil
}
