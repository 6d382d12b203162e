package postgres

import (
	"context"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/internal/stored"
)

// old is an execution that retention may remove.
type old struct{ k, job, n, at, trigger int64 }

// sqlOld walks from the oldest execution on: keys are in order of time. What another
// node removes is left to it.
const sqlOld = `SELECT e.k, e.job, e.n, e.at, e.trigger FROM executions e JOIN cursors c ON c.job = e.job
	WHERE e.k > 0 AND e.k < $1 AND e.status > 1 AND e.n <= c.numbers - $2
	AND ((e.status IN (2, 6) AND coalesce(e.finished_at, e.created_at) < $3) OR (e.status IN (3, 4, 5) AND coalesce(e.finished_at, e.created_at) < $4))
	ORDER BY e.k LIMIT $5`

// Retain removes one batch of old history. Slots of removed executions stay
// accounted for by range rows, counters by the number removed.
func (s *Store) Retain(ctx context.Context, p store.Retention, now time.Time, limit int) (removed int, more bool, err error) {
	err = s.write(ctx, func(t *tx) error {
		removed, more = 0, false
		rows, err := oldRows(t, p, now, limit)
		if err != nil {
			return err
		}
		if len(rows) > 0 {
			if err := prune(t, rows); err != nil {
				return err
			}
		}
		removed, more = len(rows), len(rows) == limit
		if keep := max(p.Success, p.Failed); p.Success > 0 && p.Failed > 0 && !more {
			t.queue(`DELETE FROM holds WHERE ended_at < $1`, now.Add(-keep).UnixMicro())
			t.queue(sqlForgetTokens, now.Add(-keep).UnixMicro())
		}
		if p.OneTime > 0 && !more {
			more, err = retireOneTime(t, now.Add(-p.OneTime), limit)
		}
		return err
	})
	if err == nil && !more {
		err = s.partition(ctx, now)
	}
	return removed, more, err
}

func oldRows(t *tx, p store.Retention, now time.Time, limit int) ([]old, error) {
	bound := func(keep time.Duration) int64 {
		if keep <= 0 {
			return -1 << 62
		}
		return now.Add(-keep).UnixMicro()
	}
	oldest := max(bound(p.Success), bound(p.Failed))
	if oldest < 0 {
		return nil, nil
	}
	upper := stored.Time(oldest).UnixMilli() << 16 // keys begin with the milliseconds of their creation
	var rows []old
	read := func() error {
		rows = nil
		return t.query(sqlOld, []any{upper, int64(p.KeepLast), bound(p.Success), bound(p.Failed), int64(limit)}, func(r *row) error {
			rows = append(rows, old{r.Int(), r.Int(), r.Int(), r.Int(), r.Int()})
			return nil
		})
	}
	if err := read(); err != nil || len(rows) == 0 {
		return nil, err
	}
	// The ranges of a job change under its lock; what was read before it may be gone.
	seqs := make([]int64, 0, len(rows))
	for _, o := range rows {
		seqs = append(seqs, o.job)
	}
	locked, err := lockCursors(t, seqs)
	if err != nil {
		return nil, err
	}
	if err := read(); err != nil {
		return nil, err
	}
	for i, o := range rows {
		if locked[o.job] == nil {
			return rows[:i], nil
		}
	}
	return rows, nil
}

// prune removes executions.
func prune(t *tx, rows []old) error {
	var keys, jobs, numbers []int64
	for _, o := range rows {
		if o.trigger == 0 {
			if err := prunedSlot(t, o); err != nil {
				return err
			}
		}
		t.queue(`DELETE FROM executions WHERE k = $1`, o.k)
		keys, jobs, numbers = append(keys, o.k), append(jobs, o.job), append(numbers, o.n)
	}
	for _, table := range []string{"execution_inputs", "execution_results", "attempts", "logs", "log_sizes", "cancels", "dead_letters"} {
		t.queue(`DELETE FROM `+table+` WHERE k = ANY ($1::bigint[])`, keys)
	}
	t.queue(`DELETE FROM failures f USING unnest($1::bigint[], $2::bigint[]) AS u (job, n) WHERE f.job = u.job AND f.n = u.n`, jobs, numbers)
	t.queue(`INSERT INTO counters AS c (job, pruned) SELECT u.job, count(*) FROM unnest($1::bigint[]) AS u (job) GROUP BY u.job ORDER BY u.job
		ON CONFLICT (job) DO UPDATE SET pruned = c.pruned + excluded.pruned`, jobs)
	return nil
}

const (
	sqlRangeBefore = `SELECT from_at, to_at, reason FROM ranges WHERE job = $1 AND from_at <= $2 ORDER BY from_at DESC LIMIT 1`
	sqlBetween     = `SELECT 1 FROM executions WHERE job = $1 AND trigger = 0 AND n < $4 AND at > $2 AND at < $3
		UNION ALL SELECT 1 FROM epochs WHERE job = $1 AND after_at >= $2 AND after_at < $3 LIMIT 1`
)

// prunedSlot keeps a removed slot accounted for: it joins the range of pruned slots
// that ends right before it, or starts one. Every slot has a record, so nothing
// lies between exactly when no record does.
func prunedSlot(t *tx, o old) error {
	reason := stored.Code(stored.Reasons, job.RangePruned)
	var from, to, kind int64
	found, err := t.first(sqlRangeBefore, []any{o.job, o.at}, func(r *row) { from, to, kind = r.Int(), r.Int(), r.Int() })
	if err != nil {
		return err
	}
	if found && kind == reason {
		between, err := t.first(sqlBetween, []any{o.job, to, o.at, o.n}, func(*row) {})
		if err != nil {
			return err
		}
		if !between {
			t.queue(`UPDATE ranges SET to_at = $1, count = count + 1 WHERE job = $2 AND from_at = $3`, o.at, o.job, from)
			return nil
		}
	}
	t.queue(`INSERT INTO ranges (job, from_at, to_at, count, reason) VALUES ($1, $2, $2, 1, $3)`, o.job, o.at, reason)
	return nil
}

// retireOneTime removes one-time jobs that ended before the instant.
func retireOneTime(t *tx, before time.Time, limit int) (more bool, err error) {
	var seqs []int64
	if err := t.query(`SELECT seq FROM jobs WHERE type = 1 AND status IN (3, 4, 5) AND updated_at < $1 ORDER BY seq LIMIT $2`, []any{before.UnixMicro(), int64(limit)}, func(r *row) error {
		seqs = append(seqs, r.Int())
		return nil
	}); err != nil || len(seqs) == 0 {
		return false, err
	}
	more = len(seqs) == limit
	if _, err := lockCursors(t, seqs); err != nil {
		return false, err
	}
	purge(t, seqs)
	return more, nil
}
