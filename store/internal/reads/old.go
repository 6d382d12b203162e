package reads

import (
	"context"
	"time"

	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/internal/stored"
)

// CountOld counts what retention would remove.
func (r *Reader) CountOld(ctx context.Context, platform string, p store.Retention, now time.Time) (store.Retained, error) {
	return ask(ctx, r.snapshot, platform, func(rows Rows) (store.Retained, error) { return r.dialect.countOld(rows, platform, p, now) })
}

// Adapters remove by the same conditions.
const (
	sqlCountOld = `SELECT count(*), count(d.k) FROM executions e JOIN cursors c ON c.job = e.job LEFT JOIN dead_letters d ON d.k = e.k
		WHERE e.k < $1 AND e.status > 1 AND e.n <= c.numbers - $2
		AND ((e.status IN (2, 6) AND coalesce(e.finished_at, e.created_at) < $3) OR (e.status IN (3, 4, 5) AND coalesce(e.finished_at, e.created_at) < $4))
		AND ($5 = '*' OR EXISTS (SELECT 1 FROM jobs j WHERE j.seq = e.job AND j.platform = $5))`
	sqlCountOldEvents = `SELECT count(*) FROM events e WHERE e.at < $1 AND (e.platform = $2 OR $2 = '*') AND NOT EXISTS (SELECT 1 FROM event_inbox i WHERE i.k = e.k)`
)

func (d *Dialect) countOld(rows Rows, platform string, p store.Retention, now time.Time) (sum store.Retained, err error) {
	success, failed := OldBound(now, p.Success), OldBound(now, p.Failed)
	if oldest := max(success, failed); oldest > 0 {
		upper := stored.Time(oldest).UnixMilli() << 16 // keys begin with the milliseconds of their creation
		if _, err = rows.first(sqlCountOld, []any{upper, int64(p.KeepLast), success, failed, platform}, func(r *stored.Row) {
			sum.Executions, sum.DeadLetters = r.Int(), r.Int()
		}); err != nil {
			return sum, err
		}
	}
	if p.OneTime > 0 {
		if _, err = rows.first(`SELECT count(*) FROM jobs j JOIN cursors c ON c.job = j.seq WHERE j.type = 1 AND `+d.Status+` IN (3, 4, 5) AND `+d.Ended+` < $1
			AND (j.platform = $2 OR $2 = '*')`, []any{OldBound(now, p.OneTime), platform}, func(r *stored.Row) { sum.Jobs = r.Int() }); err != nil {
			return sum, err
		}
	}
	if p.Events > 0 {
		_, err = rows.first(sqlCountOldEvents, []any{OldBound(now, p.Events), platform}, func(r *stored.Row) { sum.Events = r.Int() })
	}
	return sum, err
}

// OldBound is before when something is too old, in microseconds; before all time for what
// is kept for ever.
func OldBound(now time.Time, keep time.Duration) int64 {
	if keep <= 0 {
		return -1 << 62
	}
	return now.Add(-keep).UnixMicro()
}
