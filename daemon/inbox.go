package daemon

import (
	"context"

	"github.com/agentic-sdlc/scheduler/daemon/config"
	"github.com/agentic-sdlc/scheduler/queue"
	"github.com/agentic-sdlc/scheduler/queue/redis"
)

// openInbox makes the way by which events come from Redis, which need not be there.
func (n *node) openInbox(context.Context) error {
	if n.cfg.Queue.Driver != config.DriverRedis {
		return nil
	}
	c := n.cfg.Queue.Redis
	inbox, err := redis.NewInbox(redis.InboxOptions{
		URL: c.URL, Prefix: c.Prefix, Consumer: n.name, Channels: c.Channels, ClaimIdle: c.ClaimIdle, Logger: n.log, Now: n.clock.Now,
	})
	if err != nil {
		return &exitError{status: exitConfig, err: err}
	}
	n.inbox = inbox
	n.onClose(inbox.Close)
	return nil
}

// hearEvents stores the events that come from Redis until ctx ends.
func (n *node) hearEvents(ctx context.Context) error {
	if n.inbox == nil {
		return nil
	}
	return n.inbox.Listen(ctx, func(ctx context.Context, batch []queue.SentEvent) (map[int]error, error) {
		return n.control.TakeEvents(ctx, n.clock.Now(), batch)
	})
}
