package dispatch

import (
	"context"
	"log/slog"
	"time"
)

// sweep is how long the store is at most not looked at: it finds what was announced
// in vain.
const sweep = time.Second

// Run announces until ctx ends: when asked to, when an execution becomes ready, and
// now and then.
func (d *Dispatcher) Run(ctx context.Context) error {
	sleep := time.NewTimer(0)
	defer sleep.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-d.kick:
		case <-sleep.C:
		}
		now := d.o.Now()
		_, err := d.Tick(ctx, now)
		next, nextErr := d.o.Store.NextReady(ctx, now)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil || nextErr != nil {
			d.o.Logger.ErrorContext(ctx, "announce failed", slog.Any("err", err), slog.Any("next_err", nextErr))
		}
		pause := sweep
		if !next.IsZero() {
			pause = max(0, min(next.Sub(d.o.Now()), sweep))
		}
		sleep.Reset(pause)
	}
}
