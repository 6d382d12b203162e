package workflow

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/agentic-sdlc/scheduler/handler"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/workflow"
)

const (
	// look is how often a workflow looks at its steps though nobody wakes it.
	look = 5 * time.Minute
	// again is how long it waits when the store could not be asked.
	again = time.Second
)

// Options are what the handler needs of its daemon.
type Options struct {
	Store interface {
		BeginFlow(ctx context.Context, b store.BeginFlow) (store.Flow, error)
		NoteFlow(ctx context.Context, n store.NoteFlow) error
		FlowSteps(ctx context.Context, platform, ref string) ([]store.FlowStep, error)
		CancelExecution(ctx context.Context, c store.CancelExecution) (job.Execution, error)
	}
	// Trigger makes an execution, and may start it.
	Trigger func(ctx context.Context, t store.Trigger) (store.Triggered, error)
	// Stop tells executions that run on this node that they were cancelled.
	Stop  func(ids []job.ID)
	NewID func() job.ID
	Now   func() time.Time
	// Engine calls external engines; nil = there are none.
	Engine *Engine
}

// Handler runs workflows.
type Handler struct {
	o     Options
	plans plans
}

// New returns the handler.
func New(o Options) *Handler { return &Handler{o: o} }

// flow is one look at one run of a workflow.
type flow struct {
	h    *Handler
	t    *handler.Task
	f    store.Flow
	plan *plan
	now  time.Time
}

// Run looks at the workflow's steps once. What it cannot ask or write it tries again soon:
// a store that is away fails no workflow.
func (h *Handler) Run(ctx context.Context, t *handler.Task) (handler.Result, error) {
	fl := flow{h: h, t: t, now: h.o.Now()}
	result, err := fl.run(ctx)
	if result.Since = fl.f.StartedAt; err == nil {
		return result, nil
	}
	_, failure := errors.AsType[*handler.Failure](err)
	_, park := errors.AsType[*handler.Park](err)
	if failure || park || errors.Is(err, handler.ErrDeadline) || ctx.Err() != nil {
		return result, err
	}
	t.Log.Line(job.LogWarn, job.StreamSystem, "the workflow looks again in a second: "+err.Error())
	return result, &handler.Park{Until: fl.until(again)}
}

func (fl *flow) run(ctx context.Context) (handler.Result, error) {
	begin := store.BeginFlow{Execution: fl.t.ExecutionID, Token: fl.t.Token, Platform: fl.t.Platform, Name: fl.t.Handler, Round: fl.t.Retries + 1, Secret: newSecret(), Now: fl.now}
	var err error
	if fl.f, err = fl.h.o.Store.BeginFlow(ctx, begin); err != nil {
		if job.CodeOf(err) == job.NotFound {
			return handler.Result{}, &handler.Failure{Class: "workflow_missing", Message: fmt.Sprintf("workflow %q not found", fl.t.Handler), Permanent: true, Err: err}
		}
		return handler.Result{}, err
	}
	if fl.plan, err = fl.h.plans.of(&fl.f.Workflow); err != nil {
		return handler.Result{}, &handler.Failure{Class: "workflow_broken", Message: err.Error(), Permanent: true}
	}
	if fl.plan.Engine != nil {
		return fl.engine(ctx)
	}
	steps, err := fl.h.o.Store.FlowSteps(ctx, fl.t.Platform, fl.t.ExecutionID.String())
	if err != nil {
		return handler.Result{}, err
	}
	if fl.late() {
		return handler.Result{}, errors.Join(fl.stop(ctx, steps, "the deadline of the workflow has passed"), handler.ErrDeadline)
	}
	return fl.advance(ctx, steps)
}

