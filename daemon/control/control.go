package control

import (
	"cmp"
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/handler"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/queue"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/workflow"
)

// Filters and pages of lists are the store's.
type (
	JobFilter       = store.JobFilter
	ExecutionFilter = store.ExecutionFilter
	LogFilter       = store.LogFilter
	JobPage         = store.Page[job.Job]
	ExecutionPage   = store.Page[job.Execution]
)

// HandlerInfo describes a handler.
type HandlerInfo = handler.Info

// Bounds and words of lists.
const (
	MaxLimit    = store.MaxLimit
	AnyPlatform = store.AnyPlatform
)

// Options are what a Service needs. Store, Handlers and NewID are required.
type Options struct {
	Store    store.Store
	Handlers *handler.Registry
	Defaults job.Defaults // zero = job.StandardDefaults
	Policy   job.Policy   // zero = job.DefaultPolicy
	NewID    func() job.ID
	Logger   *slog.Logger // nil = silent

	Wake          func()             // a cursor may have moved to an earlier instant; nil = nobody cares
	Kick          func()             // an execution may be ready; nil = nobody cares
	Beat          func()             // what concerns this node may have changed in the store; nil = nobody cares
	Emitted       func()             // events came in; nil = nobody cares
	CancelRunning func(ids []job.ID) // these were asked to stop: a hint, the store knows; nil = nobody cares
	// Trigger makes a run and starts it if it can; nil = the store's, then Kick.
	Trigger func(ctx context.Context, t store.Trigger) (store.Triggered, error)

	// CheckWorkflow judges the expressions of a workflow; nil = nobody does.
	CheckWorkflow func(d *workflow.Definition) job.Problems

	// Queue is where executions are announced; nil = there is none to look at.
	Queue interface {
		Depth(ctx context.Context) (queue.Depth, error)
		Peek(ctx context.Context, n int) ([]queue.Message, error)
		Ping(ctx context.Context) (queue.Info, error)
	}

	// Backup writes everything that the store keeps to a file; nil = it cannot.
	Backup func(ctx context.Context) (Spool, error)

	Cleanup CleanupOptions

	Alerts AlertOptions

	EventRate, EventBurst int // events of one platform: a second, and at once; 0 = DefaultEventRate, DefaultEventBurst

	// Bus tells what happens, to who follows it; nil = nobody can.
	Bus interface {
		Subscribe(ctx context.Context, glob string) (<-chan queue.Event, error)
	}

	Agents AgentOptions
	// Functions returns the handlers of programs that embed a worker; nil = there are none.
	Functions func() []string

	Version api.Version // what the build says; the store's part is filled in
	Started time.Time   // of this daemon
	Health  HealthOptions
	Vitals  func() Vitals // of this node; nil = not known
}

// Service does what operators ask for. It is safe for concurrent use.
type Service struct {
	o       Options
	store   store.Store
	log     *slog.Logger
	rules   atomic.Pointer[rules]
	feed    feed
	copies  sync.Mutex // held while a backup is written
	counted counted

	terms       terms
	eventRates  rates
	createRates rates
	logSize     logSize

	health struct {
		sync.Mutex

		since map[string]time.Time // first sight of each issue that is still there
	}
}

// New returns a Service.
func New(o Options) *Service {
	if o.Defaults == (job.Defaults{}) {
		o.Defaults = job.StandardDefaults()
	}
	if o.Policy.RangeMin == 0 {
		o.Policy = job.DefaultPolicy()
	}
	if o.Handlers == nil {
		o.Handlers = &handler.Registry{}
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	for _, hook := range []*func(){&o.Wake, &o.Kick, &o.Beat, &o.Emitted} {
		if *hook == nil {
			*hook = func() {}
		}
	}
	if o.Trigger == nil {
		o.Trigger = func(ctx context.Context, t store.Trigger) (store.Triggered, error) {
			defer o.Kick()
			return o.Store.Trigger(ctx, t)
		}
	}
	o.Health.fill()
	s := &Service{o: o, store: o.Store, log: o.Logger, feed: feed{bus: o.Bus}}
	s.health.since = map[string]time.Time{}
	s.o.EventRate, s.o.EventBurst = cmp.Or(o.EventRate, DefaultEventRate), cmp.Or(o.EventBurst, DefaultEventBurst)
	s.Apply(o.Defaults, o.Policy)
	return s
}

// rules are what a reload may change.
type rules struct {
	defaults job.Defaults
	policy   job.Policy
}

// Apply changes the defaults and the policy for the calls that follow.
func (s *Service) Apply(defaults job.Defaults, policy job.Policy) {
	s.rules.Store(&rules{defaults: defaults, policy: policy})
}

// act is who changes a job, when, and under which policy.
func (s *Service) act(c Call) job.Act {
	return job.Act{By: c.Principal.Name, Now: c.Now, Policy: s.rules.Load().policy}
}

// did logs a change that an operator cares about.
func (s *Service) did(ctx context.Context, c Call, what string, attrs ...slog.Attr) {
	attrs = append(attrs, slog.String("by", c.Principal.Name))
	if c.Reason != "" {
		attrs = append(attrs, slog.String("reason", c.Reason))
	}
	s.log.LogAttrs(ctx, slog.LevelInfo, what, attrs...)
}

// jobAttrs name a job in the log.
func jobAttrs(j *job.Job) []slog.Attr {
	return []slog.Attr{slog.String("job_id", j.ID.String()), slog.String("job", j.Name)}
}
