package postgres

import (
	"context"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/internal/reads"
	"github.com/agentic-sdlc/scheduler/store/internal/stored"
)

// Trigger makes an execution outside the schedule.
func (s *Store) Trigger(ctx context.Context, p store.Trigger) (store.Triggered, error) {
	var made store.Triggered
	var run trigger
	asked := taker{ask: p.Take}
	err := s.write(ctx, func(t *tx) error {
		asked.again()
		seq, err := dialect.Find(t.query, p.Platform, p.Ref)
		if err != nil {
			return err
		}
		plan := store.PlanDue{Now: p.Now, NewID: p.NewID, Session: p.Session}
		run = trigger{change: change{planning: planning{s: s, t: t, p: &plan, careful: true, taker: &asked}, seq: seq}, p: &p}
		k, known, err := run.make()
		if err != nil {
			return err
		}
		made = store.Triggered{Replayed: known}
		made.Execution, err = dialect.ExecutionByKey(t.query, k)
		return err
	})
	if err != nil {
		return store.Triggered{}, err
	}
	if claimed := run.done().Claimed; len(claimed) > 0 {
		made.Claimed = &claimed[0]
	}
	return made, nil
}

// trigger is the state of one Trigger.
type trigger struct {
	change
	p *store.Trigger
}

func (tr *trigger) make() (k int64, replayed bool, err error) {
	state, err := tr.load(tr.p.Ref)
	if err != nil {
		return 0, false, err
	}
	def, err := tr.s.defineOne(tr.t, tr.seq, tr.cur.revision)
	if err != nil {
		return 0, false, err
	}
	j := *def.job
	id, known, err := reads.Replay(tr.t.query, j.Platform, tr.p.IdempotencyKey, tr.p.BodyHash, tr.p.Now)
	if err != nil {
		return 0, false, err
	}
	if known {
		k, _ = stored.KeyOf(id)
		return k, true, nil
	}
	if err := tr.allowed(&j); err != nil {
		return 0, false, err
	}
	e, err := tr.insertRun(&j, state)
	if err != nil {
		return 0, false, err
	}
	tr.inputs(e)
	if e.status == stored.Running {
		tr.start(def.job, e, tr.cur.ending)
		claimed := &tr.out.Claimed[0]
		claimed.Payload, claimed.TraceID, claimed.SpanID = tr.p.Payload, tr.p.TraceID, tr.p.ParentSpanID
		queueClaims(tr.t, tr.p.Session, tr.keys, &tr.batch)
	}
	if tr.p.IdempotencyKey != "" {
		_, taken, err := remember(tr.t, j.Platform, tr.p.IdempotencyKey, tr.p.BodyHash, stored.IDOf(e.k, e.lo), tr.p.Now)
		if err != nil {
			return 0, false, err
		}
		if taken { // by a trigger of another job, in this moment
			return 0, false, errAgain
		}
	}
	writeEvents(tr.t, &tr.events, tr.p.Now)
	return e.k, false, nil
}

