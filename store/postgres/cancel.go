package postgres

import (
	"context"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/internal/stored"
)

// sqlCancelWaiting cancels what waits.
const sqlCancelWaiting = `WITH w AS (DELETE FROM waiting WHERE k = ANY ($1::bigint[]) RETURNING k)
	UPDATE executions e SET status = 5, finished_at = $2, attempt = e.attempt + (e.flags & 4) / 4 WHERE e.k = ANY (ARRAY(SELECT k FROM w)) RETURNING e.k, e.lo, e.attempt`

// cancelWaiting cancels those of the executions of a locked job that wait, and returns
// their keys.
func cancelWaiting(t *tx, seq int64, keys []int64, now time.Time, events *stored.Events) (cancelled map[int64]bool, err error) {
	cancelled = map[int64]bool{}
	if len(keys) == 0 {
		return cancelled, nil
	}
	var deltas stored.Deltas
	if err := t.query(sqlCancelWaiting, []any{keys, now.UnixMicro()}, func(r *row) error {
		k := r.Int()
		cancelled[k] = true
		deltas.Add(&stored.End{Job: seq, Status: stored.Cancelled, Ended: now})
		events.Completed(stored.Run{Job: seq, ID: stored.IDOf(k, r.Int())}, stored.Cancelled, int(r.Int()), 0)
		return nil
	}); err != nil || len(cancelled) == 0 {
		return cancelled, err
	}
	t.queue(sqlFailures, keys)
	writeDeltas(t, &deltas)
	return cancelled, nil
}

// CancelExecution cancels a waiting execution and asks a running one to stop.
func (s *Store) CancelExecution(ctx context.Context, p store.CancelExecution) (job.Execution, error) {
	var after job.Execution
	err := s.write(ctx, func(t *tx) error {
		k, err := dialect.FindExecution(s.within(t, p.Platform), p.Platform, p.Ref)
		if err != nil {
			return err
		}
		before, err := s.cancelOne(t, k, &p)
		if err != nil {
			return err
		}
		after, err = dialect.ExecutionByKey(t.query, k)
		if before != stored.Cancelled {
			store.TrailOf(ctx).Note(stored.NoteCancel(stored.Value(stored.Statuses, before), &after))
		}
		return err
	})
	return after, err
}

// DropDead takes an execution out of the dead letters.
func (s *Store) DropDead(ctx context.Context, p store.DropDead) (job.Execution, error) {
	var after job.Execution
	err := s.write(ctx, func(t *tx) error {
		k, err := dialect.FindExecution(s.within(t, p.Platform), p.Platform, p.Ref)
		if err != nil {
			return err
		}
		dropped, err := t.exec(`DELETE FROM dead_letters WHERE k = $1`, k)
		if err != nil {
			return err
		}
		if dropped == 0 {
			return job.Errorf(job.Conflict, "the execution is not in the dead letters")
		}
		after, err = dialect.ExecutionByKey(t.query, k)
		store.TrailOf(ctx).Note(stored.NoteDropped(&after))
		return err
	})
	return after, err
}

// cancelOne returns the status that the execution had.
func (s *Store) cancelOne(t *tx, k int64, p *store.CancelExecution) (status int64, err error) {
	var seq int64
	if _, err := t.first(`SELECT job FROM executions WHERE k = $1`, []any{k}, func(r *row) { seq = r.Int() }); err != nil {
		return 0, err
	}
	locked, err := lockCursors(t, []int64{seq})
	if err != nil {
		return 0, err
	}
	// Whoever claims it takes the row of waiting first: so do we, or each waits for the other.
	if _, err := t.first(`SELECT true FROM waiting WHERE k = $1 FOR UPDATE`, []any{k}, func(*row) {}); err != nil {
		return 0, err
	}
	status = -1
	if _, err := t.first(`SELECT status FROM executions WHERE k = $1 FOR UPDATE`, []any{k}, func(r *row) { status = r.Int() }); err != nil {
		return 0, err
	}
	switch status {
	case stored.Pending:
		var events stored.Events
		over, err := cancelWaiting(t, seq, []int64{k}, p.Now, &events)
		if err != nil {
			return 0, err
		}
		if _, err := s.promote(t, ordered(locked), over, p.Now); err != nil {
			return 0, err
		}
		if _, err := endJobs(t, ordered(locked), over, p.Now, &events); err != nil {
			return 0, err
		}
		writeEvents(t, &events, p.Now)
		return status, nil
	case stored.Running:
		requestCancels(t, []int64{k}, p.Now, p.By, p.Reason)
		return status, nil
	case stored.Cancelled:
		return status, nil
	case -1:
		return 0, job.Errorf(job.NotFound, "execution %q not found", p.Ref)
	default:
		return 0, job.Errorf(job.Conflict, "the execution is over: its status is %s", stored.Value(stored.Statuses, status))
	}
}
