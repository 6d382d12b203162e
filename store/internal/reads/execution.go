package reads

import (
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store/internal/stored"
)

// executionColumns are the columns of an execution as it is shown, in the order of
// ScanExecution.
func (d *Dialect) executionColumns() string {
	return `e.k, e.lo, e.n, e.at, e.trigger, e.status, e.attempt, e.retries, e.lost, e.token, e.occurrence, e.revision, e.flags, e.skip,
	queued, ready_at, e.created_at, e.started_at, e.first_start, e.finished_at,
	j.id, j.name, j.platform, ` + d.MaxRetries + `, s.node,
	x.result, x.exit_code, x.error, x.error_class, x.error_stack, x.detail,
	i.payload, i.triggered_by, i.retry_of, i.retry_of_lo, i.trace_id, i.parent_span,
	d.reason, z.requested_at`
}

func (d *Dialect) executionFrom() string {
	return ` FROM executions e JOIN jobs j ON j.seq = e.job LEFT JOIN sessions s ON s.id = e.session ` + d.Waiting + `
	LEFT JOIN execution_results x ON x.k = e.k LEFT JOIN execution_inputs i ON i.k = e.k
	LEFT JOIN dead_letters d ON d.k = e.k LEFT JOIN cancels z ON z.k = e.k`
}

// ScanExecution reads an execution as it is shown.
func ScanExecution(r *stored.Row) job.Execution {
	e := job.Execution{ID: stored.IDOf(r.Int(), r.Int()), RunNumber: r.Int(), ScheduledAt: r.Time()}
	e.Trigger, e.Status = stored.Value(stored.Triggers, r.Int()), stored.Value(stored.Statuses, r.Int())
	e.Attempt, e.RetryCount, e.LostCount, e.Token = int(r.Int()), int(r.Int()), int(r.Int()), r.Int()
	e.Occurrence, e.JobRevision = r.Int(), r.Int()
	flags := r.Int()
	e.CatchUp = flags&stored.FlagCatchUp != 0
	e.SkipReason = stored.Value(stored.Reasons, r.Int())
	queued := r.Int() != 0
	e.ReadyAt = r.TimePtr()
	if e.Status == job.Pending && flags&stored.FlagParked != 0 { // its attempt goes on
		e.Status, e.ReadyAt, e.Attempt = job.Running, nil, e.Attempt+1
	}
	e.CreatedAt, e.StartedAt = r.Time(), r.TimePtr()
	firstStart := r.TimePtr()
	e.CompletedAt = r.TimePtr()
	e.JobID, e.JobName, e.Platform, e.MaxRetries = r.ID(), r.Text(), r.Text(), int(r.Int())
	e.WorkerID = r.Text()
	e.Result, e.ExitCode = r.Bytes(), intOf(r.IntPtr())
	e.Error, e.ErrorClass, e.ErrorStack, e.SkipDetail = r.Text(), r.Text(), r.Text(), r.Text()
	e.Payload, e.TriggeredBy = r.Bytes(), r.Text()
	if of, lo := r.IntPtr(), r.IntPtr(); of != nil && lo != nil {
		id := stored.IDOf(*of, *lo)
		e.RetryOf = &id
	}
	e.TraceID, e.ParentSpanID = r.Text(), r.Text()
	e.DeadReason = r.Text()
	e.Dead = e.DeadReason != ""
	e.CancelRequestedAt = r.TimePtr()
	Derive(&e, queued, firstStart)
	return e
}

// Derive adds what follows from the stored fields: whether the execution waits for
// another, and when it was first started; nil = when it was started.
func Derive(e *job.Execution, queued bool, firstStart *time.Time) {
	if e.Platform != job.DefaultPlatform {
		e.PlatformID = &e.Platform
	}
	if queued {
		e.ReadyAt = nil
	}
	if e.Status == job.Pending && e.Attempt > 0 {
		e.WillRetry, e.NextRetryAt = true, e.ReadyAt
	}
	if firstStart == nil {
		firstStart = e.StartedAt
	}
	if firstStart != nil {
		delay := firstStart.Sub(e.ScheduledAt).Milliseconds()
		e.StartDelay = &delay
	}
	if e.StartedAt != nil && e.CompletedAt != nil {
		took := e.CompletedAt.Sub(*e.StartedAt).Milliseconds()
		e.DurationMS = &took
	}
	if e.TraceID == "" {
		e.TraceID = job.TraceID(e.ID)
	}
	e.SpanID = job.SpanID(e.ID, e.Attempt)
}

func intOf(n *int64) *int {
	if n == nil {
		return nil
	}
	i := int(*n)
	return &i
}

const sqlAttempts = `SELECT a.attempt, a.token, s.node, a.status, a.started_at, a.finished_at, a.retry_at, a.exit_code, a.error, a.error_class
	FROM attempts a LEFT JOIN sessions s ON s.id = a.session WHERE a.k = $1 ORDER BY a.token`

// attempts reads the attempts that did not end the execution and adds the last one,
// which lives in the execution's row.
func attempts(rows Rows, k int64, e *job.Execution) ([]job.Attempt, error) {
	var list []job.Attempt
	err := rows(sqlAttempts, []any{k}, func(r *stored.Row) error {
		a := job.Attempt{ExecutionID: e.ID, Attempt: int(r.Int()), Token: r.Int(), WorkerID: r.Text(), Status: r.Text(), StartedAt: r.Time(), CompletedAt: r.TimePtr()}
		a.NextRetryAt, a.ExitCode, a.Error, a.ErrorClass = r.TimePtr(), intOf(r.IntPtr()), r.Text(), r.Text()
		took := a.CompletedAt.Sub(a.StartedAt).Milliseconds()
		a.DurationMS = &took
		list = append(list, a)
		return nil
	})
	if err != nil || e.Attempt == 0 || e.Status == job.Pending || e.StartedAt == nil {
		return list, err
	}
	if n := len(list); n > 0 && list[n-1].Token == e.Token { // it was cancelled while it waited for a retry
		return list, nil
	}
	return append(list, job.Attempt{
		ExecutionID: e.ID, Attempt: e.Attempt, Token: e.Token, WorkerID: e.WorkerID, Status: attemptStatus(e), StartedAt: *e.StartedAt,
		CompletedAt: e.CompletedAt, DurationMS: e.DurationMS, ExitCode: e.ExitCode, Error: e.Error, ErrorClass: e.ErrorClass,
	}), nil
}

// attemptStatus is how the last attempt ended: as its execution, unless its worker
// vanished.
func attemptStatus(e *job.Execution) string {
	if e.Status == job.Failed && e.ErrorClass == "worker_lost" {
		return "lost"
	}
	return string(e.Status)
}
