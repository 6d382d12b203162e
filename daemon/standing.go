package daemon

import (
	"context"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	"github.com/agentic-sdlc/scheduler/daemon/config"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/queue"
	"github.com/agentic-sdlc/scheduler/store"
)

// standing is what the node knows of itself and the others, as of the last heartbeat.
// The store refuses by itself what is not allowed; this spares the attempts.
type standing struct {
	draining    atomic.Bool
	maintenance atomic.Bool
	others      atomic.Int64 // free slots of the other nodes; only counted where there may be some
}

// does reports whether the node has a role.
func (e *Engine) does(role string) bool { return slices.Contains(e.o.Roles, role) }

// free returns how many executions could start here.
func (e *Engine) free() int {
	if !e.does(config.RoleWorker) || e.standing.draining.Load() {
		return 0
	}
	return e.executor.Free()
}

// freeAnywhere returns how many executions could start on all nodes, and how many of
// them here.
func (e *Engine) freeAnywhere() (anywhere, here int) {
	here = e.free()
	return int(e.standing.others.Load()) + here, here
}

// take reserves a slot of this node for a run that is being planned.
func (e *Engine) take(def *job.Job) bool {
	return e.does(config.RoleWorker) && !e.standing.draining.Load() && e.executor.Take(def)
}

// pulse takes what a heartbeat answered.
func (e *Engine) pulse(ctx context.Context, p store.Pulse) {
	changed := e.standing.draining.Swap(p.Draining) != p.Draining
	switch {
	case changed && p.Draining:
		e.o.Logger.InfoContext(ctx, "draining: no new work is taken")
	case changed:
		e.o.Logger.InfoContext(ctx, "drained no more: work is taken again")
		e.dispatch.Kick()
	}
	changed = e.standing.maintenance.Swap(p.Maintenance) != p.Maintenance
	switch {
	case changed && p.Maintenance:
		e.o.Logger.InfoContext(ctx, "maintenance: nothing is planned or started")
	case changed:
		e.o.Logger.InfoContext(ctx, "maintenance is over")
		e.timer.Wake()
		e.dispatch.Kick()
	}
	if e.o.Shared {
		e.countOthers(ctx)
	}
}

// countOthers adds up the free slots of the other nodes that take work.
func (e *Engine) countOthers(ctx context.Context) {
	at := e.now()
	sessions, err := e.o.Store.ListSessions(ctx, at)
	if err != nil {
		e.o.Logger.WarnContext(ctx, "the other nodes cannot be listed", slog.Any("err", err))
		return
	}
	slots := 0
	for i := range sessions {
		if s := &sessions[i]; s.ID != e.session.Load() && s.ClosedAt == nil && s.LeaseUntil.After(at) && !s.Draining {
			slots += max(0, s.Slots-s.Running)
		}
	}
	e.standing.others.Store(int64(slots))
}

// gate is the queue of a worker that hears nothing while it drains: what is announced
// is for others.
type gate struct {
	queue.Queue

	shut func() bool
}

// Receive returns nothing while the gate is shut.
func (g gate) Receive(ctx context.Context, consumer string, limit int, block time.Duration) ([]queue.Delivery, error) {
	if g.shut() {
		pause(ctx, block)
		return nil, nil
	}
	return g.Queue.Receive(ctx, consumer, limit, block)
}
