package maintain

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/agentic-sdlc/scheduler/internal/loop"
)

// maxSleep bounds a sleep, so that a jump of the wall clock delays no heartbeat.
const maxSleep = time.Second

// Run ticks until ctx ends. Heartbeats, upkeep and the watch over the lease go on side
// by side: a store that answers slowly or not at all holds up none of the others.
func (m *Maintainer) Run(ctx context.Context) error {
	var loops sync.WaitGroup
	loops.Go(func() { m.loop(ctx, m.wake, m.live) })
	loops.Go(func() {
		m.loop(ctx, nil, func(ctx context.Context, now time.Time) (time.Time, error) { return m.tick(ctx, m.upkeep, now) })
	})
	loops.Go(func() {
		m.loop(ctx, nil, func(ctx context.Context, now time.Time) (time.Time, error) {
			m.guard(ctx, now)
			return now.Add(m.margin() / 2), nil
		})
	})
	loops.Wait()
	m.hooks.running.Wait()
	return nil
}

// loop does what is due, sleeps until more is, or until woken.
func (m *Maintainer) loop(ctx context.Context, wake <-chan struct{}, do func(ctx context.Context, now time.Time) (next time.Time, err error)) {
	loop.Run(ctx, wake, func(ctx context.Context) time.Duration {
		next, err := do(ctx, m.o.Now())
		if err != nil && ctx.Err() == nil {
			m.o.Logger.ErrorContext(ctx, "upkeep failed", slog.Any("err", err))
		}
		return min(next.Sub(m.o.Now()), maxSleep)
	})
}

// rest waits, unless ctx ends first.
func rest(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
