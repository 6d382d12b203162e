package dispatch

import (
	"context"
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
	// Alone says that no other node takes work; nil = none does.
	Alone func() bool
	// Mine says which of the waiting executions this node takes before others do, so that
	// nodes that look at one backlog do not reach for the same; nil = all of them.
	Mine func(id job.ID) bool
	// Claim starts executions here, as far as slots are free.
	Claim func(ctx context.Context, ids []job.ID) error
	// Sweep is how long the store is at most not looked at; 0 = 1 s.
	Sweep time.Duration
}

// Reach says where a handler is known.
type Reach int

// Who knows a handler.
const (
	Everywhere Reach = iota // every worker: what it runs can be announced to all
	Here                    // this node, and not every other one: nothing of it is announced
	Elsewhere               // other nodes, which take it by themselves
	Nowhere                 // no worker
)

// Dispatcher takes waiting executions for this node and announces the rest.
type Dispatcher struct {
	o    Options
	kick chan struct{}
	soon chan struct{}

	// backlog says that there may be more than was handed out, so that slots that become
	// free are worth a look at the store: as soon as there are enough of them since the
	// last, and a little later in any case.
	backlog atomic.Bool
	freed   atomic.Int64
	enough  atomic.Int64

	told time.Time       // when others were last told of what is left
	left map[job.ID]bool // what that was: who sees it again takes it, whosesoever it is

	mu      sync.Mutex
	without []string // handlers that were waited for, and are Elsewhere or Nowhere

	announced map[store.Waiting]bool // of a mutant
}

// New returns a dispatcher; Run starts it.
func New(o Options) *Dispatcher {
	if o.Reach == nil {
		o.Reach = func(string) Reach { return Everywhere }
	}
	if o.Alone == nil {
		o.Alone = func() bool { return true }
	}
	if o.Mine == nil {
		o.Mine = func(job.ID) bool { return true }
	}
	if o.Sweep == 0 {
		o.Sweep = sweep
	}
	return &Dispatcher{o: o, kick: make(chan struct{}, 1), soon: make(chan struct{}, 1)}
}

// Freed says that n slots became free.
func (d *Dispatcher) Freed(n int) {
	freed := d.freed.Add(int64(n))
	switch {
	case !d.backlog.Load():
	case freed >= d.enough.Load():
		d.Kick()
	default:
		wake(d.soon)
	}
}

// Kick makes Run look at once: something became ready.
func (d *Dispatcher) Kick() { wake(d.kick) }

func wake(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// Tick hands out a window and returns how many executions it held.
func (d *Dispatcher) Tick(ctx context.Context, now time.Time) (int, error) {
	free, here := d.o.Free()
	d.freed.Store(0)
	d.enough.Store(int64(max(1, here/2)))
	if free == 0 {
		d.backlog.Store(true)
		return 0, nil
	}
	waiting, err := d.window(ctx, now, 2*free)
	d.backlog.Store(err != nil || len(waiting) > 0)
	if err != nil || len(waiting) == 0 {
		d.left = nil
		return 0, err
	}
	if mutant.Active == mutant.AnnounceOnce {
		waiting = d.unannounced(waiting)
	}
	return len(waiting), d.hand(ctx, now, waiting, here)
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
