package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/agentic-sdlc/scheduler/daemon"
	"github.com/agentic-sdlc/scheduler/handler"
	"github.com/agentic-sdlc/scheduler/handler/function"
)

// Task is one attempt of one run, as a function sees it.
type Task = handler.Task

// Failure is an error that says more than its text about how to go on; its zero value
// may be retried.
type Failure = handler.Failure

// Func does the work of one attempt. It must return soon after ctx ends: at the job's
// timeout, when the run is cancelled, when the worker stops, or when its lease is over.
// What it returns is kept as the result, in JSON. A panic ends the attempt, not the
// program.
type Func func(ctx context.Context, t *Task) (any, error)

// Options configure a Worker. DSN is required.
type Options struct {
	// DSN is the address of the store, as store.postgres.dsn of schedd.
	DSN string
	// Node names the worker in lists; "" = the host and the process. Two that run at once
	// must not have one name.
	Node string
	// Slots is how many functions run at once; 0 = 16.
	Slots int
	// Drain is how long a stop waits for what runs before it is cancelled; 0 = 30 s.
	Drain time.Duration
	// Lease is how long claims hold without a heartbeat, of which there are six in it; 0 =
	// 30 s. Others take over what a dead worker had after it.
	Lease time.Duration
	// Poll is how often the store is looked at for work while there is none; 0 = 250 ms.
	Poll   time.Duration
	Logger *slog.Logger // nil = no log
}

// Worker runs functions. Register them with Handle, then call Run once.
type Worker struct {
	o        Options
	registry handler.Registry
	err      error
}

// New returns a worker without functions.
func New(o Options) *Worker { return &Worker{o: o} }

// Handle registers a function under the name that jobs use. A name that is empty, given
// twice, or one of schedd's own is an error that Run returns.
func (w *Worker) Handle(name string, fn Func) {
	switch {
	case fn == nil:
		w.err = errors.Join(w.err, fmt.Errorf("handler %q: the function is nil", name))
	case daemon.Reserved(name):
		w.err = errors.Join(w.err, fmt.Errorf("handler %q: schedd has one of that name", name))
	default:
		w.err = errors.Join(w.err, w.registry.Register(handler.Info{Name: name, Kind: "worker"}, function.New(fn)))
	}
}

// Run runs functions until ctx ends, then waits for what runs, cancels what takes longer
// than Options.Drain, and hands it back. An error is what kept it from starting: a store
// that does not answer, or whose schema is another version's.
func (w *Worker) Run(ctx context.Context) error {
	if w.err != nil {
		return w.err
	}
	if len(w.registry.List()) == 0 {
		return errors.New("worker without functions: call Handle before Run")
	}
	return daemon.RunWorker(ctx, daemon.WorkerOptions{
		DSN: w.o.DSN, Node: w.o.Node, Slots: w.o.Slots, Drain: w.o.Drain, Lease: w.o.Lease, Poll: w.o.Poll, Logger: w.o.Logger, Handlers: &w.registry,
	})
}
