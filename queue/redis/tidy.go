package redis

import (
	"context"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	// tidyEvery is how often a node looks for what others left behind, goneAfter how
	// long a consumer is silent before it counts as gone.
	tidyEvery = 10 * time.Minute
	goneAfter = 24 * time.Hour
)

// tidyNow tidies when it is time to.
func (q *Queue) tidyNow(ctx context.Context) {
	now := q.o.Now().UnixMilli()
	last := q.tidied.Load()
	if (last != 0 && now-last < tidyEvery.Milliseconds()) || !q.tidied.CompareAndSwap(last, now) {
		return
	}
	for _, key := range q.keys {
		if err := q.tidy(ctx, key, goneAfter); err != nil && !noKey(err) {
			q.log.warn(ctx, "the stream was not tidied", "err", err)
			return
		}
	}
}

// tidy deletes consumers that are gone and have nothing pending, and entries that were
// received and that nobody has: somebody acked them in another way, or deleted their
// consumer. Only what lies before the oldest pending entry is found.
func (q *Queue) tidy(ctx context.Context, key string, gone time.Duration) error {
	var groups *redis.XInfoGroupsCmd
	var pending *redis.XPendingCmd
	var consumers *redis.XInfoConsumersCmd
	// In this order: what is received in between is beyond what the first one says.
	if _, err := q.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		groups = p.XInfoGroups(ctx, key)
		pending = p.XPending(ctx, key, q.o.Group)
		consumers = p.XInfoConsumers(ctx, key, q.o.Group)
		return nil
	}); err != nil {
		return err
	}
	keep := ""
	for _, g := range groups.Val() {
		if g.Name == q.o.Group {
			keep = g.LastDeliveredID
		}
	}
	if pending.Val().Count > 0 {
		keep = pending.Val().Lower
	}
	_, err := q.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		if keep != "" {
			p.XTrimMinID(ctx, key, keep)
		}
		for _, c := range consumers.Val() {
			if c.Pending == 0 && c.Idle >= gone {
				p.XGroupDelConsumer(ctx, key, q.o.Group, c.Name)
			}
		}
		return nil
	})
	return err
}
