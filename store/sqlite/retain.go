package sqlite

import (
	"context"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/internal/acts"
	"github.com/agentic-sdlc/scheduler/store/internal/reads"
	"github.com/agentic-sdlc/scheduler/store/internal/stored"
	"github.com/agentic-sdlc/scheduler/store/internal/writes"
)

// old is an execution that retention may remove.
type old struct{ k, job, n, at, trigger, status int64 }

// sqlOld walks from the oldest execution on: keys are in order of time.
const sqlOld = `SELECT e.k, e.job, e.n, e.at, e.trigger, e.status FROM executions e JOIN cursors c ON c.job = e.job
	WHERE e.k > ?1 AND e.k < ?2 AND e.status > 1 AND e.n <= c.numbers - ?3
	AND ((e.status IN (2, 6) AND coalesce(e.finished_at, e.created_at) < ?4) OR (e.status IN (3, 4, 5) AND coalesce(e.finished_at, e.created_at) < ?5))
	AND (?7 = '*' OR EXISTS (SELECT 1 FROM jobs j WHERE j.seq = e.job AND j.platform = ?7))
	ORDER BY e.k LIMIT ?6`

// Retain removes one batch of old history. Slots of removed executions stay
// accounted for by range rows, counters by the number removed.
func (s *Store) Retain(ctx context.Context, platform string, p store.Retention, now time.Time, limit int) (removed store.Retained, more bool, err error) {
	err = s.write(ctx, func(c *conn) error {
		removed, more = store.Retained{}, false
		rows, err := oldRows(c, platform, p, now, limit)
		if err != nil {
			return err
		}
		for _, o := range rows {
			dead, err := s.prune(c, o)
			if err != nil {
				return err
			}
			removed.DeadLetters += dead
		}
		removed.Executions, more = int64(len(rows)), len(rows) == limit
		if keep := max(p.Success, p.Failed); p.Success > 0 && p.Failed > 0 && platform == store.AnyPlatform && !more {
			if err := forgetHolds(c, now.Add(-keep)); err != nil {
				return err
			}
			if err := writes.ForgetTokens(c.changes(), now.Add(-keep)); err != nil {
				return err
			}
		}
		if p.Audit > 0 && platform == store.AnyPlatform && !more {
			n, err := c.exec(reads.ForgetAudit, now.Add(-p.Audit).UnixMicro(), limit)
			if more = n == int64(limit); err != nil {
				return err
			}
		}
		if p.OneTime > 0 && !more {
			removed.Jobs, err = s.retireOneTime(c, platform, now.Add(-p.OneTime), limit)
			more = removed.Jobs == int64(limit)
		}
		if p.Events > 0 && !more && err == nil {
			removed.Events, more, err = acts.Forget(eventTx{c: c}, platform, now, p.Events, limit)
		}
		return err
	})
	return removed, more, err
}

func oldRows(c *conn, platform string, p store.Retention, now time.Time, limit int) ([]old, error) {
	oldest := max(reads.OldBound(now, p.Success), reads.OldBound(now, p.Failed))
	if oldest < 0 {
		return nil, nil
	}
	upper := stored.Time(oldest).UnixMilli() << 16 // keys begin with the milliseconds of their creation
	var rows []old
	err := c.query(sqlOld, []any{int64(0), upper, p.KeepLast, reads.OldBound(now, p.Success), reads.OldBound(now, p.Failed), limit, platform}, func(r *row) error {
		rows = append(rows, old{r.Int(), r.Int(), r.Int(), r.Int(), r.Int(), r.Int()})
		return nil
	})
	return rows, err
}

// prune removes one execution, and returns how many dead letters it was.
func (s *Store) prune(c *conn, o old) (dead int64, err error) {
	if o.trigger == 0 {
		if err := prunedSlot(c, o); err != nil {
			return 0, err
		}
	}
	if _, err := c.exec(`DELETE FROM executions WHERE k = ?`, o.k); err != nil {
		return 0, err
	}
	for _, table := range stored.TablesOfExecution {
		n, err := c.exec(`DELETE FROM `+table+` WHERE k = ?`, o.k)
		if err != nil {
			return 0, err
		}
		if table == "dead_letters" {
			dead = n
		}
	}
	if _, err := c.exec(`DELETE FROM failures WHERE job = ? AND n = ?`, o.job, o.n); err != nil {
		return 0, err
	}
	_, err = c.exec(`INSERT INTO counters (job, pruned) VALUES (?, 1) ON CONFLICT (job) DO UPDATE SET pruned = pruned + 1`, o.job)
	return dead, err
}

// prunedSlot keeps a removed slot accounted for: it joins the range of pruned slots
// that ends right before it, or starts one. Every slot has a record, so nothing
// lies between exactly when no record does.
func prunedSlot(c *conn, o old) error {
	reason := stored.Code(stored.Reasons, job.RangePruned)
	var from, to, kind int64
	found, err := c.first(`SELECT from_at, to_at, reason FROM ranges WHERE job = ? AND from_at <= ? ORDER BY from_at DESC LIMIT 1`, []any{o.job, o.at},
		func(r *row) { from, to, kind = r.Int(), r.Int(), r.Int() })
	if err != nil {
		return err
	}
	joins := found && kind == reason
	if joins {
		between, err := c.first(`SELECT 1 FROM executions WHERE job = ?1 AND trigger = 0 AND n < ?4 AND at > ?2 AND at < ?3
			UNION ALL SELECT 1 FROM epochs WHERE job = ?1 AND after_at >= ?2 AND after_at < ?3 LIMIT 1`, []any{o.job, to, o.at, o.n}, func(*row) {})
		if err != nil {
			return err
		}
		joins = !between
	}
	if joins {
		_, err = c.exec(`UPDATE ranges SET to_at = ?, count = count + 1 WHERE job = ? AND from_at = ?`, o.at, o.job, from)
		return err
	}
	_, err = c.exec(`INSERT INTO ranges (job, from_at, to_at, count, reason) VALUES (?, ?, ?, 1, ?)`, o.job, o.at, o.at, reason)
	return err
}

// retireOneTime removes one-time jobs that ended before the instant.
func (s *Store) retireOneTime(c *conn, platform string, before time.Time, limit int) (retired int64, err error) {
	seqs, err := c.ints(`SELECT seq FROM jobs WHERE type = 1 AND status IN (3, 4, 5) AND updated_at < ?1 AND (platform = ?3 OR ?3 = '*') ORDER BY seq LIMIT ?2`, before.UnixMicro(), limit, platform)
	if err != nil {
		return 0, err
	}
	for _, seq := range seqs {
		if err := purge(c, seq); err != nil {
			return 0, err
		}
	}
	return int64(len(seqs)), nil
}
