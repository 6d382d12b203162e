package main

import (
	"context"
	"sync"
	"time"

	"github.com/agentic-sdlc/scheduler/store"
)

// counted is the store with a count of the executions whose end is durable.
type counted struct {
	store.Store

	mu      sync.Mutex
	settled int
	target  int
	reached chan time.Time
	onEnd   func(batch []store.Settlement)
}

// Settle counts what the store settled; what was fenced does not count.
func (c *counted) Settle(ctx context.Context, now time.Time, batch []store.Settlement) (store.Settled, error) {
	out, err := c.Store.Settle(ctx, now, batch)
	if err != nil {
		return out, err
	}
	at := time.Now()
	c.mu.Lock()
	c.settled += len(batch) - len(out.Fenced)
	if c.reached != nil && c.settled >= c.target {
		c.reached <- at
		c.reached = nil
	}
	c.mu.Unlock()
	if c.onEnd != nil {
		c.onEnd(batch)
	}
	return out, nil
}

// after returns a channel that gets the instant at which n more executions are
// settled.
func (c *counted) after(n int) <-chan time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.target, c.reached = c.settled+n, make(chan time.Time, 1)
	return c.reached
}
