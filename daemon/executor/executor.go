package executor

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/agentic-sdlc/scheduler/handler"
	"github.com/agentic-sdlc/scheduler/internal/mutant"
	"github.com/agentic-sdlc/scheduler/internal/secret"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/queue"
	"github.com/agentic-sdlc/scheduler/store"
)

// Options of an Executor.
type Options struct {
	Store interface {
		Claim(ctx context.Context, c store.Claim) (store.Claims, error)
		Held(ctx context.Context, session int64) ([]store.Settlement, error)
		Settle(ctx context.Context, now time.Time, batch []store.Settlement) (store.Settled, error)
		AppendLogs(ctx context.Context, entries []job.LogEntry) error
		DropLogs(ctx context.Context, execution job.ID, upto int64) error
		ListLogs(ctx context.Context, f store.LogFilter) ([]job.LogEntry, error)
	}
	Queue    queue.Queue
	Handlers *handler.Registry
	// Allows says whether jobs of a platform may use a handler; nil = all may use all.
	Allows func(platform, handler string) bool
	// Secrets puts secrets into payloads, and hides them in what handlers say; nil = there
	// are none.
	Secrets *secret.Vault
	// KeepsOutput says whether there is room for what handlers print; nil = there is.
	KeepsOutput func() bool
	Logger      *slog.Logger
	Now         func() time.Time
	Random      func() float64 // in [0, 1), for the jitter of retries
	Node        string
	Session     func() int64 // the node's session; 0 while it has none
	// Holds says that a session's lease holds: what it claimed may be started.
	Holds func(session int64) bool

	Slots     int           // executions at once
	SlowSlots int           // of which commands
	Drain     time.Duration // how long a stop waits for what runs
	Grace     time.Duration // how long a cancelled handler may go on; 0 = 5 s
	ClaimIdle time.Duration // after which a message that was not claimed is taken over; 0 = 15 s
	// Freed says that slots became free, and how many; Look, that there may be more to
	// start: waiting runs got their turn, or another node announced what it left.
	Freed func(n int)
	Look  func()
	// Attempted is told how each attempt ended, whether or not the store takes it; Sampled
	// says whether a trace is recorded, "" = the one that the execution begins. Nil = nobody traces.
	Attempted func(c *store.Claimed, s *store.Settlement)
	Sampled   func(trace string, execution job.ID) bool
	// Stepped says that an execution may be over which a workflow waits for; nil = nobody
	// cares.
	Stepped func()
}

// Executor runs executions.
type Executor struct {
	o       Options
	slots   *slots
	ended   chan settlement
	settler sync.WaitGroup
	logs    openLogs

	mu      sync.Mutex
	running map[job.ID]*run

	claiming sync.RWMutex // held for reading from a claim to the start of what it gave
	refused  atomic.Bool  // what was received found no slot: it must be announced again
	doubt    atomic.Bool  // a claim may have succeeded without an answer

	fenced atomic.Int64
	stuck  atomic.Int64
}

// settlement is a settlement with the slot that it frees.
type settlement struct {
	store.Settlement
	slow bool
	step bool // whoever waits for steps should look
}

// New returns an executor; Run starts it.
func New(o Options) *Executor {
	if o.ClaimIdle == 0 {
		o.ClaimIdle = 15 * time.Second
	}
	if o.Grace == 0 {
		o.Grace = 5 * time.Second
	}
	return &Executor{
		o: o, slots: newSlots(o.Slots, o.SlowSlots), ended: make(chan settlement, o.Slots), running: map[job.ID]*run{},
		logs: openLogs{some: make(chan struct{}, 1)},
	}
}

// Start runs executions whose slots were taken; it does not wait for them.
func (e *Executor) Start(session int64, claimed []store.Claimed) {
	runs := make([]*run, len(claimed))
	for i := range claimed {
		runs[i] = e.newRun(session, &claimed[i])
	}
	e.mu.Lock()
	for _, r := range runs {
		e.running[r.c.ID] = r
	}
	e.mu.Unlock()
	for _, r := range runs {
		go r.main()
	}
}

// Running returns how many executions run.
func (e *Executor) Running() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.running)
}

// Fenced returns how many settlements were refused because somebody else owned the
// execution.
func (e *Executor) Fenced() int64 { return e.fenced.Load() }

// Stuck returns how many handlers were given up on since they ignored their end.
func (e *Executor) Stuck() int64 { return e.stuck.Load() }

// Cancel asks executions to stop, if they run here.
func (e *Executor) Cancel(ids []job.ID) {
	for _, id := range ids {
		e.mu.Lock()
		r := e.running[id]
		e.mu.Unlock()
		if r != nil {
			r.stop(errCancelled)
		}
	}
}

// Fence stops everything that runs: the node's lease is over or about to be, and
// others may start its executions.
func (e *Executor) Fence() {
	if mutant.Active != mutant.NoFence {
		e.stopAll(errFenced)
	}
}

func (e *Executor) stopAll(cause error) {
	e.mu.Lock()
	runs := make([]*run, 0, len(e.running))
	for _, r := range e.running {
		runs = append(runs, r)
	}
	e.mu.Unlock()
	for _, r := range runs {
		r.stop(cause)
	}
}

// Tick gives up on handlers that went on for longer than the grace after their end.
func (e *Executor) Tick(now time.Time) {
	e.mu.Lock()
	var late []*run
	for _, r := range e.running {
		if at := r.endedBy(now); !at.IsZero() && now.Sub(at) > e.o.Grace {
			late = append(late, r)
		}
	}
	e.mu.Unlock()
	for _, r := range late {
		if r.abandon(now) {
			e.stuck.Add(1)
		}
	}
}
