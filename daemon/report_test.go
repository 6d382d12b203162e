package daemon

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/internal/testbed"
)

// TestReport: a node says how it is when that changes, and only then: that it is ready and
// when the next job is due, that it drains, that there is maintenance, that it stops.
func TestReport(t *testing.T) {
	t.Parallel()
	b := newBed(t, 4)
	b.create(t, 1, now().Add(time.Hour))
	testbed.Eventually(t, "it knows what is due", time.Minute, func() bool {
		return strings.HasPrefix(b.engine.words(false), "ready, 0 running, next job due 2")
	})
	b.engine.standing.draining.Store(true)
	if got := b.engine.words(false); got != "draining, 0 running" {
		t.Errorf("while it drains it says %q", got)
	}
	b.engine.standing.maintenance.Store(true)
	if got := b.engine.words(false); got != "maintenance, 0 running" {
		t.Errorf("in maintenance it says %q", got)
	}

	ctx, cancel := context.WithCancel(t.Context())
	said := make(chan string, 4)
	n := &node{engine: b.engine, o: Options{Status: func(text string) { said <- text }}}
	n.draining.set()
	ended := make(chan error, 1)
	go func() { ended <- n.report(ctx) }()
	if got := <-said; got != "stopping, 0 running" {
		t.Errorf("at the stop it says %q", got)
	}
	cancel()
	if err := <-ended; err != nil || len(said) > 0 {
		t.Errorf("the end = %v, %d more texts", err, len(said))
	}
}
