package reads

import (
	"slices"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/internal/stored"
)

func (d *Dialect) listLogs(rows Rows, f *store.LogFilter) (lines []job.LogEntry, err error) {
	k, err := d.FindExecution(rows, f.Platform, f.Ref)
	if err != nil {
		return nil, err
	}
	var id job.ID
	if _, err := rows.first(`SELECT k, lo FROM executions WHERE k = $1`, []any{k}, func(r *stored.Row) { id = stored.IDOf(r.Int(), r.Int()) }); err != nil {
		return nil, err
	}
	limit := f.Limit
	if limit <= 0 {
		limit = 1000
	}
	if f.Tail > 0 {
		limit = f.Tail
	}
	l := d.logs(f, k)
	err = rows(l.page(`l.seq, l.attempt, l.at, l.level, l.stream, l.message, l.context`, ` FROM logs l`, limit-1, 0), l.args, func(r *stored.Row) error {
		lines = append(lines, job.LogEntry{
			ExecutionID: id, Seq: r.Int(), Attempt: int(r.Int()), Timestamp: r.Time(), Level: stored.Value(stored.Levels, r.Int()),
			Stream: job.Stream(r.Text()), Message: r.Text(), Context: r.Bytes(),
		})
		return nil
	})
	if f.Tail > 0 {
		slices.Reverse(lines)
	}
	return lines, err
}

func (d *Dialect) logs(f *store.LogFilter, k int64) *list {
	l := &list{key: "l.seq", descending: f.Tail > 0}
	l.and("l.k = ?", k)
	if f.AfterSeq > 0 {
		l.and("l.seq > ?", f.AfterSeq)
	}
	if f.Attempt > 0 {
		l.and("l.attempt = ?", int64(f.Attempt))
	}
	if f.MinLevel != "" {
		l.and("l.level >= ?", stored.Code(stored.Levels, f.MinLevel))
	}
	d.contains(l, "l.message", f.Contains)
	l.since("l.at >= ?", f.Since)
	l.since("l.at < ?", f.Until)
	return l
}

// What stands in the place of lines that are gone.
const (
	OutputDropped = "[earlier output dropped: the attempt's size limit was reached]"
	LogRemoved    = "[log removed: the size limit of stored logs was reached]"
)

// TrimLogs has drop remove whole logs of executions, oldest first, until the caps of a
// job and of the total hold, and returns how many bytes went.
func TrimLogs(rows Rows, caps store.LogCaps, drop func(keys []int64) error) (freed int64, err error) {
	var jobs []int64
	if caps.Job > 0 {
		if err := rows(`SELECT job FROM log_sizes GROUP BY job HAVING sum(bytes) > $1 LIMIT 100`, []any{caps.Job}, func(r *stored.Row) error {
			jobs = append(jobs, r.Int())
			return nil
		}); err != nil {
			return 0, err
		}
	}
	for _, seq := range jobs {
		n, err := trimOldest(rows, drop, ` WHERE job = $2`, caps.Job, seq)
		if freed += n; err != nil {
			return freed, err
		}
	}
	if caps.Total <= 0 {
		return freed, nil
	}
	n, err := trimOldest(rows, drop, "", caps.Total)
	return freed + n, err
}

// trimOldest removes the logs that lie beyond as many bytes, the first of args, counted
// from the newest; at most 1 000 executions a call, so that nobody waits long. The newest
// log is kept.
func trimOldest(rows Rows, drop func(keys []int64) error, where string, args ...any) (freed int64, err error) {
	var keys []int64
	if err := rows(`SELECT k, bytes FROM (
		SELECT k, bytes, sum(bytes) OVER (ORDER BY k DESC) - bytes AS before, sum(bytes) OVER (ORDER BY k DESC) AS kept FROM log_sizes`+where+`) AS s
		WHERE kept > $1 AND before > 0 ORDER BY k LIMIT 1000`, args, func(r *stored.Row) error {
		keys = append(keys, r.Int())
		freed += r.Int()
		return nil
	}); err != nil || len(keys) == 0 {
		return 0, err
	}
	return freed, drop(keys)
}
