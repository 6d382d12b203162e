package dispatch

import (
	"context"
	"errors"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/queue"
	"github.com/agentic-sdlc/scheduler/store"
)

// retell is how long a node that takes work itself keeps what it leaves to others to
// itself, after it told them: they are awake and look for themselves.
const retell = 50 * time.Millisecond

// hand takes what this node has slots for, and announces what is left for others.
func (d *Dispatcher) hand(ctx context.Context, now time.Time, waiting []store.Waiting, here int) error {
	own, rest := d.divide(waiting, here)
	var err error
	if len(own) > 0 {
		err = d.o.Claim(ctx, own)
	}
	if len(rest) == 0 || d.o.Alone() || len(own) > 0 && now.Sub(d.told) < retell {
		return err
	}
	d.told, d.left = now, make(map[job.ID]bool, len(rest))
	for i := range rest {
		d.left[rest[i].ExecutionID] = true
	}
	return errors.Join(err, d.o.Queue.Announce(ctx, rest))
}

// divide says what this node takes, in the order of the window: at most as many as it has
// slots for, of others' only what they left although they were told, or what would leave
// slots empty here.
func (d *Dispatcher) divide(waiting []store.Waiting, here int) (own []job.ID, rest []queue.Message) {
	taken := make([]bool, len(waiting))
	for _, others := range []bool{false, true} {
		for i, w := range waiting {
			if len(own) < here && !taken[i] && (others || d.left[w.ID] || d.o.Mine(w.ID)) {
				own, taken[i] = append(own, w.ID), true
			}
		}
	}
	for i, w := range waiting {
		if !taken[i] && d.o.Reach(w.HandlerName) == Everywhere {
			rest = append(rest, queue.Message{ExecutionID: w.ID, Platform: w.Platform, HandlerName: w.HandlerName, Priority: w.Priority, ReadyAt: w.ReadyAt})
		}
	}
	return own, rest
}
