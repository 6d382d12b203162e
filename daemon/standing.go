package daemon

import (
	"context"
	"hash/crc32"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	"github.com/agentic-sdlc/scheduler/daemon/config"
	"github.com/agentic-sdlc/scheduler/daemon/dispatch"
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
	fellows     atomic.Pointer[fellows]
}

// fellows are the other nodes that take work.
type fellows struct {
	nodes int            // embedded workers aside
	knows map[string]int // handler → how many of them have it
	any   int            // how many do not say what they have

	functions []string // of embedded workers
	place     uint32   // of this node among all that take work, by their sessions
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
	f := &fellows{knows: map[string]int{}}
	self := e.session.Load()
	for i := range sessions {
		if s := &sessions[i]; s.ID != self && s.ClosedAt == nil && s.LeaseUntil.After(at) && !s.Draining {
			slots += max(0, s.Slots-s.Running)
			f.add(s)
			if s.Slots > 0 && s.ID < self {
				f.place++
			}
		}
	}
	e.standing.others.Store(int64(slots))
	e.standing.fellows.Store(f)
}

func (f *fellows) add(s *store.Session) {
	switch {
	case s.Slots == 0: // no worker
		return
	case len(s.Handlers) == 0:
		f.any++
	}
	if embedded(s) {
		for _, name := range s.Handlers {
			if !slices.Contains(f.functions, name) {
				f.functions = append(f.functions, name)
			}
			f.knows[name]++
		}
		return
	}
	f.nodes++
	for _, name := range s.Handlers {
		f.knows[name]++
	}
}

// alone reports whether no other node takes work, as of the last heartbeat.
func (e *Engine) alone() bool {
	f := e.standing.fellows.Load()
	return !e.o.Shared || f != nil && f.nodes == 0
}

// mine deals out waiting executions among the nodes that take work, by their ids: each
// node of them knows its own, as long as they know of the same nodes.
func (e *Engine) mine(id job.ID) bool {
	f := e.standing.fellows.Load()
	return f == nil || f.nodes == 0 || crc32.ChecksumIEEE(id[:])%uint32(f.nodes+1) == f.place
}

// reach says who knows a handler, as of the last heartbeat.
func (e *Engine) reach(name string) dispatch.Reach {
	works := e.does(config.RoleWorker) && !e.standing.draining.Load()
	_, _, here := e.o.Handlers.Lookup(name)
	others, elsewhere := 0, 0
	if f := e.standing.fellows.Load(); f != nil {
		others, elsewhere = f.nodes, f.knows[name]+f.any
	}
	switch {
	case e.does(roleEmbedded) && here && works: // it hears no announcements
		return dispatch.Here
	case elsewhere == others && (here && works || !works && others > 0):
		return dispatch.Everywhere
	case here && works:
		return dispatch.Here
	case elsewhere > 0:
		return dispatch.Elsewhere
	}
	return dispatch.Nowhere
}

// Missing returns the handlers of executions that wait and that no worker knows.
func (e *Engine) Missing() []string {
	return slices.DeleteFunc(e.dispatch.Without(), func(name string) bool { return e.reach(name) != dispatch.Nowhere })
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
