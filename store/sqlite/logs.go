package sqlite

import (
	"context"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/internal/stored"
)

const sqlLog = `INSERT OR REPLACE INTO logs (k, seq, attempt, at, level, stream, message, context) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`

// AppendLogs stores lines and counts their bytes.
func (s *Store) AppendLogs(ctx context.Context, entries []job.LogEntry) error {
	return s.write(ctx, func(c *conn) error {
		sizes := map[int64]int64{}
		for i := range entries {
			e := &entries[i]
			k, _ := stored.KeyOf(e.ExecutionID)
			if _, err := c.exec(sqlLog, k, e.Seq, e.Attempt, e.Timestamp.UnixMicro(), stored.Code(stored.Levels, e.Level), string(e.Stream), e.Message, stored.Blob(e.Context)); err != nil {
				return err
			}
			sizes[k] += int64(len(e.Message))
		}
		for k, n := range sizes {
			if _, err := c.exec(`INSERT INTO log_sizes (k, job, bytes) SELECT k, job, ?2 FROM executions WHERE k = ?1
				ON CONFLICT (k) DO UPDATE SET bytes = bytes + excluded.bytes`, k, n); err != nil {
				return err
			}
		}
		return nil
	})
}

// DropLogs forgets lines up to the seq and leaves a mark in their place.
func (s *Store) DropLogs(ctx context.Context, execution job.ID, upto int64) error {
	return s.write(ctx, func(c *conn) error {
		k, _ := stored.KeyOf(execution)
		var at, attempt, bytes int64
		if _, err := c.first(`SELECT max(at), max(attempt), coalesce(sum(length(message)), 0) FROM logs WHERE k = ? AND seq <= ?`, []any{k, upto},
			func(r *row) { at, attempt, bytes = r.Int(), r.Int(), r.Int() }); err != nil || bytes == 0 {
			return err
		}
		if _, err := c.exec(`DELETE FROM logs WHERE k = ? AND seq <= ?`, k, upto); err != nil {
			return err
		}
		if _, err := c.exec(`UPDATE log_sizes SET bytes = max(0, bytes - ?) WHERE k = ?`, bytes, k); err != nil {
			return err
		}
		_, err := c.exec(sqlLog, k, upto, attempt, at, stored.Code(stored.Levels, job.LogWarn), string(job.StreamSystem), "[earlier output dropped: the attempt's size limit was reached]", nil)
		return err
	})
}

// TrimLogs removes whole logs of executions, oldest first, until the caps of a job
// and of the total hold. The cap of an attempt is held by whoever writes it.
func (s *Store) TrimLogs(ctx context.Context, caps store.LogCaps) (int64, error) {
	var freed int64
	err := s.write(ctx, func(c *conn) error {
		freed = 0
		var jobs []int64
		if caps.Job > 0 {
			if err := c.query(`SELECT job FROM log_sizes GROUP BY job HAVING sum(bytes) > ? LIMIT 100`, []any{caps.Job}, func(r *row) error {
				jobs = append(jobs, r.Int())
				return nil
			}); err != nil {
				return err
			}
		}
		for _, seq := range jobs {
			n, err := trimOldest(c, `WHERE job = ?2`, caps.Job, seq)
			if err != nil {
				return err
			}
			freed += n
		}
		if caps.Total <= 0 {
			return nil
		}
		n, err := trimOldest(c, `WHERE ?2 = 0`, caps.Total, int64(0))
		freed += n
		return err
	})
	return freed, err
}

// trimOldest removes the logs that lie beyond cap bytes counted from the newest; at
// most 1 000 executions a call, so that nobody waits long. The newest log is kept.
func trimOldest(c *conn, where string, limit, seq int64) (freed int64, err error) {
	type log struct{ k, bytes int64 }
	var logs []log
	err = c.query(`SELECT k, bytes, kept FROM (
		SELECT k, bytes, sum(bytes) OVER (ORDER BY k DESC) - bytes AS before, sum(bytes) OVER (ORDER BY k DESC) AS kept FROM log_sizes `+where+`)
		WHERE kept > ?1 AND before > 0 ORDER BY k LIMIT 1000`, []any{limit, seq}, func(r *row) error {
		logs = append(logs, log{r.Int(), r.Int()})
		return nil
	})
	if err != nil {
		return 0, err
	}
	for _, l := range logs {
		if err := dropLog(c, l.k); err != nil {
			return freed, err
		}
		freed += l.bytes
	}
	return freed, nil
}

// dropLog replaces an execution's log by a mark that says so.
func dropLog(c *conn, k int64) error {
	if _, err := c.exec(`DELETE FROM log_sizes WHERE k = ?`, k); err != nil {
		return err
	}
	var seq, at int64
	if _, err := c.first(`SELECT max(seq), max(at) FROM logs WHERE k = ?`, []any{k}, func(r *row) { seq, at = r.Int(), r.Int() }); err != nil {
		return err
	}
	if _, err := c.exec(`DELETE FROM logs WHERE k = ?`, k); err != nil {
		return err
	}
	_, err := c.exec(sqlLog, k, seq+1, 0, at, stored.Code(stored.Levels, job.LogWarn), string(job.StreamSystem), "[log removed: the size limit of stored logs was reached]", nil)
	return err
}
