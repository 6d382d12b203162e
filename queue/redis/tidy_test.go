package redis_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/internal/testbed"
	"github.com/agentic-sdlc/scheduler/queue"
	"github.com/agentic-sdlc/scheduler/queue/redis"
)

// consumers returns who the workers' group knows.
func consumers(t *testing.T, q *redis.Queue) []string {
	t.Helper()
	d, err := q.Depth(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(d.Streams, func(row queue.Stream) bool { return row.Name == stream && row.Group == "scheduler-workers" })
	if i < 0 {
		t.Fatalf("no row of the workers' group: %+v", d.Streams)
	}
	return d.Streams[i].Consumers
}

func TestTidy(t *testing.T) {
	t.Parallel()
	server := testbed.Redis(t)
	q, c := open(t, redis.Options{URL: server.URL()}), raw(t, server)
	announce(t, q, messages(10)...)
	for _, consumer := range []string{"deleted", "acked", "gone", "busy"} {
		got, err := q.Receive(t.Context(), consumer, 2, 0)
		if err != nil || len(got) != 2 {
			t.Fatalf("Receive = %d deliveries, %v; want 2", len(got), err)
		}
		switch consumer {
		case "acked": // not deleted
			for _, d := range got {
				_, id, _ := strings.Cut(d.Receipt, "/")
				id, _, _ = strings.Cut(id, "/")
				if n, err := c.XAck(t.Context(), stream, "scheduler-workers", id).Result(); n != 1 || err != nil {
					t.Fatalf("XACK = %d, %v", n, err)
				}
			}
		case "gone":
			ack(t, q, got...)
		}
	}
	if err := c.XGroupDelConsumer(t.Context(), stream, "scheduler-workers", "deleted").Err(); err != nil {
		t.Fatal(err)
	}
	wantDepth(t, q, 6, 2) // four of them wait for nobody
	if err := q.Tidy(t.Context(), time.Hour); err != nil {
		t.Fatal(err)
	}
	wantDepth(t, q, 2, 2)
	var left []string
	if !testbed.Poll(patience, func() bool {
		if err := q.Tidy(t.Context(), 10*time.Millisecond); err != nil {
			t.Fatal(err)
		}
		left = consumers(t, q)
		return slices.Equal(left, []string{"busy"})
	}) {
		t.Errorf("consumers %v are left, want the busy one", left)
	}
	wantDepth(t, q, 2, 2)
}
