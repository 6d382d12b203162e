package reads

import (
	"context"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/internal/stored"
)

// Reader is the part of a store that is read alike in every database. Adapters embed it.
type Reader struct {
	dialect  *Dialect
	read     Run
	snapshot Run
}

// Run runs fn with a connection, and may run it again when that was lost.
type Run func(ctx context.Context, fn func(rows Rows) error) error

// NewReader returns a reader of the database that read and snapshot reach; all that fn
// of one snapshot reads is of one moment.
func NewReader(d *Dialect, read, snapshot Run) Reader {
	return Reader{dialect: d, read: read, snapshot: snapshot}
}

// Job returns the job that ref names.
func (r *Reader) Job(ctx context.Context, platform, ref string) (found job.Job, err error) {
	err = r.snapshot(ctx, func(rows Rows) error {
		found, err = Job(rows, platform, ref)
		return err
	})
	return found, err
}

// ListJobs returns one page of jobs.
func (r *Reader) ListJobs(ctx context.Context, f store.JobFilter) (page store.Page[job.Job], err error) {
	err = r.snapshot(ctx, func(rows Rows) error {
		page, err = r.dialect.listJobs(rows, &f)
		return err
	})
	return page, err
}

// Execution returns one execution with its attempts.
func (r *Reader) Execution(ctx context.Context, platform, ref string) (e job.Execution, err error) {
	err = r.snapshot(ctx, func(rows Rows) error {
		e, err = r.dialect.execution(rows, platform, ref)
		return err
	})
	return e, err
}

// ListExecutions returns one page of executions.
func (r *Reader) ListExecutions(ctx context.Context, f store.ExecutionFilter) (page store.Page[job.Execution], err error) {
	err = r.snapshot(ctx, func(rows Rows) error {
		page, err = r.dialect.listExecutions(rows, &f)
		return err
	})
	return page, err
}

// ListLogs returns lines of one execution in order.
func (r *Reader) ListLogs(ctx context.Context, f store.LogFilter) (lines []job.LogEntry, err error) {
	err = r.snapshot(ctx, func(rows Rows) error {
		lines, err = r.dialect.listLogs(rows, &f)
		return err
	})
	return lines, err
}

// Book returns what was promised for a job's slots.
func (r *Reader) Book(ctx context.Context, platform, ref string) (b store.Book, err error) {
	err = r.snapshot(ctx, func(rows Rows) error {
		b, err = book(rows, platform, ref)
		return err
	})
	return b, err
}

// Entries calls fn for every record of a slot in (after, upto].
func (r *Reader) Entries(ctx context.Context, platform, ref string, after, upto time.Time, fn func(store.Entry) error) error {
	return r.snapshot(ctx, func(rows Rows) error {
		return entries(rows, platform, ref, after, upto, func(e store.Entry) error {
			if err := fn(e); err != nil {
				return err
			}
			if after = e.Slot; e.Range != nil {
				after = e.Range.To
			}
			return nil // another run goes on after this one
		})
	})
}

// ListSessions returns live sessions and those that ended within a day.
func (r *Reader) ListSessions(ctx context.Context, now time.Time) (list []store.Session, err error) {
	err = r.read(ctx, func(rows Rows) error {
		list, err = sessions(rows, now)
		return err
	})
	return list, err
}

// Holds returns what stands.
func (r *Reader) Holds(ctx context.Context, now time.Time) ([]store.Hold, error) {
	return r.holds(ctx, `ended_at IS NULL AND (until IS NULL OR until > $1)`, now.UnixMicro())
}

// PastHolds returns what stood at some time in [from, to).
func (r *Reader) PastHolds(ctx context.Context, from, to time.Time) ([]store.Hold, error) {
	return r.holds(ctx, `since < $2 AND (ended_at IS NULL OR ended_at > $1) AND (until IS NULL OR until > $1)`, stored.Bound(from), stored.Bound(to))
}

func (r *Reader) holds(ctx context.Context, where string, args ...any) (list []store.Hold, err error) {
	err = r.read(ctx, func(rows Rows) error {
		list, err = holds(rows, where, args)
		return err
	})
	return list, err
}
