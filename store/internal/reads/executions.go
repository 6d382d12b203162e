package reads

import (
	"strconv"
	"strings"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/internal/stored"
)

// FindExecution returns the key of the execution ref names: an id, JOB/N, JOB/last
// or JOB/last-failed.
func (d *Dialect) FindExecution(rows Rows, platform, ref string) (k int64, err error) {
	missing := job.Errorf(job.NotFound, "execution %q not found", ref)
	var statement string
	var args []any
	if id, bad := job.ParseID(ref); bad == nil {
		key, lo := stored.KeyOf(id)
		statement = `SELECT e.k FROM executions e JOIN jobs j ON j.seq = e.job WHERE e.k = $1 AND e.lo = $2 AND (j.platform = $3 OR $3 = '*')`
		args = []any{key, lo, platform}
	} else {
		slash := strings.LastIndexByte(ref, '/')
		if slash <= 0 {
			return 0, missing.WithHint("an execution is named by its id, JOB/N, JOB/last or JOB/last-failed")
		}
		seq, err := d.Find(rows, platform, ref[:slash])
		switch {
		case job.CodeOf(err) == job.NotFound:
			return 0, missing
		case err != nil:
			return 0, err
		}
		if statement, args = ofJob(seq, ref[slash+1:]); statement == "" {
			return 0, missing
		}
	}
	found, err := rows.first(statement, args, func(r *stored.Row) { k = r.Int() })
	if err == nil && !found {
		err = missing
	}
	return k, err
}

// ofJob is the statement that finds one execution of a job; "" when which names none.
func ofJob(seq int64, which string) (statement string, args []any) {
	switch which {
	case "last":
		return `SELECT k FROM executions WHERE job = $1 ORDER BY n DESC LIMIT 1`, []any{seq}
	case "last-failed":
		return `SELECT k FROM failures WHERE job = $1 AND status IN (3, 4) ORDER BY n DESC LIMIT 1`, []any{seq}
	}
	n, err := strconv.ParseInt(which, 10, 64)
	if err != nil {
		return "", nil
	}
	return `SELECT k FROM executions WHERE job = $1 AND n = $2`, []any{seq, n}
}

func (d *Dialect) execution(rows Rows, platform, ref string) (e job.Execution, err error) {
	k, err := d.FindExecution(rows, platform, ref)
	if err != nil {
		return e, err
	}
	if e, err = d.ExecutionByKey(rows, k); err != nil {
		return e, err
	}
	if e.OnFailure, err = hookRun(rows, k); err != nil {
		return e, err
	}
	e.Attempts, err = attempts(rows, k, &e)
	return e, err
}

// SelectExecution is the statement that selects the execution with the key $1 for
// ScanExecution.
func (d *Dialect) SelectExecution() string {
	return `SELECT ` + d.executionColumns() + d.executionFrom() + ` WHERE e.k = $1`
}

// ExecutionByKey returns one execution without its attempts.
func (d *Dialect) ExecutionByKey(rows Rows, k int64) (e job.Execution, err error) {
	found, err := rows.first(d.SelectExecution(), []any{k}, func(r *stored.Row) { e = ScanExecution(r) })
	if err == nil && !found {
		err = job.Errorf(job.Internal, "execution %d has no row", k)
	}
	return e, err
}

func (d *Dialect) listExecutions(rows Rows, f *store.ExecutionFilter) (page store.Page[job.Execution], err error) {
	l, err := d.executions(rows, f)
	if err != nil {
		return page, err
	}
	if page.Total, err = l.count(rows, d.executionFrom(), f.WithTotal); err != nil {
		return page, err
	}
	if err := l.after(f.Cursor); err != nil {
		return page, err
	}
	limit := pageLimit(f.Limit)
	err = rows(l.page(d.executionColumns(), d.executionFrom(), limit, f.Offset), l.args, func(r *stored.Row) error {
		if len(page.Items) < limit {
			page.Items = append(page.Items, ScanExecution(r))
			return nil
		}
		last := &page.Items[limit-1]
		key, _ := stored.KeyOf(last.ID)
		if f.Job != "" {
			key = last.RunNumber
		}
		page.Next = l.cursor(key, nil)
		return nil
	})
	return page, err
}

func (d *Dialect) executions(rows Rows, f *store.ExecutionFilter) (*list, error) {
	l := &list{sort: "k", key: "e.k", descending: !f.Ascending}
	l.platform(f.Platform)
	if f.Job != "" {
		seq, err := d.Find(rows, f.Platform, f.Job)
		if err != nil {
			return nil, err
		}
		l.and("e.job = ?", seq)
		l.sort, l.key = "n", "e.n"
	}
	in(l, "CASE WHEN e.status = 0 AND e.flags & 4 <> 0 THEN 1 ELSE e.status END IN (?)", stored.Codes(stored.Statuses, f.Statuses))
	if f.Workflow != "" {
		l.and("e.k IN (SELECT fl.k FROM flows fl WHERE fl.name = ? AND fl.platform = j.platform)", f.Workflow)
	}
	in(l, "e.trigger IN (?)", stored.Codes(stored.Triggers, f.Triggers))
	l.since("e.at >= ?", f.Since)
	l.since("e.at < ?", f.Until)
	if f.Dead || len(f.DeadReasons) > 0 || !f.DeadBefore.IsZero() {
		l.and("e.k IN (SELECT k FROM dead_letters)") // they are few: looked up, not filtered
	}
	in(l, "d.reason IN (?)", f.DeadReasons)
	l.since("d.at < ?", f.DeadBefore)
	in(l, "s.node IN (?)", f.Workers)
	in(l, "j.handler IN (?)", f.Handlers)
	in(l, "x.error_class IN (?)", f.ErrorClasses)
	if ms := f.MinDuration.Milliseconds(); ms > 0 {
		l.and("e.finished_at - e.started_at >= ?", ms*1000)
	}
	if ms := f.MaxDuration.Milliseconds(); ms > 0 {
		l.and("e.finished_at - e.started_at < ?", (ms+1)*1000)
	}
	if f.Text != "" {
		within := func(column string) string { return strings.Replace(d.Contains, "%s", column, 1) }
		l.and("("+within("j.name")+" OR "+within("x.error")+" OR "+within("x.detail")+")", f.Text, f.Text, f.Text)
	}
	return l, nil
}
