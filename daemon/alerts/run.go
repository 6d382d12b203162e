package alerts

import (
	"context"
	"log/slog"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
)

const (
	// every is how often a node asks whether there is something to tell.
	every = time.Second
	sick  = 5 * time.Second
)

// Run looks and tells until ctx ends.
func (a *Alerts) Run(ctx context.Context) error {
	sleep := time.NewTimer(0)
	defer sleep.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-sleep.C:
		}
		pause := every
		if err := a.Tick(ctx, a.o.Now()); err != nil && ctx.Err() == nil {
			a.o.Logger.ErrorContext(ctx, "alerts are not looked at", slog.Any("err", err), slog.String("code", string(job.CodeOf(err))))
			pause = sick
		}
		sleep.Reset(pause)
	}
}

// Run pings until ctx ends.
func (p *Pinger) Run(ctx context.Context) error {
	sleep := time.NewTimer(0)
	defer sleep.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-sleep.C:
		}
		p.Tick(ctx)
		sleep.Reset(p.o.Every)
	}
}
