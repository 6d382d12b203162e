package redis_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/agentic-sdlc/scheduler/internal/testbed"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/queue"
	"github.com/agentic-sdlc/scheduler/queue/redis"
)

// taker is what the nodes of a test do with events: they store each id once.
type taker struct {
	mu     sync.Mutex
	events map[string]queue.SentEvent
	again  int  // ids that came more than once
	down   bool // the store

	slow  string // a platform that may send only allow more
	allow int
	order []string // ids of slow, as they were taken
}

func (k *taker) take(_ context.Context, batch []queue.SentEvent) (map[int]error, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.down {
		return nil, job.Errorf(job.Unavailable, "the store is away")
	}
	faults := map[int]error{}
	for i, e := range batch {
		if e.Name == "" {
			faults[i] = errors.New("no name")
			continue
		}
		if e.Platform != "" && e.Platform == k.slow {
			if k.allow == 0 {
				faults[i] = fmt.Errorf("too many: %w", queue.ErrLater)
				continue
			}
			k.allow--
			k.order = append(k.order, e.ID)
		}
		if _, had := k.events[e.ID]; had {
			k.again++
		}
		k.events[e.ID] = e
	}
	return faults, nil
}

func (k *taker) count() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return len(k.events)
}

func (k *taker) set(down bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.down = down
}

