package flow

import (
	"context"
	"log/slog"
	"time"

	"github.com/agentic-sdlc/scheduler/internal/loop"
)

// every is how often it looks though nobody kicks it.
const every = time.Second

// Run looks until ctx ends.
func (f *Flow) Run(ctx context.Context) error {
	loop.Run(ctx, f.kick, func(ctx context.Context) time.Duration {
		more, err := f.Tick(ctx, f.o.Now())
		if err != nil && ctx.Err() == nil {
			f.o.Logger.ErrorContext(ctx, "looking after workflows failed", slog.Any("err", err))
		}
		if more && err == nil {
			return 0
		}
		return every
	})
	return nil
}
