package postgres

import (
	"context"

	"github.com/agentic-sdlc/scheduler/store/internal/stored"
)

// writeDeltas adds the packed deltas, if any, to the transaction.
func writeDeltas(t *tx, deltas *stored.Deltas) {
	if b := deltas.Take(); b != nil {
		t.queue(`INSERT INTO counter_deltas (data) VALUES ($1)`, b)
	}
}

const sqlFold = `INSERT INTO counters AS c (job, success, failed, timeout, cancelled, duration_us, last_status, last_run, hour_at, hour_data)
	SELECT u.* FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::smallint[], $8::bigint[], $9::bigint[], $10::bytea[])
		AS u (job, success, failed, timeout, cancelled, duration_us, last_status, last_run, hour_at, hour_data)
	WHERE EXISTS (SELECT 1 FROM jobs j WHERE j.seq = u.job)
	ON CONFLICT (job) DO UPDATE SET success = c.success + excluded.success, failed = c.failed + excluded.failed,
	timeout = c.timeout + excluded.timeout, cancelled = c.cancelled + excluded.cancelled, duration_us = c.duration_us + excluded.duration_us,
	last_status = CASE excluded.last_status WHEN 0 THEN c.last_status ELSE excluded.last_status END,
	last_run = greatest(coalesce(c.last_run, 0), coalesce(excluded.last_run, 0)), hour_at = excluded.hour_at, hour_data = excluded.hour_data`

// foldRows is how many rows of deltas one transaction folds.
const foldRows = 200

// Fold adds the packed deltas to the counters and forgets them. While another node does,
// it leaves that to it.
func (s *Store) Fold(ctx context.Context) error {
	for more := true; more; {
		if err := s.foldSome(ctx, &more); err != nil {
			return err
		}
	}
	return nil
}

// foldSome folds the oldest deltas, and says whether there may be more.
func (s *Store) foldSome(ctx context.Context, more *bool) error {
	return s.write(ctx, func(t *tx) error {
		n, mine := 0, false
		var f stored.Folding
		if _, err := t.first(`SELECT pg_try_advisory_xact_lock($1)`, []any{int64(foldLock)}, func(r *row) { mine = r.Int() != 0 }); err != nil || !mine {
			*more = false
			return err
		}
		if err := t.query(`DELETE FROM counter_deltas WHERE id IN (SELECT id FROM counter_deltas ORDER BY id LIMIT $1) RETURNING data`,
			[]any{int64(foldRows)}, func(r *row) error {
				n++
				f.Add(r.Blob())
				return nil
			}); err != nil {
			return err
		}
		*more = n == foldRows
		if f.Len() == 0 {
			return nil
		}
		return fold(t, &f)
	})
}
