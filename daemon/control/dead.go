package control

import (
	"context"
	"log/slog"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// DeadLetter returns the dead letter that ref names.
func (s *Service) DeadLetter(ctx context.Context, c Call, ref string) (job.Execution, error) {
	e, err := s.Execution(ctx, c, ref)
	if err == nil && !e.Dead {
		return job.Execution{}, job.Errorf(job.NotFound, "execution %.80q is not in the dead letters", ref).WithHint("its status is %s", e.Status)
	}
	return e, err
}

// ListDeadLetters returns one page of dead letters, newest first unless the filter
// says otherwise.
func (s *Service) ListDeadLetters(ctx context.Context, c Call, f ExecutionFilter) (ExecutionPage, error) {
	f.Dead = true
	return s.ListExecutions(ctx, c, f)
}

// RetryDead makes an execution that repeats a dead letter, which leaves the queue. It
// waits for its turn when another run of the job is not over, whatever the job's
// overlap policy: a retry that is skipped would help nobody.
func (s *Service) RetryDead(ctx context.Context, c Call, ref string, in *api.Retry) (e job.Execution, replayed bool, err error) {
	return s.repeat(ctx, c, ref, in, store.Trigger{Dead: true, Overlap: job.OverlapQueueAll})
}

// DropDead takes a dead letter out of the queue for good. Its history stays.
func (s *Service) DropDead(ctx context.Context, c Call, ref string) error {
	scope, err := c.scope()
	if err != nil {
		return err
	}
	e, err := s.store.DropDead(c.trail(ctx, "dead_letter.dropped"), store.DropDead{Platform: scope, Ref: ref, Now: c.Now, By: c.Principal.Name})
	if err != nil {
		return err
	}
	s.did(ctx, c, "dead letter dropped", slog.String("execution_id", e.ID.String()), slog.String("job", e.JobName))
	return nil
}
