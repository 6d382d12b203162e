package postgres

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/internal/stored"
)

// executionColumns are the columns of an execution as it is shown, in the order of
// scanExecution.
const executionColumns = `e.k, e.lo, e.n, e.at, e.trigger, e.status, e.attempt, e.retries, e.lost, e.token, e.occurrence, e.revision, e.flags, e.skip,
	w.queued, w.ready_at, e.created_at, e.started_at, e.first_start, e.finished_at,
	j.id, j.name, j.platform, j.max_retries, s.node,
	x.result, x.exit_code, x.error, x.error_class, x.error_stack, x.detail,
	i.payload, i.triggered_by, i.retry_of, i.retry_of_lo, i.trace_id, i.parent_span,
	d.reason, z.requested_at`

const executionFrom = ` FROM executions e JOIN jobs j ON j.seq = e.job LEFT JOIN sessions s ON s.id = e.session LEFT JOIN waiting w ON w.k = e.k
	LEFT JOIN execution_results x ON x.k = e.k LEFT JOIN execution_inputs i ON i.k = e.k
	LEFT JOIN dead_letters d ON d.k = e.k LEFT JOIN cancels z ON z.k = e.k`

func scanExecution(r *row) job.Execution {
	e := job.Execution{ID: idOf(r.int(), r.int()), RunNumber: r.int(), ScheduledAt: r.time()}
	e.Trigger, e.Status = stored.Value(stored.Triggers, r.int()), stored.Value(stored.Statuses, r.int())
	e.Attempt, e.RetryCount, e.LostCount, e.Token = int(r.int()), int(r.int()), int(r.int()), r.int()
	e.Occurrence, e.JobRevision = r.int(), r.int()
	e.CatchUp = r.int()&stored.FlagCatchUp != 0
	e.SkipReason = stored.Value(stored.Reasons, r.int())
	queued := r.int() != 0
	e.ReadyAt = r.timePtr()
	e.CreatedAt, e.StartedAt = r.time(), r.timePtr()
	firstStart := r.timePtr()
	e.CompletedAt = r.timePtr()
	e.JobID, e.JobName, e.Platform, e.MaxRetries = r.id(), r.text(), r.text(), int(r.int())
	e.WorkerID = r.text()
	e.Result, e.ExitCode = clone(r.blob()), intOf(r.intPtr())
	e.Error, e.ErrorClass, e.ErrorStack, e.SkipDetail = r.text(), r.text(), r.text(), r.text()
	e.Payload, e.TriggeredBy = clone(r.blob()), r.text()
	if of, lo := r.intPtr(), r.intPtr(); of != nil && lo != nil {
		id := idOf(*of, *lo)
		e.RetryOf = &id
	}
	e.TraceID, e.ParentSpanID = r.text(), r.text()
	e.DeadReason = r.text()
	e.Dead = e.DeadReason != ""
	e.CancelRequestedAt = r.timePtr()
	derive(&e, queued, firstStart)
	return e
}

