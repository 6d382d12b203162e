package queuetest

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/agentic-sdlc/scheduler/internal/testbed"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/queue"
)

// Features are what adapters may differ in; everything else is the same for all.
type Features struct {
	// Ageing: a message waits a minute to rise by one priority level.
	Ageing bool
	// Turns: platforms with messages of the best level are served in turn.
	Turns bool
	// Unique: an execution that waits in the queue already is not added again.
	Unique bool
	// Bubble: the queue takes its time from the runtime and may run in a synctest
	// bubble. Otherwise tests of time wait for real, for a tenth of a second.
	Bubble bool
	// Blocked counts the receivers that wait in the queue of a test, or in its server.
	// Without Bubble it must be there.
	Blocked func(t *testing.T) int
}

// Run runs the suite. open returns an empty queue of its own for each test.
func Run(t *testing.T, open func(t *testing.T) queue.Queue, f Features) {
	tests := []struct {
		name string
		need bool
		run  func(t *testing.T, b *bench)
	}{
		{"an empty queue gives nothing and does not wait", true, testEmpty},
		{"a message comes as it was announced", true, testRoundTrip},
		{"no more than limit are received", true, testLimit},
		{"a message is received once", true, testOnce},
		{"an acked execution may be announced again", true, testAgain},
		{"unknown receipts are no error", true, testStrayAck},
		{"depth counts waiting and unacked", true, testDepth},
		{"depth has rows for people", true, testDepthStreams},
		{"peek shows what waits and takes nothing", true, testPeek},
		{"ping says what the queue is", true, testPing},
		{"higher priorities come first", true, testPriority},
		{"equal priorities come in order", true, testOrder},
		{"waiting raises priority", f.Ageing, testAgeing},
		{"waiting long beats any priority", f.Ageing, testStarvation},
		{"platforms take turns", f.Turns, testTurns},
		{"turns go on from call to call", f.Turns, testTurnsAcrossCalls},
		{"turns do not overrule priority", f.Turns, testTurnsPriority},
		{"a waiting execution is not added again", f.Unique, testUnique},
		{"a blocked receiver wakes at once", true, testWake},
		{"a blocked receiver gives up after block", true, testBlock},
		{"a blocked receiver returns when its context ends", true, testContext},
		{"every blocked receiver can wake", true, testWakeMany},
		{"close wakes receivers", true, testClose},
		{"a closed queue is unavailable", true, testClosed},
		{"reclaim leaves fresh deliveries alone", true, testReclaimFresh},
		{"reclaim hands over what was not acked", true, testReclaim},
		{"reclaim starts the idle time again", true, testReclaimTwice},
		{"reclaim counts deliveries and heeds its limit", true, testReclaimLimit},
		{"what is reclaimed can be acked", true, testReclaimAck},
		{"a thousand messages come once each", true, testThousand},
		{"concurrent consumers get each message once", true, testConsumers},
	}
	for _, tt := range tests {
		if !tt.need {
			continue // the adapter does not claim this feature
		}
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			body := func(t *testing.T) {
				b := &bench{t: t, ctx: t.Context(), q: open(t), ids: job.IDs{Rand: rand.NewChaCha8([32]byte{1})}, Features: f}
				t.Cleanup(func() { _ = b.q.Close() })
				tt.run(t, b)
			}
			if f.Bubble {
				synctest.Test(t, body)
				return
			}
			body(t)
		})
	}
}

// bench is one queue with what tests do to it.
type bench struct {
	Features
	t         *testing.T
	ctx       context.Context
	q         queue.Queue
	ids       job.IDs
	receivers int // that were made to wait
}

// idle is a span that is long for the adapter: fake in a bubble, else short and real.
func (b *bench) idle() time.Duration {
	if b.Bubble {
		return 10 * time.Second
	}
	return 100 * time.Millisecond
}

// age makes everything in the queue older than idle. That takes time and nothing else,
// so there is nothing to wait for; in a bubble it takes none.
func (b *bench) age() { testbed.Pass(b.idle() + time.Millisecond) }

// message returns a message that is ready for age.
func (b *bench) message(platform string, p job.Priority, age time.Duration) queue.Message {
	now := time.Now().UTC().Truncate(time.Millisecond)
	return queue.Message{
		ExecutionID: b.ids.New(now),
		JobID:       b.ids.New(now),
		Platform:    platform,
		HandlerName: "noop",
		Priority:    p,
		ReadyAt:     now.Add(-age),
		TimeoutMS:   300_000,
		TraceParent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
	}
}

// messages returns n fresh messages of medium priority.
func (b *bench) messages(n int) []queue.Message {
	out := make([]queue.Message, n)
	for i := range out {
		out[i] = b.message("acme", job.PriorityMedium, 0)
	}
	return out
}

func (b *bench) announce(messages ...queue.Message) {
	b.t.Helper()
	if err := b.q.Announce(b.ctx, messages); err != nil {
		b.t.Fatalf("Announce(%d messages) = %v, want no error", len(messages), err)
	}
}

func (b *bench) receive(consumer string, limit int, block time.Duration) []queue.Delivery {
	b.t.Helper()
	got, err := b.q.Receive(b.ctx, consumer, limit, block)
	if err != nil {
		b.t.Fatalf("Receive(%s, %d, %v) = %v, want no error", consumer, limit, block, err)
	}
	return got
}

func (b *bench) reclaim(consumer string, idle time.Duration, limit int) []queue.Delivery {
	b.t.Helper()
	got, err := b.q.Reclaim(b.ctx, consumer, idle, limit)
	if err != nil {
		b.t.Fatalf("Reclaim(%s, %v, %d) = %v, want no error", consumer, idle, limit, err)
	}
	return got
}

func (b *bench) ack(deliveries ...queue.Delivery) {
	b.t.Helper()
	receipts := make([]string, len(deliveries))
	for i := range deliveries {
		receipts[i] = deliveries[i].Receipt
	}
	if err := b.q.Ack(b.ctx, receipts); err != nil {
		b.t.Fatalf("Ack(%d receipts) = %v, want no error", len(receipts), err)
	}
}

func (b *bench) wantDepth(waiting, pending int) {
	b.t.Helper()
	got, err := b.q.Depth(b.ctx)
	if err != nil || got.Waiting != waiting || got.Pending != pending {
		b.t.Errorf("Depth() = %d waiting, %d pending, %v; want %d, %d, no error", got.Waiting, got.Pending, err, waiting, pending)
	}
}

// wantOrder checks that deliveries are these messages, in this order.
func wantOrder(t *testing.T, got []queue.Delivery, want ...queue.Message) {
	t.Helper()
	if diff := cmp.Diff(messageIDs(want), deliveryIDs(got)); diff != "" {
		t.Errorf("received executions differ (-want +got):\n%s", diff)
	}
}

// wantSet checks that deliveries are these messages, each once, in any order.
func wantSet(t *testing.T, got []queue.Delivery, want []queue.Message) {
	t.Helper()
	g, w := deliveryIDs(got), messageIDs(want)
	slices.Sort(g)
	slices.Sort(w)
	if diff := cmp.Diff(w, g); diff != "" {
		t.Errorf("received executions differ (-want +got):\n%s", diff)
	}
}

func messageIDs(messages []queue.Message) []string {
	ids := make([]string, len(messages))
	for i := range messages {
		ids[i] = messages[i].ExecutionID.String()
	}
	return ids
}

func deliveryIDs(deliveries []queue.Delivery) []string {
	ids := make([]string, len(deliveries))
	for i := range deliveries {
		ids[i] = deliveries[i].ExecutionID.String()
	}
	return ids
}
