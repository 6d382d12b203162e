package loop_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/agentic-sdlc/scheduler/internal/loop"
)

// TestRun: a round at once, one after each pause, one for each wake-up, none after the end.
func TestRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		start, wake := time.Now(), make(chan struct{}, 1)
		var rounds []time.Duration
		pauses := []time.Duration{time.Minute, 0, -time.Second, time.Hour, time.Hour}
		time.AfterFunc(30*time.Minute, func() { wake <- struct{}{} })
		time.AfterFunc(45*time.Minute, cancel)
		loop.Run(ctx, wake, func(context.Context) time.Duration {
			rounds = append(rounds, time.Since(start))
			return pauses[len(rounds)-1]
		})
		want := []time.Duration{0, time.Minute, time.Minute, time.Minute, 30 * time.Minute}
		if len(rounds) != len(want) {
			t.Fatalf("rounds at %v, want %v", rounds, want)
		}
		for i := range want {
			if rounds[i] != want[i] {
				t.Errorf("round %d at %v, want %v", i, rounds[i], want[i])
			}
		}
		if d := time.Since(start); d != 45*time.Minute {
			t.Errorf("it ended after %v, want it to end with its context", d)
		}
	})
}

// TestRunEnds: a context that ends within a round is not slept through, and no round
// begins after it though somebody wakes it.
func TestRunEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		wake, rounds, start := make(chan struct{}, 2), 0, time.Now()
		wake <- struct{}{}
		loop.Run(ctx, wake, func(context.Context) time.Duration {
			rounds++
			cancel()
			wake <- struct{}{}
			return 0
		})
		if rounds != 1 || time.Since(start) != 0 {
			t.Errorf("%d rounds in %v, want one and no sleep", rounds, time.Since(start))
		}
	})
}
