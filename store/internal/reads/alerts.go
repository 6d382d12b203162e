package reads

import (
	"context"

	"github.com/agentic-sdlc/scheduler/alert"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/internal/stored"
)

// recentRuns is how many of a job's newest executions are looked at.
const recentRuns = 10

// AlertFacts returns jobs that may not be as they should be.
func (r *Reader) AlertFacts(ctx context.Context, q store.AlertFacts) (facts []alert.Facts, partial bool, err error) {
	err = r.snapshot(ctx, store.AnyPlatform, func(rows Rows) error {
		facts, partial, err = r.dialect.alertFacts(rows, &q)
		return err
	})
	return facts, partial, err
}

// looking is one AlertFacts.
type looking struct {
	limit   int
	partial bool
	seqs    []int64
	misses  map[int64]*alert.Miss
}

func (d *Dialect) alertFacts(rows Rows, q *store.AlertFacts) ([]alert.Facts, bool, error) {
	l := looking{limit: q.Limit, misses: map[int64]*alert.Miss{}}
	if err := l.find(rows, `SELECT job, count, at, raised FROM misses ORDER BY raised, job LIMIT $1`, nil, func(seq int64, r *stored.Row) {
		l.misses[seq] = &alert.Miss{Count: r.Int(), At: r.Time(), Raised: r.Int() == 1}
	}); err != nil {
		return nil, false, err
	}
	nothing := func(int64, *stored.Row) {}
	if err := l.find(rows, `SELECT seq FROM jobs WHERE `+d.Expecting+` ORDER BY seq LIMIT $1`, nil, nothing); err != nil {
		return nil, false, err
	}
	if !q.DueBefore.IsZero() {
		table := "waiting"
		if d.Waiting == "" {
			table = "executions"
		}
		due := []any{q.DueBefore.UnixMicro()}
		for _, statement := range []string{
			`SELECT job FROM cursors WHERE next_run < $1 AND next_run IS NOT NULL ORDER BY next_run LIMIT $2`,
			`SELECT job FROM ` + table + ` WHERE ready_at < $1 AND ready_at IS NOT NULL AND queued IS NULL LIMIT $2`,
		} {
			if err := l.find(rows, statement, due, nothing); err != nil {
				return nil, false, err
			}
		}
	}
	facts, err := d.factsOf(rows, l.seqs, l.misses)
	return facts, l.partial, err
}

// find adds the jobs of a statement, whose last argument is how many it may find.
func (l *looking) find(rows Rows, statement string, args []any, fn func(seq int64, r *stored.Row)) error {
	n := 0
	return rows(statement, append(args[:len(args):len(args)], l.limit+1), func(r *stored.Row) error {
		if n++; n > l.limit {
			l.partial = true
			return nil
		}
		seq := r.Int()
		l.seqs = append(l.seqs, seq)
		fn(seq, r)
		return nil
	})
}

// factsOf reads each job once, with its newest executions. Jobs that are gone are left out.
func (d *Dialect) factsOf(rows Rows, seqs []int64, misses map[int64]*alert.Miss) ([]alert.Facts, error) {
	var facts []alert.Facts
	known := map[int64]bool{}
	for _, seq := range seqs {
		if known[seq] {
			continue
		}
		known[seq] = true
		var jobs Jobs
		found, err := rows.first(`SELECT `+d.WholeColumns()+WholeFrom+` WHERE j.seq = $1`, []any{seq}, jobs.Scan)
		if err != nil {
			return nil, err
		}
		if !found {
			continue
		}
		f := alert.Facts{Job: jobs.All()[0], Miss: misses[seq]}
		if f.Job.NextRun != nil {
			f.Next = *f.Job.NextRun
		}
		if err := rows(`SELECT `+d.executionColumns()+d.executionFrom()+` WHERE e.job = $1 ORDER BY e.n DESC LIMIT $2`, []any{seq, recentRuns}, func(r *stored.Row) error {
			f.Recent = append(f.Recent, ScanExecution(r))
			return nil
		}); err != nil {
			return nil, err
		}
		facts = append(facts, f)
	}
	return facts, nil
}

// ListAlerts returns one page of alerts.
func (r *Reader) ListAlerts(ctx context.Context, f store.AlertFilter) (store.Page[alert.Alert], error) {
	return ask(ctx, r.read, f.Platform, func(rows Rows) (store.Page[alert.Alert], error) { return listAlerts(rows, &f) })
}

func listAlerts(rows Rows, f *store.AlertFilter) (page store.Page[alert.Alert], err error) {
	l := &list{sort: "alert", key: "seq", descending: true}
	if f.Platform != store.AnyPlatform {
		l.and("platform = ?", f.Platform)
	}
	in(l, "state IN (?)", texts(f.States))
	in(l, "severity IN (?)", texts(f.Severities))
	l.since("fired_at >= ?", f.Since)
	if err := l.after(f.Cursor); err != nil {
		return page, err
	}
	limit := pageLimit(f.Limit)
	page.Total = -1
	err = rows(l.page(stored.AlertColumns, " FROM alerts", limit, 0), l.args, func(r *stored.Row) error {
		a, err := stored.ScanAlert(r)
		if err != nil {
			return err
		}
		if len(page.Items) < limit {
			page.Items = append(page.Items, a)
			return nil
		}
		page.Next = l.cursor(page.Items[limit-1].Number, nil)
		return nil
	})
	return page, err
}

// texts are words as arguments.
func texts[T ~string](list []T) []string {
	out := make([]string, len(list))
	for i, t := range list {
		out[i] = string(t)
	}
	return out
}
