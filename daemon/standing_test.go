package daemon

import (
	"context"
	"crypto/rand"
	"log/slog"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/daemon/config"
	"github.com/agentic-sdlc/scheduler/handler"
	"github.com/agentic-sdlc/scheduler/internal/testbed"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/queue"
	"github.com/agentic-sdlc/scheduler/queue/memory"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/store/sqlite"
)

// several are engines that share a store and a queue, each a node of its own.
type several struct {
	t     *testing.T
	store *sqlite.Store
	wrap  store.Store // what nodes see of it; nil = the store itself
	queue *memory.Queue
	bus   *counting
	also  map[string][]string // handlers of a node beside noop
	ids   *job.IDs
	nodes map[string]*Engine
	stops map[string]func()

	mu      sync.Mutex
	started map[string]int // by node
}

// counting counts the events that are published, by id.
type counting struct {
	*memory.Bus

	mu   sync.Mutex
	seen map[string]int
}

func (c *counting) Publish(ctx context.Context, events []queue.Event) error {
	c.mu.Lock()
	for _, e := range events {
		c.seen[e.ID]++
	}
	c.mu.Unlock()
	return c.Bus.Publish(ctx, events)
}

// Heard says that it listens itself.
func (c *counting) Heard(context.Context) (bool, error) { return true, nil }

// count returns how many different events were published.
func (c *counting) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.seen)
}

func newSeveral(t *testing.T) *several {
	t.Helper()
	s, err := sqlite.Open(t.Context(), sqlite.Options{Path: filepath.Join(t.TempDir(), "schedd.db"), Instance: "several", Synchronous: "normal"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return &several{
		t: t, store: s, queue: memory.New(memory.Options{}), bus: &counting{Bus: memory.NewBus(memory.BusOptions{}), seen: map[string]int{}},
		ids: &job.IDs{Rand: rand.Reader}, nodes: map[string]*Engine{}, stops: map[string]func(){}, started: map[string]int{},
	}
}

// start runs a node with roles until the test ends; none = all.
func (s *several) start(node string, roles ...string) *Engine {
	s.t.Helper()
	registry := &handler.Registry{}
	for _, name := range append([]string{"noop"}, s.also[node]...) {
		key := node
		if name != "noop" {
			key += "/" + name
		}
		if err := registry.Register(handler.Info{Name: name}, handler.Func(func(context.Context, *handler.Task) (handler.Result, error) {
			s.mu.Lock()
			s.started[key]++
			s.mu.Unlock()
			return handler.Result{}, nil
		})); err != nil {
			s.t.Fatal(err)
		}
	}
	var seen store.Store = s.store
	if s.wrap != nil {
		seen = s.wrap
	}
	e := NewEngine(EngineOptions{
		Store: seen, Queue: s.queue, Bus: s.bus, Handlers: registry, Logger: slog.New(slog.DiscardHandler), Node: node, Roles: roles, Shared: true,
		Settings: Settings{Policy: job.DefaultPolicy()}, Slots: 8, SlowSlots: 2, Lease: 3 * time.Second, Heartbeat: 200 * time.Millisecond, ReapEvery: time.Second, Drain: time.Second,
	})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- e.Run(ctx) }()
	s.nodes[node], s.stops[node] = e, sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			s.t.Errorf("%s: Run = %v, want no error", node, err)
		}
	})
	s.t.Cleanup(s.stops[node])
	testbed.Eventually(s.t, node+" is up", 5*time.Second, func() bool { return !e.Vitals().LastHeartbeat.IsZero() })
	return e
}

func (s *several) count(node string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.started[node]
}

