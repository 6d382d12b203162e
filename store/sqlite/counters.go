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

const sqlFold = `INSERT INTO counters (job, success, failed, timeout, cancelled, duration_us, last_status, last_run)
	SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8 WHERE EXISTS (SELECT 1 FROM jobs WHERE seq = ?1)
	ON CONFLICT (job) DO UPDATE SET success = success + excluded.success, failed = failed + excluded.failed,
	timeout = timeout + excluded.timeout, cancelled = cancelled + excluded.cancelled, duration_us = duration_us + excluded.duration_us,
	last_status = excluded.last_status, last_run = max(coalesce(last_run, 0), coalesce(excluded.last_run, 0))`

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
		last, sums := int64(0), map[int64]*stored.Figures{}
		if err := c.query(`SELECT id, data FROM counter_deltas ORDER BY id`, nil, func(r *row) error {
			last = r.Int()
			stored.Sum(r.Blob(), sums, true)
			if len(sums) >= foldJobs {
				return errStop
			}
			return nil
		}); err != nil || last == 0 {
			return err
		}
		*more = len(sums) >= foldJobs
		for seq, f := range sums {
			if _, err := c.exec(sqlFold, seq, f.Success, f.Failed, f.Timeout, f.Cancelled, f.DurationUS, f.LastStatus, f.LastRun); err != nil {
				return err
			}
		}
		_, err := c.exec(`DELETE FROM counter_deltas WHERE id <= ?`, last)
		return err
	})
}
