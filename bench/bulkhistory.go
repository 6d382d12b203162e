package main

import (
	"context"
	"fmt"
	"time"
)

// historyOf is how far back the executions of a filled store go: not so far that they
// are too old to be kept.
const historyOf = 6 * day

// sqlRuns adds executions, evenly in time: number i is of job i modulo the jobs. Every
// twentieth run of a job ended badly.
const sqlRuns = `INSERT INTO executions (k, lo, job, n, at, session, occurrence, revision, created_at, token, attempt, trigger, status, started_at, finished_at)
	` + sqlNumbers + `SELECT (ms << 16) | 28672, i, 1001 + i %% %[2]d, i / %[2]d + 1, ms / 1000 * 1000000, 1, i / %[2]d + 1, 1, ms * 1000, 1, 1, 0,
		CASE WHEN (i %% %[2]d + 7 * (i / %[2]d)) %% 20 = 0 THEN 3 ELSE 2 END, ms * 1000 + 500, ms * 1000 + 900
	FROM (SELECT n - 1 AS i, %[3]d + (n - 1) * %[4]d AS ms FROM i)`

// sqlTallies adds sums by time as folding leaves them: of the owners from one to
// another, by span, so many up to the newest. What is packed is that of two successes, a
// failure and seven missed slots.
const sqlTallies = `INSERT INTO rollups (owner, span, start, data)
	` + sqlNumbers + `, o(owner) AS (SELECT %[2]d UNION ALL SELECT owner + 1 FROM o WHERE owner < %[3]d)
	SELECT owner, %[4]d, (%[5]d - n + 1) * %[4]d * 1000000, unhex('040200000e0e04b8a07ab81780897a048601029801020403020a0a') FROM o, i`

// history adds executions that ended to the first so many copies of a store, and what is
// counted of 400 days.
func (b *bulk) history(ctx context.Context, jobs, executions int) error {
	each := executions / jobs
	first := b.now.Add(-historyOf).UnixMilli()
	now := b.now.Unix()
	for _, sql := range []string{
		fmt.Sprintf(sqlRuns, executions, jobs, first, max(1, int((historyOf-time.Hour).Milliseconds())/executions)),
		`INSERT INTO failures (job, n, k, status) SELECT job, n, k, status FROM executions WHERE status = 3`,
		`INSERT INTO execution_results (k, exit_code, error, error_class) SELECT k, 1, 'exit status 1: no space left on device', 'exit' FROM executions WHERE status = 3`,
		fmt.Sprintf(`UPDATE cursors SET numbers = %[1]d, runs = %[1]d, occurrences = %[1]d WHERE job BETWEEN 1001 AND %[2]d`, each, 1000+jobs),
		fmt.Sprintf(sqlTallies, 1500, -1, 0, 60, now/60),
		fmt.Sprintf(sqlTallies, 400*24, -1, 0, 3600, now/3600),
		fmt.Sprintf(sqlTallies, 192, 1001, 1000+jobs, 3600, now/3600),
		fmt.Sprintf(sqlTallies, 392, 1001, 1000+jobs, 86400, now/86400-8),
		fmt.Sprintf(`INSERT INTO failure_patterns (job, day, print, class, message, count, last_at)
			`+sqlNumbers+`SELECT 1000 + 1 + n %% %[2]d, (%[3]d - n / %[2]d / 5) * 86400000000, 1 + n / %[2]d %% 5, 'exit', 'failed in step ' || (1 + n / %[2]d %% 5), 3, %[4]d FROM i`,
			jobs*60*5-1, jobs, now/86400, b.now.UnixMicro()),
		fmt.Sprintf(`INSERT INTO counters (job, success, failed, duration_us, last_status, last_run)
			SELECT seq, %[1]d, %[2]d, %[1]d * 400, 2, %[3]d FROM jobs WHERE seq BETWEEN 1001 AND %[4]d`, each*19/20, each/20, b.now.UnixMicro(), 1000+jobs),
	} {
		if _, err := b.tx.ExecContext(ctx, sql); err != nil {
			return fmt.Errorf("%.60s: %w", sql, err)
		}
	}
	return nil
}
