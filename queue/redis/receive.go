package redis

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/agentic-sdlc/scheduler/queue"
)

// maxBlock bounds one blocking request: the library does not hear the end of a
// context while it waits for an answer.
const maxBlock = time.Second

// Receive returns up to limit messages, best stream first; with a limit of four or
// more the last of them may be the first of lesser streams. It may return up to a
// second after ctx ends. Where Redis does not do its work it returns the error, not
// before a pause that grows with each failure in a row.
func (q *Queue) Receive(ctx context.Context, consumer string, limit int, block time.Duration) ([]queue.Delivery, error) {
	end := time.Now().Add(block)
	for !q.closed.Load() {
		if ctx.Err() != nil || limit <= 0 {
			return nil, nil
		}
		got, err := q.look(ctx, consumer, limit, min(time.Until(end), maxBlock))
		got = q.sift(ctx, got)
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

// look takes what there is, or waits for it. Strays are among it.
func (q *Queue) look(ctx context.Context, consumer string, limit int, block time.Duration) ([]queue.Delivery, error) {
	if got := q.takeSpare(limit); len(got) > 0 {
		return got, nil
	}
	few := limit < len(q.keys)
	if few {
		if got, err := q.strict(ctx, consumer, limit); len(got) > 0 || err != nil || block <= 0 {
			return got, err
		}
	}
	// The first of each stream says which have more.
	got, err := q.read(ctx, consumer, q.best(), 1, max(block, 0))
	switch {
	case err != nil || len(got) == 0:
		return nil, err
	case len(got) > limit:
		q.mu.Lock()
		defer q.mu.Unlock()
		q.spare = append(q.spare, got[limit:]...)
		return got[:limit:limit], nil
	case few:
		more, _ := q.strict(ctx, consumer, limit-len(got))
		return append(got, more...), nil
	}
	batch := make([]queue.Delivery, 0, limit)
	left := limit - len(got)
	for _, first := range got {
		batch = append(batch, first)
		if left > 0 {
			more, _ := q.take(ctx, consumer, rankOf(first), left)
			batch = append(batch, more...)
			left -= len(more)
		}
	}
	return batch, nil
}

// read returns up to n messages of each stream, the first of them waited for.
func (q *Queue) read(ctx context.Context, consumer string, keys []string, n int, block time.Duration) ([]queue.Delivery, error) {
	ctx, cancel := q.within(ctx, block)
	defer cancel()
	args := &redis.XReadGroupArgs{Group: q.o.Group, Consumer: consumer, Streams: keys, Count: int64(n), Block: -1}
	if block > 0 {
		args.Block = max(block, time.Millisecond) // zero would be for ever
	}
	for range keys {
		args.Streams = append(args.Streams, ">")
	}
	streams, err := q.client.XReadGroup(ctx, args).Result()
	if errors.Is(err, redis.Nil) {
		err = nil
	}
	var got []queue.Delivery
	for _, s := range streams {
		rank := slices.Index(q.keys, s.Stream)
		got = slices.Grow(got, len(s.Messages))
		for i := range s.Messages {
			got = append(got, delivery(rank, s.Messages[i].ID, fromValues(s.Messages[i].Values), 1))
		}
	}
	return got, err
}

// take returns up to n messages that wait in one stream. It reads the answer itself: the
// library's way costs a map for each message.
func (q *Queue) take(ctx context.Context, consumer string, rank, n int) ([]queue.Delivery, error) {
	ctx, cancel := q.within(ctx, 0)
	defer cancel()
	asked := redis.NewRawCmd(ctx, "xreadgroup", "group", q.o.Group, consumer, "count", n, "streams", q.keys[rank], ">")
	if err := q.client.Process(ctx, asked); err != nil {
		return nil, err
	}
	r := reply{b: asked.Val()}
	if err := r.refusal(); err != nil {
		return nil, err
	}
	got := r.messages(rank, n)
	if r.bad {
		return got, errors.New("the answer to XREADGROUP cannot be read")
	}
	return got, nil
}

// strict returns up to limit messages that wait now, none while a better stream has
// more.
func (q *Queue) strict(ctx context.Context, consumer string, limit int) (got []queue.Delivery, err error) {
	for _, key := range q.best() {
		if len(got) >= limit || err != nil {
			break
		}
		var more []queue.Delivery
		more, err = q.take(ctx, consumer, slices.Index(q.keys, key), limit-len(got))
		got = append(got, more...)
	}
	return got, err
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
