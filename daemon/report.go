package daemon

import (
	"context"
	"fmt"
	"time"

	"github.com/agentic-sdlc/scheduler/internal/loop"
)

// reportEvery is how often a node looks whether what it says of itself has changed.
const reportEvery = 5 * time.Second

// report tells whoever asked, until ctx ends, how the node is whenever that changes.
func (n *node) report(ctx context.Context) error {
	if n.o.Status == nil {
		return nil
	}
	told := ""
	loop.Run(ctx, nil, func(context.Context) time.Duration {
		if text := n.engine.words(n.draining.get()); text != told {
			n.o.Status(text)
			told = text
		}
		return reportEvery
	})
	return nil
}

// words say in short what the engine does.
func (e *Engine) words(stopping bool) string {
	v := e.Vitals()
	busy := fmt.Sprintf("%d running", v.Running)
	switch {
	case stopping:
		return "stopping, " + busy
	case e.standing.maintenance.Load():
		return "maintenance, " + busy
	case e.standing.draining.Load():
		return "draining, " + busy
	case !v.Next.IsZero():
		return fmt.Sprintf("ready, %s, next job due %s", busy, v.Next.UTC().Format("2006-01-02 15:04:05 MST"))
	}
	return "ready, " + busy
}