// derive adds what follows from the stored fields.
func derive(e *job.Execution, queued bool, firstStart *time.Time) {
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

const sqlExecutionByKey = `SELECT ` + executionColumns + executionFrom + ` WHERE e.k = $1`

func executionByKey(t *tx, k int64) (e job.Execution, err error) {
	found, err := t.first(sqlExecutionByKey, []any{k}, func(r *row) { e = scanExecution(r) })
	if err == nil && !found {
		err = fmt.Errorf("execution %d: no row", k)
	}
	return e, err
}

// findExecution returns the key of the execution ref names: an id, JOB/N, JOB/last
// or JOB/last-failed.
func findExecution(t *tx, platform, ref string) (k int64, err error) {
	missing := job.Errorf(job.NotFound, "execution %q not found", ref)
	if id, bad := job.ParseID(ref); bad == nil {
		key, lo := keyOf(id)
		found, err := t.first(`SELECT e.k FROM executions e JOIN jobs j ON j.seq = e.job WHERE e.k = $1 AND e.lo = $2 AND (j.platform = $3 OR $3 = '*')`,
			[]any{key, lo, platform}, func(r *row) { k = r.int() })
		if err == nil && !found {
			err = missing
		}
		return k, err
	}
	name, number, ok := cutLast(ref)
	if !ok {
		return 0, missing.WithHint("an execution is named by its id, JOB/N, JOB/last or JOB/last-failed")
	}
	seq, err := find(t, platform, name)
	if err != nil {
		if job.CodeOf(err) == job.NotFound {
			return 0, missing
		}
		return 0, err
	}
	query, args := `SELECT k FROM executions WHERE job = $1 AND n = $2`, []any{seq, int64(0)}
	switch number {
	case "last":
		query, args = `SELECT k FROM executions WHERE job = $1 ORDER BY n DESC LIMIT 1`, args[:1]
	case "last-failed":
		query, args = `SELECT k FROM failures WHERE job = $1 AND status IN (3, 4) ORDER BY n DESC LIMIT 1`, args[:1]
	default:
		n, bad := strconv.ParseInt(number, 10, 64)
		if bad != nil {
			return 0, missing
		}
		args[1] = n
	}
	found, err := t.first(query, args, func(r *row) { k = r.int() })
	if err == nil && !found {
		err = missing
	}
	return k, err
}

// cutLast splits JOB/N at its last slash.
func cutLast(ref string) (name, number string, ok bool) {
	i := strings.LastIndexByte(ref, '/')
	if i <= 0 {
		return "", "", false
	}
	return ref[:i], ref[i+1:], true
}

// Execution returns one execution with its attempts.
func (s *Store) Execution(ctx context.Context, platform, ref string) (e job.Execution, err error) {
	err = s.snapshot(ctx, func(t *tx) error {
		k, err := findExecution(t, platform, ref)
		if err != nil {
			return err
		}
		if e, err = executionByKey(t, k); err != nil {
			return err
		}
		e.Attempts, err = attemptsOf(t, k, &e)
		return err
	})
	return e, err
}

// attemptsOf reads the attempts that did not end the execution and adds the last
// one, which lives in the execution's row.
func attemptsOf(t *tx, k int64, e *job.Execution) ([]job.Attempt, error) {
	var attempts []job.Attempt
	err := t.query(`SELECT a.attempt, a.token, s.node, a.status, a.started_at, a.finished_at, a.retry_at, a.exit_code, a.error, a.error_class
		FROM attempts a LEFT JOIN sessions s ON s.id = a.session WHERE a.k = $1 ORDER BY a.token`, []any{k}, func(r *row) error {
		a := job.Attempt{ExecutionID: e.ID, Attempt: int(r.int()), Token: r.int(), WorkerID: r.text(), Status: r.text(), StartedAt: r.time(), CompletedAt: r.timePtr()}
		a.NextRetryAt, a.ExitCode, a.Error, a.ErrorClass = r.timePtr(), intOf(r.intPtr()), r.text(), r.text()
		took := a.CompletedAt.Sub(a.StartedAt).Milliseconds()
		a.DurationMS = &took
		attempts = append(attempts, a)
		return nil
	})
	if err != nil || e.Attempt == 0 || e.Status == job.Pending || e.StartedAt == nil {
		return attempts, err
	}
	if n := len(attempts); n > 0 && attempts[n-1].Token == e.Token { // it was cancelled while it waited for a retry
		return attempts, nil
	}
	return append(attempts, job.Attempt{
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

// ListExecutions returns one page of executions.
func (s *Store) ListExecutions(ctx context.Context, f store.ExecutionFilter) (page store.Page[job.Execution], err error) {
	err = s.snapshot(ctx, func(t *tx) error {
		q, err := executionQuery(t, &f)
		if err != nil {
			return err
		}
		page = store.Page[job.Execution]{Total: -1}
		if f.WithTotal {
			if page.Total, err = q.count(t, executionFrom); err != nil {
				return err
			}
		}
		if err := q.after(f.Cursor); err != nil {
			return err
		}
		limit := pageLimit(f.Limit)
		err = t.query(q.page(executionColumns, executionFrom, limit, f.Offset), q.args, func(r *row) error {
			if len(page.Items) == limit {
				last := page.Items[limit-1]
				key, _ := keyOf(last.ID)
				if f.Job != "" {
					key = last.RunNumber
				}
				page.Next = encodeCursor(q.sort, key, nil)
				return errStop
			}
			page.Items = append(page.Items, scanExecution(r))
			return nil
		})
		return err
	})
	return page, err
}

func executionQuery(t *tx, f *store.ExecutionFilter) (*query, error) {
	q := &query{sort: "k", key: "e.k", descending: !f.Ascending}
	q.platform("j.platform", f.Platform)
	if f.Job != "" {
		seq, err := find(t, f.Platform, f.Job)
		if err != nil {
			return nil, err
		}
		q.and("e.job = ?", seq)
		q.sort, q.key = "n", "e.n"
	}
	q.in("e.status", stored.Codes(stored.Statuses, f.Statuses))
	q.in("e.trigger", stored.Codes(stored.Triggers, f.Triggers))
	q.since("e.at >= ?", f.Since)
	q.since("e.at < ?", f.Until)
	if f.Dead || len(f.DeadReasons) > 0 || !f.DeadBefore.IsZero() {
		q.and("e.k IN (SELECT k FROM dead_letters)") // they are few: looked up, not filtered
	}
	q.inTexts("d.reason", f.DeadReasons)
	q.since("d.at < ?", f.DeadBefore)
	return q, nil
}
