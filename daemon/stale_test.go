package daemon

import (
	"context"
	"log/slog"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/handler"
	"github.com/agentic-sdlc/scheduler/internal/testbed"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/queue/memory"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/sqlite"
)

// standstill is a store whose process stands still once, between a plan that gave it
// executions and their start. No heartbeat succeeds until something is settled: else the
// lease might be prolonged in time.
type standstill struct {
	store.Store

	length  time.Duration
	once    sync.Once
	still   atomic.Bool
	settled chan struct{}
	over    sync.Once
}

func (s *standstill) PlanDue(ctx context.Context, p store.PlanDue) (store.Planned, error) {
	planned, err := s.Store.PlanDue(ctx, p)
	if len(planned.Claimed) > 0 {
		s.once.Do(func() {
			s.still.Store(true)
			testbed.Pass(s.length) // the fault
		})
	}
	return planned, err
}

func (s *standstill) Heartbeat(ctx context.Context, b store.Beat) (store.Pulse, error) {
	if s.still.Load() {
		<-s.settled
	}
	return s.Store.Heartbeat(ctx, b)
}

func (s *standstill) Settle(ctx context.Context, now time.Time, batch []store.Settlement) (store.Settled, error) {
	s.over.Do(func() { close(s.settled) })
	return s.Store.Settle(ctx, now, batch)
}

// TestStaleClaimIsNotStarted: a node that stood still for longer than its lease starts
// nothing that it had claimed before: others may have. It gives it back.
func TestStaleClaimIsNotStarted(t *testing.T) {
	t.Parallel()
	const lease = time.Second
	inner, err := sqlite.Open(t.Context(), sqlite.Options{Path: filepath.Join(t.TempDir(), "schedd.db"), Instance: "bed"})
	if err != nil {
		t.Fatal(err)
	}
	b := &bed{store: inner}
	tokens := make(chan int64, 100)
	registry := &handler.Registry{}
	if err := registry.Register(handler.Info{Name: "noop"}, handler.Func(func(_ context.Context, task *handler.Task) (handler.Result, error) {
		tokens <- task.Token
		return handler.Result{}, nil
	})); err != nil {
		t.Fatal(err)
	}
	b.engine = NewEngine(EngineOptions{
		Store: &standstill{Store: inner, length: 2 * lease, settled: make(chan struct{})}, Queue: memory.New(memory.Options{}), Bus: memory.NewBus(memory.BusOptions{}), Handlers: registry,
		Logger: slog.New(slog.DiscardHandler), Node: "bed", Settings: Settings{Policy: job.DefaultPolicy()}, Slots: 10, SlowSlots: 1,
		Lease: lease, Heartbeat: lease / 4, ReapEvery: lease, Drain: 5 * time.Second,
	})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- b.engine.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done; _ = inner.Close() })
	b.create(t, 1, now().Add(500*time.Millisecond))
	select {
	case token := <-tokens:
		if token < 2 {
			t.Errorf("it started with token %d, want a newer one: the claim was stale", token)
		}
	case <-time.After(time.Minute):
		t.Error("it never started")
	}
}
