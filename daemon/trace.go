package daemon

import (
	"context"
	"time"

	"github.com/agentic-sdlc/scheduler/daemon/tracing"
)

// openTracing prepares the sending of spans, if it is configured; the last of them are
// sent at the end.
func (n *node) openTracing(ctx context.Context) error {
	if !n.cfg.Tracing.Enabled {
		return nil
	}
	t, err := tracing.New(ctx, tracing.Options{
		Endpoint: n.cfg.Tracing.Endpoint, Ratio: n.cfg.Tracing.SampleRatio, Node: n.name, Version: n.o.Build.Version, Logger: n.log,
	})
	if err != nil {
		return &exitError{status: exitConfig, err: err}
	}
	n.tracer = t
	n.onClose(func() error {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		if err := t.Close(ctx); err != nil {
			n.log.WarnContext(ctx, "the last traces were not sent")
		}
		return nil
	})
	return nil
}
