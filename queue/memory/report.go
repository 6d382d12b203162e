package memory

import (
	"context"
	"maps"
	"slices"

	"github.com/agentic-sdlc/scheduler/queue"
)

// Peek returns up to n waiting messages, in the order in which they would be
// received now.
func (q *Queue) Peek(_ context.Context, n int) ([]queue.Message, error) {
	now := q.now()
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return nil, errClosed()
	}
	waiting := q.waiting.clone()
	taken := waiting.take(n, now)
	messages := make([]queue.Message, len(taken))
	for i, e := range taken {
		messages[i] = e.Message
	}
	return messages, nil
}

// Depth returns how many messages wait and how many are received and not acked.
func (q *Queue) Depth(context.Context) (queue.Depth, error) {
	now := q.now()
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return queue.Depth{}, errClosed()
	}
	d := queue.Depth{Waiting: q.waiting.len(), Pending: len(q.receipts), Oldest: q.waiting.oldest(now)}
	oldest := d.Oldest
	if d.Pending > 0 {
		oldest = max(oldest, now.Sub(q.pending.first().received))
	}
	d.Streams = []queue.Stream{{
		Name: "memory", Length: d.Waiting + d.Pending, Pending: d.Pending, Lag: d.Waiting,
		Oldest: oldest, Consumers: slices.Sorted(maps.Keys(q.consumers)),
	}}
	return d, nil
}

// Ping tells that the queue is open.
func (q *Queue) Ping(context.Context) (queue.Info, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return queue.Info{}, errClosed()
	}
	return queue.Info{Server: "memory", Eviction: "noeviction"}, nil
}
