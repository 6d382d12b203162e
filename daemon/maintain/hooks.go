package maintain

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// maxHooks is how many hooks run at once on a node.
const maxHooks = 4

// hooks are those that run here, by the execution that failed.
type hooks struct {
	running sync.WaitGroup

	mu sync.Mutex
	of map[job.ID]bool
}

func (h *hooks) has(id job.ID) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.of[id]
}

// begin takes a place; the caller gives it back with end.
func (h *hooks) begin(id job.ID) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.of) >= maxHooks {
		return false
	}
	if h.of == nil {
		h.of = map[job.ID]bool{}
	}
	h.of[id] = true
	return true
}

func (h *hooks) end(id job.ID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.of, id)
}

// runHook runs a hook that is noted as begun, and writes how it ended.
func (m *Maintainer) runHook(ctx context.Context, a *store.Aftermath, j *job.Job) {
	defer m.hooks.end(a.Execution)
	e, err := m.o.Store.Execution(ctx, a.Job.Platform, a.Execution.String())
	var outcome job.HookRun
	if err != nil {
		outcome = job.HookRun{HandlerName: j.OnFailure.HandlerName, Status: string(job.Failed), Error: err.Error()}
	} else {
		outcome = m.o.Hook(ctx, j, &e)
	}
	m.o.Logger.InfoContext(ctx, "on_failure ended", slog.String("job", j.Name), slog.String("execution", a.Execution.String()),
		slog.String("handler", outcome.HandlerName), slog.String("status", outcome.Status))
	begun := *a
	begun.State = store.AftermathBegun
	writing, cancel := context.WithTimeout(context.WithoutCancel(ctx), m.o.Lease)
	defer cancel()
	for writing.Err() == nil {
		if _, err = m.moveAftermath(writing, &begun, store.AftermathDone, &outcome); err == nil {
			return
		}
		rest(writing, time.Second)
	}
	// Whoever has the duty then says that it was lost.
	m.o.Logger.ErrorContext(ctx, "how on_failure ended cannot be written", slog.String("execution", a.Execution.String()), slog.Any("err", err))
}

// loseHook notes that the node which ran a hook vanished.
func (m *Maintainer) loseHook(ctx context.Context, a *store.Aftermath, now time.Time) error {
	e, err := m.o.Store.Execution(ctx, a.Job.Platform, a.Execution.String())
	if err != nil && job.CodeOf(err) != job.NotFound {
		return err
	}
	outcome := job.HookRun{}
	if e.OnFailure != nil {
		outcome = *e.OnFailure
	}
	outcome.Status, outcome.CompletedAt, outcome.Error = job.HookLost, &now, "the node that ran it vanished; it is not run again"
	_, err = m.moveAftermath(ctx, a, store.AftermathDone, &outcome)
	return err
}
