package events

import (
	"context"
	"log/slog"
	"time"

	"github.com/agentic-sdlc/scheduler/internal/loop"
	"github.com/agentic-sdlc/scheduler/job"
)

const (
	// every is how often a node looks for events that came in elsewhere, and for those
	// that happened in schedd.
	every = 100 * time.Millisecond
	// again is how soon it looks when another node is at it, or after an error.
	again = 20 * time.Millisecond
	sick  = time.Second
)

// Run decides about events until ctx ends.
func (e *Events) Run(ctx context.Context) error {
	loop.Run(ctx, e.wake, func(ctx context.Context) time.Duration {
		busy, more, err := e.Tick(ctx, e.o.Now())
		switch {
		case ctx.Err() != nil || more && err == nil:
			return 0
		case err != nil:
			e.o.Logger.ErrorContext(ctx, "deciding about events failed", slog.Any("err", err), slog.String("code", string(job.CodeOf(err))))
			return sick
		case busy:
			return again
		default:
			return e.pause(ctx)
		}
	})
	return nil
}

// pause is how long to sleep until something may be due.
func (e *Events) pause(ctx context.Context) time.Duration {
	next, err := e.o.Store.NextAct(ctx)
	if err != nil || next.IsZero() {
		return every
	}
	return max(time.Millisecond, min(every, next.Sub(e.o.Now())))
}
