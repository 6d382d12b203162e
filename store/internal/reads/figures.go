package reads

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/internal/stored"
)

// Tally sums up how the executions of a platform ended.
func (r *Reader) Tally(ctx context.Context, t store.TallyOf) (job.Tally, error) {
	return ask(ctx, r.snapshot, t.Platform, func(rows Rows) (job.Tally, error) { return tally(rows, &t) })
}

// JobFigures sums up the executions of a job.
func (r *Reader) JobFigures(ctx context.Context, platform, ref string, since time.Time) (store.JobFigures, error) {
	return ask(ctx, r.snapshot, platform, func(rows Rows) (store.JobFigures, error) { return r.dialect.jobFigures(rows, platform, ref, since) })
}

// sqlRollups goes by the primary key.
const sqlRollups = `SELECT start, data FROM rollups WHERE owner = $1 AND span = $2 AND start >= $3 AND start < $4 ORDER BY start`

func tally(rows Rows, p *store.TallyOf) (sum job.Tally, err error) {
	owner := int64(stored.AllPlatforms)
	if p.Platform != store.AnyPlatform {
		if owner, err = platformSeq(rows, p.Platform); err != nil || owner < 0 {
			return sum, err
		}
		owner = -owner
	}
	span := int64(stored.Minute)
	if p.Hours {
		span = stored.Hour
	}
	from, to := p.From.UnixMicro(), p.To.UnixMicro()
	if err := rows(sqlRollups, []any{owner, span, from, to}, func(r *stored.Row) error {
		r.Int()
		stored.MergeTally(&sum, r.Blob(), 0)
		return nil
	}); err != nil {
		return sum, err
	}
	recent := map[int64]*job.Tally{} // by job
	if err := unfolded(rows, func(d *stored.Delta) {
		if d.EndedUS < from || d.EndedUS >= to {
			return
		}
		if recent[d.Job] == nil {
			recent[d.Job] = &job.Tally{}
		}
		stored.EndTally(recent[d.Job], d, 0, false)
	}); err != nil {
		return sum, err
	}
	err = rows.each(`SELECT j.seq FROM jobs j WHERE (j.platform = $1 OR $1 = '*') AND j.seq IN `, p.Platform, slices.Sorted(maps.Keys(recent)), func(r *stored.Row) error {
		sum.Merge(recent[r.Int()], 0)
		return nil
	})
	return sum, err
}

// unfolded calls fn for what no fold has added yet.
func unfolded(rows Rows, fn func(d *stored.Delta)) error {
	return rows(sqlDeltas, nil, func(r *stored.Row) error {
		stored.EachDelta(r.Blob(), fn)
		return nil
	})
}

// jobReading is one JobFigures.
type jobReading struct {
	seq      int64
	since    int64
	hours    map[int64]*job.Tally // by start
	patterns map[[2]string]*job.FailurePattern
	out      store.JobFigures
}

func (d *Dialect) jobFigures(rows Rows, platform, ref string, since time.Time) (out store.JobFigures, err error) {
	r := jobReading{since: max(stored.Bound(since), 0), hours: map[int64]*job.Tally{}, patterns: map[[2]string]*job.FailurePattern{}}
	if r.seq, err = d.Find(rows, platform, ref); err != nil {
		return out, err
	}
	if r.out.Job, err = d.JobBySeq(rows, r.seq); err != nil {
		return out, err
	}
	for _, read := range []func(Rows) error{r.days, r.counters, r.failures, r.recent} {
		if err := read(rows); err != nil {
			return out, err
		}
	}
	r.finish()
	r.out.Last, err = d.lastStarted(rows, r.seq)
	return r.out, err
}

// days reads the days and the hours that are over.
func (r *jobReading) days(rows Rows) error {
	day := int64(stored.Day) * 1e6
	if err := rows(sqlRollups, []any{r.seq, int64(stored.Day), r.since - day + 1, int64(1 << 62)}, func(row *stored.Row) error {
		p := job.Period{Start: row.Time(), Span: 24 * time.Hour}
		stored.MergeTally(&p.Tally, row.Blob(), 0)
		r.out.Periods = append(r.out.Periods, p)
		return nil
	}); err != nil {
		return err
	}
	return rows(sqlRollups, []any{r.seq, int64(stored.Hour), stored.StartOf(r.since, stored.Hour), int64(1 << 62)}, func(row *stored.Row) error {
		start := row.Int()
		stored.MergeTally(r.hour(start), row.Blob(), 0)
		return nil
	})
}

