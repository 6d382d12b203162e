package redis

import (
	"context"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/agentic-sdlc/scheduler/queue"
)

// Reclaim gives messages that were received at least idle ago and not acked to the
// consumer, those of the best stream first. What was trimmed meanwhile is forgotten.
// Now and then it also removes what nodes that are gone left behind.
func (q *Queue) Reclaim(ctx context.Context, consumer string, idle time.Duration, limit int) ([]queue.Delivery, error) {
	if q.closed.Load() {
		return nil, errClosed()
	}
	ctx, cancel := q.within(ctx, 0)
	defer cancel()
	var got []queue.Delivery
	for rank := len(q.keys) - 1; rank >= 0 && len(got) < limit; rank-- {
		more, err := q.reclaim(ctx, rank, consumer, idle, limit-len(got))
		got = append(got, more...)
		if err != nil && !groupLost(err) {
			return q.sift(ctx, got), q.failed("reclaim", err)
		}
	}
	q.tidyNow(ctx)
	return q.sift(ctx, got), nil
}

// reclaim is Reclaim for one stream. Redis looks at a part of what is pending at a
// time and says where to go on.
func (q *Queue) reclaim(ctx context.Context, rank int, consumer string, idle time.Duration, limit int) (got []queue.Delivery, err error) {
	for start := "0-0"; len(got) < limit; {
		claimed, next, err := q.client.XAutoClaim(ctx, &redis.XAutoClaimArgs{
			Stream: q.keys[rank], Group: q.o.Group, Consumer: consumer, MinIdle: idle, Start: start, Count: int64(limit - len(got)),
		}).Result()
		if err != nil {
			return got, err
		}
		counts, err := q.counts(ctx, q.keys[rank], claimed)
		for i, m := range claimed {
			got = append(got, delivery(rank, m.ID, fromValues(m.Values), counts[i]))
		}
		if err != nil || next == "0-0" {
			return got, err
		}
		start = next
	}
	return got, nil
}

// counts asks how often claimed messages were delivered. Without an answer they
// count two.
func (q *Queue) counts(ctx context.Context, key string, claimed []redis.XMessage) ([]int, error) {
	counts := slices.Repeat([]int{2}, len(claimed))
	if len(claimed) == 0 {
		return counts, nil
	}
	asked := make([]*redis.XPendingExtCmd, len(claimed))
	_, err := q.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, m := range claimed {
			asked[i] = p.XPendingExt(ctx, &redis.XPendingExtArgs{Stream: key, Group: q.o.Group, Start: m.ID, End: m.ID, Count: 1})
		}
		return nil
	})
	for i, a := range asked {
		if pending := a.Val(); len(pending) == 1 {
			counts[i] = int(pending[0].RetryCount)
		}
	}
	return counts, err
}
