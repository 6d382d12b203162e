package command

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	sd "github.com/coreos/go-systemd/v22/daemon"
)

// watch tells systemd that the daemon goes on, twice in each interval that systemd
// waits (WatchdogSec), as long as every loop has come round since the last time. When
// one stands still nothing is told, and systemd starts the daemon again. A store that
// does not answer stops no loop: a new start would not cure it. Nor does a drain: once
// serving has ended the loops end too, and TimeoutStopSec bounds the rest, until ctx
// ends.
func (r *runner) watch(ctx, serving context.Context, rounds func() map[string]uint64) {
	interval, err := sd.SdWatchdogEnabled(false)
	if err != nil || interval <= 0 {
		return
	}
	ticks := time.NewTicker(interval / 2)
	defer ticks.Stop()
	last := rounds()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticks.C:
		}
		next := rounds()
		if loop := standing(last, next); loop == "" || serving.Err() != nil {
			notify(sd.SdNotifyWatchdog)
		} else {
			r.log.Error("a loop stands still: systemd is told nothing, and starts schedd again", slog.String("loop", loop))
		}
		last = next
	}
}

// standing names a loop whose rounds did not grow, "" when all did.
func standing(last, next map[string]uint64) string {
	for loop, n := range next {
		if n == last[loop] {
			return loop
		}
	}
	return ""
}

// While the schema changes, systemd is asked every so often for that much more time.
const (
	extendEvery = 20 * time.Second
	extension   = 60 * time.Second
)

// migrating keeps systemd from taking a long start for a failed one, until done.
func migrating(have, want int64) (done func()) {
	stop, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		ticks := time.NewTicker(extendEvery)
		defer ticks.Stop()
		for {
			notify(fmt.Sprintf("EXTEND_TIMEOUT_USEC=%d", extension.Microseconds()), fmt.Sprintf("STATUS=migrating %d→%d", have, want))
			select {
			case <-stop:
				notify("STATUS=" + starting)
				return
			case <-ticks.C:
			}
		}
	}()
	return func() { close(stop); <-ended }
}

// starting is what systemd shows between a migration and READY=1.
const starting = "starting"
