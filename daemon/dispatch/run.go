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
		case <-d.soon:
			d.gather(ctx)
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
		pause := d.o.Sweep
		if !next.IsZero() {
			pause = max(0, min(next.Sub(d.o.Now()), d.o.Sweep))
		}
		if d.left != nil && d.backlog.Load() {
			pause = min(pause, retell)
		}
		sleep.Reset(pause)
	}
}

// gather waits a moment for more slots to become free: one look finds work for all.
func (d *Dispatcher) gather(ctx context.Context) {
	moment := time.NewTimer(2 * time.Millisecond)
	defer moment.Stop()
	select {
	case <-ctx.Done():
	case <-d.kick:
	case <-moment.C:
	}
}
