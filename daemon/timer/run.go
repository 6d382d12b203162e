package timer

import (
	"context"
	"log/slog"
	"time"

	"github.com/agentic-sdlc/scheduler/internal/loop"
	"github.com/agentic-sdlc/scheduler/job"
)

const (
	// maxSleep bounds a sleep, so that a jump of the wall clock or a suspended machine
	// delays nothing for longer.
	maxSleep = time.Second
	// busy is how soon a tick is repeated after an error.
	busy = 200 * time.Millisecond
)

// Run ticks whenever something is due, until ctx ends.
func (t *Timer) Run(ctx context.Context) error {
	loop.Run(ctx, t.wake, func(ctx context.Context) time.Duration {
		t.rounds.Add(1)
		next, err := t.Tick(ctx, t.o.Now())
		if ctx.Err() != nil {
			return 0
		}
		if err == nil {
			t.warm(ctx, t.o.Now(), next)
		}
		return t.pause(ctx, next, err)
	})
	return nil
}

// pause returns how long to sleep until next.
func (t *Timer) pause(ctx context.Context, next time.Time, err error) time.Duration {
	if err != nil {
		t.o.Logger.ErrorContext(ctx, "tick failed", slog.Any("err", err))
		if job.CodeOf(err) == job.StorageFull { // it will be for a while, and each attempt writes
			return maxSleep
		}
		return busy
	}
	if next.IsZero() {
		return maxSleep
	}
	return max(0, min(next.Sub(t.o.Now()), maxSleep))
}
