package daemon

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/handler"
	"github.com/agentic-sdlc/scheduler/internal/testbed"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/queue/failover"
	"github.com/agentic-sdlc/scheduler/queue/memory"
	"github.com/agentic-sdlc/scheduler/queue/redis"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/postgres"
)

// many are nodes on one PostgreSQL and one Redis, each with connections of its own.
type many struct {
	t     *testing.T
	dsn   string
	redis string
	nodes []*manyNode
	names []string // of jobs

	observe func(t *handler.Task) // each start of a handler; nil = nobody
	mu      sync.Mutex
	starts  map[job.ID]int // of the handler, by execution
}

// manyNode is one of them.
type manyNode struct {
	*Engine
	store  *postgres.Store
	queue  *failover.Queue
	starts atomic.Int64
	stop   func()
}

func newMany(t *testing.T, dsn, redisURL string) *many {
	t.Helper()
	return &many{t: t, dsn: dsn, redis: redisURL, starts: map[job.ID]int{}}
}

// start runs a node with so many slots until the test ends.
func (m *many) start(slots int) *manyNode {
	m.t.Helper()
	name := fmt.Sprintf("node-%d", len(m.nodes)+1)
	s, err := postgres.Open(m.t.Context(), postgres.Options{URL: m.dsn, Node: name, Instance: "many", MaxConns: 10})
	if err != nil {
		m.t.Fatal(err)
	}
	quiet := slog.New(slog.DiscardHandler)
	primary, err := redis.New(redis.Options{URL: m.redis, Logger: quiet})
	if err != nil {
		m.t.Fatal(err)
	}
	bus, err := redis.NewBus(redis.BusOptions{URL: m.redis})
	if err != nil {
		m.t.Fatal(err)
	}
	n := &manyNode{store: s, queue: failover.New(failover.Options{Primary: primary, Local: memory.New(memory.Options{}), Logger: quiet, Now: time.Now})}
	registry := &handler.Registry{}
	if err := registry.Register(handler.Info{Name: "noop"}, handler.Func(func(_ context.Context, task *handler.Task) (handler.Result, error) {
		n.starts.Add(1)
		if m.observe != nil {
			m.observe(task)
		}
		m.mu.Lock()
		m.starts[task.ExecutionID]++
		m.mu.Unlock()
		return handler.Result{}, nil
	})); err != nil {
		m.t.Fatal(err)
	}
	n.Engine = NewEngine(EngineOptions{
		Store: s, Queue: n.queue, Bus: bus, Handlers: registry, Logger: quiet, Node: name, Shared: true, Settings: Settings{Policy: job.DefaultPolicy()},
		Slots: slots, SlowSlots: 1, Lease: 3 * time.Second, Heartbeat: 500 * time.Millisecond, ReapEvery: 500 * time.Millisecond, Drain: time.Second,
	})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- n.Run(ctx) }()
	n.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			m.t.Errorf("%s: Run = %v, want no error", name, err)
		}
		_ = n.queue.Close()
		_ = bus.Close()
		_ = s.Close()
	})
	m.t.Cleanup(n.stop)
	m.nodes = append(m.nodes, n)
	testbed.Eventually(m.t, name+" is up", 10*time.Second, func() bool { return !n.Vitals().LastHeartbeat.IsZero() })
	return n
}

// oneTime stores n jobs that are due at one instant, in many transactions at a time.
func (m *many) oneTime(n int, due time.Time) {
	m.t.Helper()
	m.create(n, func(j *job.Job) { j.Type, j.ExecuteAt = job.TypeOneTime, &due })
	if !now().Before(due) {
		m.t.Fatalf("%d jobs were stored after they were due: the machine is too slow for this test", n)
	}
}

