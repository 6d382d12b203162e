package memory

import (
	"context"
	"strconv"
	"sync"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/queue"
)

// DefaultCapacity is how many messages may wait when Options says nothing.
const DefaultCapacity = 1 << 16

// Options configure a Queue. The zero value is useful.
type Options struct {
	// Now is the clock for ageing, Reclaim and Depth; nil = time.Now.
	Now func() time.Time
	// Capacity bounds the waiting messages, and as many received and not acked
	// ones; 0 = DefaultCapacity. A message that finds the queue full is dropped, and
	// so is the oldest unacked one when they are too many.
	Capacity int
}

// Queue is an in-process queue.Queue.
type Queue struct {
	now      func() time.Time
	capacity int

	mu       sync.Mutex
	closed   bool
	wake     chan struct{} // closed and replaced when messages come or the queue closes
	waiting  line
	pending  ring // longest received first
	receipts map[uint64]*entry
	last     uint64 // newest receipt
	dropped  int64
	// consumers are the names under which messages were asked for.
	consumers map[string]struct{}
}

var _ queue.Queue = (*Queue)(nil)

// New returns an empty queue.
func New(o Options) *Queue {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Capacity <= 0 {
		o.Capacity = DefaultCapacity
	}
	return &Queue{
		now:      o.Now,
		capacity: o.Capacity,
		wake:     make(chan struct{}),
		waiting:  newLine(),
		receipts: make(map[uint64]*entry),

		consumers: make(map[string]struct{}),
	}
}

// Announce adds messages and wakes receivers at once. A message for an execution
// that waits already is dropped.
func (q *Queue) Announce(_ context.Context, messages []queue.Message) error {
	now := q.now()
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return errClosed()
	}
	before := q.waiting.len()
	for i := range messages {
		if q.waiting.has(messages[i].ExecutionID) {
			continue
		}
		if q.waiting.len() >= q.capacity {
			q.dropped++
			continue
		}
		q.waiting.add(&messages[i], now)
	}
	if q.waiting.len() > before {
		q.wakeAll()
	}
	return nil
}

// Receive returns up to limit messages; see queue.Queue. The order is decided by
// the clock at the moment of the call.
func (q *Queue) Receive(ctx context.Context, consumer string, limit int, block time.Duration) ([]queue.Delivery, error) {
	var timer *time.Timer
	for ctx.Err() == nil {
		got, wake, err := q.receive(consumer, limit)
		if err != nil || len(got) > 0 || limit <= 0 || block <= 0 {
			return got, err
		}
		if timer == nil {
			timer = time.NewTimer(block)
			defer timer.Stop()
		}
		select {
		case <-wake:
		case <-timer.C:
			return nil, nil
		case <-ctx.Done():
		}
	}
	return nil, nil
}

// receive takes what is there, or returns the channel that tells of more.
func (q *Queue) receive(consumer string, limit int) ([]queue.Delivery, <-chan struct{}, error) {
	now := q.now()
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return nil, nil, errClosed()
	}
	q.consumers[consumer] = struct{}{}
	taken := q.waiting.take(limit, now)
	if len(taken) == 0 {
		return nil, q.wake, nil
	}
	got := make([]queue.Delivery, len(taken))
	for i, e := range taken {
		q.last++
		e.receipt, e.received = q.last, now
		e.Receipt, e.Count = strconv.FormatUint(q.last, 10), 1
		q.receipts[q.last] = e
		q.pending.pushBack(e)
		got[i] = e.Delivery
	}
	for len(q.receipts) > q.capacity {
		q.forget(q.pending.first())
		q.dropped++
	}
	return got, nil, nil
}

// Ack forgets messages for good; unknown receipts are no error.
func (q *Queue) Ack(_ context.Context, receipts []string) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return errClosed()
	}
	for _, r := range receipts {
		n, err := strconv.ParseUint(r, 10, 64)
		if err != nil {
			continue
		}
		if e, ok := q.receipts[n]; ok {
			q.forget(e)
		}
	}
	return nil
}

// Reclaim gives messages that were received at least idle ago and not acked to
// whoever asks, longest received first. Their receipts stay.
func (q *Queue) Reclaim(_ context.Context, _ string, idle time.Duration, limit int) ([]queue.Delivery, error) {
	now := q.now()
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return nil, errClosed()
	}
	var got []queue.Delivery
	for n := len(q.receipts); n > 0 && len(got) < limit; n-- {
		e := q.pending.first()
		if now.Sub(e.received) < idle {
			break
		}
		e.Count++
		e.received = now
		q.pending.remove(e)
		q.pending.pushBack(e)
		got = append(got, e.Delivery)
	}
	return got, nil
}

// Dropped returns how many messages were dropped because the queue was full.
func (q *Queue) Dropped() int64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.dropped
}

// Close wakes blocked receivers; they and every later call are answered
// unavailable. Closing again does nothing.
func (q *Queue) Close() error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.closed {
		q.closed = true
		q.wakeAll()
	}
	return nil
}

// wakeAll tells every blocked receiver to look again.
func (q *Queue) wakeAll() {
	close(q.wake)
	q.wake = make(chan struct{})
}

// forget drops an unacked message.
func (q *Queue) forget(e *entry) {
	q.pending.remove(e)
	delete(q.receipts, e.receipt)
}

func errClosed() error {
	return job.Errorf(job.Unavailable, "the queue is closed")
}