// job stores a job with a schedule, "" for one that is only run by hand.
func (s *several) job(name, schedule string, edits ...func(*job.Job)) {
	s.t.Helper()
	at := now()
	j := job.Job{
		ID: s.ids.New(at), Platform: job.DefaultPlatform, Status: job.JobActive, Revision: 1, Anchor: at, CreatedAt: at, UpdatedAt: at, CreatedBy: "t", Seed: name,
		Spec: job.Spec{Name: name, Type: job.TypeCron, Schedule: schedule, Timezone: "UTC", DSTPolicy: "once", Misfire: job.MisfireFireOnce, HandlerName: "noop",
			HandlerType: job.HandlerFunction, Priority: job.PriorityMedium, Concurrency: 100, AllowOverlap: true, Overlap: job.OverlapAllow, OnLost: job.OnLostRetry},
	}
	for _, edit := range edits {
		edit(&j)
	}
	var open *job.Opening
	if schedule == "" {
		j.Type = job.TypeEvent
	} else {
		o, err := job.Open(j, at, "created")
		if err != nil {
			s.t.Fatal(err)
		}
		open = &o
	}
	if _, _, err := s.store.CreateJob(s.t.Context(), store.CreateJob{Job: j, Open: open, Now: at}); err != nil {
		s.t.Fatal(err)
	}
	for _, e := range s.nodes {
		e.Wake()
	}
}

// run runs a job by hand, as the node's API would.
func (s *several) run(name string, by *Engine) {
	s.t.Helper()
	_, err := s.store.Trigger(s.t.Context(), store.Trigger{Platform: job.DefaultPlatform, Ref: name, Kind: job.TriggerManual, Now: now(), NewID: by.NewID})
	if err != nil {
		s.t.Fatal(err)
	}
	by.Kick()
}

func (s *several) session(node string) store.Session {
	s.t.Helper()
	list, err := s.store.ListSessions(s.t.Context(), now())
	if err != nil {
		s.t.Fatal(err)
	}
	i := slices.IndexFunc(list, func(x store.Session) bool { return x.Node == node })
	if i < 0 {
		s.t.Fatalf("no session of %s", node)
	}
	return list[i]
}

// TestRoles runs the three roles on three nodes: each does its part and no other.
func TestRoles(t *testing.T) {
	t.Parallel()
	s := newSeveral(t)
	worker := s.start("worker", config.RoleWorker)
	scheduler := s.start("scheduler", config.RoleScheduler)
	front := s.start("front", config.RoleAPI)
	if got := s.session("worker"); got.Slots != 8 || got.Commands != 2 || !slices.Equal(got.Roles, []string{"worker"}) || !slices.Equal(got.Handlers, []string{"noop"}) {
		t.Errorf("the worker says %+v", got)
	}
	for _, node := range []string{"scheduler", "front"} {
		if got := s.session(node); got.Slots != 0 || got.Commands != 0 || len(got.Handlers) != 0 {
			t.Errorf("%s says %+v, want no slots and no handlers", node, got)
		}
	}
	s.job("tick", "* * * * * *")
	s.job("manual", "")
	s.run("manual", front)
	testbed.Eventually(t, "planned and run", 10*time.Second, func() bool { return s.count("worker") >= 3 })
	if n := s.count("scheduler") + s.count("front"); n != 0 {
		t.Errorf("%d runs on nodes that are no workers", n)
	}
	if worker.Vitals().LastTick != (time.Time{}) || front.Vitals().LastTick != (time.Time{}) || scheduler.Vitals().LastTick.IsZero() {
		t.Error("others than the scheduler planned, or it did not")
	}
}

// TestNoWorker: what is planned on a node without workers waits, and is lost to nobody.
func TestNoWorker(t *testing.T) {
	t.Parallel()
	s := newSeveral(t)
	s.start("scheduler", config.RoleScheduler)
	s.job("tick", "* * * * * *")
	testbed.Eventually(t, "planned", 5*time.Second, func() bool {
		totals, err := s.store.Totals(t.Context(), store.AnyPlatform, now())
		return err == nil && totals.Waiting > 0
	})
	s.start("worker", config.RoleWorker)
	testbed.Eventually(t, "run by the worker that came later", 5*time.Second, func() bool { return s.count("worker") > 0 })
}

