package executor

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/agentic-sdlc/scheduler/handler"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// settlement says how the attempt ended and what becomes of the execution.
func (r *run) settlement(o job.Outcome, result handler.Result, err error) store.Settlement {
	now := r.e.o.Now()
	t := store.Settlement{
		ID: r.c.ID, Session: r.session, Token: r.c.Token, Attempt: r.c.Attempt, Batch: r.c.Batch, Owner: r.c.Owner, Ends: r.c.Ends,
		StartedAt: r.started, CompletedAt: now, ExitCode: result.ExitCode, Result: kept(r.e.o.Secrets.HideJSON(result.Value)),
	}
	if !result.Since.IsZero() {
		t.StartedAt = result.Since
	}
	if err != nil {
		describe(&t, err, o, r.c.Job.TimeoutMS, r.e.o.Secrets.Hide)
	}
	d := r.decide(o, now)
	t.Event, t.RetryAt, t.DeadReason = d.Event, d.RetryAt, d.DeadReason
	return t
}

// decide is the job's retry policy, but for a run that was stopped because the
// daemon stops: that one goes back, or fails when it must not start twice.
func (r *run) decide(o job.Outcome, now time.Time) job.Decision {
	if o.Status == job.Cancelled {
		r.mu.Lock()
		cause := r.cause
		r.mu.Unlock()
		switch {
		case errors.Is(cause, errCancelled):
		case r.c.Job.OnLost == job.OnLostFail && r.c.Job.HandlerType != job.HandlerWorkflow && !errors.Is(cause, errStale): // what never started may start
			return job.Decision{Event: job.EventAbandon, DeadReason: "worker_lost"}
		default:
			return job.Decision{Event: job.EventReturn}
		}
	}
	return job.Decide(&r.c.Job.Spec, r.c.RetryCount, o, now, r.e.o.Random())
}

// describe puts an error into words and a class.
func describe(t *store.Settlement, err error, o job.Outcome, timeoutMS int64, hide func(string) string) {
	t.Error, t.ErrorClass = hide(err.Error()), "error"
	if f, ok := errors.AsType[*handler.Failure](err); ok {
		t.ErrorStack = clip(hide(f.Stack), job.MaxStackLen)
		if f.Class != "" {
			t.ErrorClass = f.Class
		}
	}
	switch o.Status {
	case job.TimedOut:
		t.ErrorClass = "timeout"
		t.Error = fmt.Sprintf("no result within %s", time.Duration(timeoutMS)*time.Millisecond)
	case job.Cancelled:
		t.ErrorClass, t.Error = "cancelled", "stopped: "+t.Error
	}
	t.Error = clip(t.Error, job.MaxErrorLen)
}

// kept bounds a result; a longer one is replaced by what says so.
func kept(value json.RawMessage) json.RawMessage {
	if len(value) <= job.MaxResult {
		return value
	}
	note, _ := json.Marshal(map[string]any{"truncated": true, "bytes": len(value)})
	return note
}

func clip(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	return s[:limit]
}
