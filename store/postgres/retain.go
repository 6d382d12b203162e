package postgres

import (
	"context"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/internal/acts"
	"github.com/agentic-sdlc/scheduler/store/internal/reads"
	"github.com/agentic-sdlc/scheduler/store/internal/stored"
	"github.com/agentic-sdlc/scheduler/store/internal/writes"
)

// old is an execution that retention removes.
type old struct{ k, job, n, at, trigger, status, token int64 }

// plain reports whether the execution went well the first time, so that it has no rows
// of what went otherwise.
func (o *old) plain() bool {
	return (o.status == stored.Success || o.status == stored.Skipped) && o.token <= 1
}

const (
	// sqlOld walks from the oldest execution on: keys are in order of time.
	sqlOld = `SELECT e.k, e.job FROM executions e JOIN cursors c ON c.job = e.job
		WHERE e.k > $6 AND e.k < $1 AND e.status > 1 AND e.n <= c.numbers - $2
		AND ((e.status IN (2, 6) AND coalesce(e.finished_at, e.created_at) < $3) OR (e.status IN (3, 4, 5) AND coalesce(e.finished_at, e.created_at) < $4))
		AND ($7 = '*' OR EXISTS (SELECT 1 FROM jobs j WHERE j.seq = e.job AND j.platform = $7))
		ORDER BY e.k LIMIT $5`
	// sqlRemove removes what another node has not removed yet.
	sqlRemove = `DELETE FROM executions WHERE k = ANY ($1::bigint[]) RETURNING k, job, n, at, trigger, status, token`
)

// walk is what retention goes over the history for.
type walk struct {
	platform string
	rule     store.Retention
}

// walked is how far retention has come with a walk: what stays is not looked at again
// until all has been looked at. Its zero value is the beginning.
type walked struct {
	mu   sync.Mutex
	rule walk
	k    int64
}

// from returns where to go on with a walk.
func (w *walked) from(rule walk) int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.rule != rule {
		return 0
	}
	return w.k
}

func (w *walked) set(rule walk, k int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.rule, w.k = rule, k
}

// Retain removes one batch of old history. Slots of removed executions stay
// accounted for by range rows, counters by the number removed.
func (s *Store) Retain(ctx context.Context, platform string, p store.Retention, now time.Time, limit int) (removed store.Retained, more bool, err error) {
	at, last := walk{platform, p}, int64(0)
	from := s.walked.from(at)
	err = s.write(ctx, func(t *tx) error {
		removed, last = store.Retained{}, 0
		keys, err := lockOld(t, at, now, limit, from)
		if err != nil {
			return err
		}
		if removed.Executions, removed.DeadLetters, err = prune(t, keys); err != nil {
			return err
		}
		if more = len(keys) == limit; more {
			last = keys[len(keys)-1]
		}
		if keep := max(p.Success, p.Failed); p.Success > 0 && p.Failed > 0 && platform == store.AnyPlatform && !more {
			t.queue(`DELETE FROM holds WHERE ended_at < $1`, now.Add(-keep).UnixMicro())
			if err := writes.ForgetTokens(t.changes(), now.Add(-keep)); err != nil {
				return err
			}
		}
		if p.Audit > 0 && platform == store.AnyPlatform && !more {
			n, err := t.exec(reads.ForgetAudit, now.Add(-p.Audit).UnixMicro(), limit)
			if more = n == int64(limit); err != nil {
				return err
			}
		}
		if p.OneTime > 0 && !more {
			removed.Jobs, err = retireOneTime(t, platform, now.Add(-p.OneTime), limit)
			more = removed.Jobs == int64(limit)
		}
		if p.Events > 0 && !more && err == nil {
			removed.Events, more, err = acts.Forget(&eventTx{t: t}, platform, now, p.Events, limit)
		}
		return err
	})
	if err != nil {
		return store.Retained{}, false, err
	}
	s.walked.set(at, last)
	if !more {
		err = s.partition(ctx, now)
	}
	return removed, more, err
}

