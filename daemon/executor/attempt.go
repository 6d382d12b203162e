package executor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/agentic-sdlc/scheduler/handler"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// Why a run is stopped, as the cause of its context.
var (
	errCancelled = errors.New("cancelled")
	errDraining  = errors.New("the daemon stops")
	errFenced    = errors.New("the node's lease is over")
	errStale     = errors.New("the node's lease was over before it could be started")
)

// run is one attempt under way.
type run struct {
	e       *Executor
	c       store.Claimed
	session int64 // that claimed it
	handler handler.Handler
	slow    bool
	started time.Time
	log     taskLog
	task    handler.Task
	term    term

	mu       sync.Mutex
	cause    error       // why it was asked to stop, the last time
	stopped  time.Time   // when it was first asked to stop; zero = it was not
	deadline time.Time   // zero = none
	settled  atomic.Bool // its end was written, by itself or by abandon
}

func (e *Executor) newRun(session int64, c *store.Claimed) *run {
	r := &run{e: e, c: *c, session: session}
	h, info, ok := e.o.Handlers.Lookup(c.Job.Runner())
	if ok && info.For(c.Job.Platform) { // it may have been, when the job was made
		r.handler, r.slow = h, info.Slow
	}
	r.log.e, r.log.id, r.log.attempt = e, c.ID, c.Attempt
	return r
}

// main runs the attempt from start to settlement.
func (r *run) main() {
	r.begin()
	result, err := r.call(&r.term)
	if park, ok := errors.AsType[*handler.Park](err); ok {
		r.term.stop(nil)
		r.log.end()
		r.park(park, result)
		return
	}
	outcome := r.outcome(&r.term, err)
	r.term.stop(nil)
	r.log.end()
	r.finish(outcome, result, err)
}

// begin starts the clock of the attempt.
func (r *run) begin() {
	r.started = r.e.o.Now()
	if ms := r.c.Job.TimeoutMS; ms > 0 {
		timeout := time.Duration(ms) * time.Millisecond
		r.term.endAfter(timeout)
		r.mu.Lock()
		r.deadline = r.started.Add(timeout)
		r.mu.Unlock()
	}
	r.noteStart()
}

// stop ends the run's context for the reason.
func (r *run) stop(cause error) {
	r.mu.Lock()
	if r.stopped.IsZero() {
		r.stopped = r.e.o.Now()
	}
	r.cause = cause
	r.mu.Unlock()
	r.term.stop(cause)
}

// endedBy returns when the run should have begun to end; zero when it need not yet.
func (r *run) endedBy(now time.Time) time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case !r.stopped.IsZero():
		return r.stopped
	case !r.deadline.IsZero() && now.After(r.deadline):
		return r.deadline
	}
	return time.Time{}
}

// call calls the handler and turns a panic into an error.
func (r *run) call(ctx context.Context) (result handler.Result, err error) {
	if r.handler == nil {
		return result, &handler.Failure{Class: "handler_missing", Message: fmt.Sprintf("handler %q is not registered on this node", r.c.Job.Runner())}
	}
	if !r.e.allows(r.c.Job.Platform, r.c.Job.Runner()) {
		return result, notAllowed(r.c.Job.Platform, r.c.Job.Runner())
	}
	// A process may stand still between a claim and its start, for longer than its lease:
	// others may have started the execution meanwhile.
	if !r.e.o.Holds(r.session) {
		r.stop(errStale)
		return result, errStale
	}
	finished := false
	defer func() {
		if finished {
			return
		}
		if p := recover(); p != nil {
			err = &handler.Failure{Class: "handler_panic", Message: fmt.Sprintf("handler panicked: %v", p), Stack: clip(string(debug.Stack()), job.MaxStackLen)}
			return
		}
		// runtime.Goexit: this goroutine ends after its deferred calls, so settle here.
		r.term.stop(nil)
		r.finish(job.Outcome{Status: job.Failed}, result, &handler.Failure{Class: "handler_exit", Message: "handler ended its goroutine"})
		r.log.end()
	}()
	task := r.describeTask()
	if task.Payload, err = r.e.reveal(&r.c, task); err == nil {
		result, err = r.handler.Run(ctx, task)
	}
	finished = true
	return result, err
}

