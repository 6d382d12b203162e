package daemon

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/daemon/maintain"
	"github.com/agentic-sdlc/scheduler/queue"
	"github.com/agentic-sdlc/scheduler/queue/memory"
	"github.com/agentic-sdlc/scheduler/store"
)

// spied is a bus that counts what it is given to publish.
type spied struct {
	*memory.Bus

	published atomic.Int64
	asked     func() // before Heard answers
}

func (s *spied) Publish(ctx context.Context, events []queue.Event) error {
	s.published.Add(int64(len(events)))
	return s.Bus.Publish(ctx, events)
}

func (s *spied) Heard(ctx context.Context) (bool, error) {
	if s.asked != nil {
		s.asked()
	}
	return s.Bus.Heard(ctx)
}

// What happens while nobody listens is forgotten without being published; what happens
// after somebody subscribed is not, however short before it was asked who listens.
func TestEventsThatNobodyHears(t *testing.T) {
	b := newBed(t, 1)
	if err := b.stop(); err != nil {
		t.Fatal(err)
	}
	bus := &spied{Bus: memory.NewBus(memory.BusOptions{})}
	now := time.Now().UTC()
	m := maintain.New(maintain.Options{
		Store: b.store, Bus: bus, Logger: b.engine.o.Logger, Now: time.Now, Lease: 30 * time.Second, Heartbeat: 5 * time.Second, ReapEvery: 5 * time.Second,
		Retention: func() store.Retention { return store.Retention{} }, Session: func() int64 { return 7 }, NewSession: func(context.Context) error { return nil },
		Running: func() int { return 0 }, Cancel: b.engine.executor.Cancel, Fence: func() {}, Ready: func() {},
	})
	if err := b.store.OpenSession(t.Context(), store.Session{ID: 7, Node: "bed", StartedAt: now, LeaseUntil: now.Add(time.Minute)}); err != nil {
		t.Fatal(err)
	}
	tick := func() {
		t.Helper()
		now = now.Add(time.Second)
		if _, err := m.Tick(t.Context(), now); err != nil {
			t.Fatal(err)
		}
	}
	far := now.Add(time.Hour)
	b.create(t, 1, far)
	tick()
	if left, err := b.store.Outbox(t.Context(), 0, 10); err != nil || len(left) > 0 || bus.published.Load() > 0 {
		t.Errorf("%d rows are left (%v), %d events were published, want none", len(left), err, bus.published.Load())
	}

	b.create(t, 1, far)
	var events <-chan queue.Event
	bus.asked = func() {
		bus.asked = nil
		events, _ = bus.Subscribe(t.Context(), "*")
		b.create(t, 1, far)
	}
	tick()
	tick()
	if n := len(events); n != 1 && n != 2 {
		t.Errorf("whoever subscribed before the last of three events got %d events, want that one at least, and never the first", n)
	}
	if left, err := b.store.Outbox(t.Context(), 0, 10); err != nil || len(left) > 0 {
		t.Errorf("%d rows are left (%v), want none", len(left), err)
	}
}