func (m *many) create(n int, edit func(j *job.Job)) {
	m.t.Helper()
	var work sync.WaitGroup
	for w := range 16 {
		work.Go(func() {
			for i := w; i < n; i += 16 {
				if err := m.job(fmt.Sprintf("job-%d", i), edit); err != nil {
					m.t.Error(err)
					return
				}
			}
		})
	}
	work.Wait()
	for i := range n {
		m.names = append(m.names, fmt.Sprintf("job-%d", i))
	}
	for _, node := range m.nodes {
		node.Wake()
	}
}

func (m *many) job(name string, edit func(j *job.Job)) error {
	at := now()
	j := job.Job{
		ID: m.nodes[0].NewID(), Platform: job.DefaultPlatform, Status: job.JobActive, Revision: 1, Anchor: at, CreatedAt: at, UpdatedAt: at, CreatedBy: "t", Seed: name,
		Spec: job.Spec{Name: name, Type: job.TypeCron, Timezone: "UTC", DSTPolicy: "once", Misfire: job.MisfireFireOnce, HandlerName: "noop",
			HandlerType: job.HandlerFunction, Priority: job.PriorityMedium, Concurrency: 1, OnLost: job.OnLostRetry, Overlap: job.OverlapSkip, MaxRetries: 3},
	}
	edit(&j)
	open, err := job.Open(j, at, "created")
	if err != nil {
		return err
	}
	_, _, err = m.nodes[0].store.CreateJob(context.Background(), store.CreateJob{Job: j, Open: &open, Now: at})
	return err
}

// pause keeps a job from being planned.
func (m *many) pause(name string) error {
	at := now()
	_, err := m.nodes[0].store.ChangeJob(context.Background(), store.ChangeJob{
		Platform: job.DefaultPlatform, Ref: name, Now: at, By: "t", NewID: m.nodes[0].NewID, Change: job.Pause(job.Act{By: "t", Now: at, Policy: job.DefaultPolicy()}, "", false),
	})
	return err
}

// started returns how many executions were started, and how many more than once.
func (m *many) started() (once, twice int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, n := range m.starts {
		if n > 1 {
			twice++
		}
	}
	return len(m.starts), twice
}

// rows counts executions by status.
func (m *many) rows(statuses ...job.Status) int {
	m.t.Helper()
	page, err := m.nodes[0].store.ListExecutions(m.t.Context(), store.ExecutionFilter{Platform: job.DefaultPlatform, Statuses: statuses, Limit: 1, WithTotal: true})
	if err != nil {
		m.t.Fatal(err)
	}
	return int(page.Total)
}

// TestNodesRace: nodes that find ten thousand jobs due at one second share them: each
// slot has one row and one start, and every node does its part.
func TestNodesRace(t *testing.T) {
	const jobs = 10_000
	for _, nodes := range []int{2, 3} {
		t.Run(fmt.Sprintf("%d nodes", nodes), func(t *testing.T) {
			m := newMany(t, testbed.Postgres(t), testbed.Redis(t).URL())
			for range nodes {
				m.start(256)
			}
			due := now().Add(25 * time.Second).Truncate(time.Second)
			m.oneTime(jobs, due)
			testbed.Eventually(t, "all settled", time.Until(due)+time.Minute, func() bool { return now().After(due) && m.rows(job.Success) == jobs })
			took := now().Sub(due)
			once, twice := m.started()
			if all := m.rows(); all != jobs || once != jobs || twice != 0 {
				t.Errorf("%d rows, %d executions started, %d of them more than once; want %d, %d, 0", all, once, twice, jobs, jobs)
			}
			shares := ""
			for i, n := range m.nodes {
				share := 100 * float64(n.starts.Load()) / jobs
				shares += fmt.Sprintf(" node%d=%.0f%%", i+1, share)
				if share < 10 {
					t.Errorf("node %d did %.1f %% of the work, want at least 10 %%", i+1, share)
				}
			}
			t.Logf("nodes=%d jobs=%d rows=%d doubled=%d settled_after=%s%s", nodes, jobs, m.rows(), twice, took.Round(time.Millisecond), shares)
		})
	}
}
