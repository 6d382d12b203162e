package sqlite

import (
	"context"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/internal/stored"
)

// Totals counts by indexes only; what runs is counted from claims.
func (s *Store) Totals(ctx context.Context, now time.Time) (store.Totals, error) {
	totals := store.Totals{Jobs: map[job.JobStatus]int64{}}
	err := s.snapshot(ctx, func(c *conn) error {
		if err := c.query(`SELECT status, count(*) FROM jobs WHERE deleted_at IS NULL AND type <> 4 GROUP BY status`, nil, func(r *row) error {
			totals.Jobs[stored.Value(stored.JobStatuses, r.Int())] = r.Int()
			return nil
		}); err != nil {
			return err
		}
		_, err := c.first(`SELECT
			(SELECT count(*) FROM executions WHERE ready_at <= ?1 AND ready_at IS NOT NULL AND queued IS NULL),
			(SELECT count(*) FROM executions WHERE ready_at > ?1 AND ready_at IS NOT NULL AND queued IS NULL),
			(SELECT count(*) FROM dead_letters),
			(SELECT coalesce(sum(bytes), 0) FROM log_sizes),
			(SELECT min(ready_at) FROM executions WHERE ready_at IS NOT NULL AND queued IS NULL)`, []any{now.UnixMicro()}, func(r *row) {
			totals.Waiting, totals.Delayed, totals.Dead, totals.LogBytes = r.Int(), r.Int(), r.Int(), r.Int()
			if oldest := r.Time(); !oldest.IsZero() && oldest.Before(now) {
				totals.OldestReady = now.Sub(oldest)
			}
		})
		if err != nil {
			return err
		}
		totals.Running, err = countRunning(c)
		return err
	})
	return totals, err
}

// countRunning counts the executions that live claims hold.
func countRunning(c *conn) (int64, error) {
	var keys []int64
	if err := c.query(`SELECT data FROM claims`, nil, func(r *row) error {
		keys = stored.UnpackKeys(r.Blob(), keys)
		return nil
	}); err != nil {
		return 0, err
	}
	var n int64
	for _, k := range keys {
		if _, err := c.first(`SELECT status = 1 FROM executions WHERE k = ?`, []any{k}, func(r *row) { n += r.Int() }); err != nil {
			return 0, err
		}
	}
	return n, nil
}
