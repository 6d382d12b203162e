package redis_test

import (
	"fmt"
	"testing"

	"github.com/agentic-sdlc/scheduler/internal/testbed"
	"github.com/agentic-sdlc/scheduler/queue/redis"
)

// BenchmarkQueue announces, receives and acks in batches.
func BenchmarkQueue(b *testing.B) {
	server := testbed.Redis(b)
	for _, size := range []int{1, 100, 1000} {
		b.Run(fmt.Sprintf("batch=%d", size), func(b *testing.B) {
			q := open(b, redis.Options{URL: server.URL()})
			all := messages(size)
			receive(b, q, size)
			b.ReportAllocs()
			for b.Loop() {
				announce(b, q, all...)
				got := receive(b, q, size)
				if len(got) != size {
					b.Fatalf("received %d of %d", len(got), size)
				}
				ack(b, q, got...)
			}
			b.ReportMetric(float64(b.N*size)/b.Elapsed().Seconds(), "messages/s")
		})
	}
}

// BenchmarkSweep announces what waits already.
func BenchmarkSweep(b *testing.B) {
	q := open(b, redis.Options{URL: testbed.Redis(b).URL()})
	all := messages(1000)
	announce(b, q, all...)
	for b.Loop() {
		announce(b, q, all...)
	}
	b.ReportMetric(float64(b.N*len(all))/b.Elapsed().Seconds(), "messages/s")
}
