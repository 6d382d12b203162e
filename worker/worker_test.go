package worker_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/daemon"
	"github.com/agentic-sdlc/scheduler/handler"
	"github.com/agentic-sdlc/scheduler/internal/testbed"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/queue/memory"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/postgres"
	"github.com/agentic-sdlc/scheduler/worker"
)

// bed is a node that plans and has no functions of its own, on a database.
type bed struct {
	*testing.T

	dsn    string
	store  *postgres.Store
	engine *daemon.Engine
	ids    job.IDs
}

func newBed(t *testing.T) *bed {
	t.Helper()
	b := &bed{T: t, dsn: testbed.Postgres(t), ids: job.IDs{Rand: rand.Reader}}
	var err error
	if b.store, err = postgres.Open(t.Context(), postgres.Options{URL: b.dsn, Node: "planner", Instance: "bed", MaxConns: 8}); err != nil {
		t.Fatal(err)
	}
	registry := &handler.Registry{}
	nothing := handler.Func(func(context.Context, *handler.Task) (handler.Result, error) { return handler.Result{}, nil })
	if err := registry.Register(handler.Info{Name: "noop"}, nothing); err != nil {
		t.Fatal(err)
	}
	b.engine = daemon.NewEngine(daemon.EngineOptions{
		Store: b.store, Queue: memory.New(memory.Options{}), Bus: memory.NewBus(memory.BusOptions{}), Handlers: registry, Logger: slog.New(slog.DiscardHandler), Node: "planner",
		Shared: true, Settings: daemon.Settings{Policy: job.DefaultPolicy()}, Slots: 4, Lease: 6 * time.Second, Heartbeat: time.Second, ReapEvery: time.Second, Drain: time.Second,
	})
	ctx, cancel := context.WithCancel(context.Background())
	over := make(chan error, 1)
	go func() { over <- b.engine.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-over; err != nil {
			t.Error(err)
		}
		_ = b.store.Close()
	})
	testbed.Eventually(t, "the node is up", 20*time.Second, func() bool { return !b.engine.Vitals().LastHeartbeat.IsZero() })
	return b
}

// job stores a job that people run.
func (b *bed) job(name, handlerName, payload string) {
	b.Helper()
	now := time.Now().UTC().Truncate(time.Microsecond)
	spec := job.NewSpec(job.StandardDefaults())
	spec.Name, spec.Type, spec.HandlerName, spec.HandlerType, spec.Payload, spec.OnLost = name, job.TypeEvent, handlerName, job.HandlerFunction, json.RawMessage(payload), job.OnLostRetry
	spec.Normalize(job.StandardDefaults())
	j := job.Job{ID: b.ids.New(now), Platform: job.DefaultPlatform, Spec: spec, Status: job.JobActive, Revision: 1, CreatedAt: now, UpdatedAt: now, Anchor: now, Seed: "default/" + name}
	if _, _, err := b.store.CreateJob(b.Context(), store.CreateJob{Job: j, Now: now}); err != nil {
		b.Fatal(err)
	}
}

func (b *bed) run(name string) job.ID {
	b.Helper()
	made, err := b.engine.Trigger(b.Context(), store.Trigger{Platform: job.DefaultPlatform, Ref: name, Kind: job.TriggerManual, Now: time.Now(), NewID: b.engine.NewID})
	if err != nil {
		b.Fatal(err)
	}
	return made.Execution.ID
}

func (b *bed) execution(id job.ID) job.Execution {
	b.Helper()
	e, err := b.store.Execution(b.Context(), job.DefaultPlatform, id.String())
	if err != nil {
		b.Fatal(err)
	}
	return e
}

func (b *bed) ends(id job.ID) job.Execution {
	b.Helper()
	var e job.Execution
	testbed.Eventually(b.T, "the run ends", 60*time.Second, func() bool {
		e = b.execution(id)
		return e.Status.Terminal()
	})
	return e
}

