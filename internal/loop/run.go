// Package loop repeats what a component of the daemon does: at once, whenever it is woken,
// and when the pause is over that the last round asked for.
package loop

import (
	"context"
	"time"
)

// Run calls do until ctx ends, in the same goroutine and never two at once. do returns
// how long to sleep at most before the next round; what is not positive means at once.
// wake ends the sleep early; nil = nothing does.
func Run(ctx context.Context, wake <-chan struct{}, do func(ctx context.Context) (pause time.Duration)) {
	sleep := time.NewTimer(0)
	defer sleep.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-wake:
		case <-sleep.C:
		}
		if ctx.Err() != nil { // rather than one of the others that are ready as well
			return
		}
		sleep.Reset(do(ctx))
	}
}
