package daemon

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"log/slog"
	mathrand "math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/agentic-sdlc/scheduler/daemon/alerts"
	"github.com/agentic-sdlc/scheduler/daemon/config"
	"github.com/agentic-sdlc/scheduler/daemon/dispatch"
	"github.com/agentic-sdlc/scheduler/daemon/events"
	"github.com/agentic-sdlc/scheduler/daemon/executor"
	"github.com/agentic-sdlc/scheduler/daemon/flow"
	"github.com/agentic-sdlc/scheduler/daemon/maintain"
	"github.com/agentic-sdlc/scheduler/daemon/timer"
	"github.com/agentic-sdlc/scheduler/event"
	"github.com/agentic-sdlc/scheduler/handler"
	"github.com/agentic-sdlc/scheduler/internal/secret"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/queue"
	"github.com/agentic-sdlc/scheduler/store"
)

// EngineOptions say how jobs are planned and run. Durations and numbers must be
// positive.
type EngineOptions struct {
	Store    store.Store
	Queue    queue.Queue
	Bus      queue.Bus
	Handlers *handler.Registry
	Logger   *slog.Logger
	Node     string
	Version  string
	IDs      *job.IDs // nil = a generator of its own
	Clock    *Clock   // nil = this machine's
	Shared   bool     // other nodes may use the store
	Roles    []string // of config.RoleAPI, RoleScheduler, RoleWorker; nil = all

	// Alerts is how alert rules are looked at and told; nil = nobody does. The engine fills
	// in the store, the logger, the clock, ids and the session.
	Alerts *alerts.Options

	// Prepare returns what says what the acts of one batch come to; nil = events make
	// nothing happen.
	Prepare func(now time.Time) func(a *event.Act) (store.Deed, error)

	Settings                    Settings
	Slots, SlowSlots            int
	Lease, Heartbeat, ReapEvery time.Duration
	Drain                       time.Duration
	ClaimIdle                   time.Duration // 0 = 15 s
	Poll                        time.Duration // how long the store is at most not looked at; 0 = 1 s
	LogCaps                     store.LogCaps

	// Allows, Secrets, KeepsOutput, Attempted and Sampled are as in executor.Options.
	Allows      func(platform, handler string) bool
	Secrets     *secret.Vault
	KeepsOutput func() bool
	Attempted   func(c *store.Claimed, s *store.Settlement)
	Sampled     func(trace string, execution job.ID) bool
}

// Settings are what can be changed while the engine runs.
type Settings struct {
	Policy    job.Policy
	Retention store.Retention
}

// Engine plans and runs jobs: everything but the API.
type Engine struct {
	o        EngineOptions
	session  atomic.Int64
	settings atomic.Pointer[Settings]
	ids      *job.IDs
	standing standing

	timer    *timer.Timer
	dispatch *dispatch.Dispatcher
	executor *executor.Executor
	flow     *flow.Flow
	maintain *maintain.Maintainer
	events   *events.Events
	alerts   *alerts.Alerts // nil = nobody looks; nodes that do not plan only try rules
}

