package redis_test

import (
	"net/url"
	"testing"

	"go.uber.org/goleak"

	"github.com/agentic-sdlc/scheduler/internal/testbed"
	"github.com/agentic-sdlc/scheduler/queue"
	"github.com/agentic-sdlc/scheduler/queue/queuetest"
	"github.com/agentic-sdlc/scheduler/queue/redis"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestQueue(t *testing.T) {
	t.Parallel()
	server := testbed.Redis(t)
	c := raw(t, server)
	queuetest.Run(t, func(t *testing.T) queue.Queue {
		q, err := redis.New(redis.Options{URL: server.URL() + "?client_name=" + url.QueryEscape(t.Name()), Prefix: t.Name() + ":"})
		if err != nil {
			t.Fatal(err)
		}
		return q
	}, queuetest.Features{Ageing: true, Unique: true, Blocked: func(t *testing.T) int { return blocked(t, c, t.Name()) }})
}

func TestBus(t *testing.T) {
	t.Parallel()
	server := testbed.Redis(t)
	queuetest.RunBus(t, func(t *testing.T) queue.Bus {
		b, err := redis.NewBus(redis.BusOptions{URL: server.URL(), Prefix: t.Name() + ":"})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = b.Close() })
		return b
	})
}
