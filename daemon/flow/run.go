package flow

import (
	"context"
	"log/slog"
	"time"
)

// every is how often it looks though nobody kicks it.
const every = time.Second

// Run looks until ctx ends.
func (f *Flow) Run(ctx context.Context) error {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		more, err := f.Tick(ctx, f.o.Now())
		if err != nil && ctx.Err() == nil {
			f.o.Logger.ErrorContext(ctx, "looking after workflows failed", slog.Any("err", err))
		}
		if more {
			continue
		}
		select {
		case <-ctx.Done():
			return nil
		case <-f.kick:
		case <-ticker.C:
		}
	}
}
