package sqlite

import (
	"context"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// cancelWaiting cancels an execution that waits; false when it does not.
func cancelWaiting(c *conn, seq, k int64, now time.Time, events *eventWriter) (bool, error) {
	changed, err := c.exec(`UPDATE executions SET status = 5, queued = NULL, ready_at = NULL, finished_at = ? WHERE k = ? AND status = 0`, now.UnixMicro(), k)
	if err != nil || changed == 0 {
		return false, err
	}
	if _, err := c.exec(sqlFailure, k); err != nil {
		return false, err
	}
	var lo int64
	var attempt int64
	if _, err := c.first(context.Background(), `SELECT lo, attempt FROM executions WHERE k = ?`, []any{k}, func(r *row) { lo, attempt = r.int(), r.int() }); err != nil {
		return false, err
	}
	events.completed(seq, k, lo, 0, statusCancelled, int(attempt), 0)
	return true, nil
}

// CancelExecution cancels a waiting execution and asks a running one to stop.
func (s *Store) CancelExecution(ctx context.Context, p store.CancelExecution) (job.Execution, error) {
	var after job.Execution
	err := s.write(ctx, func(c *conn) error {
		k, err := findExecution(c, p.Platform, p.Ref)
		if err != nil {
			return err
		}
		if err := s.cancelOne(c, k, &p); err != nil {
			return err
		}
		after, err = executionByKey(c, k)
		return err
	})
	return after, err
}

func (s *Store) cancelOne(c *conn, k int64, p *store.CancelExecution) error {
	var seq, status int64
	if _, err := c.first(context.Background(), `SELECT job, status FROM executions WHERE k = ?`, []any{k}, func(r *row) { seq, status = r.int(), r.int() }); err != nil {
		return err
	}
	switch status {
	case statusPending:
		var events eventWriter
		var deltas deltaWriter
		if _, err := cancelWaiting(c, seq, k, p.Now, &events); err != nil {
			return err
		}
		deltas.add(seq, statusCancelled, 0, time.Time{})
		if err := deltas.flush(c); err != nil {
			return err
		}
		if _, err := s.promote(c, seq, p.Now); err != nil {
			return err
		}
		if _, err := endJob(c, seq, p.Now, &events); err != nil {
			return err
		}
		return events.flush(c, p.Now)
	case statusRunning:
		return requestCancels(c, []int64{k}, p.Now, p.By, p.Reason)
	case statusCancelled:
		return nil
	default:
		return job.Errorf(job.Conflict, "the execution is over: its status is %s", value(statuses, status))
	}
}

// DropDead takes an execution out of the dead letters.
func (s *Store) DropDead(ctx context.Context, p store.DropDead) (job.Execution, error) {
	var after job.Execution
	err := s.write(ctx, func(c *conn) error {
		k, err := findExecution(c, p.Platform, p.Ref)
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
		after, err = executionByKey(c, k)
		return err
	})
	return after, err
}
