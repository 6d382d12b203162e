package sqlite

import (
	"context"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// Trigger makes an execution outside the schedule.
func (s *Store) Trigger(ctx context.Context, t store.Trigger) (store.Triggered, error) {
	var made store.Triggered
	err := s.write(ctx, func(c *conn) error {
		seq, err := find(c, t.Platform, t.Ref)
		if err != nil {
			return err
		}
		plan := store.PlanDue{Now: t.Now, NewID: t.NewID, Session: t.Session}
		run := trigger{change: change{planning: planning{s: s, c: c, p: &plan}, seq: seq}, t: &t}
		k, known, err := run.make()
		if err != nil {
			return err
		}
		if len(run.out.Claimed) > 0 {
			made.Claimed = &run.out.Claimed[0]
		}
		made.Replayed = known
		made.Execution, err = executionByKey(c, k)
		return err
	})
	if err != nil {
		return store.Triggered{}, err
	}
	return made, nil
}

// trigger is the state of one Trigger, in the writer.
type trigger struct {
	change
	t *store.Trigger
}

func (tr *trigger) make() (k int64, replayed bool, err error) {
	state, err := tr.load()
	if err != nil {
		return 0, false, err
	}
	def, err := tr.s.define(tr.c, tr.seq, tr.cur.revision)
	if err != nil {
		return 0, false, err
	}
	j := *def.job
	id, known, err := replay(tr.c, j.Platform, tr.t.IdempotencyKey, tr.t.BodyHash, tr.t.Now)
	if err != nil {
		return 0, false, err
	}
	if known {
		k, _ = keyOf(id)
		return k, true, nil
	}
	if err := tr.allowed(&j); err != nil {
		return 0, false, err
	}
	e, err := tr.insertRun(&j, state)
	if err != nil {
		return 0, false, err
	}
	if err := tr.inputs(e); err != nil {
		return 0, false, err
	}
	if err := tr.started(def.job, e); err != nil {
		return 0, false, err
	}
	if err := remember(tr.c, j.Platform, tr.t.IdempotencyKey, tr.t.BodyHash, idOf(e.k, e.lo), tr.t.Now); err != nil {
		return 0, false, err
	}
	return e.k, false, tr.events.flush(tr.c, tr.t.Now)
}

// allowed refuses runs of jobs that do not run any more, and second retries.
func (tr *trigger) allowed(j *job.Job) error {
	switch {
	case tr.t.Kind == job.TriggerRetry:
		if j.DeletedAt != nil {
			return job.Errorf(job.Conflict, "the job is deleted")
		}
		return tr.retriable()
	case j.DeletedAt != nil || j.Status.Terminal():
		return job.Errorf(job.Conflict, "the job is %s; it does not run any more", statusOf(j))
	case j.Status == job.JobPaused && !tr.t.Force:
		return job.Errorf(job.Conflict, "the job is paused").WithHint("resume it, or run it with force")
	case j.Status == job.JobError:
		return job.Errorf(job.Conflict, "the job cannot run: %s", j.StatusReason)
	}
	return nil
}

func statusOf(j *job.Job) string {
	if j.DeletedAt != nil {
		return "deleted"
	}
	return string(j.Status)
}

// retriable holds the execution to be retried under this lock: it must be over, not
// well, and not retried yet.
func (tr *trigger) retriable() error {
	k, lo := keyOf(tr.t.RetryOf.ID)
	var status int64
	found, err := tr.c.first(context.Background(), `SELECT status FROM executions WHERE k = ? AND lo = ? AND job = ?`, []any{k, lo, tr.seq}, func(r *row) { status = r.int() })
	switch {
	case err != nil:
		return err
	case !found:
		return job.Errorf(job.NotFound, "execution %s not found", tr.t.RetryOf.ID)
	case status != statusFailed && status != statusTimeout && status != statusCancelled:
		return job.Errorf(job.Conflict, "status is %s; only failed, timeout or cancelled executions can be retried", value(statuses, status))
	}
	var by int64
	retried, err := tr.c.first(context.Background(), `SELECT e.n FROM execution_inputs i JOIN executions e ON e.k = i.k WHERE i.retry_of = ?`, []any{k},
		func(r *row) { by = r.int() })
	if err != nil || !retried {
		return tr.deadEnough(k, err)
	}
	return job.Errorf(job.Conflict, "the execution was retried already, by run %d", by).WithHint("retry that one")
}

// deadEnough refuses what is no dead letter, when it must be one.
func (tr *trigger) deadEnough(k int64, err error) error {
	if err != nil || !tr.t.Dead {
		return err
	}
	dead, err := tr.c.first(context.Background(), `SELECT 1 FROM dead_letters WHERE k = ?`, []any{k}, func(*row) {})
	if err == nil && !dead {
		err = job.Errorf(job.Conflict, "the execution is not in the dead letters")
	}
	return err
}

// insertRun writes the execution as the overlap policy has it.
func (tr *trigger) insertRun(j *job.Job, state job.State) (*execution, error) {
	if tr.t.Overlap != "" {
		j.Overlap = tr.t.Overlap
		if tr.t.Overlap == job.OverlapAllow && j.Concurrency <= state.Live {
			j.Concurrency = state.Live + 1
		}
	}
	admission := job.Admit(j, state, false)
	e := &execution{at: tr.t.Due(), trigger: code(triggers, tr.t.Kind), ready: tr.t.Now, queued: admission.Queued}
	if admission.Reason != "" {
		e.status, e.skip, e.finished = statusSkipped, code(reasons, admission.Reason), tr.t.Now
	}
	if born, err := tr.born(j, e); err != nil {
		return nil, err
	} else if born {
		e.status, e.session, e.started = statusRunning, tr.t.Session, tr.t.Now
	}
	if _, err := tr.insert(&definition{seq: tr.seq, job: j}, &tr.cur, e); err != nil {
		return nil, err
	}
	if e.status == statusSkipped {
		tr.events.skipped(tr.seq, e.k, e.lo, e.n, e.at.UnixMicro(), e.skip)
	} else {
		tr.cur.runs++
		if !e.queued {
			tr.cur.live = append(tr.cur.live, e.k)
		}
	}
	if admission.CancelLive {
		if err := requestCancels(tr.c, tr.cur.live, tr.t.Now, tr.t.By, "overlap cancel_running"); err != nil {
			return nil, err
		}
	}
	_, err := tr.c.exec(`UPDATE cursors SET numbers = ?, runs = ?, live = ? WHERE job = ?`, tr.cur.numbers, tr.cur.runs, packKeys(tr.cur.live), tr.seq)
	return e, err
}

// born says whether the session takes the run at once.
func (tr *trigger) born(j *job.Job, e *execution) (bool, error) {
	if e.status != statusPending || e.queued || tr.t.Session == 0 || tr.t.Take == nil {
		return false, nil
	}
	if alive, err := sessionAlive(tr.c, tr.t.Session, tr.t.Now); err != nil || !alive {
		return false, err
	}
	held, err := stopsAt(context.Background(), tr.c, tr.t.Now)
	if err != nil || held.dispatch(j.Platform) {
		return false, err
	}
	return tr.t.Take(j), nil
}

// started writes the claim of a run that was born claimed.
func (tr *trigger) started(def *job.Job, e *execution) error {
	if e.status != statusRunning {
		return nil
	}
	tr.start(def, e, tr.ending)
	claimed := &tr.out.Claimed[0]
	claimed.Payload, claimed.TraceID, claimed.SpanID = tr.t.Payload, tr.t.TraceID, tr.t.ParentSpanID
	return tr.claim()
}

// inputs writes what only runs outside the schedule have.
func (tr *trigger) inputs(e *execution) error {
	var retryOf, retryOfLo any
	if tr.t.RetryOf != nil {
		retryOf, retryOfLo = keyOf(tr.t.RetryOf.ID)
	}
	var payload any
	if tr.t.Payload != nil {
		payload = []byte(tr.t.Payload)
	}
	if tr.t.RetryOf != nil && e.status != statusSkipped {
		if _, err := tr.c.exec(`DELETE FROM dead_letters WHERE k = ?`, retryOf); err != nil {
			return err
		}
	}
	_, err := tr.c.exec(`INSERT INTO execution_inputs (k, payload, triggered_by, retry_of, retry_of_lo, trace_id, parent_span) VALUES (?, ?, ?, ?, ?, ?, ?)`,
		e.k, payload, tr.t.By, retryOf, retryOfLo, tr.t.TraceID, tr.t.ParentSpanID)
	return err
}
