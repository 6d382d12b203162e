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

// Run runs fn with a connection, and may run it again when that was lost. The platform is
// whose rows fn is to see; a database that can hides those of others from it.
type Run func(ctx context.Context, platform string, fn func(rows Rows) error) error

// NewReader returns a reader of the database that read and snapshot reach; all that fn
// of one snapshot reads is of one moment.
func NewReader(d *Dialect, read, snapshot Run) Reader {
	return Reader{dialect: d, read: read, snapshot: snapshot}
}

// Job returns the job that ref names.
func (r *Reader) Job(ctx context.Context, platform, ref string) (job.Job, error) {
	return ask(ctx, r.snapshot, platform, func(rows Rows) (job.Job, error) { return r.dialect.Job(rows, platform, ref) })
}

// ListJobs returns one page of jobs.
func (r *Reader) ListJobs(ctx context.Context, f store.JobFilter) (store.Page[job.Job], error) {
	return ask(ctx, r.snapshot, f.Platform, func(rows Rows) (store.Page[job.Job], error) { return r.dialect.listJobs(rows, &f) })
}

// Execution returns one execution with its attempts.
func (r *Reader) Execution(ctx context.Context, platform, ref string) (job.Execution, error) {
	return ask(ctx, r.snapshot, platform, func(rows Rows) (job.Execution, error) { return r.dialect.execution(rows, platform, ref) })
}

// ListExecutions returns one page of executions.
func (r *Reader) ListExecutions(ctx context.Context, f store.ExecutionFilter) (store.Page[job.Execution], error) {
	return ask(ctx, r.snapshot, f.Platform, func(rows Rows) (store.Page[job.Execution], error) { return r.dialect.listExecutions(rows, &f) })
}

// ListLogs returns lines of one execution in order.
func (r *Reader) ListLogs(ctx context.Context, f store.LogFilter) ([]job.LogEntry, error) {
	return ask(ctx, r.snapshot, f.Platform, func(rows Rows) ([]job.LogEntry, error) { return r.dialect.listLogs(rows, &f) })
}

// Book returns what was promised for a job's slots.
func (r *Reader) Book(ctx context.Context, platform, ref string) (store.Book, error) {
	return ask(ctx, r.snapshot, platform, func(rows Rows) (store.Book, error) { return r.dialect.book(rows, platform, ref) })
}

// Entries calls fn for every record of a slot in (after, upto], once each.
func (r *Reader) Entries(ctx context.Context, platform, ref string, after, upto time.Time, fn func(store.Entry) error) error {
	return r.snapshot(ctx, platform, func(rows Rows) error {
		return r.dialect.entries(rows, platform, ref, after, upto, func(e store.Entry) error {
			if err := fn(e); err != nil {
				return err
			}
			if after = e.Slot; e.Range != nil {
				after = e.Range.To
			}
			return nil // when the connection is lost, another run goes on after this entry
		})
	})
}

// ListSessions returns live sessions and those that ended within a day.
func (r *Reader) ListSessions(ctx context.Context, now time.Time) ([]store.Session, error) {
	return ask(ctx, r.read, store.AnyPlatform, func(rows Rows) ([]store.Session, error) { return sessions(rows, now) })
}

// Holds returns what stands.
func (r *Reader) Holds(ctx context.Context, now time.Time) ([]store.Hold, error) {
	return ask(ctx, r.read, store.AnyPlatform, func(rows Rows) ([]store.Hold, error) {
		return holds(rows, `ended_at IS NULL AND (until IS NULL OR until > $1)`, now.UnixMicro())
	})
}

// PastHolds returns what stood at some time in [from, to).
func (r *Reader) PastHolds(ctx context.Context, from, to time.Time) ([]store.Hold, error) {
	return ask(ctx, r.read, store.AnyPlatform, func(rows Rows) ([]store.Hold, error) {
		return holds(rows, `since < $2 AND (ended_at IS NULL OR ended_at > $1) AND (until IS NULL OR until > $1)`, stored.Bound(from), stored.Bound(to))
	})
}

func ask[T any](ctx context.Context, run Run, platform string, question func(rows Rows) (T, error)) (answer T, err error) {
	err = run(ctx, platform, func(rows Rows) error {
		answer, err = question(rows)
		return err
	})
	return answer, err
}
