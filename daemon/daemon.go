package daemon

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"runtime"
	"time"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/daemon/access"
	"github.com/agentic-sdlc/scheduler/daemon/alerts"
	"github.com/agentic-sdlc/scheduler/daemon/config"
	"github.com/agentic-sdlc/scheduler/daemon/control"
	"github.com/agentic-sdlc/scheduler/daemon/listen"
	"github.com/agentic-sdlc/scheduler/daemon/metrics"
	"github.com/agentic-sdlc/scheduler/daemon/tracing"
	"github.com/agentic-sdlc/scheduler/event"
	"github.com/agentic-sdlc/scheduler/handler"
	"github.com/agentic-sdlc/scheduler/handler/notify"
	"github.com/agentic-sdlc/scheduler/handler/workflow"
	"github.com/agentic-sdlc/scheduler/internal/build"
	"github.com/agentic-sdlc/scheduler/internal/secret"
	"github.com/agentic-sdlc/scheduler/internal/supervise"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/queue"
	"github.com/agentic-sdlc/scheduler/store"
)

// Options are what one life of the daemon needs.
type Options struct {
	Config config.Config
	Logger *slog.Logger
	Build  build.Info
	// Reloads carries configurations whose reloadable keys are to be applied; nil = none.
	Reloads <-chan config.Config
	// Ready is called once, when requests are answered at addr.
	Ready func(addr string)
	// Watch takes what counts the rounds of the engine's loops, by name; nil = nobody cares.
	Watch func(rounds func() map[string]uint64)
	// Migrating is told when the schema is brought up to date, and calls back when that is
	// over; nil = nobody cares.
	Migrating func(have, want int64) (done func())
	// Status takes how the node is, in a few words, whenever that changes; nil = nobody cares.
	Status func(text string)
	// Clock is what time it is; nil = this machine's clock, or the store's where nodes share
	// one.
	Clock *Clock
}

// Run serves until ctx ends, then drains and returns nil. An error is what kept it
// from starting; it has an exit status where the reason is the store or another
// schedd.
func Run(ctx context.Context, o Options) error {
	SpendMemory()
	clock := o.Clock
	if clock == nil {
		clock = &Clock{}
	}
	n := &node{o: o, cfg: o.Config, log: o.Logger, started: clock.Now(), clock: clock}
	defer n.close()
	for _, step := range []func(context.Context) error{n.claimName, n.openTracing, n.openStore, n.startSupervisor, n.openQueue, n.openInbox, n.openAgents, n.newMetrics, n.build, n.seedAlerts, n.startJobsDir, n.listen} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return n.serve(ctx)
}

// node is one life of the daemon. What was opened is closed in reverse order.
type node struct {
	o       Options
	cfg     config.Config
	log     *slog.Logger
	started time.Time

	store    openedStore
	instance string // of the store
	name     string // of this node: its configured id, unless another process here has it
	clock    *Clock
	runner   *supervise.Client
	handlers *handler.Registry
	sender   *notify.Sender
	pinger   *alerts.Pinger // nil = nobody is told that this node lives
	queue    queue.Queue
	bus      queue.Bus
	inbox    queue.Inbox // nil = there is no Redis
	agents   agents
	engine   *Engine
	control  *control.Service
	socket   *listen.Listener
	local    *http.Server // on the socket
	network  net.Listener // nil = there is none
	tls      *listen.Certificate
	gate     *access.Gate
	metrics  *metrics.Metrics
	exposed  net.Listener // for Prometheus; nil = there is none
	failed   chan error   // what ended a server
	draining drainFlag
	jobsDir  jobsDir
	tracer   *tracing.Tracer // nil = nobody traces

	closers []func() error
}

func (n *node) onClose(fn func() error) { n.closers = append(n.closers, fn) }

// close undoes the start, last first.
func (n *node) close() {
	for i := len(n.closers) - 1; i >= 0; i-- {
		if err := n.closers[i](); err != nil {
			n.log.Error("close failed", slog.Any("err", err))
		}
	}
}

// startSupervisor kills what an earlier life of this daemon may have left running,
// then starts the process that starts commands.
func (n *node) startSupervisor(ctx context.Context) error {
	cookie := n.cookie()
	killed, err := supervise.Sweep(ctx, cookie)
	if err != nil {
		n.log.WarnContext(ctx, "looking for commands of an earlier life failed", slog.Any("err", err))
	}
	if killed > 0 {
		n.log.WarnContext(ctx, "commands of an earlier life were killed", slog.Int("processes", killed))
	}
	n.runner, err = supervise.Start(context.WithoutCancel(ctx), supervise.Options{Cookie: cookie, Logger: n.log})
	if err != nil {
		return fmt.Errorf("start the supervisor of commands: %w", err)
	}
	n.onClose(n.runner.Close)
	return nil
}

