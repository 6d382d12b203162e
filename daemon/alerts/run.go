package alerts

import (
	"context"
	"log/slog"
	"time"

	"github.com/agentic-sdlc/scheduler/internal/loop"
	"github.com/agentic-sdlc/scheduler/job"
)

const (
	// every is how often a node asks whether there is something to tell.
	every = time.Second
	sick  = 5 * time.Second
)

// Run looks and tells until ctx ends.
func (a *Alerts) Run(ctx context.Context) error {
	loop.Run(ctx, nil, func(ctx context.Context) time.Duration {
		if err := a.Tick(ctx, a.o.Now()); err != nil && ctx.Err() == nil {
			a.o.Logger.ErrorContext(ctx, "alerts are not looked at", slog.Any("err", err), slog.String("code", string(job.CodeOf(err))))
			return sick
		}
		return every
	})
	return nil
}

// Run pings until ctx ends.
func (p *Pinger) Run(ctx context.Context) error {
	loop.Run(ctx, nil, func(ctx context.Context) time.Duration {
		p.Tick(ctx)
		return p.o.Every
	})
	return nil
}
