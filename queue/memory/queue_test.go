package memory

import (
	"context"
	"math/rand/v2"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/queue"
)

var base = time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC)

func newIDs() *job.IDs { return &job.IDs{Rand: rand.NewChaCha8([32]byte{1})} }

func TestQueueBounds(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	ids := newIDs()
	announce := func(t *testing.T, q *Queue, n int) {
		t.Helper()
		for range n {
			if err := q.Announce(ctx, []queue.Message{{ExecutionID: ids.New(base)}}); err != nil {
				t.Fatalf("Announce = %v, want no error", err)
			}
		}
	}
	t.Run("what finds the queue full is dropped and counted", func(t *testing.T) {
		q := New(Options{Capacity: 3})
		announce(t, q, 5)
		if d, _ := q.Depth(ctx); d.Waiting != 3 || q.Dropped() != 2 {
			t.Errorf("waiting %d, dropped %d; want 3, 2", d.Waiting, q.Dropped())
		}
	})
	t.Run("the oldest unacked message is forgotten when they are too many", func(t *testing.T) {
		q := New(Options{Capacity: 3})
		for range 5 {
			announce(t, q, 1)
			if got, err := q.Receive(ctx, "a", 1, 0); len(got) != 1 || err != nil {
				t.Fatalf("Receive = %d deliveries, %v; want 1, no error", len(got), err)
			}
		}
		if d, _ := q.Depth(ctx); d.Pending != 3 || q.Dropped() != 2 {
			t.Errorf("pending %d, dropped %d; want 3, 2", d.Pending, q.Dropped())
		}
		got, err := q.Reclaim(ctx, "b", 0, 10)
		if len(got) != 3 || err != nil || got[0].Receipt != "3" {
			t.Errorf("Reclaim = %v, %v; want receipts 3, 4 and 5", got, err)
		}
	})
}

func TestQueueAsksItsClock(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	now := base
	q := New(Options{Now: func() time.Time { return now }})
	ids := newIDs()
	low := queue.Message{ExecutionID: ids.New(now), Priority: job.PriorityLow} // ready since it was announced
	_ = q.Announce(ctx, []queue.Message{low})
	now = now.Add(2 * queue.Ageing)
	_ = q.Announce(ctx, []queue.Message{{ExecutionID: ids.New(now), Priority: job.PriorityMedium}})
	if d, err := q.Depth(ctx); err != nil || d.Oldest != 2*queue.Ageing {
		t.Errorf("Depth().Oldest = %v, %v; want %v", d.Oldest, err, 2*queue.Ageing)
	}
	got, err := q.Receive(ctx, "a", 1, 0)
	if err != nil || len(got) != 1 || got[0].ExecutionID != low.ExecutionID {
		t.Errorf("Receive = %v, %v; want the aged low message", got, err)
	}
	now = now.Add(time.Second)
	if got, err := q.Reclaim(ctx, "b", time.Second, 10); len(got) != 1 || err != nil {
		t.Errorf("Reclaim = %v, %v; want one delivery", got, err)
	}
}

// TestLineOrder holds the line against the definition of its order: of the best
// level, from the platform that was not served for longest, the longest waiting.
func TestLineOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		ids := newIDs()
		now, l := base, newLine()
		var waiting []queue.Message
		level := func(m *queue.Message) int64 {
			waited := now.Sub(m.ReadyAt)
			if waited < 0 {
				waited -= queue.Ageing - time.Microsecond
			}
			return queue.Rank(m.Priority) + int64(waited/queue.Ageing)
		}
		t.Repeat(map[string]func(*rapid.T){
			"add": func(t *rapid.T) {
				m := queue.Message{
					ExecutionID: ids.New(now),
					Platform:    rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "platform"),
					Priority:    rapid.SampledFrom(job.Priorities()).Draw(t, "priority"),
					ReadyAt:     now.Add(-time.Duration(rapid.IntRange(-90, 400).Draw(t, "seconds")) * time.Second),
				}
				l.add(&m, now)
				waiting = append(waiting, m)
			},
			"wait": func(t *rapid.T) {
				now = now.Add(time.Duration(rapid.IntRange(1, 90).Draw(t, "seconds")) * time.Second)
			},
			"take": func(t *rapid.T) {
				limit := rapid.IntRange(1, 5).Draw(t, "limit")
				got := l.take(limit, now)
				if want := min(limit, len(waiting)); len(got) != want {
					t.Fatalf("take(%d) of %d = %d messages, want %d", limit, len(waiting), len(got), want)
				}
				for _, e := range got {
					m := &e.Message
					for i := range waiting {
						w := &waiting[i]
						if level(w) > level(m) {
							t.Fatalf("took level %d while level %d waits", level(m), level(w))
						}
						if w.Platform == m.Platform && level(w) == level(m) && w.Priority == m.Priority && w.ReadyAt.Before(m.ReadyAt) {
							t.Fatalf("took a message ready at %v before one of its level ready at %v", m.ReadyAt, w.ReadyAt)
						}
					}
					for i := range waiting {
						if waiting[i].ExecutionID == m.ExecutionID {
							waiting = append(waiting[:i], waiting[i+1:]...)
							break
						}
					}
				}
			},
			"": func(t *rapid.T) {
				if l.len() != len(waiting) {
					t.Fatalf("len() = %d, want %d", l.len(), len(waiting))
				}
			},
		})
	})
}

func benchMessages(n int) []queue.Message {
	ids, out := newIDs(), make([]queue.Message, n)
	platforms := []string{"a", "b", "c", "d", "e"}
	for i := range out {
		out[i] = queue.Message{
			ExecutionID: ids.New(base), JobID: ids.New(base), Platform: platforms[i%5],
			Priority: job.Priorities()[i%4], ReadyAt: base.Add(time.Duration(i) * time.Millisecond),
		}
	}
	return out
}

func BenchmarkAnnounce1000(b *testing.B) {
	messages := benchMessages(1000)
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		q := New(Options{})
		b.StartTimer()
		_ = q.Announce(context.Background(), messages)
	}
}

func BenchmarkReceive1000(b *testing.B) {
	messages := benchMessages(1000)
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		q := New(Options{})
		_ = q.Announce(context.Background(), messages)
		b.StartTimer()
		_, _ = q.Receive(context.Background(), "a", 1000, 0)
	}
}