// advance starts the steps whose turn it is.
func (fl *flow) advance(ctx context.Context, steps []store.FlowStep) (handler.Result, error) {
	runs := make([]workflow.Run, len(steps))
	for i := range steps {
		e := &steps[i].Execution
		runs[i] = workflow.Run{Step: steps[i].Step, Item: steps[i].Item, Round: steps[i].Round, Status: e.Status, Result: e.Result, Error: e.Error}
	}
	d := fl.plan.Advance(fl.values(), fl.f.Round, runs, fl.plan)
	switch {
	case d.Failed != "":
		if err := fl.stop(ctx, steps, "the workflow has failed"); err != nil {
			return handler.Result{}, err
		}
		return handler.Result{}, &handler.Failure{Class: "step_failed", Message: d.Failed, Permanent: d.Permanent}
	case d.Done:
		return handler.Result{Value: d.Value}, nil
	}
	for i := range d.Start {
		if err := fl.start(ctx, &d.Start[i]); err != nil {
			return handler.Result{}, err
		}
	}
	return handler.Result{}, &handler.Park{Until: fl.until(look)}
}

// start makes the execution of a step.
func (fl *flow) start(ctx context.Context, s *workflow.Start) error {
	trace, span := traceOf(fl.t.TraceParent)
	made, err := fl.h.o.Trigger(ctx, store.Trigger{
		Platform: fl.f.Workflow.Platform, Ref: fl.f.Workflow.Jobs[s.Step].String(), Kind: job.TriggerStep, Payload: s.Payload, Overlap: job.OverlapAllow,
		By: "workflow:" + fl.t.ExecutionID.String(), Now: fl.now, NewID: fl.h.o.NewID, TraceID: trace, ParentSpanID: span,
		Step: &store.StepOf{Flow: fl.t.ExecutionID, Token: fl.t.Token, Round: fl.f.Round, Step: s.Step, Item: s.Item},
	})
	if err != nil {
		return err
	}
	name := s.Step
	if s.Item != workflow.Single {
		name = fmt.Sprintf("%s[%d]", s.Step, s.Item)
	}
	fl.t.Log.Line(job.LogInfo, job.StreamSystem, fmt.Sprintf("step %s started: %s/%d", name, made.Execution.JobName, made.Execution.RunNumber))
	return nil
}

// stop cancels the steps that are not over.
func (fl *flow) stop(ctx context.Context, steps []store.FlowStep, reason string) error {
	var running []job.ID
	for i := range steps {
		e := &steps[i].Execution
		if e.Status.Terminal() || e.CancelRequestedAt != nil {
			continue
		}
		after, err := fl.h.o.Store.CancelExecution(ctx, store.CancelExecution{
			Platform: e.Platform, Ref: e.ID.String(), Now: fl.now, By: "workflow:" + fl.t.ExecutionID.String(), Reason: reason,
		})
		if err != nil && job.CodeOf(err) != job.Conflict { // it was over just now
			return err
		}
		if after.Status == job.Running {
			running = append(running, e.ID)
		}
	}
	fl.h.o.Stop(running)
	return nil
}

// values are what expressions speak of.
func (fl *flow) values() workflow.Values {
	t := fl.t
	input, _ := job.Value(t.Payload) // an object: nobody stores another
	return workflow.Values{"input": input, "execution": map[string]any{
		"id": t.ExecutionID.String(), "job": t.JobName, "platform": t.Platform, "attempt": t.Attempt, "run_number": int(t.RunNumber),
		"scheduled_at": t.ScheduledAt.UTC().Format(time.RFC3339), "trigger": string(t.Trigger),
	}}
}

// late reports whether the deadline has passed.
func (fl *flow) late() bool {
	return fl.t.Timeout > 0 && !fl.now.Before(fl.f.StartedAt.Add(fl.t.Timeout))
}

// until is when the workflow looks again: after d, or at its deadline.
func (fl *flow) until(d time.Duration) time.Time {
	at := fl.now.Add(d)
	if fl.t.Timeout > 0 && !fl.f.StartedAt.IsZero() {
		if end := fl.f.StartedAt.Add(fl.t.Timeout); end.Before(at) {
			return end
		}
	}
	return at
}

// traceOf splits a W3C trace context.
func traceOf(parent string) (trace, span string) {
	if parts := strings.Split(parent, "-"); len(parts) == 4 {
		return parts[1], parts[2]
	}
	return "", ""
}
