package redis_test

import (
	"context"
	"fmt"
	"net"
	"testing"

	"github.com/agentic-sdlc/scheduler/internal/testbed"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/queue/redis"
)

// heard waits until the bus says so.
func heard(t *testing.T, b *redis.Bus, what string, want bool) {
	t.Helper()
	testbed.Eventually(t, fmt.Sprintf("Heard() = %v %s", want, what), patience, func() bool {
		got, err := b.Heard(t.Context())
		if err != nil {
			t.Fatalf("Heard() = %v %s, want no error", err, what)
		}
		return got == want
	})
}

func TestBusKnowsWhoListens(t *testing.T) {
	t.Parallel()
	server := testbed.Redis(t)
	b, c := openBus(t, server.URL()), raw(t, server)
	heard(t, b, "with nobody there", false)
	ctx, cancel := context.WithCancel(t.Context())
	if _, err := openBus(t, server.URL()).Subscribe(ctx, "scheduler:*"); err != nil {
		t.Fatal(err)
	}
	heard(t, b, "with a bus that listens", true)
	cancel()
	heard(t, b, "when it has gone", false)
	one := c.Subscribe(t.Context(), "scheduler:job.created")
	defer one.Close()
	if _, err := one.Receive(t.Context()); err != nil {
		t.Fatal(err)
	}
	heard(t, b, "with a program that listens to one channel", true)
	if err := one.Close(); err != nil {
		t.Fatal(err)
	}
	heard(t, b, "when that has gone", false)
	if _, err := server.Do("ACL SETUSER shy on nopass ~* &* +@all -role"); err != nil {
		t.Fatal(err)
	}
	shy := openBus(t, "unix://shy:x@"+server.Socket())
	if got, err := shy.Heard(t.Context()); err != nil || !got {
		t.Errorf("Heard() = %v, %v of a user that may not ask, want true", got, err)
	}
	if err := server.Kill(); err != nil {
		t.Fatal(err)
	}
	_, err := b.Heard(t.Context())
	wantCode(t, "Heard", err, job.Unavailable)
}

func TestBusMindsReplicas(t *testing.T) {
	t.Parallel()
	main, replica := testbed.Redis(t), testbed.Redis(t)
	b := openBus(t, main.URL())
	heard(t, b, "without a replica", false)
	host, port, _ := net.SplitHostPort(testbed.NewProxy(t, "unix", main.Socket()).Addr())
	if _, err := replica.Do("REPLICAOF " + host + " " + port); err != nil {
		t.Fatal(err)
	}
	heard(t, b, "with a replica, which may have subscribers", true)
}
