package executor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/agentic-sdlc/scheduler/handler"
	"github.com/agentic-sdlc/scheduler/job"
)

// Hook runs what the job says is to run when a run has failed for good, within its own
// timeout and outside the slots. Its handler sees the run that failed, with the payload of
// the hook. It never fails otherwise than in what it returns, and nothing follows from it.
func (e *Executor) Hook(ctx context.Context, j *job.Job, x *job.Execution) job.HookRun {
	spec := j.OnFailure
	began := e.o.Now()
	out := job.HookRun{HandlerName: spec.HandlerName, Status: string(job.Failed), StartedAt: &began}
	ctx, cancel := context.WithTimeout(ctx, spec.Timeout())
	defer cancel()
	printed := tail{hide: e.o.Secrets.Hide}
	task := hookTask(j, x, &printed)
	task.TraceParent = job.TraceParent(x.TraceID, x.ID, x.Attempt, e.sampled(x.TraceID, x.ID))
	result, err := e.callHook(ctx, spec, task)
	ended := e.o.Now()
	out.CompletedAt, out.ExitCode, out.Output = &ended, result.ExitCode, printed.text()
	switch {
	case err == nil:
		out.Status = string(job.Success)
		return out
	case errors.Is(context.Cause(ctx), context.DeadlineExceeded):
		out.Status = string(job.TimedOut)
	}
	out.Error, out.ErrorClass = clip(e.o.Secrets.Hide(err.Error()), job.MaxErrorLen), "error"
	if f, ok := errors.AsType[*handler.Failure](err); ok && f.Class != "" {
		out.ErrorClass = f.Class
	}
	return out
}

func hookTask(j *job.Job, x *job.Execution, log handler.Log) *handler.Task {
	payload := j.OnFailure.Payload
	if payload == nil {
		payload = json.RawMessage("{}")
	}
	return &handler.Task{
		JobID: j.ID, JobName: j.Name, Platform: j.Platform, ExecutionID: x.ID, Attempt: x.Attempt, Token: x.Token, RunNumber: x.RunNumber,
		Occurrence: x.Occurrence, ScheduledAt: x.ScheduledAt, Trigger: x.Trigger, Payload: payload, Timeout: j.OnFailure.Timeout(),
		Log: log,
	}
}

// callHook calls the handler, and gives up on it the grace of handlers after its end.
func (e *Executor) callHook(ctx context.Context, spec *job.Hook, t *handler.Task) (handler.Result, error) {
	h, info, ok := e.o.Handlers.Lookup(spec.HandlerName)
	if !ok || !info.For(t.Platform) {
		return handler.Result{}, &handler.Failure{Class: "handler_missing", Message: fmt.Sprintf("handler %q is not registered on this node", spec.HandlerName)}
	}
	if !e.allows(t.Platform, spec.HandlerName) {
		return handler.Result{}, notAllowed(t.Platform, spec.HandlerName)
	}
	payload, err := e.revealFor(t.Platform, spec.HandlerName, t.Payload)
	if err != nil {
		return handler.Result{}, err
	}
	t.Payload = payload
	type answer struct {
		result handler.Result
		err    error
	}
	answers := make(chan answer, 1)
	go func() {
		a := answer{err: &handler.Failure{Class: "handler_exit", Message: "handler ended its goroutine"}}
		defer func() {
			if p := recover(); p != nil {
				a.err = &handler.Failure{Class: "handler_panic", Message: fmt.Sprintf("handler panicked: %v", p)}
			}
			answers <- a
		}()
		a.result, a.err = h.Run(ctx, t)
	}()
	select {
	case a := <-answers:
		return a.result, a.err
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), e.o.Grace)
	defer cancel()
	select {
	case a := <-answers:
		return a.result, a.err
	case <-grace.Done():
		return handler.Result{}, &handler.Failure{Class: "handler_stuck", Message: fmt.Sprintf("handler did not return within %s of its end", e.o.Grace)}
	}
}

// tail keeps the end of what a hook prints.
type tail struct {
	hide func(string) string // secrets

	mu   sync.Mutex
	kept []byte
}

// Line takes one line.
func (t *tail) Line(_ job.LogLevel, _ job.Stream, text string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.kept = append(append(t.kept, t.hide(text)...), '\n')
	if over := len(t.kept) - job.MaxHookOutput; over > 0 {
		t.kept = append(t.kept[:0], t.kept[over:]...)
	}
}

func (t *tail) text() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.TrimSuffix(strings.ToValidUTF8(strings.ReplaceAll(string(t.kept), "\x00", "\uFFFD"), "\uFFFD"), "\n")
}