// TestDrainingNode: a draining node takes nothing, the other takes all, and the one
// that was drained works again when told.
func TestDrainingNode(t *testing.T) {
	t.Parallel()
	s := newSeveral(t)
	a, b := s.start("a"), s.start("b")
	drain := func(on bool) {
		t.Helper()
		if err := s.store.DrainNode(t.Context(), store.DrainNode{Node: "a", Drain: on, Now: now()}); err != nil {
			t.Fatal(err)
		}
		a.Beat()
	}
	drain(true)
	testbed.Eventually(t, "a knows", 2*time.Second, a.standing.draining.Load)
	if free := a.Vitals().Free; free != 0 {
		t.Errorf("a draining node says that %d slots are free", free)
	}
	s.job("manual", "")
	s.job("tick", "* * * * * *")
	for range 5 {
		s.run("manual", b)
	}
	testbed.Eventually(t, "b runs it all", 5*time.Second, func() bool { return s.count("b") >= 7 })
	if n := s.count("a"); n != 0 {
		t.Errorf("the draining node started %d runs", n)
	}
	drain(false)
	if err := s.store.DrainNode(t.Context(), store.DrainNode{Node: "b", Drain: true, Now: now()}); err != nil {
		t.Fatal(err)
	}
	b.Beat()
	testbed.Eventually(t, "a runs again", 5*time.Second, func() bool { return s.count("a") >= 2 })
}

// TestMaintenanceWindow: nothing starts within it, and everything after it.
func TestMaintenanceWindow(t *testing.T) {
	t.Parallel()
	s := newSeveral(t)
	e := s.start("a")
	since := now()
	until := since.Add(3 * time.Second)
	if err := s.store.SetHold(t.Context(), store.Hold{Kind: store.HoldMaintenance, Since: since, Until: &until}); err != nil {
		t.Fatal(err)
	}
	e.Beat()
	s.job("tick", "* * * * * *")
	s.job("manual", "")
	s.run("manual", e)
	testbed.Eventually(t, "the node knows", time.Second, e.standing.maintenance.Load)
	testbed.Eventually(t, "the first run", 10*time.Second, func() bool { return s.count("a") > 0 })
	if early := until.Sub(now()); early > 0 {
		t.Errorf("a run started %s before the end of maintenance", early)
	}
	testbed.Eventually(t, "runs after it", 5*time.Second, func() bool { return s.count("a") >= 4 })
}

// TestDuties: with several nodes one publishes, and another does when that one stops.
func TestDuties(t *testing.T) {
	t.Parallel()
	s := newSeveral(t)
	s.start("a", config.RoleScheduler, config.RoleWorker)
	for _, node := range []string{"b", "c"} {
		s.start(node, config.RoleScheduler, config.RoleWorker)
	}
	s.job("tick", "* * * * * *")
	testbed.Eventually(t, "events", 10*time.Second, func() bool { return s.bus.count() > 6 })
	holder := ""
	for node, e := range s.nodes {
		held, err := s.store.HoldDuty(t.Context(), store.Duty{Name: "publish", Session: e.session.Load(), Now: now(), Lease: time.Second})
		switch {
		case err != nil:
			t.Fatal(err)
		case held && holder != "":
			t.Errorf("%s and %s hold the duty to publish", holder, node)
		case held:
			holder = node
		}
	}
	if holder == "" {
		t.Fatal("nobody holds the duty to publish")
	}
	s.stops[holder]()
	before := s.bus.count()
	testbed.Eventually(t, "events after the holder stopped", 10*time.Second, func() bool { return s.bus.count() > before+6 })
	s.bus.mu.Lock()
	defer s.bus.mu.Unlock()
	for id, n := range s.bus.seen {
		if n > 1 {
			t.Errorf("event %s was published %d times", id, n)
		}
	}
}
