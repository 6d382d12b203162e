package queuetest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/queue"
)

func testPriority(t *testing.T, b *bench) {
	low := b.message("acme", job.PriorityLow, 0)
	critical := b.message("acme", job.PriorityCritical, 0)
	medium := b.message("acme", job.PriorityMedium, 0)
	high := b.message("acme", job.PriorityHigh, 0)
	b.announce(low, critical)
	b.announce(medium, high)
	got := b.receive("a", 1, 0)
	wantOrder(t, append(got, b.receive("a", 10, 0)...), critical, high, medium, low)
}

func testOrder(t *testing.T, b *bench) {
	want := b.messages(20)
	b.announce(want[:10]...)
	b.announce(want[10:]...)
	wantOrder(t, b.receive("a", 100, 0), want...)
}

func testAgeing(t *testing.T, b *bench) {
	medium := b.message("acme", job.PriorityMedium, 0)
	old := b.message("acme", job.PriorityLow, 2*time.Minute+time.Second)
	high := b.message("acme", job.PriorityHigh, 0)
	critical := b.message("acme", job.PriorityCritical, 0)
	b.announce(medium, old, high, critical)
	// Two minutes make low as good as high, and within a level the longer wait wins.
	wantOrder(t, b.receive("a", 10, 0), critical, old, high, medium)
}

func testStarvation(t *testing.T, b *bench) {
	low := b.message("acme", job.PriorityLow, time.Hour)
	critical := b.message("acme", job.PriorityCritical, 0)
	b.announce(critical, low)
	wantOrder(t, b.receive("a", 10, 0), low, critical)
}

// platforms tells whose turn it was.
func platforms(got []queue.Delivery) []string {
	out := make([]string, len(got))
	for i := range got {
		out[i] = got[i].Platform
	}
	return out
}

// announceFor announces n medium messages for each platform, one platform after
// the other.
func (b *bench) announceFor(n int, names ...string) {
	b.t.Helper()
	for _, name := range names {
		for range n {
			b.announce(b.message(name, job.PriorityMedium, 0))
		}
	}
}

func testTurns(t *testing.T, b *bench) {
	b.announceFor(100, "big")
	b.announceFor(2, "small", "tiny")
	want := []string{"big", "small", "tiny", "big", "small", "tiny", "big", "big"}
	if diff := cmp.Diff(want, platforms(b.receive("a", 8, 0))); diff != "" {
		t.Errorf("platforms differ (-want +got):\n%s", diff)
	}
}

func testTurnsAcrossCalls(t *testing.T, b *bench) {
	b.announceFor(5, "big", "small", "tiny")
	var got []queue.Delivery
	for range 7 {
		got = append(got, b.receive("a", 1, 0)...)
	}
	want := []string{"big", "small", "tiny", "big", "small", "tiny", "big"}
	if diff := cmp.Diff(want, platforms(got)); diff != "" {
		t.Errorf("platforms differ (-want +got):\n%s", diff)
	}
}

func testTurnsPriority(t *testing.T, b *bench) {
	b.announceFor(3, "big", "small")
	for range 3 {
		b.announce(b.message("big", job.PriorityHigh, 0))
	}
	got := platforms(b.receive("a", 10, 0))
	if len(got) != 9 {
		t.Fatalf("Receive = %d deliveries, want 9", len(got))
	}
	if diff := cmp.Diff([]string{"big", "big", "big"}, got[:3]); diff != "" {
		t.Errorf("the high ones do not come first (-want +got):\n%s", diff)
	}
	for i, name := range got[3:] {
		if i > 0 && name == got[3+i-1] {
			t.Errorf("medium messages came as %v, want the platforms in turn", got[3:])
			break
		}
	}
}
