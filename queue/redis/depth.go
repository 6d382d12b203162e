package redis

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/agentic-sdlc/scheduler/queue"
)

// glance is what Redis says of one stream.
type glance struct {
	length    int
	groups    []redis.XInfoGroup
	consumers map[string][]string // by group
	head      string              // oldest entry, "" for none
}

// group returns what is known of a group, zero for one that is missing.
func (g *glance) group(name string) redis.XInfoGroup {
	i := slices.IndexFunc(g.groups, func(x redis.XInfoGroup) bool { return x.Name == name })
	if i < 0 {
		return redis.XInfoGroup{Name: name, LastDeliveredID: "0-0"}
	}
	return g.groups[i]
}

// Depth returns how many messages wait and how many are received and not acked,
// with a row for each stream and group, those of the workers first.
func (q *Queue) Depth(ctx context.Context) (queue.Depth, error) {
	if q.closed.Load() {
		return queue.Depth{}, errClosed()
	}
	ctx, cancel := q.within(ctx, 0)
	defer cancel()
	now, glances, err := q.glance(ctx)
	if err != nil {
		return queue.Depth{}, q.failed("depth", err)
	}
	waiting, err := q.unread(ctx, glances, 1)
	if err != nil {
		return queue.Depth{}, q.failed("depth", err)
	}
	var d queue.Depth
	for _, group := range []string{q.o.Group, q.o.Monitors} {
		for rank := len(q.keys) - 1; rank >= 0; rank-- {
			g := &glances[rank]
			row := queue.Stream{Name: q.keys[rank], Group: group, Length: g.length, Oldest: age(now, g.head), Consumers: g.consumers[group]}
			row.Pending = int(g.group(group).Pending)
			if group == q.o.Group {
				// Acked messages are deleted: what is not pending waits. Redis' own lag is
				// unknown after some deletions.
				row.Lag = max(0, row.Length-row.Pending)
				d.Waiting += row.Lag
				d.Pending += row.Pending
				if len(waiting[rank]) > 0 {
					d.Oldest = max(d.Oldest, age(now, waiting[rank][0].ID))
				}
			} else {
				row.Lag = max(0, int(g.group(group).Lag))
			}
			d.Streams = append(d.Streams, row)
		}
	}
	return d, nil
}

// Peek returns up to n waiting messages, those of the best stream first.
func (q *Queue) Peek(ctx context.Context, n int) ([]queue.Message, error) {
	if q.closed.Load() {
		return nil, errClosed()
	}
	if n <= 0 {
		return nil, nil
	}
	ctx, cancel := q.within(ctx, 0)
	defer cancel()
	_, glances, err := q.glance(ctx)
	if err != nil {
		return nil, q.failed("peek", err)
	}
	waiting, err := q.unread(ctx, glances, int64(n))
	if err != nil {
		return nil, q.failed("peek", err)
	}
	var got []queue.Message
	for _, entries := range slices.Backward(waiting) {
		for _, e := range entries {
			if m := fromValues(e.Values); !m.ExecutionID.IsZero() && len(got) < n {
				got = append(got, m)
			}
		}
	}
	return got, nil
}

// glance asks for the state of all streams, by rank, and the clock of Redis.
func (q *Queue) glance(ctx context.Context) (now time.Time, glances []glance, err error) {
	glances = make([]glance, len(q.keys))
	lengths := make([]*redis.IntCmd, len(q.keys))
	groups := make([]*redis.XInfoGroupsCmd, len(q.keys))
	heads := make([]*redis.XMessageSliceCmd, len(q.keys))
	consumers := make([]map[string]*redis.XInfoConsumersCmd, len(q.keys))
	var clock *redis.TimeCmd
	_, err = q.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		clock = p.Time(ctx)
		for rank, key := range q.keys {
			lengths[rank] = p.XLen(ctx, key)
			groups[rank] = p.XInfoGroups(ctx, key)
			heads[rank] = p.XRangeN(ctx, key, "-", "+", 1)
			consumers[rank] = map[string]*redis.XInfoConsumersCmd{
				q.o.Group:    p.XInfoConsumers(ctx, key, q.o.Group),
				q.o.Monitors: p.XInfoConsumers(ctx, key, q.o.Monitors),
			}
		}
		return nil
	})
	if err != nil && !noKey(err) {
		return now, nil, err
	}
	for rank := range glances {
		g := &glances[rank]
		if err := lengths[rank].Err(); err != nil {
			return now, nil, err
		}
		g.length, g.groups = int(lengths[rank].Val()), groups[rank].Val()
		if head := heads[rank].Val(); len(head) > 0 {
			g.head = head[0].ID
		}
		g.consumers = make(map[string][]string)
		for group, c := range consumers[rank] {
			for _, one := range c.Val() {
				g.consumers[group] = append(g.consumers[group], one.Name)
			}
			slices.Sort(g.consumers[group])
		}
	}
	return clock.Val(), glances, clock.Err()
}

// unread returns the first n entries of each stream that the workers have not
// received.
func (q *Queue) unread(ctx context.Context, glances []glance, n int64) ([][]redis.XMessage, error) {
	asked := make([]*redis.XMessageSliceCmd, len(q.keys))
	_, err := q.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for rank, key := range q.keys {
			asked[rank] = p.XRangeN(ctx, key, "("+glances[rank].group(q.o.Group).LastDeliveredID, "+", n)
		}
		return nil
	})
	waiting := make([][]redis.XMessage, len(q.keys))
	for rank := range asked {
		waiting[rank] = asked[rank].Val()
	}
	return waiting, err
}

// age returns how long before now an entry was added, by the clock of Redis.
func age(now time.Time, id string) time.Duration {
	text, _, _ := strings.Cut(id, "-")
	ms, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0
	}
	return max(0, now.Sub(time.UnixMilli(ms)))
}
