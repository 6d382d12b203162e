package maintain

import (
	"context"
	"log/slog"
	"time"
)

// maxSleep bounds a sleep, so that a jump of the wall clock delays no heartbeat.
const maxSleep = time.Second

// Run ticks until ctx ends.
func (m *Maintainer) Run(ctx context.Context) error {
	sleep := time.NewTimer(0)
	defer sleep.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-m.wake:
		case <-sleep.C:
		}
		next, err := m.Tick(ctx, m.o.Now())
		if err != nil && ctx.Err() == nil {
			m.o.Logger.ErrorContext(ctx, "upkeep failed", slog.Any("err", err))
		}
		sleep.Reset(max(0, min(next.Sub(m.o.Now()), maxSleep)))
	}
}
