package main

import (
	"fmt"
	"testing"
	"time"
)

// BenchmarkPeer is how bestPeer was found: go test -run '^$' -bench Peer -benchtime 3000x -count 3.
// With two or four connections it left messages undeleted.
func BenchmarkPeer(b *testing.B) {
	for _, o := range []peerOptions{
		{conns: 1, limit: 1, poll: time.Millisecond},
		{conns: 1, limit: 2, poll: time.Millisecond},
		{conns: 1, limit: 10, poll: time.Millisecond},
		{conns: 1, limit: 100, poll: time.Millisecond},
		{conns: 1, limit: 1000, poll: time.Millisecond},
		{conns: 1, limit: 100, poll: 100 * time.Microsecond},
		{conns: 1, limit: 100, poll: 10 * time.Millisecond},
	} {
		b.Run(fmt.Sprintf("conns=%d/limit=%d/poll=%s", o.conns, o.limit, o.poll), func(b *testing.B) {
			v, err := drainPeer(b.Context(), b.TempDir(), b.N, o)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(v.rate, "messages/s")
		})
	}
}
