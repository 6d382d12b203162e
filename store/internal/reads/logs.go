package reads

import (
	"slices"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/internal/stored"
)

func (d *Dialect) listLogs(rows Rows, f *store.LogFilter) (lines []job.LogEntry, err error) {
	k, err := FindExecution(rows, f.Platform, f.Ref)
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
