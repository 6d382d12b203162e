package sqlite

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/agentic-sdlc/scheduler/internal/failpoint"
	"github.com/agentic-sdlc/scheduler/internal/mutant"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/internal/stored"
)

const (
	sqlSettle = `UPDATE executions SET status = ?, started_at = ?, finished_at = ? WHERE k = ? AND session = ? AND token = ? AND status = 1`
	// sqlRequeue gives an execution back to the waiting ones.
	sqlRequeue = `UPDATE executions SET status = 0, ready_at = ?, queued = ?, class = (SELECT p.seq * 4 + j.priority FROM jobs j JOIN platforms p ON p.slug = j.platform WHERE j.seq = job), retries = retries + ?, started_at = ?,
		lost = CASE WHEN ?5 THEN 0 ELSE lost + ?6 END, attempt = attempt - ?5, flags = flags & ~4 | ?5 * 4
		WHERE k = ? AND session = ? AND token = ? AND status = 1`
	sqlAttempt = `INSERT OR REPLACE INTO attempts (k, token, attempt, session, status, started_at, finished_at, retry_at, exit_code, error, error_class)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	sqlResult  = `INSERT OR REPLACE INTO execution_results (k, result, exit_code, error, error_class, error_stack) VALUES (?, ?, ?, ?, ?, ?)`
	sqlFailure = `INSERT OR REPLACE INTO failures (job, n, status, k) SELECT job, n, status, k FROM executions WHERE k = ?`
	sqlDead    = `INSERT OR REPLACE INTO dead_letters (k, job, at, reason) VALUES (?, ?, ?, ?)`
)

// sqlAftermath notes a final failure of a job whose definition says what is to follow. It
// looks for the words, as a definition that cannot be read must not stop a settlement: what
// has nothing to follow is dropped when it is looked at.
const sqlAftermath = `INSERT OR IGNORE INTO aftermaths (k, job, at, state, session) SELECT ?, seq, ?, 0, 0 FROM jobs
	WHERE seq = ? AND (instr(CAST(spec AS TEXT), '"pause_on_failures":') > 0 OR instr(CAST(spec AS TEXT), '"on_failure":') > 0)`

// owned is a statement that changes an execution only if its owner asks.
func owned(query string) string {
	if mutant.Active == mutant.NoToken {
		return strings.Replace(query, "session = ? AND token = ? AND status = 1", "? <> 0 AND ? <> 0", 1)
	}
	return query
}

// settling is the state of one Settle, in the writer.
type settling struct {
	s      *Store
	c      *conn
	now    time.Time
	out    store.Settled
	events stored.Events
	deltas stored.Deltas
	over   []*store.Settlement // executions that are over now
}

// Settle writes how attempts ended, all of them in one transaction.
func (s *Store) Settle(ctx context.Context, now time.Time, batch []store.Settlement) (store.Settled, error) {
	var out store.Settled
	var late stored.Deltas // of a mutant
	err := s.writeTidily(context.WithoutCancel(ctx), func(c *conn) error {
		run := settling{s: s, c: c, now: now}
		defer func() { out, late = run.out, run.deltas }()
		return run.all(batch)
	})
	if err != nil {
		return store.Settled{}, err
	}
	if mutant.Active == mutant.CountersApart {
		mutant.Pause()
		if err := s.write(context.WithoutCancel(ctx), func(c *conn) error { return writeDeltas(c, &late) }); err != nil {
			return out, err
		}
	}
	for i := range batch {
		if slices.Contains(out.Fenced, i) {
			continue // it holds its claim still, or lost it to the reaper
		}
		if batch[i].Batch != 0 {
			s.batches.Settle(batch[i].Batch)
		}
	}
	return out, nil
}

func (r *settling) all(batch []store.Settlement) error {
	for i := range batch {
		ok, err := r.one(&batch[i])
		if err != nil {
			return err
		}
		if !ok {
			r.out.Fenced = append(r.out.Fenced, i)
		}
	}
	if mutant.Active != mutant.CountersApart {
		if err := writeDeltas(r.c, &r.deltas); err != nil {
			return err
		}
	}
	if err := r.wake(); err != nil {
		return err
	}
	failpoint.Hit("settled")
	return writeEvents(r.c, &r.events, r.now)
}

// one settles one attempt; false means that somebody else owns the execution.
func (r *settling) one(t *store.Settlement) (bool, error) {
	k, _ := stored.KeyOf(t.ID)
	next, ok := job.Running.Next(t.Event)
	if !ok {
		return false, job.Errorf(job.Internal, "an execution that runs has no event %q", t.Event)
	}
	if next == job.Pending {
		return r.requeue(t, k)
	}
	status := stored.Code(stored.Statuses, next)
	changed, err := r.c.exec(owned(sqlSettle), status, stored.Micros(t.StartedAt), t.CompletedAt.UnixMicro(), k, t.Session, t.Token)
	if err != nil || changed == 0 {
		return false, err
	}
	took := t.CompletedAt.Sub(t.StartedAt)
	if t.StartedAt.IsZero() {
		took = 0
	}
	r.over = append(r.over, t)
	r.deltas.Add(&stored.End{Job: t.Owner, Status: status, Started: t.StartedAt, Ended: t.CompletedAt, Class: t.ErrorClass, Message: t.Error})
	if next != job.Success {
		if err := r.ended(t, k); err != nil {
			return false, err
		}
	}
	if t.Result != nil || t.ExitCode != nil || t.Error != "" {
		if err := writeResult(r.c, k, t); err != nil {
			return false, err
		}
	}
	r.events.Completed(stored.Run{Job: t.Owner, ID: t.ID}, status, t.Attempt, took)
	return true, nil
}

// ended notes an end that is not a success.
func (r *settling) ended(t *store.Settlement, k int64) error {
	if _, err := r.c.exec(sqlFailure, k); err != nil {
		return err
	}
	if t.Event != job.EventCancel {
		r.events.Failed(stored.Run{Job: t.Owner, ID: t.ID}, t.Attempt, false, t.Error)
	}
	if t.DeadReason == "" {
		_, err := r.c.exec(`DELETE FROM cancels WHERE k = ?`, k)
		return err
	}
	if _, err := r.c.exec(sqlDead, k, t.Owner, t.CompletedAt.UnixMicro(), t.DeadReason); err != nil {
		return err
	}
	_, err := r.c.exec(sqlAftermath, k, t.CompletedAt.UnixMicro(), t.Owner)
	return err
}

// requeue ends the attempt, not the execution.
func (r *settling) requeue(t *store.Settlement, k int64) (bool, error) {
	var jobStatus int64
	if _, err := r.c.first(`SELECT status FROM jobs WHERE seq = ?`, []any{t.Owner}, func(r *row) { jobStatus = r.Int() }); err != nil {
		return false, err
	}
	asked, err := r.c.first(`SELECT 1 FROM cancels WHERE k = ?`, []any{k}, func(*row) {})
	if err != nil {
		return false, err
	}
	if jobStatus == stored.JobCancelled || asked { // nobody wants another attempt
		final := *t
		final.Event, final.RetryAt = job.EventCancel, time.Time{}
		return r.one(&final)
	}
	var held any
	if jobStatus == stored.JobPaused {
		held = 2
	}
	ready, retries, lost, parked := r.now, int64(0), int64(0), int64(0)
	switch t.Event {
	case job.EventPark:
		ready, parked = t.RetryAt, 1
	case job.EventRetry:
		ready, retries = t.RetryAt, 1
	case job.EventLose:
		lost = 1
	}
	changed, err := r.c.exec(owned(sqlRequeue), ready.UnixMicro(), held, retries, stored.Micros(t.StartedAt), parked, lost, k, t.Session, t.Token)
	if err != nil || changed == 0 {
		return false, err
	}
	if t.Event == job.EventPark { // its attempt goes on
		return true, nil
	}
	started := t.StartedAt
	if started.IsZero() {
		started = t.CompletedAt
	}
	_, err = r.c.exec(sqlAttempt, k, t.Token, t.Attempt, t.Session, stored.AttemptStatus(t), started.UnixMicro(), t.CompletedAt.UnixMicro(),
		stored.Micros(t.RetryAt), exitCode(t.ExitCode), t.Error, t.ErrorClass)
	if err == nil && t.Event == job.EventRetry {
		r.events.Failed(stored.Run{Job: t.Owner, ID: t.ID}, t.Attempt, true, t.Error)
	}
	return true, err
}

func writeResult(c *conn, k int64, t *store.Settlement) error {
	_, err := c.exec(sqlResult, k, stored.Blob(t.Result), exitCode(t.ExitCode), t.Error, t.ErrorClass, t.ErrorStack)
	return err
}

func exitCode(n *int) any {
	if n == nil {
		return nil
	}
	return int64(*n)
}

// wake gives the places that became free to queued runs, and ends jobs that have
// nothing more to do.
func (r *settling) wake() error {
	anyQueued, err := r.c.first(`SELECT 1 FROM executions WHERE queued IS NOT NULL AND queued <> 2 LIMIT 1`, nil, func(*row) {})
	if err != nil {
		return err
	}
	for _, t := range r.over {
		if anyQueued {
			n, err := r.s.promote(r.c, t.Owner, r.now)
			if err != nil {
				return err
			}
			r.out.Promoted += n
		}
		if t.Ends {
			ended, err := endJob(r.c, t.Owner, r.now, &r.events)
			if err != nil {
				return err
			}
			r.out.Ended += ended
		}
	}
	return nil
}