// example builds the example program and returns how to start it.
func (b *bed) example() func(node string) *exec.Cmd {
	b.Helper()
	program := filepath.Join(b.TempDir(), "go-worker")
	if out, err := exec.CommandContext(b.Context(), "go", "build", "-o", program, "../examples/go-worker").CombinedOutput(); err != nil {
		b.Fatalf("go build: %v\n%s", err, out)
	}
	return func(node string) *exec.Cmd {
		b.Helper()
		cmd := exec.CommandContext(context.WithoutCancel(b.Context()), program)
		cmd.Env = append(os.Environ(), "SCHEDD_STORE_POSTGRES_DSN="+b.dsn, "NODE="+node)
		var said strings.Builder
		cmd.Stderr = &said
		if err := cmd.Start(); err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
			if b.Failed() {
				b.Logf("%s said: %s", node, said.String())
			}
		})
		return cmd
	}
}

// TestTwoProcesses: a run is done by a program that embeds a worker; when it is killed in
// the middle, another one takes the run over.
func TestTwoProcesses(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	start := b.example()
	b.job("quick", "reindex-collection", `{"collection": "a", "documents": 2}`)
	b.job("slow", "reindex-collection", `{"collection": "b", "documents": 50}`)
	b.job("ours", "noop", `{}`)
	waits := b.run("quick") // nobody has the function yet

	first := start("first")
	e := b.ends(waits)
	if want := `"by": "first"`; e.Status != job.Success || !strings.Contains(spaced(e.Result), want) {
		t.Fatalf("the run ended %s with %s, %v; want success by the first program", e.Status, e.Result, e.Error)
	}
	lines, err := b.store.ListLogs(t.Context(), store.LogFilter{Platform: job.DefaultPlatform, Ref: waits.String(), Limit: 10})
	if err != nil || len(lines) != 2 || lines[1].Message != "a: 2 of 2" {
		t.Errorf("the log is %+v, %v; want two lines", lines, err)
	}
	testbed.Eventually(t, "the node hears of the function", 20*time.Second, func() bool {
		return len(b.engine.Functions()) == 1 && b.engine.Functions()[0] == "reindex-collection"
	})
	if e := b.ends(b.run("ours")); e.Status != job.Success {
		t.Errorf("the node's own run ended %s, %v", e.Status, e.Error)
	}

	taken := b.run("slow")
	testbed.Eventually(t, "the first program runs it", 20*time.Second, func() bool { return b.execution(taken).Status == job.Running })
	start("second")
	if err := first.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	e = b.ends(taken)
	if e.Status != job.Success || !strings.Contains(spaced(e.Result), `"by": "second"`) {
		t.Errorf("the run ended %s with %s, %v; want success by the second program", e.Status, e.Result, e.Error)
	}
}

// spaced is JSON in one form, whatever the store's.
func spaced(raw json.RawMessage) string {
	return strings.ReplaceAll(strings.ReplaceAll(string(raw), `": "`, `":"`), `":"`, `": "`)
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	nothing := func(context.Context, *worker.Task) (any, error) { return nil, nil }
	for name, prepare := range map[string]func(w *worker.Worker){
		"without functions":   func(*worker.Worker) {},
		"the function is nil": func(w *worker.Worker) { w.Handle("x", nil) },
		"name is empty":       func(w *worker.Worker) { w.Handle("", nothing) },
		"name is taken":       func(w *worker.Worker) { w.Handle("x", nothing); w.Handle("x", nothing) },
		"schedd has one":      func(w *worker.Worker) { w.Handle("exec", nothing) },
		"without a store":     func(w *worker.Worker) { w.Handle("x", nothing) },
	} {
		w := worker.New(worker.Options{})
		prepare(w)
		if err := w.Run(t.Context()); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("Run = %v, want %q", err, name)
		}
	}
	w := worker.New(worker.Options{DSN: testbed.Postgres(t)}) // empty: no schedd was here
	w.Handle("x", nothing)
	if err := w.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "open the store") {
		t.Errorf("Run on an empty database = %v, want a refusal", err)
	}
}
