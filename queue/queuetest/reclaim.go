package queuetest

import (
	"testing"
)

func testReclaimFresh(t *testing.T, b *bench) {
	b.announce(b.messages(3)...)
	b.receive("a", 2, 0)
	if got := b.reclaim("b", b.idle(), 10); len(got) != 0 {
		t.Errorf("Reclaim took fresh deliveries: %v", deliveryIDs(got))
	}
	b.wantDepth(1, 2)
}

func testReclaim(t *testing.T, b *bench) {
	want := b.messages(4)
	b.announce(want...)
	got := b.receive("a", 3, 0)
	b.ack(got[1])
	b.age()
	back := b.reclaim("b", b.idle(), 10)
	wantSet(t, back, append(want[:1:1], want[2]))
	for _, d := range back {
		if d.Count != 2 {
			t.Errorf("reclaimed delivery has count %d, want 2", d.Count)
		}
	}
	b.wantDepth(1, 2)
}

func testReclaimTwice(t *testing.T, b *bench) {
	b.announce(b.messages(1)...)
	b.receive("a", 1, 0)
	b.age()
	if got := b.reclaim("b", b.idle(), 10); len(got) != 1 {
		t.Fatalf("Reclaim = %d deliveries, want 1", len(got))
	}
	if got := b.reclaim("c", b.idle(), 10); len(got) != 0 {
		t.Errorf("Reclaim right after another = %d deliveries, want none", len(got))
	}
	b.age()
	got := b.reclaim("c", b.idle(), 10)
	if len(got) != 1 || got[0].Count != 3 {
		t.Errorf("second Reclaim = %+v, want one delivery with count 3", got)
	}
}

func testReclaimLimit(t *testing.T, b *bench) {
	want := b.messages(5)
	b.announce(want...)
	b.receive("a", 5, 0)
	b.age()
	first := b.reclaim("b", b.idle(), 2)
	if len(first) != 2 {
		t.Errorf("Reclaim with limit 2 = %d deliveries, want 2", len(first))
	}
	wantSet(t, append(first, b.reclaim("b", b.idle(), 10)...), want)
}

func testReclaimAck(t *testing.T, b *bench) {
	b.announce(b.messages(2)...)
	b.receive("a", 2, 0)
	b.age()
	b.ack(b.reclaim("b", b.idle(), 10)...)
	b.wantDepth(0, 0)
	b.age()
	if got := b.reclaim("c", b.idle(), 10); len(got) != 0 {
		t.Errorf("acked deliveries were reclaimed: %v", deliveryIDs(got))
	}
}