// hear starts an inbox of a node; the function ends it.
func (k *taker) hear(t *testing.T, server *testbed.RedisServer, node string, channels ...string) (x *redis.Inbox, stop func()) {
	t.Helper()
	x, err := redis.NewInbox(redis.InboxOptions{URL: server.URL(), Prefix: "p:", Consumer: node, Channels: channels, ClaimIdle: 50 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = x.Listen(ctx, k.take)
	}()
	stop = sync.OnceFunc(func() {
		cancel()
		<-done
		_ = x.Close()
	})
	t.Cleanup(stop)
	return x, stop
}

const inStream = "p:" + redis.EventStream

func send(t *testing.T, c *goredis.Client, values ...any) string {
	t.Helper()
	id, err := c.XAdd(t.Context(), &goredis.XAddArgs{Stream: inStream, Values: values}).Result()
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// TestInboxTakesEachOnce: two nodes share the stream; a store that is away, a node that
// dies and a Redis that forgets its groups lose nothing that Redis has.
func TestInboxTakesEachOnce(t *testing.T) {
	t.Parallel()
	server := testbed.Redis(t)
	c, k := raw(t, server), &taker{events: map[string]queue.SentEvent{}}
	first := send(t, c, "event", "ticket:created", "data", `{"n":1}`, "platform_id", "web", "execution_id", "x", "traceparent", "00-a-b-01")
	k.set(true)
	_, stop := k.hear(t, server, "a")
	testbed.Eventually(t, "node a has read it", patience, func() bool {
		pending, err := c.XPending(t.Context(), inStream, redis.DefaultGroup).Result()
		return err == nil && pending.Count == 1
	})
	stop() // with the event in its hands
	k.set(false)
	k.hear(t, server, "b")
	k.hear(t, server, "c")
	testbed.Eventually(t, "another node has it", patience, func() bool { return k.count() == 1 })
	k.mu.Lock()
	if e := k.events["redis:"+first]; e.Name != "ticket:created" || string(e.Data) != `{"n":1}` || e.Platform != "web" || e.ExecutionID != "x" || e.TraceParent != "00-a-b-01" {
		t.Errorf("took %+v, want what was sent", k.events)
	}
	k.mu.Unlock()

	const many = 300
	for i := range many {
		if i == many/2 {
			if err := c.XGroupDestroy(t.Context(), inStream, redis.DefaultGroup).Err(); err != nil {
				t.Fatal(err)
			}
		}
		send(t, c, "event", "ticket:created", "id", fmt.Sprint("chosen-", i))
	}
	testbed.Eventually(t, "all are taken", patience, func() bool { return k.count() == 1+many })
	testbed.Eventually(t, "nothing is left", patience, func() bool { return c.XLen(t.Context(), inStream).Val() == 0 })
}

// TestInboxDeadLetters: what is no event is put aside and told, the scheduler's own names
// are dropped, and neither keeps the others waiting.
func TestInboxDeadLetters(t *testing.T) {
	t.Parallel()
	server := testbed.Redis(t)
	c, k := raw(t, server), &taker{events: map[string]queue.SentEvent{}}
	send(t, c, "name", "typo", "data", "{")
	send(t, c, "event", "scheduler:job.dispatch", "data", "{}")
	send(t, c, "event", "ticket:created", "id", "good")
	x, _ := k.hear(t, server, "a")
	testbed.Eventually(t, "all are settled", patience, func() bool {
		dropped, dead := x.Strays()
		return dropped == 1 && dead == 1 && c.XLen(t.Context(), inStream).Val() == 0
	})
	k.mu.Lock()
	defer k.mu.Unlock()
	if _, ok := k.events["good"]; !ok || len(k.events) != 1 {
		t.Errorf("took %v, want the good one alone", k.events)
	}
	dead, err := c.XRange(t.Context(), "p:"+redis.DefaultDead, "-", "+").Result()
	if err != nil || len(dead) != 1 || dead[0].Values["reason"] != "no name" || dead[0].Values["data"] != "{" {
		t.Errorf("dead letters %v, %v; want what it was and why", dead, err)
	}
}

// TestInboxChannels: messages of channels are events, once for any number of nodes, also
// when the node that moves them goes.
func TestInboxChannels(t *testing.T) {
	t.Parallel()
	server := testbed.Redis(t)
	c, k := raw(t, server), &taker{events: map[string]queue.SentEvent{}}
	_, stopA := k.hear(t, server, "a", "*")
	_, stopB := k.hear(t, server, "b", "*")
	stops := map[string]func(){"a": stopA, "b": stopB}
	publish := func(what string) {
		t.Helper()
		testbed.Eventually(t, "one node subscribes", patience, func() bool { return c.PubSubNumPat(t.Context()).Val() == 1 })
		if err := c.Publish(t.Context(), "p:scheduler:job.created", `{}`).Err(); err != nil {
			t.Fatal(err)
		}
		if err := c.Publish(t.Context(), "p:ticket:created", what).Err(); err != nil {
			t.Fatal(err)
		}
	}
	publish(`{"n":1}`)
	testbed.Eventually(t, "the first is taken", patience, func() bool { return k.count() == 1 })
	holder := c.Get(t.Context(), "p:scheduler:events.bridge").Val()
	stops[holder]()
	testbed.Eventually(t, "the other takes over", patience, func() bool {
		now := c.Get(t.Context(), "p:scheduler:events.bridge").Val()
		return now != "" && now != holder
	})
	publish(`{"n":2}`)
	testbed.Eventually(t, "the second is taken", patience, func() bool { return k.count() == 2 })
	k.mu.Lock()
	defer k.mu.Unlock()
	for id, e := range k.events {
		if e.Name != "ticket:created" || !strings.HasPrefix(id, "redis:") || !strings.HasPrefix(string(e.Data), `{"n":`) {
			t.Errorf("took %+v", e)
		}
	}
}

// TestInboxKeepsNobodyWaiting: what a platform sends beyond what it may waits in Redis, in
// its order, while others' go on; a store that is away and a node that dies lose none of it.
func TestInboxKeepsNobodyWaiting(t *testing.T) {
	t.Parallel()
	server := testbed.Redis(t)
	c, k := raw(t, server), &taker{events: map[string]queue.SentEvent{}, slow: "flood", allow: 300}
	const many = 1000
	var want []string
	for i := range many {
		want = append(want, fmt.Sprintf("flood-%03d", i))
		send(t, c, "event", "a:b", "platform_id", "flood", "id", want[i])
	}
	_, stop := k.hear(t, server, "a")
	taken := func(n int) func() bool { return func() bool { return k.count() == n } }
	testbed.Eventually(t, "what may be sent is taken", patience, taken(300))
	for i := range 20 {
		send(t, c, "event", "a:b", "platform_id", "web", "id", fmt.Sprint("web-", i))
		send(t, c, "event", "a:b", "platform_id", "flood", "id", fmt.Sprint("more-", i))
		want = append(want, fmt.Sprint("more-", i))
		testbed.Eventually(t, "another platform's is taken", patience, taken(300+1+i))
	}
	more := func(n int) {
		k.mu.Lock()
		defer k.mu.Unlock()
		k.allow = n
	}
	more(100)
	testbed.Eventually(t, "as many as may be are taken", patience, taken(320+100))
	k.set(true)
	send(t, c, "event", "a:b", "id", "meanwhile")
	k.set(false)
	testbed.Eventually(t, "what came while the store was away is taken", patience, taken(421))
	k.mu.Lock()
	if !slices.Equal(k.order, want[:400]) {
		t.Errorf("taken of the flood: %v, want the first 400", k.order)
	}
	k.mu.Unlock()
	stop()
	more(many)
	k.hear(t, server, "b")
	testbed.Eventually(t, "another node takes the rest", patience, taken(many+41))
	testbed.Eventually(t, "nothing is left", patience, func() bool { return c.XLen(t.Context(), inStream).Val() == 0 })
	k.mu.Lock()
	defer k.mu.Unlock()
	if slices.Sort(k.order); len(slices.Compact(k.order)) != many+20 {
		t.Errorf("%d of the flood were taken, want %d, each once", len(k.order), many+20)
	}
}
