package queuetest

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/agentic-sdlc/scheduler/queue"
)

// RunBus runs the suite of the event bus. open returns a bus that nobody else uses.
func RunBus(t *testing.T, open func(t *testing.T) queue.Bus) {
	tests := []struct {
		name string
		run  func(t *testing.T, b *busBench)
	}{
		{"an event comes as it was published", testBusRoundTrip},
		{"events come in order", testBusOrder},
		{"globs select by name", testBusGlobs},
		{"every subscriber gets every event", testBusFanOut},
		{"nobody has to listen", testBusSilent},
		{"who listens is heard of", testBusHeard},
		{"the channel closes when the context ends", testBusEnd},
		{"a slow subscriber stops nobody and loses its oldest", testBusSlow},
		{"subscribing and publishing may go on at once", testBusConcurrent},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.run(t, &busBench{t: t, ctx: t.Context(), bus: open(t)})
		})
	}
}

type busBench struct {
	t   *testing.T
	ctx context.Context
	bus queue.Bus
}

// patience is how long anything may take that must happen.
const patience = 10 * time.Second

func event(name string, n int) queue.Event {
	return queue.Event{
		Name:     name,
		ID:       fmt.Sprintf("7-%d", n),
		Platform: "acme",
		At:       time.Date(2026, 3, 29, 1, 30, 0, 123_456_000, time.UTC),
		Data:     json.RawMessage(fmt.Sprintf(`{"n":%d,"big":9007199254740993,"text":"Žluťoučký \"kůň\""}`, n)),
	}
}

func (b *busBench) subscribe(ctx context.Context, glob string) <-chan queue.Event {
	b.t.Helper()
	events, err := b.bus.Subscribe(ctx, glob)
	if err != nil {
		b.t.Fatalf("Subscribe(%q) = %v, want no error", glob, err)
	}
	return events
}

func (b *busBench) publish(events ...queue.Event) {
	b.t.Helper()
	if err := b.bus.Publish(b.ctx, events); err != nil {
		b.t.Fatalf("Publish(%d events) = %v, want no error", len(events), err)
	}
}

// next returns the next event, or fails the test when none comes.
func (b *busBench) next(events <-chan queue.Event) queue.Event {
	b.t.Helper()
	select {
	case e, ok := <-events:
		if !ok {
			b.t.Fatal("the channel is closed, want an event")
		}
		return e
	case <-time.After(patience):
		b.t.Fatal("no event came")
	}
	return queue.Event{}
}

func testBusRoundTrip(t *testing.T, b *busBench) {
	events := b.subscribe(b.ctx, "*")
	want := event("scheduler:job.created", 1)
	b.publish(want)
	if diff := cmp.Diff(want, b.next(events)); diff != "" {
		t.Errorf("event differs (-published +received):\n%s", diff)
	}
}

func testBusOrder(t *testing.T, b *busBench) {
	events := b.subscribe(b.ctx, "*")
	var want, got []string
	var batch []queue.Event
	for i := range 200 {
		batch = append(batch, event("ticket:created", i))
		want = append(want, batch[len(batch)-1].ID)
		if len(batch) == 7 || i == 199 {
			b.publish(batch...)
			batch = nil
		}
	}
	for range want {
		got = append(got, b.next(events).ID)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("order differs (-want +got):\n%s", diff)
	}
}

func testBusGlobs(t *testing.T, b *busBench) {
	names := []string{
		"scheduler:job.created", "scheduler:execution.completed", "scheduler:execution.failed",
		"scheduler:", "xscheduler:job", "ticket:created", "ticketXcreated",
	}
	tests := []struct {
		glob string
		want []string
	}{
		{"*", names},
		{"scheduler:*", names[:4]},
		{"scheduler:execution.*", names[1:3]},
		{"*.created", names[:1]},
		{"*:*ed", []string{names[0], names[1], names[2], names[5]}},
		{"ticket:created", names[5:6]},
		{"ticket?created", names[5:7]},
		{"scheduler", nil},
		{"scheduler:*.failed*", names[2:3]},
	}
	channels := make([]<-chan queue.Event, len(tests))
	for i, tt := range tests {
		channels[i] = b.subscribe(b.ctx, tt.glob)
	}
	for i, name := range names {
		b.publish(event(name, i))
	}
	for i, tt := range tests {
		var got []string
		for range tt.want {
			got = append(got, b.next(channels[i]).Name)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%q selected other events (-want +got):\n%s", tt.glob, diff)
		}
		select {
		case e := <-channels[i]:
			t.Errorf("%q selected %q too", tt.glob, e.Name)
		default:
		}
	}
}

func testBusFanOut(t *testing.T, b *busBench) {
	channels := []<-chan queue.Event{b.subscribe(b.ctx, "*"), b.subscribe(b.ctx, "*"), b.subscribe(b.ctx, "a*")}
	b.publish(event("a", 1), event("a", 2))
	for i, events := range channels {
		for _, want := range []string{"7-1", "7-2"} {
			if got := b.next(events).ID; got != want {
				t.Errorf("subscriber %d got event %s, want %s", i, got, want)
			}
		}
	}
}

func testBusSilent(t *testing.T, b *busBench) {
	b.publish()
	b.publish(event("a", 1))
	events := b.subscribe(b.ctx, "*")
	b.publish(event("a", 2))
	if got := b.next(events).ID; got != "7-2" {
		t.Errorf("first event is %s, want 7-2: what was published before does not come", got)
	}
}

func testBusHeard(t *testing.T, b *busBench) {
	b.subscribe(b.ctx, "a*")
	if heard, err := b.bus.Heard(b.ctx); err != nil || !heard {
		t.Errorf("Heard = %v, %v with a subscriber, want true", heard, err)
	}
}

func testBusEnd(t *testing.T, b *busBench) {
	ctx, cancel := context.WithCancel(b.ctx)
	ended, other := b.subscribe(ctx, "*"), b.subscribe(b.ctx, "*")
	cancel()
	select {
	case _, ok := <-ended:
		if ok {
			t.Error("an event came, want a closed channel")
		}
	case <-time.After(patience):
		t.Error("the channel is open long after the context ended")
	}
	b.publish(event("a", 1))
	b.next(other)
	select {
	case _, ok := <-b.subscribe(ctx, "*"):
		if ok {
			t.Error("a subscription with an ended context got an event")
		}
	case <-time.After(patience):
		t.Error("the channel of a subscription with an ended context is open")
	}
}

func testBusSlow(t *testing.T, b *busBench) {
	const events = 20_000
	slow := b.subscribe(b.ctx, "*")
	batch := make([]queue.Event, 0, 1000)
	for i := range events {
		batch = append(batch, event("a", i))
		if len(batch) == cap(batch) {
			b.publish(batch...)
			batch = batch[:0]
		}
	}
	last := fmt.Sprintf("7-%d", events-1)
	for seen := 1; ; seen++ {
		if b.next(slow).ID == last {
			if seen >= events {
				t.Errorf("the slow subscriber got all %d events, want a bounded buffer", seen)
			}
			return
		}
	}
}

func testBusConcurrent(t *testing.T, b *busBench) {
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 25 {
				ctx, cancel := context.WithCancel(b.ctx)
				events, err := b.bus.Subscribe(ctx, "a*")
				if err != nil {
					t.Errorf("Subscribe = %v, want no error", err)
				} else {
					select {
					case <-events:
					case <-time.After(patience):
						t.Error("no event came")
					}
				}
				cancel()
			}
		})
	}
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()
	for i := 0; ; i++ {
		select {
		case <-done:
			return
		default:
			b.publish(event("a", i))
		}
	}
}
