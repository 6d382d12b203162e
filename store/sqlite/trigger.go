package sqlite

import (
	"context"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/internal/reads"
	"github.com/agentic-sdlc/scheduler/store/internal/stored"
	"github.com/agentic-sdlc/scheduler/store/internal/writes"
)

// Trigger makes an execution outside the schedule.
func (s *Store) Trigger(ctx context.Context, t store.Trigger) (store.Triggered, error) {
	var made store.Triggered
	err := s.write(ctx, func(c *conn) (err error) {
		made, err = s.triggerOne(c, &t)
		if trail := store.TrailOf(ctx); trail != nil && err == nil && !made.Replayed {
			trail.Note(stored.NoteRun(&made.Execution))
		}
		return err
	})
	if err != nil {
		return store.Triggered{}, err
	}
	return made, nil
}

// triggerOne makes one execution, in the writer.
func (s *Store) triggerOne(c *conn, t *store.Trigger) (made store.Triggered, err error) {
	seq, err := dialect.Find(c.query, t.Platform, t.Ref)
	if err != nil {
		return made, err
	}
	plan := store.PlanDue{Now: t.Now, NewID: t.NewID, Session: t.Session}
	run := trigger{change: change{planning: planning{s: s, c: c, p: &plan}, seq: seq}, t: t}
	k, known, err := run.make()
	if err != nil {
		return made, err
	}
	if len(run.out.Claimed) > 0 {
		made.Claimed = &run.out.Claimed[0]
	}
	made.Replayed = known
	made.Execution, err = dialect.ExecutionByKey(c.query, k)
	return made, err
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
	j := *def.Job
	id, known, err := reads.Replay(tr.c.query, j.Platform, tr.t.IdempotencyKey, tr.t.BodyHash, tr.t.Now)
	if err != nil {
		return 0, false, err
	}
	if known {
		k, _ = stored.KeyOf(id)
		return k, true, nil
	}
	if err := reads.WantRun(tr.c.query, tr.t, tr.seq, &j); err != nil {
		return 0, false, err
	}
	e, err := tr.insertRun(&j, state)
	if err != nil {
		return 0, false, err
	}
	if err := tr.inputs(e); err != nil {
		return 0, false, err
	}
	if tr.t.Step != nil {
		if err := writes.AddStep(tr.c.changes(), e.k, tr.t.Step); err != nil {
			return 0, false, err
		}
	}
	if err := tr.started(def.Job, e); err != nil {
		return 0, false, err
	}
	if err := remember(tr.c, j.Platform, tr.t.IdempotencyKey, tr.t.BodyHash, stored.IDOf(e.k, e.lo), tr.t.Now); err != nil {
		return 0, false, err
	}
	if err := writeDeltas(tr.c, &tr.deltas); err != nil {
		return 0, false, err
	}
	return e.k, false, writeEvents(tr.c, &tr.events, tr.t.Now)
}

// insertRun writes the execution as the overlap policy has it.
func (tr *trigger) insertRun(j *job.Job, state job.State) (*execution, error) {
	if tr.t.Overlap != "" {
		j.Overlap = tr.t.Overlap
		if tr.t.Overlap == job.OverlapAllow && j.Concurrency <= state.Live {
			j.Concurrency = state.Live + 1
		}
	}
	if tr.t.Parallel > j.Places() && state.Live < tr.t.Parallel {
		j.Overlap, j.Concurrency = job.OverlapAllow, tr.t.Parallel
	}
	admission := job.Admit(j, state, tr.t.Parallel > 0)
	if tr.t.Skip != "" {
		admission = job.Admission{Reason: tr.t.Skip}
	}
	e := &execution{at: tr.t.Due(), trigger: stored.Code(stored.Triggers, tr.t.Kind), ready: tr.t.Now, queued: admission.Queued, beside: tr.t.Parallel}
	if admission.Reason != "" {
		e.status, e.skip, e.finished = stored.Skipped, stored.Code(stored.Reasons, admission.Reason), tr.t.Now
	}
	if born, err := tr.born(j, e); err != nil {
		return nil, err
	} else if born {
		e.status, e.session, e.started = stored.Running, tr.t.Session, tr.t.Now
	}
	if _, err := tr.insert(&stored.Definition{Seq: tr.seq, Job: j}, &tr.cur, e); err != nil {
		return nil, err
	}
	if e.status == stored.Skipped {
		tr.events.Skipped(e.run(), e.at, e.skip)
		tr.deltas.AddSkips(tr.seq, 1, e.skip, tr.t.Now)
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
	_, err := tr.c.exec(`UPDATE cursors SET numbers = ?, runs = ?, live = ? WHERE job = ?`, tr.cur.numbers, tr.cur.runs, packLive(tr.cur.live), tr.seq)
	return e, err
}

// born says whether the session takes the run at once.
func (tr *trigger) born(j *job.Job, e *execution) (bool, error) {
	if e.status != stored.Pending || e.queued || tr.t.Session == 0 || tr.t.Take == nil {
		return false, nil
	}
	if alive, err := sessionAlive(tr.c, tr.t.Session, tr.t.Now); err != nil || !alive {
		return false, err
	}
	held, err := stopsAt(tr.c, tr.t.Now)
	if err != nil || held.Waits(j.Platform) {
		return false, err
	}
	return tr.t.Take(j), nil
}

// started writes the claim of a run that was born claimed.
func (tr *trigger) started(def *job.Job, e *execution) error {
	if e.status != stored.Running {
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
		retryOf, retryOfLo = stored.KeyOf(tr.t.RetryOf.ID)
	}
	if tr.t.RetryOf != nil && e.status != stored.Skipped {
		if _, err := tr.c.exec(`DELETE FROM dead_letters WHERE k = ?`, retryOf); err != nil {
			return err
		}
	}
	_, err := tr.c.exec(`INSERT INTO execution_inputs (k, payload, triggered_by, retry_of, retry_of_lo, trace_id, parent_span) VALUES (?, ?, ?, ?, ?, ?, ?)`,
		e.k, stored.Blob(tr.t.Payload), tr.t.By, retryOf, retryOfLo, tr.t.TraceID, tr.t.ParentSpanID)
	return err
}