// build makes the handlers, the engine and the use cases.
func (n *node) build(context.Context) error {
	vault := secret.New(n.cfg.Secrets())
	var err error
	if n.handlers, n.sender, err = buildHandlers(n.cfg.Handlers, n.runner, os.Environ(), n.parts, vault.Hide); err != nil {
		return &exitError{status: exitConfig, err: err}
	}
	if err := addWorkflows(n.handlers, n.cfg.Handlers, n.store, n.clock.Now, func() *Engine { return n.engine }); err != nil {
		return &exitError{status: exitConfig, err: err}
	}
	if err := n.addAgents(); err != nil {
		return &exitError{status: exitConfig, err: err}
	}
	if err := n.addCleanup(); err != nil {
		return &exitError{status: exitConfig, err: err}
	}
	if err := n.addEmit(); err != nil {
		return &exitError{status: exitConfig, err: err}
	}
	ids := &job.IDs{Rand: rand.Reader}
	ids.After(n.store.Newest())
	w := n.cfg.Worker
	o := EngineOptions{
		Alerts: n.alertOptions(),
		Store:  n.metrics.Watch(n.store), Queue: n.queue, Bus: n.bus, Handlers: n.handlers, Logger: n.log,
		Prepare: n.prepare, Node: n.name, Version: n.o.Build.Version, IDs: ids, Clock: n.clock, Shared: n.shared(), Roles: n.cfg.Roles, Settings: settingsOf(&n.cfg),
		Slots: w.Slots, SlowSlots: w.Commands, Lease: w.Lease, Heartbeat: w.Heartbeat, ReapEvery: w.ReapEvery, Drain: w.DrainTimeout, ClaimIdle: n.cfg.Queue.Redis.ClaimIdle,
		LogCaps: n.logCaps(), Allows: n.allows, Secrets: vault, KeepsOutput: n.keepsOutput,
	}
	if n.tracer != nil {
		o.Attempted, o.Sampled = n.tracer.Attempt, n.tracer.Sampled
	}
	n.engine = NewEngine(o)
	n.control = control.New(control.Options{
		Store: n.store, Handlers: n.handlers, Defaults: defaultsOf(&n.cfg), Policy: policyOf(&n.cfg), NewID: n.engine.NewID, Logger: n.log,
		Emitted: n.engine.Emitted, Wake: n.engine.Wake, Kick: n.engine.Kick, Beat: n.engine.Beat, Trigger: n.engine.Trigger, Queue: n.queue, Bus: n.bus,
		CancelRunning: n.engine.Cancel, Backup: n.backup, CheckWorkflow: workflow.Check, Started: n.started, Version: n.version(), Vitals: newUsage(n.started, n.clock.Now).vitals,
		Agents: n.agentOptions(), Functions: n.engine.Functions, Cleanup: n.cleanupOptions(),
		Alerts:    n.alertUse(),
		EventRate: n.cfg.Limits.EventRate, EventBurst: n.cfg.Limits.EventBurst,
		Health: control.HealthOptions{
			AlertsLooked: n.alertsLooked(),
			Clock:        n.clock.Now, Draining: n.draining.get,
			Ticked: n.ticked(), Refused: func() int64 { return n.engine.Vitals().Fenced },
			Queue: n.queue.Ping, Missing: n.engine.Missing, JobsDir: n.jobsDir.health, Disk: n.disk,
			SlowStore: n.cfg.Health.SlowStore, MaxLag: n.cfg.Health.MaxLag, MaxTick: n.cfg.Health.StuckAfter, DiskLow: int64(n.cfg.Health.DiskLowBytes), DiskFull: n.diskFull(),
		},
	})
	if err := n.newPinger(); err != nil {
		return &exitError{status: exitConfig, err: err}
	}
	n.gate = access.New(access.Options{
		Store: n.store, Now: n.clock.Now, Rate: n.cfg.Listen.RequestRate, Burst: n.cfg.Listen.RequestBurst, Logger: n.log,
	})
	return nil
}

// allows says whether jobs of a platform may use a handler.
func (n *node) allows(platform, handler string) bool { return n.control.Allows(platform, handler) }

// prepare returns what says what acts of event rules come to.
func (n *node) prepare(now time.Time) func(a *event.Act) (store.Deed, error) {
	return n.control.Preparer(now)
}

// ticked tells of this node's timer; nil when it has none.
func (n *node) ticked() func() (time.Time, time.Duration) {
	if !n.engine.does(config.RoleScheduler) {
		return nil
	}
	return func() (time.Time, time.Duration) {
		v := n.engine.Vitals()
		return v.LastTick, v.Lag
	}
}

func (n *node) version() api.Version {
	b := n.o.Build
	return api.Version{
		Version: b.Version, Commit: b.Commit, Built: b.Date, Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH,
		API: "v1", Queue: n.cfg.Queue.Driver, Node: n.name,
	}
}

// Exit statuses of what keeps the daemon from starting.
const (
	exitUsage   = 2
	exitRunning = 3
	exitStore   = 4
	exitSchema  = 5
	exitConfig  = 78
)

// exitError is an error that chooses the exit status.
type exitError struct {
	status int
	err    error
}

// Error returns the reason.
func (e *exitError) Error() string { return e.err.Error() }

// Unwrap returns the reason.
func (e *exitError) Unwrap() error { return e.err }

// ExitCode returns the exit status.
func (e *exitError) ExitCode() int { return e.status }
