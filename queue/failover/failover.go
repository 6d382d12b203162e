package failover

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/agentic-sdlc/scheduler/queue"
)

// probe is how long a primary that failed is left alone.
const probe = time.Second

// local marks receipts of the local queue.
const local = "local:"

// Options of a Queue. All are required.
type Options struct {
	Primary queue.Queue
	Local   queue.Queue // in process: it must not fail
	Logger  *slog.Logger
	Now     func() time.Time
}

// Queue is a queue.Queue over two.
type Queue struct {
	o Options

	mu    sync.Mutex
	fault error     // why the primary is not used; nil = it is
	since time.Time // of the fault
	next  time.Time // when the primary may be tried again
}

var _ queue.Queue = (*Queue)(nil)

// New returns a queue that starts with its primary.
func New(o Options) *Queue { return &Queue{o: o} }

// Fault returns since when the primary is not used, and why; nil when it is.
func (q *Queue) Fault() (since time.Time, fault error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.since, q.fault
}

// usable reports whether the primary should be used now. One that failed is tried again
// now and then, by one caller at a time.
func (q *Queue) usable() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	now := q.o.Now()
	if q.fault != nil && now.Before(q.next) {
		return false
	}
	q.next = now.Add(probe)
	return true
}

// note keeps how a call of the primary went.
func (q *Queue) note(ctx context.Context, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	now := q.o.Now()
	switch {
	case err != nil && q.fault == nil:
		q.fault, q.since, q.next = err, now, now.Add(probe)
		q.o.Logger.WarnContext(ctx, "the shared queue is away: this node takes its work from the store", slog.Any("err", err))
	case err != nil:
		q.fault = err
	case q.fault != nil:
		q.fault = nil
		q.o.Logger.InfoContext(ctx, "the shared queue is back", slog.Duration("after", now.Sub(q.since)))
	}
}

// try calls the primary if it is usable, and reports whether it answered. A call that
// ended with its context says nothing about the primary.
func (q *Queue) try(ctx context.Context, call func() error) bool {
	if !q.usable() {
		return false
	}
	err := call()
	if err != nil && ctx.Err() != nil {
		return true
	}
	q.note(ctx, err)
	return err == nil
}

// Announce adds messages to the primary, else to the local queue.
func (q *Queue) Announce(ctx context.Context, messages []queue.Message) error {
	if q.try(ctx, func() error { return q.o.Primary.Announce(ctx, messages) }) {
		return nil
	}
	return q.o.Local.Announce(ctx, messages)
}

// Receive returns messages of the local queue if there are any, else waits for the
// primary, or for the local queue while the primary is away.
func (q *Queue) Receive(ctx context.Context, consumer string, limit int, block time.Duration) ([]queue.Delivery, error) {
	until := q.o.Now().Add(block)
	for pause := time.Duration(0); ; pause = min(until.Sub(q.o.Now()), probe) {
		got, err := q.receiveLocal(ctx, consumer, limit, pause)
		if err != nil || len(got) > 0 {
			return got, err
		}
		left := max(0, until.Sub(q.o.Now()))
		if q.try(ctx, func() error { got, err = q.o.Primary.Receive(ctx, consumer, limit, left); return err }) {
			return got, nil
		}
		if left == 0 || ctx.Err() != nil {
			return nil, nil
		}
	}
}

func (q *Queue) receiveLocal(ctx context.Context, consumer string, limit int, block time.Duration) ([]queue.Delivery, error) {
	got, err := q.o.Local.Receive(ctx, consumer, limit, block)
	mark(got)
	return got, err
}

func mark(got []queue.Delivery) {
	for i := range got {
		got[i].Receipt = local + got[i].Receipt
	}
}

// Ack forgets messages. What the primary could not forget comes again, and is found to
// be taken then.
func (q *Queue) Ack(ctx context.Context, receipts []string) error {
	var here, there []string
	for _, r := range receipts {
		if own, ok := strings.CutPrefix(r, local); ok {
			here = append(here, own)
		} else {
			there = append(there, r)
		}
	}
	if len(there) > 0 {
		q.try(ctx, func() error { return q.o.Primary.Ack(ctx, there) })
	}
	return q.o.Local.Ack(ctx, here)
}

// Reclaim takes over messages of the primary, if it is there, and of the local queue.
func (q *Queue) Reclaim(ctx context.Context, consumer string, idle time.Duration, limit int) ([]queue.Delivery, error) {
	got, err := q.o.Local.Reclaim(ctx, consumer, idle, limit)
	mark(got)
	if err != nil || len(got) >= limit {
		return got, err
	}
	var more []queue.Delivery
	q.try(ctx, func() (err error) {
		more, err = q.o.Primary.Reclaim(ctx, consumer, idle, limit-len(got))
		return err
	})
	return append(got, more...), nil
}

// Peek shows what waits in the primary while it is there.
func (q *Queue) Peek(ctx context.Context, n int) (waiting []queue.Message, err error) {
	if q.try(ctx, func() error { waiting, err = q.o.Primary.Peek(ctx, n); return err }) {
		return waiting, nil
	}
	return q.o.Local.Peek(ctx, n)
}

// Ping asks the primary, whether it is used or not.
func (q *Queue) Ping(ctx context.Context) (queue.Info, error) {
	info, err := q.o.Primary.Ping(ctx)
	if ctx.Err() == nil {
		q.note(ctx, err)
	}
	return info, err
}

// Depth is that of the primary while it is there.
func (q *Queue) Depth(ctx context.Context) (depth queue.Depth, err error) {
	if q.try(ctx, func() error { depth, err = q.o.Primary.Depth(ctx); return err }) {
		return depth, nil
	}
	return q.o.Local.Depth(ctx)
}

// Close closes both.
func (q *Queue) Close() error { return errors.Join(q.o.Primary.Close(), q.o.Local.Close()) }
