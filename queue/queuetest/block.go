package queuetest

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/agentic-sdlc/scheduler/internal/testbed"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/queue"
)

// slack is how much later than due a wake-up may be.
func (b *bench) slack() time.Duration {
	if b.Bubble {
		return 0
	}
	return 5 * time.Second
}

// received is what a Receive in another goroutine came back with.
type received struct {
	got   []queue.Delivery
	err   error
	after time.Duration
}

// receiveLater calls Receive in another goroutine and comes back when that waits, or
// has ended.
func (b *bench) receiveLater(ctx context.Context, consumer string, limit int, block time.Duration) <-chan received {
	done := make(chan received, 1)
	start := time.Now()
	go func() {
		got, err := b.q.Receive(ctx, consumer, limit, block)
		done <- received{got, err, time.Since(start)}
	}()
	b.receivers++
	if b.Bubble {
		synctest.Wait()
	} else {
		testbed.Eventually(b.t, "the receiver waits", patience, func() bool { return b.Blocked(b.t) >= b.receivers || len(done) > 0 })
	}
	return done
}

func testWake(t *testing.T, b *bench) {
	done := b.receiveLater(b.ctx, "a", 10, 10*time.Minute)
	want := b.messages(3)
	start := time.Now()
	b.announce(want...)
	r := <-done
	if woke := time.Since(start); r.err != nil || woke > b.slack() {
		t.Errorf("Receive came back %v after Announce with error %v, want at once and none", woke, r.err)
	}
	wantOrder(t, r.got, want...)
}

func testBlock(t *testing.T, b *bench) {
	r := <-b.receiveLater(b.ctx, "a", 10, b.idle())
	if r.err != nil || len(r.got) != 0 {
		t.Errorf("Receive = %d deliveries, %v; want none, no error", len(r.got), r.err)
	}
	if r.after < b.idle() || r.after > b.idle()+b.slack() {
		t.Errorf("Receive came back after %v, want %v", r.after, b.idle())
	}
}

func testContext(t *testing.T, b *bench) {
	ctx, cancel := context.WithCancel(b.ctx)
	done := b.receiveLater(ctx, "a", 10, 10*time.Minute)
	start := time.Now()
	cancel()
	r := <-done
	if r.err != nil || len(r.got) != 0 {
		t.Errorf("Receive after its context ended = %d deliveries, %v; want none, no error", len(r.got), r.err)
	}
	if late := time.Since(start); late > b.slack() {
		t.Errorf("Receive came back %v after its context ended, want at once", late)
	}
	m := b.message("acme", job.PriorityMedium, 0)
	b.announce(m)
	wantOrder(t, b.receive("b", 10, 0), m)
}

func testWakeMany(t *testing.T, b *bench) {
	var waiters []<-chan received
	for range 8 {
		waiters = append(waiters, b.receiveLater(b.ctx, "a", 1, 10*time.Minute))
	}
	want := b.messages(8)
	b.announce(want...)
	var got []queue.Delivery
	for _, w := range waiters {
		r := <-w
		if r.err != nil {
			t.Errorf("Receive = %v, want no error", r.err)
		}
		got = append(got, r.got...)
	}
	wantSet(t, got, want)
}

func testClose(t *testing.T, b *bench) {
	done := b.receiveLater(b.ctx, "a", 10, 10*time.Minute)
	start := time.Now()
	if err := b.q.Close(); err != nil {
		t.Errorf("Close() = %v, want no error", err)
	}
	r := <-done
	if late := time.Since(start); len(r.got) != 0 || late > b.slack() {
		t.Errorf("Receive came back %v after Close with %d deliveries, want at once and none", late, len(r.got))
	}
	if code := job.CodeOf(r.err); code != job.Unavailable {
		t.Errorf("Receive woken by Close has code %q (%v), want %q", code, r.err, job.Unavailable)
	}
}

func testClosed(t *testing.T, b *bench) {
	b.announce(b.messages(2)...)
	for range 2 {
		if err := b.q.Close(); err != nil {
			t.Errorf("Close() = %v, want no error, also the second time", err)
		}
	}
	_, received := b.q.Receive(b.ctx, "a", 1, time.Minute)
	_, reclaimed := b.q.Reclaim(b.ctx, "a", 0, 1)
	_, depth := b.q.Depth(b.ctx)
	_, peeked := b.q.Peek(b.ctx, 1)
	_, pinged := b.q.Ping(b.ctx)
	for name, err := range map[string]error{
		"Announce": b.q.Announce(b.ctx, b.messages(1)),
		"Receive":  received,
		"Ack":      b.q.Ack(b.ctx, []string{"1"}),
		"Reclaim":  reclaimed,
		"Depth":    depth,
		"Peek":     peeked,
		"Ping":     pinged,
	} {
		if code := job.CodeOf(err); code != job.Unavailable {
			t.Errorf("%s on a closed queue has code %q (%v), want %q", name, code, err, job.Unavailable)
		}
	}
}

func testConsumers(t *testing.T, b *bench) {
	const consumers, producers, each = 8, 4, 250
	batches := make([][]queue.Message, producers)
	var want []queue.Message
	for i := range batches {
		batches[i] = b.messages(each)
		want = append(want, batches[i]...)
	}
	ctx, cancel := context.WithCancel(b.ctx)
	defer cancel()
	var mu sync.Mutex
	var got []queue.Delivery
	var wg sync.WaitGroup
	for i := range consumers {
		wg.Go(func() {
			for ctx.Err() == nil {
				more, err := b.q.Receive(ctx, string(rune('a'+i)), 7, time.Minute)
				if err != nil {
					t.Errorf("Receive = %v, want no error", err)
					return
				}
				receipts := make([]string, len(more))
				for i := range more {
					receipts[i] = more[i].Receipt
				}
				if err := b.q.Ack(b.ctx, receipts); err != nil {
					t.Errorf("Ack = %v, want no error", err)
				}
				mu.Lock()
				got = append(got, more...)
				if len(got) >= len(want) {
					cancel()
				}
				mu.Unlock()
			}
		})
	}
	for _, batch := range batches {
		wg.Go(func() {
			for len(batch) > 0 {
				n := min(len(batch), 10)
				if err := b.q.Announce(b.ctx, batch[:n]); err != nil {
					t.Errorf("Announce = %v, want no error", err)
				}
				batch = batch[n:]
			}
		})
	}
	wg.Wait()
	wantSet(t, got, want)
	b.wantDepth(0, 0)
}
