package executor

import (
	"context"
	"log/slog"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// Claiming runs fn, which lets the store give executions to this node and starts them.
// An error leaves it open whether they were given: a store that went away may have
// committed. Then the node looks for strays.
func (e *Executor) Claiming(fn func() error) error {
	e.claiming.RLock()
	defer e.claiming.RUnlock()
	err := fn()
	switch job.CodeOf(err) {
	case job.Unavailable, job.StorageFull, job.Timeout, job.Internal:
		e.doubt.Store(true)
	}
	return err
}

// findStrays gives back what the store says runs here and does not: what was claimed,
// and never started, as the answer was lost. It does nothing unless there is doubt.
func (e *Executor) findStrays(ctx context.Context) {
	if !e.doubt.Swap(false) {
		return
	}
	strays, err := e.strays(ctx)
	if err == nil && len(strays) > 0 {
		_, err = e.o.Store.Settle(ctx, e.o.Now(), strays)
	}
	switch {
	case err != nil:
		e.doubt.Store(true)
	case len(strays) > 0:
		e.o.Logger.WarnContext(ctx, "executions whose claim was not answered are given back", slog.Int("executions", len(strays)))
		e.o.Look()
	}
}

// strays lists what the store says runs here and does not. While it asks, nothing else
// is claimed: what is claimed and does not run now will never run.
func (e *Executor) strays(ctx context.Context) ([]store.Settlement, error) {
	e.claiming.Lock()
	defer e.claiming.Unlock()
	held, err := e.o.Store.Held(ctx, e.o.Session())
	if err != nil {
		return nil, err
	}
	now := e.o.Now()
	strays := held[:0]
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, s := range held {
		if e.running[s.ID] == nil {
			s.Event, s.CompletedAt = job.EventReturn, now
			strays = append(strays, s)
		}
	}
	return strays, nil
}
