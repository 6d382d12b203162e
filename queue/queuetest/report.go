package queuetest

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/queue"
)

// streams sums the rows that count for workers: those of the first row's group.
func (b *bench) streams() (sum queue.Stream) {
	b.t.Helper()
	d, err := b.q.Depth(b.ctx)
	if err != nil || len(d.Streams) == 0 {
		b.t.Fatalf("Depth() = %d rows, %v; want one at least and no error", len(d.Streams), err)
	}
	for _, row := range d.Streams {
		if row.Name == "" {
			b.t.Errorf("a row has no name: %+v", row)
		}
		if row.Group != d.Streams[0].Group {
			continue
		}
		sum.Length += row.Length
		sum.Pending += row.Pending
		sum.Lag += row.Lag
		sum.Oldest = max(sum.Oldest, row.Oldest)
		sum.Consumers = append(sum.Consumers, row.Consumers...)
	}
	slices.Sort(sum.Consumers)
	sum.Consumers = slices.Compact(sum.Consumers)
	return sum
}

func testDepthStreams(t *testing.T, b *bench) {
	b.announce(b.message("acme", job.PriorityHigh, 0))
	b.announce(b.messages(4)...)
	got := b.receive("a", 2, 0)
	b.ack(got[0])
	b.receive("b", 1, 0)
	b.age()
	sum := b.streams()
	if sum.Oldest < b.idle() {
		t.Errorf("the oldest message is %v old, want at least %v", sum.Oldest, b.idle())
	}
	sum.Oldest = 0
	if diff := cmp.Diff(queue.Stream{Length: 4, Pending: 2, Lag: 2, Consumers: []string{"a", "b"}}, sum); diff != "" {
		t.Errorf("rows differ (-want +got):\n%s", diff)
	}
}

func testPeek(t *testing.T, b *bench) {
	messages := b.messages(3)
	messages[2].Priority = job.PriorityHigh
	b.announce(messages...)
	peek := func(n int, want ...queue.Message) {
		t.Helper()
		got, err := b.q.Peek(b.ctx, n)
		if err != nil {
			t.Fatalf("Peek(%d) = %v, want no error", n, err)
		}
		if diff := cmp.Diff(messageIDs(want), messageIDs(got)); diff != "" {
			t.Errorf("Peek(%d) differs (-want +got):\n%s", n, diff)
		}
	}
	peek(0)
	peek(2, messages[2], messages[0])
	peek(10, messages[2], messages[0], messages[1])
	b.wantDepth(3, 0)
	if got, _ := b.q.Peek(b.ctx, 1); len(got) == 1 {
		if diff := cmp.Diff(messages[2], got[0]); diff != "" {
			t.Errorf("message differs (-announced +peeked):\n%s", diff)
		}
	}
	got := b.receive("a", 2, 0)
	peek(10, messages[1])
	b.ack(got...)
	b.receive("a", 2, 0)
	peek(10)
}

func testPing(t *testing.T, b *bench) {
	info, err := b.q.Ping(b.ctx)
	if err != nil || info.Server == "" || info.Latency < 0 || info.Strays != 0 || len(info.Warnings) != 0 {
		t.Errorf("Ping() = %+v, %v; want the server's name, no strays, no warnings, no error", info, err)
	}
}
