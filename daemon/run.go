package daemon

import (
	"context"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/agentic-sdlc/scheduler/internal/failpoint"
)

// now is the clock of the daemon: the one place where the components' time comes
// from. Stored instants have microseconds.
func now() time.Time { return time.Now().Add(failpoint.Skew()).UTC().Truncate(time.Microsecond) }

// pause waits, unless ctx ends first.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// group is components that run and stop together.
type group struct {
	cancel context.CancelFunc
	wait   func() error
}

// start runs the components until stop, or until ctx ends.
func start(ctx context.Context, components ...func(context.Context) error) group {
	ctx, cancel := context.WithCancel(ctx)
	g, ctx := errgroup.WithContext(ctx)
	for _, run := range components {
		g.Go(func() error { return run(ctx) })
	}
	return group{cancel: cancel, wait: g.Wait}
}

// stop ends the components and waits for them.
func (g group) stop() error {
	g.cancel()
	return g.wait()
}