// NewEngine connects the components; Run starts them.
func NewEngine(o EngineOptions) *Engine {
	e := &Engine{o: o, ids: o.IDs}
	if e.ids == nil {
		e.ids = &job.IDs{Rand: rand.Reader}
	}
	if e.o.Roles == nil {
		e.o.Roles = []string{config.RoleAPI, config.RoleScheduler, config.RoleWorker}
	}
	if e.o.Clock == nil {
		e.o.Clock = &Clock{}
	}
	now := e.o.Clock.Now
	e.Apply(o.Settings)
	e.executor = executor.New(executor.Options{
		Store: o.Store, Queue: gate{Queue: o.Queue, shut: e.standing.draining.Load}, Handlers: o.Handlers, Logger: o.Logger, Now: now, Random: mathrand.Float64, Node: o.Node,
		Session: e.session.Load, Holds: e.holds, Slots: o.Slots, SlowSlots: o.SlowSlots, Drain: o.Drain, ClaimIdle: o.ClaimIdle,
		Allows: o.Allows, Secrets: o.Secrets, KeepsOutput: o.KeepsOutput, Attempted: o.Attempted, Sampled: o.Sampled, Freed: func(n int) { e.dispatch.Freed(n) }, Look: func() { e.dispatch.Kick() }, Stepped: func() { e.flow.Kick() },
	})
	e.dispatch = dispatch.New(dispatch.Options{
		Store: o.Store, Queue: o.Queue, Logger: o.Logger, Now: now, Free: e.freeAnywhere, Reach: e.reach, Alone: e.alone, Mine: e.mine, Sweep: o.Poll, Claim: e.executor.Claim,
	})
	e.flow = flow.New(flow.Options{Store: o.Store, Logger: o.Logger, Now: now, Ready: e.dispatch.Kick, Stop: e.executor.Cancel})
	e.timer = timer.New(timer.Options{
		Store: o.Store, Policy: func() job.Policy { return e.settings.Load().Policy }, NewID: e.ids.New, Logger: o.Logger, Now: now, Session: e.session.Load,
		Take: e.take, Release: e.executor.Release, Start: e.executor.Start, Claiming: e.executor.Claiming, Announce: e.dispatch.Kick,
	})
	e.maintain = maintain.New(maintain.Options{
		Store: o.Store, Bus: o.Bus, Logger: o.Logger, Now: now, Clock: e.syncClock, Embedded: e.does(roleEmbedded), Lease: o.Lease, Heartbeat: o.Heartbeat, ReapEvery: o.ReapEvery,
		Retention: func() store.Retention { return e.settings.Load().Retention }, LogCaps: o.LogCaps, Session: e.session.Load, NewSession: e.openSession,
		Running: e.executor.Running, Behind: e.timer.Behind, Pulse: e.pulse, Cancel: e.executor.Cancel, Fence: e.executor.Fence, Ready: e.dispatch.Kick, Wake: e.Wake,
		Policy: func() job.Policy { return e.settings.Load().Policy }, NewID: e.NewID, Hook: e.hook(),
	})
	e.events = events.New(events.Options{
		Store: o.Store, Logger: o.Logger, Now: now, NewID: func() job.ID { return e.NewID() }, Policy: func() job.Policy { return e.settings.Load().Policy },
		Prepare: o.Prepare, Planned: e.Wake, Ready: e.Kick, Stop: e.Cancel,
	})
	if o.Alerts != nil {
		a := *o.Alerts
		a.Store, a.Logger, a.Now, a.NewID, a.Session = o.Store, o.Logger, now, func() job.ID { return e.NewID() }, e.session.Load
		e.alerts = alerts.New(a)
	}
	return e
}

// hook is what runs after final failures; nil on a node that runs no handlers.
func (e *Engine) hook() func(ctx context.Context, j *job.Job, x *job.Execution) job.HookRun {
	if !e.does(config.RoleWorker) {
		return nil
	}
	return e.executor.Hook
}

// openSession registers a new session of this node.
func (e *Engine) openSession(ctx context.Context) error {
	at := e.now()
	id, err := e.sessionID(ctx, at)
	if err != nil {
		return err
	}
	session := store.Session{ID: id, Node: e.o.Node, Version: e.o.Version, Roles: e.o.Roles, StartedAt: at, LeaseUntil: at.Add(e.o.Lease)}
	if e.does(config.RoleWorker) {
		session.Slots, session.Commands = e.o.Slots, min(e.o.SlowSlots, e.o.Slots)
		for _, info := range e.o.Handlers.List() {
			session.Handlers = append(session.Handlers, info.Name)
		}
	}
	if err := e.o.Store.OpenSession(ctx, session); err != nil {
		return err
	}
	e.session.Store(id)
	return nil
}

// holds reports whether the session is this node's, and its lease is far from its end.
func (e *Engine) holds(session int64) bool {
	return session == e.session.Load() && e.maintain.Holds(e.now())
}

// sessionID makes the random number of a session. Where nodes share the store, the lane
// of this node's ids follows from it, and is one that no live session uses.
func (e *Engine) sessionID(ctx context.Context, at time.Time) (int64, error) {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails
	id := int64(binary.BigEndian.Uint64(b[:]) >> 1)
	if !e.o.Shared {
		return id, nil
	}
	sessions, err := e.o.Store.ListSessions(ctx, at)
	if err != nil {
		return 0, err
	}
	var used [job.Lanes]bool
	for i := range sessions {
		used[sessions[i].ID%job.Lanes] = sessions[i].ClosedAt == nil
	}
	for range job.Lanes {
		if !used[id%job.Lanes] {
			break
		}
		id = id&^(job.Lanes-1) | (id+1)%job.Lanes
	}
	e.ids.UseLane(int(id % job.Lanes))
	return id, nil
}

func (e *Engine) now() time.Time { return e.o.Clock.Now() }

// syncClock follows the store's clock where nodes share one.
func (e *Engine) syncClock(ctx context.Context) error {
	if !e.o.Shared {
		return nil
	}
	return e.o.Clock.Sync(ctx, e.o.Store.Clock)
}

