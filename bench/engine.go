package main

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/agentic-sdlc/scheduler/daemon"
	"github.com/agentic-sdlc/scheduler/handler"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

const (
	// slots is how many executions may run at once where a test needs many.
	slots = 4096

	day = 24 * time.Hour
)

// registry has one handler.
func registry(h handler.Func) *handler.Registry {
	r := &handler.Registry{}
	if err := r.Register(handler.Info{Name: handlerName, Kind: "builtin"}, h); err != nil {
		panic(err) // an empty registry takes any name
	}
	return r
}

// noop is the function that all schedulers are given here.
func noop(context.Context, *handler.Task) (handler.Result, error) { return handler.Result{}, nil }

// timed returns a handler that notes how long after its due time it was called.
func timed(late *sampler) handler.Func {
	return func(_ context.Context, t *handler.Task) (handler.Result, error) {
		late.add(time.Since(t.ScheduledAt))
		return handler.Result{}, nil
	}
}

// running is a daemon's engine at work.
type running struct {
	*daemon.Engine
	stop func() error // drains and closes the bed; needed once, more do no harm
}

// startEngine starts the engine that schedd runs, with schedd's defaults.
func startEngine(ctx context.Context, b *bed, slots int, h handler.Func) *running {
	return startKeeping(ctx, b, slots, h, store.Retention{Success: 7 * day, Failed: 30 * day, OneTime: 90 * day, KeepLast: 10})
}

// startKeeping is startEngine with another retention of history.
func startKeeping(ctx context.Context, b *bed, slots int, h handler.Func, keep store.Retention) *running {
	e := daemon.NewEngine(daemon.EngineOptions{
		Store: b.store, Queue: b.queue, Bus: b.bus, Handlers: registry(h),
		Logger: slog.New(slog.DiscardHandler), Node: "bench", Shared: b.shared, Version: "bench", Slots: slots, SlowSlots: 8,
		Lease: 30 * time.Second, Heartbeat: 5 * time.Second, ReapEvery: 5 * time.Second, Drain: 30 * time.Second,
		LogCaps: store.LogCaps{Job: 64 << 20, Total: 1 << 30},
		Settings: daemon.Settings{
			Policy:    job.DefaultPolicy(),
			Retention: keep,
		},
	})
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan error, 1)
	go func() { done <- e.Run(ctx) }()
	r := &running{Engine: e}
	r.stop = func() error {
		cancel()
		err := <-done
		r.stop = func() error { return nil }
		return errors.Join(err, b.close())
	}
	return r
}
