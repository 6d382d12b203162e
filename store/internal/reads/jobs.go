package reads

import (
	"strings"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/internal/stored"
)

// Find returns the row number of the job ref names: an id; or a name, of the live
// job first, else of the newest one that has ended. Among several platforms the
// reserved one comes first.
func (d *Dialect) Find(rows Rows, platform, ref string) (seq int64, err error) {
	statement, args := d.find(platform, ref)
	found, err := rows.first(statement, args, func(r *stored.Row) { seq = r.Int() })
	if err == nil && !found {
		err = noJob(ref)
	}
	return seq, err
}

// find is the statement of Find.
func (d *Dialect) find(platform, ref string) (statement string, args []any) {
	if id, bad := job.ParseID(ref); bad == nil {
		return `SELECT seq FROM jobs WHERE id = $1 AND (platform = $2 OR $2 = '*')`, []any{id[:], platform}
	}
	return `SELECT j.seq FROM jobs j JOIN cursors c ON c.job = j.seq WHERE j.name = $1 AND (j.platform = $2 OR $2 = '*') AND j.deleted_at IS NULL
		ORDER BY ` + d.Status + ` NOT IN (3, 4, 5) DESC, j.platform = 'default' DESC, j.seq DESC LIMIT 1`, []any{ref, platform}
}

func noJob(ref string) error { return job.Errorf(job.NotFound, "job %q not found", ref) }

// WholeColumns are the columns of a job as it is shown.
func (d *Dialect) WholeColumns() string {
	return d.JobColumns + `, c.next_run, c.runs, c.skipped,
		coalesce(n.success, 0), coalesce(n.failed, 0), coalesce(n.timeout, 0), coalesce(n.duration_us, 0), n.last_run`
}

const (
	// WholeFrom is where WholeColumns are.
	WholeFrom = ` FROM jobs j JOIN cursors c ON c.job = j.seq LEFT JOIN counters n ON n.job = j.seq`

	sqlDeltas = `SELECT data FROM counter_deltas ORDER BY id`
)

// Jobs collects rows of WholeColumns, and what the counters do not have yet. Its zero
// value is empty.
type Jobs struct {
	list []job.Job
	seqs []int64
	sums map[int64]*stored.Figures
}

// Scan reads WholeColumns. A definition that cannot be read is shown as the job's error.
func (s *Jobs) Scan(r *stored.Row) {
	var j job.Job
	seq, fault := stored.ScanJob(r, &j)
	if fault != nil {
		j.Status, j.StatusReason = job.JobError, fault.Error()
	}
	j.NextRun = r.TimePtr()
	j.ExecutionsCount, j.SkippedCount = r.Int(), r.Int()
	if s.sums == nil {
		s.sums = map[int64]*stored.Figures{}
	}
	s.sums[seq] = &stored.Figures{Success: r.Int(), Failed: r.Int(), Timeout: r.Int(), DurationUS: r.Int(), LastRun: r.Int()}
	s.list, s.seqs = append(s.list, j), append(s.seqs, seq)
}

// Fold adds packed deltas to the figures of the jobs.
func (s *Jobs) Fold(deltas []byte) { stored.Sum(deltas, s.sums) }

// All returns the jobs with their figures.
func (s *Jobs) All() []job.Job {
	for i, seq := range s.seqs {
		j, f := &s.list[i], s.sums[seq]
		j.SuccessCount, j.FailureCount = f.Success, f.Failed+f.Timeout
		if f.Success > 0 {
			average := f.DurationUS / f.Success / 1000
			j.AvgDurationMS = &average
		}
		if f.LastRun > 0 {
			at := stored.Time(f.LastRun)
			j.LastRun = &at
		}
	}
	return s.list
}

// folded returns the jobs with the figures of all deltas.
func (s *Jobs) folded(rows Rows) ([]job.Job, error) {
	if len(s.list) == 0 {
		return nil, nil
	}
	err := rows(sqlDeltas, nil, func(r *stored.Row) error {
		s.Fold(r.Blob())
		return nil
	})
	return s.All(), err
}

// Job returns the job that ref names, as of one moment if the transaction sees one.
func (d *Dialect) Job(rows Rows, platform, ref string) (job.Job, error) {
	statement, args := d.find(platform, ref)
	j, found, err := d.oneJob(rows, "("+statement+")", args)
	if err == nil && !found {
		err = noJob(ref)
	}
	return j, err
}

// JobBySeq is Job by the row number.
func (d *Dialect) JobBySeq(rows Rows, seq int64) (job.Job, error) {
	j, found, err := d.oneJob(rows, "$1", []any{seq})
	if err == nil && !found {
		err = job.Errorf(job.Internal, "job %d has no row", seq)
	}
	return j, err
}

