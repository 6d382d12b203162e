package redis

import (
	"cmp"
	"context"
	_ "embed" // the scripts
	"errors"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/agentic-sdlc/scheduler/queue"
)

// maxBlock bounds one blocking request: the library does not hear the end of a
// context while it waits for an answer.
const maxBlock = time.Second

//go:embed receive.lua
var receiveText string

var receiveScript = redis.NewScript(receiveText)

// Receive returns up to limit messages; see queue.Queue. It may return up to a second
// after ctx ends. Where Redis does not do its work it returns the error, not before
// a pause that grows with each failure in a row.
func (q *Queue) Receive(ctx context.Context, consumer string, limit int, block time.Duration) ([]queue.Delivery, error) {
	end := time.Now().Add(block)
	for !q.closed.Load() {
		if ctx.Err() != nil || limit <= 0 {
			return nil, nil
		}
		got, err := q.look(ctx, consumer, limit, time.Until(end))
		if err == nil {
			q.pace.reset()
		}
		if len(got) > 0 {
			return got, nil
		}
		switch {
		case err == nil && !time.Now().Before(end):
			return nil, nil
		case err == nil || q.closed.Load() || ctx.Err() != nil:
			continue
		}
		pause := q.pace.failed(err)
		again := groupLost(err) && q.makeGroups(ctx) == nil
		rest := max(0, time.Until(end))
		if !q.sleep(ctx, min(pause, rest)) {
			continue
		}
		if !again || pause > rest {
			return nil, q.failed("receive", err)
		}
	}
	return nil, errClosed()
}

// look takes what there is, or waits for it.
func (q *Queue) look(ctx context.Context, consumer string, limit int, block time.Duration) ([]queue.Delivery, error) {
	if got := q.takeSpare(limit); len(got) > 0 {
		return got, nil
	}
	got, err := q.take(ctx, consumer, limit)
	if len(got) > 0 || err != nil || block <= 0 {
		return got, err
	}
	got, err = q.await(ctx, consumer, min(block, maxBlock))
	if err != nil || len(got) == 0 {
		return nil, err
	}
	if len(got) < limit { // there may be more by now
		more, _ := q.take(ctx, consumer, limit-len(got))
		got = append(got, more...)
		slices.SortStableFunc(got, func(a, b queue.Delivery) int { return cmp.Compare(b.Receipt[0], a.Receipt[0]) })
		return got, nil
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.spare = append(q.spare, got[limit:]...)
	return got[:limit:limit], nil
}

// take returns what waits now.
func (q *Queue) take(ctx context.Context, consumer string, limit int) ([]queue.Delivery, error) {
	ctx, cancel := q.within(ctx, 0)
	defer cancel()
	reply, err := receiveScript.Run(ctx, q.client, q.best(), q.o.Group, consumer, limit).Slice()
	if err != nil || len(reply) == 0 {
		return nil, err
	}
	if text, _ := reply[0].(string); text != "" {
		err = errors.New(text)
	}
	got := make([]queue.Delivery, 0, len(reply)-1)
	for _, e := range reply[1:] {
		entry, _ := e.([]any)
		if len(entry) != 3 {
			continue
		}
		number, _ := entry[0].(int64)
		id, _ := entry[1].(string)
		pairs, _ := entry[2].([]any)
		got = append(got, delivery(len(q.keys)-int(number), id, fromPairs(pairs), 1))
	}
	return q.sift(ctx, got), err
}

// await waits for the first message. It may return one of each stream.
func (q *Queue) await(ctx context.Context, consumer string, block time.Duration) ([]queue.Delivery, error) {
	ctx, cancel := q.within(ctx, block)
	defer cancel()
	args := &redis.XReadGroupArgs{Group: q.o.Group, Consumer: consumer, Streams: q.best(), Count: 1, Block: max(block, time.Millisecond)}
	for range q.keys {
		args.Streams = append(args.Streams, ">")
	}
	streams, err := q.client.XReadGroup(ctx, args).Result()
	if errors.Is(err, redis.Nil) {
		err = nil
	}
	var got []queue.Delivery
	for _, s := range streams {
		for _, m := range s.Messages {
			got = append(got, delivery(slices.Index(q.keys, s.Stream), m.ID, fromValues(m.Values), 1))
		}
	}
	return q.sift(ctx, got), err
}

// best returns the streams, best first.
func (q *Queue) best() []string {
	keys := slices.Clone(q.keys)
	slices.Reverse(keys)
	return keys
}

// takeSpare returns what an earlier call received beyond its limit.
func (q *Queue) takeSpare(limit int) []queue.Delivery {
	q.mu.Lock()
	defer q.mu.Unlock()
	n := min(limit, len(q.spare))
	got := slices.Clone(q.spare[:n])
	q.spare = slices.Delete(q.spare, 0, n)
	return got
}

// sift removes what is no message, here and in Redis, and counts it.
func (q *Queue) sift(ctx context.Context, got []queue.Delivery) []queue.Delivery {
	var strays []string
	got = slices.DeleteFunc(got, func(d queue.Delivery) bool {
		if d.ExecutionID.IsZero() {
			strays = append(strays, d.Receipt)
		}
		return d.ExecutionID.IsZero()
	})
	if len(strays) > 0 {
		q.strays.Add(int64(len(strays)))
		q.log.warn(ctx, "stray messages removed from the stream", "count", len(strays))
		if err := q.Ack(ctx, strays); err != nil {
			q.log.warn(ctx, "stray messages not removed", "err", err)
		}
	}
	return got
}

// sleep pauses; false when ctx ended or the queue closed first.
func (q *Queue) sleep(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
	case <-q.closing:
	}
	return false
}
