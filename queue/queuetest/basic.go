package queuetest

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/queue"
)

func testEmpty(t *testing.T, b *bench) {
	if got := b.receive("a", 10, 0); len(got) != 0 {
		t.Errorf("Receive on an empty queue = %d deliveries, want none", len(got))
	}
	if got := b.reclaim("a", 0, 10); len(got) != 0 {
		t.Errorf("Reclaim on an empty queue = %d deliveries, want none", len(got))
	}
	b.announce()
	b.ack()
	b.wantDepth(0, 0)
}

func testRoundTrip(t *testing.T, b *bench) {
	want := b.message("chatbot-platform", job.PriorityHigh, 0)
	b.announce(want)
	got := b.receive("a", 10, 0)
	if len(got) != 1 {
		t.Fatalf("Receive = %d deliveries, want 1", len(got))
	}
	if diff := cmp.Diff(want, got[0].Message); diff != "" {
		t.Errorf("message differs (-announced +received):\n%s", diff)
	}
	if got[0].Count != 1 || got[0].Receipt == "" {
		t.Errorf("delivery has count %d and receipt %q, want 1 and one that is not empty", got[0].Count, got[0].Receipt)
	}
}

func testLimit(t *testing.T, b *bench) {
	want := b.messages(5)
	b.announce(want...)
	first := b.receive("a", 3, 0)
	if len(first) != 3 {
		t.Errorf("Receive with limit 3 of 5 = %d deliveries, want 3", len(first))
	}
	wantSet(t, append(first, b.receive("a", 3, 0)...), want)
}

func testOnce(t *testing.T, b *bench) {
	b.announce(b.messages(2)...)
	got := b.receive("a", 10, 0)
	if again := b.receive("b", 10, 0); len(again) != 0 {
		t.Errorf("unacked messages were received again: %v", deliveryIDs(again))
	}
	b.ack(got...)
	if again := b.receive("b", 10, 0); len(again) != 0 {
		t.Errorf("acked messages were received again: %v", deliveryIDs(again))
	}
}

func testAgain(t *testing.T, b *bench) {
	m := b.message("acme", job.PriorityMedium, 0)
	for range 3 {
		b.announce(m)
		got := b.receive("a", 10, 0)
		wantOrder(t, got, m)
		b.ack(got...)
	}
	b.wantDepth(0, 0)
}

func testStrayAck(t *testing.T, b *bench) {
	b.announce(b.messages(1)...)
	got := b.receive("a", 1, 0)
	b.ack(got...)
	b.ack(got...)
	b.wantDepth(0, 0)
}

func testDepth(t *testing.T, b *bench) {
	b.announce(b.messages(5)...)
	b.wantDepth(5, 0)
	got := b.receive("a", 2, 0)
	b.wantDepth(3, 2)
	b.ack(got[0])
	b.wantDepth(3, 1)
	b.age()
	d, err := b.q.Depth(b.ctx)
	if err != nil || d.Oldest < b.idle() {
		t.Errorf("Depth().Oldest = %v, %v; want at least %v", d.Oldest, err, b.idle())
	}
}

func testUnique(t *testing.T, b *bench) {
	want := b.messages(3)
	b.announce(want[0], want[1], want[0])
	b.announce(want...)
	b.wantDepth(3, 0)
	wantSet(t, b.receive("a", 10, 0), want)
}

func testThousand(t *testing.T, b *bench) {
	want := b.messages(1000)
	b.announce(want...)
	var got []queue.Delivery
	for len(got) < len(want) {
		more := b.receive("a", 256, 0)
		if len(more) == 0 {
			break
		}
		got = append(got, more...)
	}
	wantSet(t, got, want)
	b.ack(got...)
	b.wantDepth(0, 0)
}
