package main

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/agentic-sdlc/scheduler/daemon/dispatch"
	"github.com/agentic-sdlc/scheduler/daemon/executor"
	"github.com/agentic-sdlc/scheduler/daemon/maintain"
	"github.com/agentic-sdlc/scheduler/daemon/timer"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// pipeline is the engine's components wired as the daemon wires them, but for the
// clock of the timer, and for its loop: Tick is called by hand. Counters are folded
// and events published meanwhile, so nothing is left for later.
type pipeline struct {
	clock    *clock
	timer    *timer.Timer
	dispatch *dispatch.Dispatcher
	executor *executor.Executor
	maintain *maintain.Maintainer
}

const session = 7

// newPipeline connects the components; the timer's clock starts at the instant.
// started is told of runs that are born claimed, before they start.
func newPipeline(ctx context.Context, b *bed, at time.Time, started func([]store.Claimed)) (*pipeline, error) {
	const lease = 10 * time.Minute
	open := func(ctx context.Context) error {
		return b.store.OpenSession(ctx, store.Session{ID: session, Node: "bench", StartedAt: wall(), LeaseUntil: wall().Add(lease)})
	}
	if err := open(ctx); err != nil {
		return nil, err
	}
	p := &pipeline{clock: newClock(at)}
	s, q, log, id := b.store, b.queue, slog.New(slog.DiscardHandler), func() int64 { return session }
	o := executor.Options{
		Store: s, Queue: q, Handlers: registry(noop), Logger: log, Now: wall, Random: rand.Float64, Node: "bench", Session: id, Holds: func(int64) bool { return p.maintain.Holds(wall()) },
		Slots: slots, SlowSlots: 8, Drain: patience, Freed: func(n int) { p.dispatch.Freed(n) }, Look: func() { p.dispatch.Kick() },
	}
	if b.observed != nil {
		o.Attempted, o.Sampled = b.observed.tracer.Attempt, b.observed.tracer.Sampled
	}
	p.executor = executor.New(o)
	p.dispatch = dispatch.New(dispatch.Options{Store: s, Queue: q, Logger: log, Now: wall, Free: func() (anywhere, here int) { free := p.executor.Free(); return free, free }, Claim: p.executor.Claim})
	p.timer = timer.New(timer.Options{
		Store: s, Policy: job.DefaultPolicy, NewID: ids.New, Logger: log, Now: p.clock.now, Session: id,
		Take: p.executor.Take, Release: p.executor.Release, Announce: p.dispatch.Kick,
		Start: func(session int64, claimed []store.Claimed) { started(claimed); p.executor.Start(session, claimed) },
	})
	p.maintain = maintain.New(maintain.Options{
		Store: s, Bus: b.bus, Logger: log, Now: wall, Lease: lease, Heartbeat: 5 * time.Second, ReapEvery: 5 * time.Second,
		Retention: func() store.Retention { return store.Retention{} }, Session: id, NewSession: open, Running: p.executor.Running,
		Cancel: p.executor.Cancel, Fence: p.executor.Fence, Ready: p.dispatch.Kick,
	})
	return p, nil
}

// run runs everything but the timer while fn does.
func (p *pipeline) run(ctx context.Context, fn func(ctx context.Context) error) error {
	working, stop := context.WithCancel(ctx)
	g, working := errgroup.WithContext(working)
	for _, loop := range []func(context.Context) error{p.dispatch.Run, p.executor.Run, p.maintain.Run} {
		g.Go(func() error { return loop(working) })
	}
	err := fn(ctx)
	stop()
	return errors.Join(err, g.Wait())
}