// oneJob returns the job whose row number an expression is.
func (d *Dialect) oneJob(rows Rows, seq string, args []any) (j job.Job, found bool, err error) {
	var jobs Jobs
	if found, err = rows.first(`SELECT `+d.WholeColumns()+WholeFrom+` WHERE j.seq = `+seq, args, jobs.Scan); err != nil || !found {
		return j, false, err
	}
	all, err := jobs.folded(rows)
	if err != nil {
		return j, false, err
	}
	return all[0], true, nil
}

func (d *Dialect) listJobs(rows Rows, f *store.JobFilter) (page store.Page[job.Job], err error) {
	l, err := d.jobs(f)
	if err != nil {
		return page, err
	}
	if page.Total, err = l.count(rows, WholeFrom, f.WithTotal); err != nil {
		return page, err
	}
	if err := l.after(f.Cursor); err != nil {
		return page, err
	}
	var jobs Jobs
	limit := pageLimit(f.Limit)
	var value any // that the last job is sorted by
	if err := rows(l.page(d.WholeColumns()+", "+l.column, WholeFrom, limit, f.Offset), l.args, func(r *stored.Row) error {
		if len(jobs.list) == limit {
			page.Next = l.cursor(jobs.seqs[limit-1], value)
			return nil
		}
		jobs.Scan(r)
		value = r.Take()
		return nil
	}); err != nil {
		return page, err
	}
	page.Items, err = jobs.folded(rows)
	return page, err
}

// sortColumns are the orders of a list of jobs.
var sortColumns = map[string]string{
	"": "j.created_at", store.SortCreatedAt: "j.created_at", store.SortNextRun: "c.next_run", store.SortName: "j.name", store.SortPriority: "j.priority",
}

func (d *Dialect) jobs(f *store.JobFilter) (*list, error) {
	column, ok := sortColumns[f.SortBy]
	if !ok {
		return nil, job.Errorf(job.Invalid, "sort_by: %q is not one of created_at, next_run, name, priority", f.SortBy)
	}
	l := &list{sort: column, column: column, text: f.SortBy == store.SortName, key: "j.seq", descending: f.Descending}
	status := d.Status
	if f.SortBy != store.SortNextRun {
		l.known = true
	} else if l.key = "c.job"; !f.NextRunBefore.IsZero() {
		l.known, status = true, "+"+status // the plus: walk cursors_due, and stop; do not sort all jobs of a status
	}
	l.platform(f.Platform)
	l.and("j.type <> 4") // those of workflows
	in(l, "j.type IN (?)", stored.Codes(stored.JobTypes, f.Types))
	in(l, status+" IN (?)", stored.Codes(stored.JobStatuses, f.Statuses))
	in(l, "j.name IN (?)", f.Names)
	in(l, "j.handler IN (?)", f.Handlers)
	if f.CreatedBy != "" {
		l.and("j.created_by = ?", f.CreatedBy)
	}
	d.contains(l, "j.name", f.NameContains)
	if n := len(f.NameGlobs); n > 0 {
		patterns := make([]any, n)
		for i, glob := range f.NameGlobs {
			patterns[i] = d.Pattern(glob)
		}
		one := "j.name " + d.Matches + " ?"
		l.and("("+one+strings.Repeat(" OR "+one, n-1)+")", patterns...)
	}
	in(l, "EXISTS (SELECT 1 FROM job_tags t WHERE t.job = j.seq AND t.tag IN (?))", f.Tags)
	for _, tag := range f.TagsAll {
		l.and("EXISTS (SELECT 1 FROM job_tags t WHERE t.job = j.seq AND t.tag = ?)", tag)
	}
	l.since("j.created_at >= ?", f.CreatedAfter)
	l.since("j.created_at <= ?", f.CreatedBefore)
	l.since("c.next_run >= ?", f.NextRunAfter)
	l.since("c.next_run <= ?", f.NextRunBefore)
	if f.Failing {
		l.and(`(SELECT e.status FROM executions e WHERE e.job = j.seq AND e.status IN (2, 3, 4) ORDER BY e.n DESC LIMIT 1) IN (3, 4)`)
	}
	if f.Deleted {
		l.and("j.deleted_at IS NOT NULL")
	} else {
		l.and("j.deleted_at IS NULL")
	}
	return l, nil
}

// contains restricts a column to what has the text in it; "" does not restrict.
func (d *Dialect) contains(l *list, column, text string) {
	if text != "" {
		l.and(strings.Replace(d.Contains, "%s", column, 1), text)
	}
}
