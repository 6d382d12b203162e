package redis_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/agentic-sdlc/scheduler/internal/testbed"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/queue"
	"github.com/agentic-sdlc/scheduler/queue/redis"
)

func openBus(t *testing.T, url string) *redis.Bus {
	t.Helper()
	b, err := redis.NewBus(redis.BusOptions{URL: url, Timeout: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	return b
}

func event(name string) queue.Event {
	return queue.Event{Name: name, ID: "1", At: time.Date(2026, 3, 29, 1, 30, 0, 0, time.UTC), Data: json.RawMessage(`{"html":"<&>"}`)}
}

// next returns the next event that comes while publish is called again and again.
func next(t *testing.T, events <-chan queue.Event, publish func()) (e queue.Event, took time.Duration) {
	t.Helper()
	began := time.Now()
	for time.Since(began) < patience {
		publish()
		select {
		case e, ok := <-events:
			if !ok {
				t.Fatal("the channel is closed")
			}
			return e, time.Since(began)
		case <-time.After(50 * time.Millisecond):
		}
	}
	t.Fatal("no event came")
	return e, 0
}

func TestBusComesBack(t *testing.T) {
	t.Parallel()
	server := testbed.Redis(t)
	b := openBus(t, server.URL())
	events, err := b.Subscribe(t.Context(), "scheduler:*")
	if err != nil {
		t.Fatal(err)
	}
	for _, end := range []func() error{server.Restart, server.RestartEmpty, func() error { _, err := server.Do("CLIENT KILL TYPE pubsub"); return err }} {
		if err := end(); err != nil {
			t.Fatal(err)
		}
		e, took := next(t, events, func() { _ = b.Publish(t.Context(), []queue.Event{event("scheduler:job.created")}) })
		if e.Name != "scheduler:job.created" || took > 3*time.Second {
			t.Errorf("%s came %v after the loss, want 3s at most", e.Name, took)
		}
	}
}

func TestBusNoticesAFrozenConnection(t *testing.T) {
	t.Parallel()
	server := testbed.Redis(t)
	proxy := testbed.NewProxy(t, "unix", server.Socket())
	b, direct := openBus(t, "redis://"+proxy.Addr()), openBus(t, server.URL())
	events, err := b.Subscribe(t.Context(), "*")
	if err != nil {
		t.Fatal(err)
	}
	proxy.Freeze() // the subscriber sees nothing at all
	if _, took := next(t, events, func() { _ = direct.Publish(t.Context(), []queue.Event{event("a")}) }); took > 12*time.Second {
		t.Errorf("an event came after %v", took)
	}
}

func TestBusCloseEndsSubscriptions(t *testing.T) {
	t.Parallel()
	b := openBus(t, testbed.Redis(t).URL())
	events, err := b.Subscribe(t.Context(), "*")
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := b.Close(); err != nil {
			t.Errorf("Close() = %v, want no error, also the second time", err)
		}
	}
	select {
	case _, ok := <-events:
		if ok {
			t.Error("an event came")
		}
	case <-time.After(patience):
		t.Error("the channel is open after Close")
	}
	wantCode(t, "Publish", b.Publish(t.Context(), []queue.Event{event("a")}), job.Unavailable)
}

func TestBusWithoutRedis(t *testing.T) {
	t.Parallel()
	server := testbed.Redis(t)
	if err := server.Kill(); err != nil {
		t.Fatal(err)
	}
	b := openBus(t, server.URL())
	_, err := b.Subscribe(t.Context(), "*")
	wantCode(t, "Subscribe", err, job.Unavailable)
	wantCode(t, "Publish", b.Publish(t.Context(), []queue.Event{event("a")}), job.Unavailable)
	wantCode(t, "DeadLetter", b.DeadLetter(t.Context(), []queue.Event{event("a")}), job.Unavailable)
}

func TestBusNames(t *testing.T) {
	t.Parallel()
	server := testbed.Redis(t)
	b := openBus(t, server.URL())
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	for _, name := range []string{`a[bc]d`, `a\*`, `[^x]`, `ž:ů`} {
		events, err := b.Subscribe(ctx, name[:1]+"*")
		if err != nil {
			t.Fatal(err)
		}
		want := event(name)
		got, _ := next(t, events, func() { _ = b.Publish(ctx, []queue.Event{want}) })
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("event differs (-published +received):\n%s", diff)
		}
	}
	literal, err := b.Subscribe(ctx, "[ab]")
	if err != nil {
		t.Fatal(err)
	}
	if e, _ := next(t, literal, func() { _ = b.Publish(ctx, []queue.Event{event("a"), event("[ab]")}) }); e.Name != "[ab]" {
		t.Errorf("the glob [ab] selected %q: brackets are no signs", e.Name)
	}
}

func TestBusStrays(t *testing.T) {
	t.Parallel()
	server := testbed.Redis(t)
	b, c := openBus(t, server.URL()), raw(t, server)
	events, err := b.Subscribe(t.Context(), "*")
	if err != nil {
		t.Fatal(err)
	}
	for _, garbage := range []string{"", "x", "[]", "{}", `{"event":1}`, "\xff", `{"event":"a","at":"soon"}`} {
		if err := c.Publish(t.Context(), "scheduler:x", garbage).Err(); err != nil {
			t.Fatal(err)
		}
	}
	next(t, events, func() { _ = b.Publish(t.Context(), []queue.Event{event("a")}) })
	if b.Strays() != 7 {
		t.Errorf("Strays() = %d, want 7", b.Strays())
	}
}

func TestDeadLettersAreMirrored(t *testing.T) {
	t.Parallel()
	server := testbed.Redis(t)
	b, err := redis.NewBus(redis.BusOptions{URL: server.URL(), MaxDead: 100})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	all := make([]queue.Event, 1000)
	for i := range all {
		all[i] = event("scheduler:execution.failed")
	}
	if err := b.DeadLetter(t.Context(), all); err != nil {
		t.Fatal(err)
	}
	got, err := raw(t, server).XRevRangeN(t.Context(), "stream:scheduler:dlq", "+", "-", 1).Result()
	if err != nil || len(got) != 1 || got[0].Values["data"] != `{"html":"<&>"}` || got[0].Values["event"] != "scheduler:execution.failed" {
		t.Errorf("the newest dead letter is %v, %v", got, err)
	}
	if n := raw(t, server).XLen(t.Context(), "stream:scheduler:dlq").Val(); n < 100 || n > 300 {
		t.Errorf("the stream has %d dead letters, want about 100", n)
	}
}