// describeTask says what the handler is to do.
func (r *run) describeTask() *handler.Task {
	j := r.c.Job
	payload := r.c.Payload
	if payload == nil {
		payload = j.Payload
	}
	if payload == nil {
		payload = json.RawMessage("{}")
	}
	r.task = handler.Task{
		JobID: j.ID, JobName: j.Name, Handler: j.HandlerName, Platform: j.Platform, ExecutionID: r.c.ID, Attempt: r.c.Attempt, Retries: r.c.RetryCount, Token: r.c.Token,
		RunNumber: r.c.Number, Occurrence: r.c.Occurrence, ScheduledAt: r.c.ScheduledAt, Trigger: r.c.Trigger, Payload: payload,
		Priority: j.Priority, OnLost: j.OnLost, Timeout: time.Duration(j.TimeoutMS) * time.Millisecond, TraceParent: job.TraceParent(r.c.TraceID, r.c.ID, r.c.Attempt, r.e.sampled(r.c.TraceID, r.c.ID)), Log: &r.log,
	}
	return &r.task
}

// sampled says whether a trace is recorded, "" = the one that the execution begins: what
// a handler leads to need not be when its run is not. Where nobody traces, others may.
func (e *Executor) sampled(trace string, execution job.ID) bool {
	return e.o.Sampled == nil || e.o.Sampled(trace, execution)
}

// outcome classifies how the handler returned.
func (r *run) outcome(ctx context.Context, err error) job.Outcome {
	if err == nil {
		return job.Outcome{Status: job.Success}
	}
	switch cause := context.Cause(ctx); {
	case errors.Is(cause, errCancelled), errors.Is(cause, errDraining), errors.Is(cause, errFenced), errors.Is(cause, errStale):
		return job.Outcome{Status: job.Cancelled}
	case errors.Is(cause, context.DeadlineExceeded), errors.Is(err, handler.ErrDeadline):
		return job.Outcome{Status: job.TimedOut}
	}
	o := job.Outcome{Status: job.Failed}
	if f, ok := errors.AsType[*handler.Failure](err); ok {
		o.Permanent, o.RetryAfter = f.Permanent, f.RetryAfter
	}
	return o
}

// finish settles the run once.
func (r *run) finish(o job.Outcome, result handler.Result, err error) {
	if !r.settled.CompareAndSwap(false, true) {
		return // abandoned before
	}
	r.send(r.settlement(o, result, err))
}

// park gives the slot back until the attempt goes on.
func (r *run) park(p *handler.Park, result handler.Result) {
	if !r.settled.CompareAndSwap(false, true) {
		return
	}
	t := r.settlement(job.Outcome{Status: job.Success}, handler.Result{Since: result.Since}, nil)
	t.Event, t.RetryAt = job.EventPark, p.Until
	r.send(t)
}

// send hands the settlement over; the run is over for whoever waits for it.
func (r *run) send(s store.Settlement) {
	if r.e.o.Attempted != nil {
		r.e.o.Attempted(&r.c, &s)
	}
	r.noteEnd(&s)
	step := r.c.Trigger == job.TriggerStep || s.Event == job.EventPark
	r.e.ended <- settlement{Settlement: s, slow: r.slow, step: step}
	r.e.slots.taken.Done()
}

// abandon settles a run whose handler does not return; its slot becomes free, its
// goroutine leaks until the handler returns.
func (r *run) abandon(now time.Time) bool {
	if !r.settled.CompareAndSwap(false, true) {
		return false
	}
	r.mu.Lock()
	o := job.Outcome{Status: job.TimedOut}
	if !r.stopped.IsZero() {
		o.Status = job.Cancelled
	}
	r.mu.Unlock()
	err := &handler.Failure{Class: "handler_stuck", Message: fmt.Sprintf("handler did not return within %s of its end", r.e.o.Grace)}
	r.send(r.settlement(o, handler.Result{}, err))
	return true
}

// allows says whether jobs of a platform may use a handler: they might, when the job was
// made.
func (e *Executor) allows(platform, name string) bool {
	return e.o.Allows == nil || e.o.Allows(platform, name)
}

func notAllowed(platform, name string) error {
	return &handler.Failure{Class: "handler_not_allowed", Message: fmt.Sprintf("platform %q may not use handler %q any more", platform, name), Permanent: true}
}
