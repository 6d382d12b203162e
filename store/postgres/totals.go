package postgres

import (
	"context"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/internal/stored"
)

// sqlJobTotals counts all jobs, and takes off those that are deleted or of workflows.
const sqlJobTotals = `SELECT status, sum(n)::bigint FROM (
		SELECT status, count(*) AS n FROM cursors GROUP BY status
		UNION ALL SELECT c.status, -count(*) FROM jobs j JOIN cursors c ON c.job = j.seq WHERE j.deleted_at IS NOT NULL OR j.type = 4 GROUP BY c.status) AS s
	GROUP BY status`

const sqlTotals = `SELECT
	(SELECT count(*) FROM waiting WHERE ready_at <= $1 AND queued IS NULL),
	(SELECT count(*) FROM waiting WHERE ready_at > $1 AND queued IS NULL),
	(SELECT count(*) FROM dead_letters),
	(SELECT coalesce(sum(bytes), 0)::bigint FROM log_sizes),
	(SELECT min(ready_at) FROM waiting WHERE queued IS NULL)`

// Totals counts by indexes only; what runs is counted from claims.
func (s *Store) Totals(ctx context.Context, now time.Time) (store.Totals, error) {
	var totals store.Totals
	err := s.snapshot(ctx, func(t *tx) error {
		totals = store.Totals{Jobs: map[job.JobStatus]int64{}}
		t.queueQuery(sqlJobTotals, nil, func(r *row) error {
			status := stored.Value(stored.JobStatuses, r.Int())
			if n := r.Int(); n > 0 {
				totals.Jobs[status] = n
			}
			return nil
		})
		t.queueQuery(sqlTotals, []any{now.UnixMicro()}, func(r *row) error {
			totals.Waiting, totals.Delayed, totals.Dead, totals.LogBytes = r.Int(), r.Int(), r.Int(), r.Int()
			if oldest := r.Time(); !oldest.IsZero() && oldest.Before(now) {
				totals.OldestReady = now.Sub(oldest)
			}
			return nil
		})
		var keys []int64
		if err := t.query(`SELECT data FROM claims`, nil, func(r *row) error {
			keys = stored.UnpackKeys(r.Blob(), keys)
			return nil
		}); err != nil || len(keys) == 0 {
			return err
		}
		_, err := t.first(`SELECT count(*) FROM executions WHERE k = ANY ($1::bigint[]) AND status = 1`, []any{keys}, func(r *row) { totals.Running = r.Int() })
		return err
	})
	return totals, err
}
