package sqlite

import (
	"context"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/internal/reads"
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
		_, err := c.exec(sqlLog, k, upto, attempt, at, stored.Code(stored.Levels, job.LogWarn), string(job.StreamSystem), reads.OutputDropped, nil)
		return err
	})
}

// TrimLogs removes whole logs of executions, oldest first, until the caps of a job
// and of the total hold. The cap of an attempt is held by whoever writes it.
func (s *Store) TrimLogs(ctx context.Context, caps store.LogCaps) (int64, error) {
	var freed int64
	err := s.write(ctx, func(c *conn) (err error) {
		freed, err = reads.TrimLogs(c.query, caps, func(keys []int64) error { return dropLogs(c, keys) })
		return err
	})
	return freed, err
}

// dropLogs replaces executions' logs by marks that say so.
func dropLogs(c *conn, keys []int64) error {
	for _, k := range keys {
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
		if _, err := c.exec(sqlLog, k, seq+1, 0, at, stored.Code(stored.Levels, job.LogWarn), string(job.StreamSystem), reads.LogRemoved, nil); err != nil {
			return err
		}
	}
	return nil
}