// allowed refuses runs of jobs that do not run any more, and second retries.
func (tr *trigger) allowed(j *job.Job) error {
	switch {
	case tr.p.Kind == job.TriggerRetry:
		if j.DeletedAt != nil {
			return job.Errorf(job.Conflict, "the job is deleted")
		}
		return tr.retriable()
	case j.DeletedAt != nil || j.Status.Terminal():
		return job.Errorf(job.Conflict, "the job is %s; it does not run any more", statusOf(j))
	case j.Status == job.JobPaused && !tr.p.Force:
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

// retriable judges the execution to be retried under the job's lock: it must be over,
// not well, and not retried yet.
func (tr *trigger) retriable() error {
	k, lo := stored.KeyOf(tr.p.RetryOf.ID)
	var status int64
	found, err := tr.t.first(`SELECT status FROM executions WHERE k = $1 AND lo = $2 AND job = $3`, []any{k, lo, tr.seq}, func(r *row) { status = r.Int() })
	switch {
	case err != nil:
		return err
	case !found:
		return job.Errorf(job.NotFound, "execution %s not found", tr.p.RetryOf.ID)
	case status != stored.Failed && status != stored.Timeout && status != stored.Cancelled:
		return job.Errorf(job.Conflict, "status is %s; only failed, timeout or cancelled executions can be retried", stored.Value(stored.Statuses, status))
	}
	var by int64
	retried, err := tr.t.first(`SELECT e.n FROM execution_inputs i JOIN executions e ON e.k = i.k WHERE i.retry_of = $1`, []any{k}, func(r *row) { by = r.Int() })
	if err != nil || !retried {
		return tr.deadEnough(k, err)
	}
	return job.Errorf(job.Conflict, "the execution was retried already, by run %d", by).WithHint("retry that one")
}

// deadEnough refuses what is no dead letter, when it must be one.
func (tr *trigger) deadEnough(k int64, err error) error {
	if err != nil || !tr.p.Dead {
		return err
	}
	dead, err := tr.t.first(`SELECT 1 FROM dead_letters WHERE k = $1`, []any{k}, func(*row) {})
	if err == nil && !dead {
		err = job.Errorf(job.Conflict, "the execution is not in the dead letters")
	}
	return err
}

// insertRun writes the execution as the overlap policy has it.
func (tr *trigger) insertRun(j *job.Job, state job.State) (*execution, error) {
	if tr.p.Overlap != "" {
		j.Overlap = tr.p.Overlap
		if tr.p.Overlap == job.OverlapAllow && j.Concurrency <= state.Live {
			j.Concurrency = state.Live + 1
		}
	}
	admission := job.Admit(j, state, false)
	e := &execution{at: tr.p.Due(), trigger: stored.Code(stored.Triggers, tr.p.Kind), ready: tr.p.Now, queued: admission.Queued}
	if admission.Reason != "" {
		e.status, e.skip, e.finished = stored.Skipped, stored.Code(stored.Reasons, admission.Reason), tr.p.Now
	}
	if born, err := tr.takes(j, e); err != nil {
		return nil, err
	} else if born {
		e.status, e.session, e.started = stored.Running, tr.p.Session, tr.p.Now
	}
	if _, err := tr.insert(&definition{seq: tr.seq, job: j}, tr.cur, e); err != nil {
		return nil, err
	}
	if e.status == stored.Skipped {
		tr.events.Skipped(e.run(), stored.Time(e.at.UnixMicro()), e.skip)
	} else {
		tr.cur.runs++
		if !e.queued {
			tr.cur.live = append(tr.cur.live, e.k)
		}
	}
	if admission.CancelLive {
		requestCancels(tr.t, tr.cur.live, tr.p.Now, tr.p.By, "overlap cancel_running")
	}
	tr.t.queue(`UPDATE cursors SET numbers = $1, runs = $2, live = $3 WHERE job = $4`, tr.cur.numbers, tr.cur.runs, packLive(tr.cur.live), tr.seq)
	return e, nil
}

// takes says whether the session takes the run at once.
func (tr *trigger) takes(j *job.Job, e *execution) (bool, error) {
	if e.status != stored.Pending || e.queued || tr.p.Session == 0 || tr.p.Take == nil {
		return false, nil
	}
	alive, held := false, stored.Stops{}
	queueAlive(tr.t, tr.p.Session, tr.p.Now, &alive)
	queueStops(tr.t, tr.p.Now, &held)
	if err := tr.t.flush(); err != nil || !alive || held.Dispatch(j.Platform) {
		return false, err
	}
	return tr.taker.take(j), nil
}

// inputs writes what only runs outside the schedule have.
func (tr *trigger) inputs(e *execution) {
	var retryOf, retryOfLo any
	if tr.p.RetryOf != nil {
		retryOf, retryOfLo = stored.KeyOf(tr.p.RetryOf.ID)
	}
	if tr.p.RetryOf != nil && e.status != stored.Skipped {
		tr.t.queue(`DELETE FROM dead_letters WHERE k = $1`, retryOf)
	}
	tr.t.queue(`INSERT INTO execution_inputs (k, payload, triggered_by, retry_of, retry_of_lo, trace_id, parent_span) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		e.k, stored.Blob(tr.p.Payload), tr.p.By, retryOf, retryOfLo, tr.p.TraceID, tr.p.ParentSpanID)
}
