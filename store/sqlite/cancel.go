package sqlite

import (
	"context"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/internal/stored"
)

// cancelWaiting cancels an execution that waits; false when it does not.
func cancelWaiting(c *conn, seq, k int64, now time.Time, events *stored.Events) (bool, error) {
	changed, err := c.exec(`UPDATE executions SET status = 5, queued = NULL, ready_at = NULL, finished_at = ?, attempt = attempt + (flags & 4) / 4 WHERE k = ? AND status = 0`, now.UnixMicro(), k)
	if err != nil || changed == 0 {
		return false, err
	}
	if _, err := c.exec(sqlFailure, k); err != nil {
		return false, err
	}
	var lo, attempt int64
	if _, err := c.first(`SELECT lo, attempt FROM executions WHERE k = ?`, []any{k}, func(r *row) { lo, attempt = r.Int(), r.Int() }); err != nil {
		return false, err
	}
	events.Completed(stored.Run{Job: seq, ID: stored.IDOf(k, lo)}, stored.Cancelled, int(attempt), 0)
	return true, nil
}

// CancelExecution cancels a waiting execution and asks a running one to stop.
func (s *Store) CancelExecution(ctx context.Context, p store.CancelExecution) (job.Execution, error) {
	var after job.Execution
	err := s.write(ctx, func(c *conn) error {
		k, err := dialect.FindExecution(c.query, p.Platform, p.Ref)
		if err != nil {
			return err
		}
		before, err := s.cancelOne(c, k, &p)
		if err != nil {
			return err
		}
		after, err = dialect.ExecutionByKey(c.query, k)
		if before != stored.Cancelled {
			store.TrailOf(ctx).Note(stored.NoteCancel(stored.Value(stored.Statuses, before), &after))
		}
		return err
	})
	return after, err
}

// cancelOne returns the status that the execution had.
func (s *Store) cancelOne(c *conn, k int64, p *store.CancelExecution) (status int64, err error) {
	var seq int64
	if _, err := c.first(`SELECT job, status FROM executions WHERE k = ?`, []any{k}, func(r *row) { seq, status = r.Int(), r.Int() }); err != nil {
		return 0, err
	}
	switch status {
	case stored.Pending:
		var events stored.Events
		var deltas stored.Deltas
		if _, err := cancelWaiting(c, seq, k, p.Now, &events); err != nil {
			return 0, err
		}
		deltas.Add(&stored.End{Job: seq, Status: stored.Cancelled, Ended: p.Now})
		if err := writeDeltas(c, &deltas); err != nil {
			return 0, err
		}
		if _, err := s.promote(c, seq, p.Now); err != nil {
			return 0, err
		}
		if _, err := endJob(c, seq, p.Now, &events); err != nil {
			return 0, err
		}
		return status, writeEvents(c, &events, p.Now)
	case stored.Running:
		return status, requestCancels(c, []int64{k}, p.Now, p.By, p.Reason)
	case stored.Cancelled:
		return status, nil
	default:
		return 0, job.Errorf(job.Conflict, "the execution is over: its status is %s", stored.Value(stored.Statuses, status))
	}
}

// DropDead takes an execution out of the dead letters.
func (s *Store) DropDead(ctx context.Context, p store.DropDead) (job.Execution, error) {
	var after job.Execution
	err := s.write(ctx, func(c *conn) error {
		k, err := dialect.FindExecution(c.query, p.Platform, p.Ref)
		if err != nil {
			return err
		}
		dropped, err := c.exec(`DELETE FROM dead_letters WHERE k = ?`, k)
		if err != nil {
			return err
		}
		if dropped == 0 {
			return job.Errorf(job.Conflict, "the execution is not in the dead letters")
		}
		after, err = dialect.ExecutionByKey(c.query, k)
		store.TrailOf(ctx).Note(stored.NoteDropped(&after))
		return err
	})
	return after, err
}
