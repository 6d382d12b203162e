package reads

import (
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/dump"
	"github.com/agentic-sdlc/scheduler/store/internal/stored"
)

// NameTaken says why j cannot be written: another job has its name, or its id is used.
func NameTaken(rows Rows, j *job.Job) error {
	var holder job.ID
	found, err := rows.first(`SELECT id FROM jobs WHERE platform = $1 AND name = $2 AND live`, []any{j.Platform, j.Name}, func(r *stored.Row) { holder = r.ID() })
	switch {
	case err != nil:
		return err
	case found && holder != j.ID:
		return job.Errorf(job.Conflict, "a job named %q exists", j.Name).WithHint("its id is %s; change that one, or choose another name", holder)
	default:
		return job.Errorf(job.Conflict, "a job with id %s exists", j.ID)
	}
}

// KeyLife is how long an idempotency key stands for what it made.
const KeyLife = 24 * time.Hour

// Replay looks up what an idempotency key stands for; "" stands for nothing. The same
// key with another body is a conflict.
func Replay(rows Rows, platform, key, hash string, now time.Time) (id job.ID, known bool, err error) {
	if key == "" {
		return id, false, nil
	}
	var had string
	known, err = rows.first(`SELECT hash, id FROM idempotency WHERE platform = $1 AND key = $2 AND created_at > $3`,
		[]any{platform, key, now.Add(-KeyLife).UnixMicro()}, func(r *stored.Row) { had, id = r.Text(), r.ID() })
	if known && dump.Clean(had) != dump.Clean(hash) {
		return id, true, job.Errorf(job.Conflict, "the idempotency key was already used for another request")
	}
	return id, known, err
}

// WantRun refuses to make an execution of job j, whose row number is seq and which is
// locked: for it does not run any more, or what t retries cannot be retried.
func WantRun(rows Rows, t *store.Trigger, seq int64, j *job.Job) error {
	switch {
	case t.Step != nil:
		return wantStep(rows, t.Step)
	case j.Type == job.TypeStep && j.HandlerType != job.HandlerWorkflow:
		return job.Errorf(job.Conflict, "it is a step of a workflow and runs within it").WithHint("run or retry the workflow")
	case t.Kind == job.TriggerRetry:
		if j.DeletedAt != nil {
			return job.Errorf(job.Conflict, "the job is deleted")
		}
		return wantRetry(rows, t, seq)
	case j.DeletedAt != nil:
		return job.Errorf(job.Conflict, "the job is deleted; it does not run any more")
	case j.Status.Terminal():
		return job.Errorf(job.Conflict, "the job is %s; it does not run any more", j.Status)
	case j.Status == job.JobPaused && !t.Force:
		return job.Errorf(job.Conflict, "the job is paused").WithHint("resume it, or run it with force")
	case j.Status == job.JobError:
		return job.Errorf(job.Conflict, "the job cannot run: %s", j.StatusReason)
	}
	return nil
}

// wantStep refuses a step of a flow that runs elsewhere by now.
func wantStep(rows Rows, s *store.StepOf) error {
	k, lo := stored.KeyOf(s.Flow)
	found, err := rows.first(SQLOwns, []any{k, lo, s.Token}, func(*stored.Row) {})
	if err == nil && !found {
		err = job.Errorf(job.Conflict, "the execution of the workflow belongs to another attempt")
	}
	return err
}

// wantRetry judges the execution to be retried: it must be over, not well, and not
// retried yet; a dead letter, when t asks for one.
func wantRetry(rows Rows, t *store.Trigger, seq int64) error {
	k, lo := stored.KeyOf(t.RetryOf.ID)
	var status, by int64
	found, err := rows.first(`SELECT status FROM executions WHERE k = $1 AND lo = $2 AND job = $3`, []any{k, lo, seq}, func(r *stored.Row) { status = r.Int() })
	switch {
	case err != nil:
		return err
	case !found:
		return job.Errorf(job.NotFound, "execution %s not found", t.RetryOf.ID)
	case status != stored.Failed && status != stored.Timeout && status != stored.Cancelled:
		return job.Errorf(job.Conflict, "status is %s; only failed, timeout or cancelled executions can be retried", stored.Value(stored.Statuses, status))
	}
	retried, err := rows.first(`SELECT e.n FROM execution_inputs i JOIN executions e ON e.k = i.k WHERE i.retry_of = $1`, []any{k}, func(r *stored.Row) { by = r.Int() })
	switch {
	case err != nil:
		return err
	case retried:
		return job.Errorf(job.Conflict, "the execution was retried already, by run %d", by).WithHint("retry that one")
	case !t.Dead:
		return nil
	}
	dead, err := rows.first(`SELECT 1 FROM dead_letters WHERE k = $1`, []any{k}, func(*stored.Row) {})
	if err == nil && !dead {
		err = job.Errorf(job.Conflict, "the execution is not in the dead letters")
	}
	return err
}
