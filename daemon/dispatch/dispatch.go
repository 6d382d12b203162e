package dispatch

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/agentic-sdlc/scheduler/internal/mutant"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/queue"
	"github.com/agentic-sdlc/scheduler/store"
)

// Options of a Dispatcher.
type Options struct {
	Store interface {
		Waiting(ctx context.Context, now time.Time, limit int, without ...string) ([]store.Waiting, error)
		NextReady(ctx context.Context, now time.Time) (time.Time, error)
	}
	Queue  queue.Queue
	Logger *slog.Logger
	Now    func() time.Time
	// Free returns how many executions could start now, on all nodes and on this one.
	Free func() (anywhere, here int)
	// Reach says who knows a handler; nil = every worker does.
	Reach func(handler string) Reach
	// Claim starts executions here, as far as slots are free: those that Reach says are
	// for this node.
	Claim func(ctx context.Context, ids []job.ID) error
}

// Reach says where a handler is known.
type Reach int

// Who knows a handler.
const (
	Everywhere Reach = iota // every worker: what it runs can be announced to all
	Here                    // this node, and not every other one: it takes what it runs by itself
	Elsewhere               // other nodes, which take it by themselves
	Nowhere                 // no worker
)

// Dispatcher announces waiting executions.
type Dispatcher struct {
	o    Options
	kick chan struct{}

	// backlog says that there may be more than was announced, so that slots that become
	// free are worth a look at the store: once there are enough of them since the last.
	// A look finds what it announced before and what waits still; so there are enough
	// when half of what was announced is gone, or this node's part of that half.
	backlog atomic.Bool
	freed   atomic.Int64
	enough  atomic.Int64

	mu      sync.Mutex
	without []string // handlers that were waited for, and are Elsewhere or Nowhere

	announced map[store.Waiting]bool // of a mutant
}

// New returns a dispatcher; Run starts it.
func New(o Options) *Dispatcher {
	if o.Reach == nil {
		o.Reach = func(string) Reach { return Everywhere }
	}
	return &Dispatcher{o: o, kick: make(chan struct{}, 1)}
}

// Freed says that n slots became free.
func (d *Dispatcher) Freed(n int) {
	if d.freed.Add(int64(n)) >= d.enough.Load() && d.backlog.Load() {
		d.Kick()
	}
}

// Kick makes Run look at once: something became ready.
func (d *Dispatcher) Kick() {
	select {
	case d.kick <- struct{}{}:
	default:
	}
}

// Tick announces a window and returns how many executions it held.
func (d *Dispatcher) Tick(ctx context.Context, now time.Time) (int, error) {
	free, here := d.o.Free()
	d.freed.Store(0)
	d.enough.Store(1)
	if free == 0 {
		d.backlog.Store(true)
		return 0, nil
	}
	waiting, err := d.window(ctx, now, 2*free)
	d.enough.Store(int64(max(1, min(len(waiting)/2, here))))
	d.backlog.Store(err != nil || len(waiting) > 0)
	if err != nil || len(waiting) == 0 {
		return 0, err
	}
	if mutant.Active == mutant.AnnounceOnce {
		waiting = d.unannounced(waiting)
	}
	return len(waiting), d.hand(ctx, waiting)
}

// hand announces what every worker can run, and takes what this one can and others
// cannot.
func (d *Dispatcher) hand(ctx context.Context, waiting []store.Waiting) error {
	messages := make([]queue.Message, 0, len(waiting))
	var own []job.ID
	for _, w := range waiting {
		if d.o.Reach(w.HandlerName) == Here {
			own = append(own, w.ID)
			continue
		}
		messages = append(messages, queue.Message{ExecutionID: w.ID, Platform: w.Platform, HandlerName: w.HandlerName, Priority: w.Priority, ReadyAt: w.ReadyAt})
	}
	var err error
	if len(own) > 0 {
		err = d.o.Claim(ctx, own)
	}
	if len(messages) > 0 {
		err = errors.Join(err, d.o.Queue.Announce(ctx, messages))
	}
	return err
}

// unannounced is what a mutant announces: nothing for a second time.
func (d *Dispatcher) unannounced(waiting []store.Waiting) []store.Waiting {
	if d.announced == nil {
		d.announced = map[store.Waiting]bool{}
	}
	return slices.DeleteFunc(waiting, func(w store.Waiting) bool {
		before := d.announced[w]
		d.announced[w] = true
		return before
	})
}
