package flow

import (
	"context"
	"log/slog"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// limit bounds one look.
const limit = 500

// Options of a Flow.
type Options struct {
	Store interface {
		WakeFlows(ctx context.Context, now time.Time, limit int) (store.Woken, error)
		CancelExecution(ctx context.Context, c store.CancelExecution) (job.Execution, error)
	}
	Logger *slog.Logger
	Now    func() time.Time
	Ready  func()             // executions became ready
	Stop   func(ids []job.ID) // these were asked to stop, and may run here
}

// Flow looks after the workflows of a store.
type Flow struct {
	o    Options
	kick chan struct{} // capacity 1
}

// New returns a Flow; Run starts it.
func New(o Options) *Flow { return &Flow{o: o, kick: make(chan struct{}, 1)} }

// Kick makes it look at once.
func (f *Flow) Kick() {
	select {
	case f.kick <- struct{}{}:
	default:
	}
}

// Tick looks once, and reports whether there may be more.
func (f *Flow) Tick(ctx context.Context, now time.Time) (more bool, err error) {
	woken, err := f.o.Store.WakeFlows(ctx, now, limit)
	if err != nil {
		return false, err
	}
	if woken.Flows > 0 {
		f.o.Ready()
	}
	var running []job.ID
	for _, id := range woken.Orphans {
		e, err := f.o.Store.CancelExecution(ctx, store.CancelExecution{
			Platform: store.AnyPlatform, Ref: id.String(), Now: now, By: "schedd", Reason: "its workflow is over",
		})
		switch {
		case job.CodeOf(err) == job.Conflict: // over just now
		case err != nil:
			return false, err
		case e.Status == job.Running:
			running = append(running, id)
		}
	}
	if len(running) > 0 {
		f.o.Stop(running)
	}
	return woken.Flows >= limit || len(woken.Orphans) >= limit, nil
}