// lockOld finds executions to remove, beyond from, and locks their jobs, whose ranges
// change.
func lockOld(t *tx, w walk, now time.Time, limit int, from int64) (keys []int64, err error) {
	p := w.rule
	oldest := max(reads.OldBound(now, p.Success), reads.OldBound(now, p.Failed))
	if oldest < 0 {
		return nil, nil
	}
	upper := stored.Time(oldest).UnixMilli() << 16 // keys begin with the milliseconds of their creation
	var seqs []int64
	t.scan(sqlOld, []any{upper, int64(p.KeepLast), reads.OldBound(now, p.Success), reads.OldBound(now, p.Failed), int64(limit), from, w.platform}, func(r pgx.Rows) error {
		var k, seq int64
		err := r.Scan(&k, &seq)
		keys, seqs = append(keys, k), append(seqs, seq)
		return err
	})
	if err := t.flush(); err != nil || len(keys) == 0 {
		return nil, err
	}
	_, err = lockCursors(t, seqs)
	return keys, err
}

// prune removes executions of locked jobs and all that belongs to them, and returns how
// many there were, and how many of them were dead letters.
func prune(t *tx, keys []int64) (removed, dead int64, err error) {
	if len(keys) == 0 {
		return 0, 0, nil
	}
	var gone []old
	t.scan(sqlRemove, []any{keys}, func(r pgx.Rows) error {
		var o old
		err := r.Scan(&o.k, &o.job, &o.n, &o.at, &o.trigger, &o.status, &o.token)
		gone = append(gone, o)
		return err
	})
	var logged []int64
	t.scan(`DELETE FROM log_sizes WHERE k = ANY ($1::bigint[]) RETURNING k`, []any{keys}, func(r pgx.Rows) error {
		var k int64
		err := r.Scan(&k)
		logged = append(logged, k)
		return err
	})
	if err := t.flush(); err != nil || len(gone) == 0 {
		return 0, 0, err
	}
	forget(t, gone, logged, &dead)
	if err := t.flush(); err != nil {
		return 0, 0, err
	}
	return int64(len(gone)), dead, keepAccounts(t, gone)
}

// forget removes what belongs to removed executions, and counts the dead letters.
func forget(t *tx, gone []old, logged []int64, dead *int64) {
	var all, jobs, inputs, odd, oddJobs, oddNumbers []int64
	for i := range gone {
		o := &gone[i]
		all, jobs = append(all, o.k), append(jobs, o.job)
		if o.trigger != 0 {
			inputs = append(inputs, o.k)
		}
		if !o.plain() {
			odd, oddJobs, oddNumbers = append(odd, o.k), append(oddJobs, o.job), append(oddNumbers, o.n)
		}
	}
	for _, of := range []struct {
		table string
		keys  []int64
	}{{"execution_inputs", inputs}, {"execution_results", all}, {"attempts", odd}, {"logs", logged}, {"cancels", all}, {"aftermaths", odd}} {
		if len(of.keys) > 0 {
			t.queue(`DELETE FROM `+of.table+` WHERE k = ANY ($1::bigint[])`, of.keys)
		}
	}
	if len(odd) > 0 {
		t.scan(`DELETE FROM dead_letters WHERE k = ANY ($1::bigint[]) RETURNING k`, []any{odd}, func(r pgx.Rows) error {
			*dead++
			return nil
		})
		t.queue(`DELETE FROM failures f USING unnest($1::bigint[], $2::bigint[]) AS u (job, n) WHERE f.job = u.job AND f.n = u.n`, oddJobs, oddNumbers)
	}
	t.queue(`INSERT INTO counters AS c (job, pruned) SELECT u.job, count(*) FROM unnest($1::bigint[]) AS u (job) GROUP BY u.job ORDER BY u.job
		ON CONFLICT (job) DO UPDATE SET pruned = c.pruned + excluded.pruned`, jobs)
}

// retireOneTime removes one-time jobs that ended before the instant.
func retireOneTime(t *tx, platform string, before time.Time, limit int) (retired int64, err error) {
	var seqs []int64
	if err := t.query(`SELECT j.seq FROM cursors c JOIN jobs j ON j.seq = c.job
		WHERE c.status IN (3, 4, 5) AND j.type = 1 AND coalesce(c.ended_at, j.updated_at) < $1
		AND (j.platform = $3 OR $3 = '*') ORDER BY j.seq LIMIT $2`, []any{before.UnixMicro(), int64(limit), platform}, func(r *row) error {
		seqs = append(seqs, r.Int())
		return nil
	}); err != nil || len(seqs) == 0 {
		return 0, err
	}
	if _, err := lockCursors(t, seqs); err != nil {
		return 0, err
	}
	purge(t, seqs)
	return int64(len(seqs)), nil
}