// hour is the tally of an hour; one that was not asked for goes nowhere.
func (r *jobReading) hour(start int64) *job.Tally {
	if start < stored.StartOf(r.since, stored.Hour) {
		return &job.Tally{}
	}
	if r.hours[start] == nil {
		r.hours[start] = &job.Tally{}
	}
	return r.hours[start]
}

// counters reads what was since ever, and the hour that the job is in.
func (r *jobReading) counters(rows Rows) error {
	_, err := rows.first(`SELECT success, failed, timeout, cancelled, duration_us, hour_at, hour_data FROM counters WHERE job = $1`, []any{r.seq}, func(row *stored.Row) {
		ever := &r.out.Ever
		ever.Success, ever.Failed, ever.Timeout, ever.Cancelled = row.Int(), row.Int(), row.Int(), row.Int()
		ever.Took.Sum = time.Duration(row.Int()) * time.Microsecond
		if at := row.IntPtr(); at != nil {
			stored.MergeTally(r.hour(*at), row.Blob(), 0)
		}
	})
	return err
}

// failures reads what failures said.
func (r *jobReading) failures(rows Rows) error {
	return rows(`SELECT class, message, CAST(sum(count) AS bigint), max(last_at) FROM failure_patterns WHERE job = $1 AND day >= $2 GROUP BY class, message`,
		[]any{r.seq, stored.StartOf(r.since, stored.Day)}, func(row *stored.Row) error {
			p := job.FailurePattern{Class: row.Text(), Message: row.Text(), Count: row.Int(), Last: row.Time()}
			r.patterns[[2]string{p.Class, p.Message}] = &p
			return nil
		})
}

// recent adds what no fold has added yet.
func (r *jobReading) recent(rows Rows) error {
	return unfolded(rows, func(d *stored.Delta) {
		if d.Job != r.seq || d.Status == stored.Skipped && d.N == 0 {
			return
		}
		if d.Status != stored.Skipped {
			stored.EndTally(&r.out.Ever, d, 0, false)
		}
		if d.EndedUS == 0 {
			return
		}
		hour := stored.StartOf(d.EndedUS, stored.Hour)
		stored.EndTally(r.hour(hour), d, hour, true)
		if (d.Class == "" && d.Pattern == "") || d.EndedUS < stored.StartOf(r.since, stored.Day) {
			return
		}
		key := [2]string{d.Class, d.Pattern}
		if r.patterns[key] == nil {
			r.patterns[key] = &job.FailurePattern{Class: d.Class, Message: d.Pattern}
		}
		r.patterns[key].Count++
		if at := stored.Time(d.EndedUS); at.After(r.patterns[key].Last) {
			r.patterns[key].Last = at
		}
	})
}

// finish puts what was read in order.
func (r *jobReading) finish() {
	ever := &r.out.Ever
	ever.Skipped = r.out.Job.SkippedCount
	ever.Took = job.Histogram{Count: ever.Success, Sum: ever.Took.Sum}
	for _, start := range slices.Sorted(maps.Keys(r.hours)) {
		r.out.Periods = append(r.out.Periods, job.Period{Start: stored.Time(start), Span: time.Hour, Tally: *r.hours[start]})
	}
	for _, p := range r.patterns {
		r.out.Patterns = append(r.out.Patterns, *p)
	}
	slices.SortFunc(r.out.Patterns, func(a, b job.FailurePattern) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), b.Last.Compare(a.Last), cmp.Compare(a.Class, b.Class), cmp.Compare(a.Message, b.Message))
	})
}

// sqlLastStarted looks among the newest by the index on (job, n): what never started is
// passed over, but not for ever.
const sqlLastStarted = `SELECT k FROM (SELECT k, n, started_at FROM executions WHERE job = $1 ORDER BY n DESC LIMIT 1000) AS newest
	WHERE started_at IS NOT NULL ORDER BY n DESC LIMIT 1`

func (d *Dialect) lastStarted(rows Rows, seq int64) (*job.Execution, error) {
	var k int64
	found, err := rows.first(sqlLastStarted, []any{seq}, func(r *stored.Row) { k = r.Int() })
	if err != nil || !found {
		return nil, err
	}
	e, err := d.ExecutionByKey(rows, k)
	return &e, err
}
