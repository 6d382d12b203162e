package sqlite

import (
	"context"

	"github.com/agentic-sdlc/scheduler/store/internal/stored"
)

// writeDeltas adds the packed deltas, if any, to the transaction.
func writeDeltas(c *conn, deltas *stored.Deltas) error {
	b := deltas.Take()
	if b == nil {
		return nil
	}
	_, err := c.exec(`INSERT INTO counter_deltas (data) VALUES (?)`, b)
	return err
}

const sqlFold = `INSERT INTO counters (job, success, failed, timeout, cancelled, duration_us, last_status, last_run, hour_at, hour_data)
	VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
	ON CONFLICT (job) DO UPDATE SET success = success + excluded.success, failed = failed + excluded.failed,
	timeout = timeout + excluded.timeout, cancelled = cancelled + excluded.cancelled, duration_us = duration_us + excluded.duration_us,
	last_status = CASE excluded.last_status WHEN 0 THEN last_status ELSE excluded.last_status END,
	last_run = max(coalesce(last_run, 0), coalesce(excluded.last_run, 0)), hour_at = excluded.hour_at, hour_data = excluded.hour_data`

// Fold adds the packed deltas to the counters and forgets them.
func (s *Store) Fold(ctx context.Context) error {
	look, same := s.quietFold.unchanged(s.writer)
	if same {
		return nil
	}
	found := false
	if err := s.read(ctx, func(c *conn) (err error) {
		found, err = c.first(`SELECT 1 FROM counter_deltas LIMIT 1`, nil, func(*row) {})
		return err
	}); err != nil {
		return err
	}
	if !found {
		s.quietFold.nothing(look)
		return nil
	}
	for more := true; more; {
		if err := s.foldSome(ctx, &more); err != nil {
			return err
		}
	}
	return nil
}

// foldJobs is how many jobs one transaction folds, more or less: a fold must not make
// what is due wait.
const foldJobs = 200

// foldSome folds the oldest deltas, and says whether there are more.
func (s *Store) foldSome(ctx context.Context, more *bool) error {
	return s.write(ctx, func(c *conn) error {
		*more = false
		var f stored.Folding
		last := int64(0)
		if err := c.query(`SELECT id, data FROM counter_deltas ORDER BY id`, nil, func(r *row) error {
			last = r.Int()
			f.Add(r.Blob())
			if f.Len() >= foldJobs {
				return errStop
			}
			return nil
		}); err != nil || last == 0 {
			return err
		}
		*more = f.Len() >= foldJobs
		if err := fold(c, &f); err != nil {
			return err
		}
		_, err := c.exec(`DELETE FROM counter_deltas WHERE id <= ?`, last)
		return err
	})
}
