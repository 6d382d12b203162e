package daemon

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
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

// bed is an engine on a real store, with jobs whose handler notes its starts.
type bed struct {
	engine *Engine
	store  *sqlite.Store
	stop   func() error
	made   atomic.Int64 // jobs

	mu    sync.Mutex
	delay []time.Duration
	log   bytes.Buffer
}

// Write keeps a line of the log.
func (b *bed) Write(line []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.log.Write(line)
}

func (b *bed) logged() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.log.String()
}

func newBed(tb testing.TB, slots int, edits ...func(*EngineOptions)) *bed {
	tb.Helper()
	s, err := sqlite.Open(context.Background(), sqlite.Options{Path: filepath.Join(tb.TempDir(), "schedd.db"), Instance: "bed"})
	if err != nil {
		tb.Fatal(err)
	}
	b := &bed{store: s}
	registry := &handler.Registry{}
	if err := registry.Register(handler.Info{Name: "noop"}, handler.Func(func(_ context.Context, t *handler.Task) (handler.Result, error) {
		d := time.Since(t.ScheduledAt)
		b.mu.Lock()
		b.delay = append(b.delay, d)
		b.mu.Unlock()
		return handler.Result{}, nil
	})); err != nil {
		tb.Fatal(err)
	}
	if err := registry.Register(handler.Info{Name: "ops-only", Platforms: []string{"ops"}}, handler.Func(func(context.Context, *handler.Task) (handler.Result, error) {
		return handler.Result{}, nil
	})); err != nil {
		tb.Fatal(err)
	}
	o := EngineOptions{
		Store: s, Queue: memory.New(memory.Options{}), Bus: memory.NewBus(memory.BusOptions{}), Handlers: registry,
		Logger: slog.New(slog.NewTextHandler(b, nil)), Node: "bed", Settings: Settings{Policy: job.DefaultPolicy()}, Slots: slots, SlowSlots: 8,
		Lease: 30 * time.Second, Heartbeat: 5 * time.Second, ReapEvery: 5 * time.Second, Drain: 5 * time.Second,
	}
	for _, edit := range edits {
		edit(&o)
	}
	b.engine = NewEngine(o)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- b.engine.Run(ctx) }()
	b.stop = func() error { cancel(); err := <-done; return err }
	tb.Cleanup(func() { _ = s.Close() })
	return b
}

// create stores n one-time jobs due at the instant.
func (b *bed) create(tb testing.TB, n int, at time.Time) {
	tb.Helper()
	ids := &job.IDs{Rand: rand.Reader}
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for i := w; i < n; i += 8 {
				created := now()
				j := job.Job{
					ID: ids.New(created), Platform: job.DefaultPlatform, Status: job.JobActive, Revision: 1, Anchor: created, CreatedAt: created, UpdatedAt: created, CreatedBy: "t",
					Spec: job.Spec{Name: fmt.Sprintf("job%d", b.made.Add(1)), Type: job.TypeOneTime, ExecuteAt: &at, Timezone: "UTC", DSTPolicy: "once", Misfire: job.MisfireFireOnce,
						HandlerName: "noop", HandlerType: job.HandlerFunction, Priority: job.PriorityMedium, Concurrency: 1, Overlap: job.OverlapSkip, OnLost: job.OnLostRetry},
				}
				open, err := job.Open(j, created, "created")
				if err == nil {
					_, _, err = b.store.CreateJob(context.Background(), store.CreateJob{Job: j, Open: &open, Now: created})
				}
				if err != nil {
					tb.Error(err)
				}
			}
		})
	}
	wg.Wait()
	b.engine.Wake()
}

func (b *bed) started() []time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.delay)
}

// TestHandlerOfAnotherPlatform: a job whose handler is not for its platform any more does
// not run, though it was made when it could.
func TestHandlerOfAnotherPlatform(t *testing.T) {
	t.Parallel()
	b := newBed(t, 4)
	ids := &job.IDs{Rand: rand.Reader}
	for platform, want := range map[string]job.Status{"ops": job.Success, "web": job.Failed} {
		at := now()
		j := job.Job{
			ID: ids.New(at), Platform: platform, Status: job.JobActive, Revision: 1, Anchor: at, CreatedAt: at, UpdatedAt: at, CreatedBy: "t",
			Spec: job.Spec{Name: "x", Type: job.TypeEvent, Timezone: "UTC", DSTPolicy: "once", Misfire: job.MisfireFireOnce, HandlerName: "ops-only",
				HandlerType: job.HandlerFunction, Priority: job.PriorityMedium, Concurrency: 1, Overlap: job.OverlapSkip, OnLost: job.OnLostFail},
		}
		if _, _, err := b.store.CreateJob(t.Context(), store.CreateJob{Job: j, Now: at}); err != nil {
			t.Fatal(err)
		}
		made, err := b.engine.Trigger(t.Context(), store.Trigger{Platform: platform, Ref: "x", Kind: job.TriggerManual, By: "t", Now: at, NewID: func() job.ID { return ids.New(at) }})
		if err != nil {
			t.Fatal(err)
		}
		testbed.Eventually(t, "it is over", time.Minute, func() bool {
			e, err := b.store.Execution(t.Context(), platform, made.Execution.ID.String())
			return err == nil && e.Status.Terminal()
		})
		if e, err := b.store.Execution(t.Context(), platform, made.Execution.ID.String()); err != nil || e.Status != want {
			t.Errorf("on %s: %s %q, %v; want %s", platform, e.Status, e.Error, err, want)
		}
	}
	if err := b.stop(); err != nil {
		t.Fatal(err)
	}
	log := b.logged() // of failures, and of nothing that went well
	if line := `level=WARN msg="execution failed" job_id=`; strings.Count(log, line) != 1 || strings.Count(log, "execution_id=") != 1 ||
		!strings.Contains(log, " job=x ") || !strings.Contains(log, "attempt=1 handler=ops-only trigger=manual platform=web ") || !strings.Contains(log, " error_class=handler_") {
		t.Errorf("the log says:\n%s", log)
	}
}

// TestBurst runs many one-time jobs that are due at one second: each starts once,
// none early, and each job ends.
func TestBurst(t *testing.T) {
	t.Parallel()
	const jobs = 2000
	b := newBed(t, 500)
	at := now().Add(8 * time.Second).Truncate(time.Second)
	b.create(t, jobs, at)
	testbed.Eventually(t, "all started", time.Minute, func() bool { return len(b.started()) >= jobs })
	delays := b.started()
	slices.Sort(delays)
	if delays[0] < 0 {
		t.Errorf("the first started %s before it was due", -delays[0])
	}
	t.Logf("start after due: p50 %s, p99 %s, last %s", delays[jobs/2], delays[jobs*99/100], delays[jobs-1])
	testbed.Eventually(t, "all jobs completed", time.Minute, func() bool {
		totals, err := b.store.Totals(t.Context(), store.AnyPlatform, now())
		return err == nil && totals.Jobs[job.JobCompleted] == jobs
	})
	if err := b.stop(); err != nil {
		t.Fatal(err)
	}
	if got := len(b.started()); got != jobs {
		t.Errorf("%d starts of %d executions", got, jobs)
	}
}
