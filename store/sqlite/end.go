package sqlite

import (
	"context"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store/internal/stored"
)

// endJob writes the end of a job whose schedule has ended and whose executions are
// all over: failed for a one-time job whose last execution did not succeed for good,
// completed otherwise. It returns 1 when it did.
func endJob(c *conn, seq int64, now time.Time, events *stored.Events) (int, error) {
	var live any
	var kind int64
	ending, err := c.first(`SELECT c.live, j.type FROM cursors c JOIN jobs j ON j.seq = c.job
		WHERE c.job = ? AND c.ending = 1`, []any{seq}, func(r *row) { live, kind = r.Take(), r.Int() })
	if err != nil || !ending {
		return 0, err
	}
	keys, err := stillLive(c, stored.Keys(live))
	if err != nil || len(keys) > 0 {
		return 0, err
	}
	if n, err := countQueued(c, seq); err != nil || n > 0 {
		return 0, err
	}
	status, name := int64(stored.JobCompleted), "scheduler:job.completed"
	if stored.Value(stored.JobTypes, kind) == job.TypeOneTime {
		var last int64
		if _, err := c.first(`SELECT status FROM executions WHERE job = ? ORDER BY n DESC LIMIT 1`, []any{seq}, func(r *row) { last = r.Int() }); err != nil {
			return 0, err
		}
		if last == stored.Failed || last == stored.Timeout {
			status, name = stored.JobFailed, "scheduler:job.failed"
		}
	}
	if _, err := c.exec(`UPDATE jobs SET status = ?, live = 0, completed_at = ?, updated_at = ?, revision = revision + 1 WHERE seq = ?`,
		status, now.UnixMicro(), now.UnixMicro(), seq); err != nil {
		return 0, err
	}
	if _, err := c.exec(`UPDATE cursors SET ending = 0, next_run = NULL, live = NULL, revision = revision + 1 WHERE job = ?`, seq); err != nil {
		return 0, err
	}
	events.Job(seq, name, "")
	return 1, nil
}

// CompleteJobs ends the jobs that can be ended.
func (s *Store) CompleteJobs(ctx context.Context, now time.Time) (int, error) {
	look, same := s.quietEnd.unchanged(s.writer)
	if same {
		return 0, nil
	}
	found := false
	if err := s.read(ctx, func(c *conn) (err error) {
		found, err = c.first(`SELECT 1 FROM cursors WHERE ending = 1 LIMIT 1`, nil, func(*row) {})
		return err
	}); err != nil {
		return 0, err
	}
	if !found {
		s.quietEnd.nothing(look)
		return 0, nil
	}
	ended := 0
	err := s.write(ctx, func(c *conn) error {
		ended = 0
		seqs, err := c.ints(`SELECT job FROM cursors WHERE ending = 1 LIMIT 1000`)
		if err != nil {
			return err
		}
		var events stored.Events
		for _, seq := range seqs {
			n, err := endJob(c, seq, now, &events)
			if err != nil {
				return err
			}
			ended += n
		}
		return writeEvents(c, &events, now)
	})
	return ended, err
}

// promote gives free places of a job to its queued executions, oldest first. It
// returns how many got one.
func (s *Store) promote(c *conn, seq int64, now time.Time) (int, error) {
	var queued, beside []int64
	err := c.query(`SELECT k, queued FROM executions WHERE job = ? AND queued IS NOT NULL AND queued <> 2 ORDER BY k LIMIT 1000`, []any{seq}, func(r *row) error {
		queued, beside = append(queued, r.Int()), append(beside, r.Int())
		return nil
	})
	if err != nil || len(queued) == 0 {
		return 0, err
	}
	var live any
	var revision int64
	if _, err := c.first(`SELECT live, revision FROM cursors WHERE job = ?`, []any{seq}, func(r *row) { live, revision = r.Take(), r.Int() }); err != nil {
		return 0, err
	}
	def, err := s.define(c, seq, revision)
	if err != nil || def.Job.Status == job.JobPaused { // a paused job's wait until it is resumed
		return 0, err
	}
	keys, err := stillLive(c, stored.Keys(live))
	if err != nil {
		return 0, err
	}
	promoted := 0
	for len(queued) > 0 && len(keys) < stored.Places(beside[0], def.Job.Places()) {
		if _, err := c.exec(`UPDATE executions SET queued = NULL, ready_at = max(coalesce(ready_at, 0), ?) WHERE k = ?`, now.UnixMicro(), queued[0]); err != nil {
			return promoted, err
		}
		keys, queued, beside = append(keys, queued[0]), queued[1:], beside[1:]
		promoted++
	}
	_, err = c.exec(`UPDATE cursors SET live = ? WHERE job = ?`, packLive(keys), seq)
	return promoted, err
}

// closeEpoch ends the stretch of time that the job's definition plans.
func closeEpoch(c *conn, seq int64, until time.Time) error {
	_, err := c.exec(`UPDATE epochs SET until_at = ? WHERE job = ? AND until_at IS NULL`, until.UnixMicro(), seq)
	return err
}

// breakJob takes a job whose definition cannot be used out of planning, so that it
// harms no other.
func breakJob(c *conn, def *stored.Definition, now time.Time, events *stored.Events) error {
	reason := "it has no schedule"
	if def.Err != nil {
		reason = def.Err.Error()
	}
	if _, err := c.exec(`UPDATE jobs SET status = 6, reason = ?, updated_at = ?, revision = revision + 1 WHERE seq = ?`, reason, now.UnixMicro(), def.Seq); err != nil {
		return err
	}
	if _, err := c.exec(`UPDATE epochs SET until_at = (SELECT next_run - 1000000 FROM cursors WHERE job = ?1) WHERE job = ?1 AND until_at IS NULL`, def.Seq); err != nil {
		return err
	}
	if _, err := c.exec(`UPDATE cursors SET next_run = NULL, revision = revision + 1 WHERE job = ?`, def.Seq); err != nil {
		return err
	}
	events.Job(def.Seq, "scheduler:job.error", "")
	return nil
}

// requestCancels asks running executions to stop, once each.
func requestCancels(c *conn, keys []int64, now time.Time, by, reason string) error {
	for _, k := range keys {
		if _, err := c.exec(`INSERT OR IGNORE INTO cancels (k, session, requested_at, requested_by, reason)
			SELECT k, session, ?, ?, ? FROM executions WHERE k = ? AND status = 1`, now.UnixMicro(), by, reason, k); err != nil {
			return err
		}
	}
	return nil
}