// Run plans and runs jobs until ctx ends, then drains. Heartbeats go on while it
// drains.
func (e *Engine) Run(ctx context.Context) error {
	starting := context.WithoutCancel(ctx) // a stop that comes now finds a whole engine to stop
	if err := e.syncClock(starting); err != nil {
		return err
	}
	if err := e.openSession(starting); err != nil {
		return err
	}
	if _, err := e.maintain.Tick(starting, e.now()); err != nil {
		return err // the first tick takes over what an earlier life left
	}
	planners, runners := []func(context.Context) error{e.dispatch.Run, e.flow.Run}, []func(context.Context) error{}
	if e.does(config.RoleScheduler) {
		planners = append(planners, e.timer.Run)
		if e.o.Prepare != nil {
			planners = append(planners, e.events.Run)
		}
		if e.o.Alerts != nil {
			planners = append(planners, e.alerts.Run)
		}
	}
	if e.does(config.RoleWorker) {
		runners = append(runners, e.executor.Run)
	}
	planning := start(ctx, planners...)
	running := start(context.WithoutCancel(ctx), runners...)
	upkeep := start(context.WithoutCancel(ctx), e.maintain.Run)
	<-ctx.Done()
	err := errors.Join(planning.stop(), running.stop(), upkeep.stop())
	e.finish(context.WithoutCancel(ctx))
	return err
}

// finish gives back what the node holds in the store. Where the store does not take it
// nothing is lost, and the stop is an orderly one: the next node folds the counters, and
// the lease of the session ends by itself.
func (e *Engine) finish(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	if err := errors.Join(e.o.Store.Fold(ctx), e.o.Store.CloseSession(ctx, e.session.Load(), e.now())); err != nil {
		e.o.Logger.WarnContext(ctx, "last word of this node not written", slog.Any("err", err))
	}
}

// Apply changes the settings from the next tick on.
func (e *Engine) Apply(s Settings) { e.settings.Store(&s) }

// Retention returns how long history is kept.
func (e *Engine) Retention() store.Retention { return e.settings.Load().Retention }

// Wake makes the planner look at once: a job was created or changed.
func (e *Engine) Wake() { e.timer.Wake() }

// Kick makes the dispatcher look at once: an execution became ready.
func (e *Engine) Kick() { e.dispatch.Kick() }

// Trigger makes an execution outside the schedule and starts it here if a slot is
// free; otherwise it waits for a worker.
func (e *Engine) Trigger(ctx context.Context, t store.Trigger) (store.Triggered, error) {
	var taken *job.Job
	t.Session = e.session.Load()
	t.Take = func(def *job.Job) bool {
		if !e.take(def) {
			return false
		}
		taken = def
		return true
	}
	var made store.Triggered
	err := e.executor.Claiming(func() (err error) {
		if made, err = e.o.Store.Trigger(ctx, t); made.Claimed != nil {
			e.executor.Start(t.Session, []store.Claimed{*made.Claimed})
		}
		return err
	})
	switch {
	case made.Claimed != nil:
	case taken != nil:
		e.executor.Release(taken)
		e.dispatch.Kick()
	case err == nil:
		e.dispatch.Kick()
	}
	return made, err
}

// Cancel asks executions to stop if they run here.
func (e *Engine) Cancel(ids []job.ID) { e.executor.Cancel(ids) }

// Emitted makes the node decide about events at once: some came in.
func (e *Engine) Emitted() { e.events.Wake() }

// Beat sends a heartbeat at once: what concerns the node has changed in the store.
func (e *Engine) Beat() { e.maintain.Beat() }

// NewID makes an id.
func (e *Engine) NewID() job.ID { return e.ids.New(e.now()) }

// Rounds counts how often each loop that the node lives by came round: it does so at
// least each second, unless the store keeps it waiting.
func (e *Engine) Rounds() map[string]uint64 {
	rounds := map[string]uint64{"heartbeat": e.maintain.Rounds()}
	if e.does(config.RoleScheduler) {
		rounds["timer"] = e.timer.Rounds()
	}
	return rounds
}

// Vitals are signs of life for the health check.
type Vitals struct {
	LastTick, LastHeartbeat time.Time
	Next                    time.Time     // when the next job is due; zero = none, or this node does not plan
	Lag                     time.Duration // how late the newest runs were planned
	Running, Free           int
	Fenced, Stuck           int64
}

// Vitals returns the engine's signs of life.
func (e *Engine) Vitals() Vitals {
	return Vitals{
		LastTick: e.timer.LastTick(), Next: e.timer.Next(), Lag: e.timer.Lag(), LastHeartbeat: e.maintain.LastHeartbeat(),
		Running: e.executor.Running(), Free: e.free(), Fenced: e.executor.Fenced(), Stuck: e.executor.Stuck(),
	}
}
