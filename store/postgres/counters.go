package postgres

import (
	"context"
	"slices"

	"github.com/agentic-sdlc/scheduler/store/internal/stored"
)

// writeDeltas adds the packed deltas, if any, to the transaction.
func writeDeltas(t *tx, deltas *stored.Deltas) {
	if b := deltas.Take(); b != nil {
		t.queue(`INSERT INTO counter_deltas (data) VALUES ($1)`, b)
	}
}

const sqlFold = `INSERT INTO counters AS c (job, success, failed, timeout, cancelled, duration_us, last_status, last_run)
	SELECT u.* FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::smallint[], $8::bigint[])
		AS u (job, success, failed, timeout, cancelled, duration_us, last_status, last_run)
	WHERE EXISTS (SELECT 1 FROM jobs j WHERE j.seq = u.job)
	ON CONFLICT (job) DO UPDATE SET success = c.success + excluded.success, failed = c.failed + excluded.failed,
	timeout = c.timeout + excluded.timeout, cancelled = c.cancelled + excluded.cancelled, duration_us = c.duration_us + excluded.duration_us,
	last_status = excluded.last_status, last_run = greatest(coalesce(c.last_run, 0), coalesce(excluded.last_run, 0))`

// foldRows is how many rows of deltas one transaction folds.
const foldRows = 200

// Fold adds the packed deltas to the counters and forgets them. Nodes that fold at
// once take different ones.
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
		n, sums := 0, map[int64]*stored.Figures{}
		if err := t.query(`DELETE FROM counter_deltas WHERE id IN (SELECT id FROM counter_deltas ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED) RETURNING data`,
			[]any{int64(foldRows)}, func(r *row) error {
				n++
				stored.Sum(r.Blob(), sums, true)
				return nil
			}); err != nil {
			return err
		}
		*more = n == foldRows
		seqs := make([]int64, 0, len(sums))
		for seq := range sums {
			seqs = append(seqs, seq)
		}
		slices.Sort(seqs)
		var success, failed, timeout, cancelled, duration, last []int64
		var status []int16
		for _, seq := range seqs {
			f := sums[seq]
			success, failed, timeout, cancelled = append(success, f.Success), append(failed, f.Failed), append(timeout, f.Timeout), append(cancelled, f.Cancelled)
			duration, last, status = append(duration, f.DurationUS), append(last, f.LastRun), append(status, int16(f.LastStatus))
		}
		if len(seqs) > 0 {
			t.queue(sqlFold, seqs, success, failed, timeout, cancelled, duration, status, last)
		}
		return nil
	})
}
