package dispatch

import (
	"context"
	"slices"
	"time"

	"github.com/agentic-sdlc/scheduler/store"
)

// window returns what waits and can be handed to somebody: executions whose handler
// this node cannot reach are left out, lest many of them hide the others.
func (d *Dispatcher) window(ctx context.Context, now time.Time, limit int) ([]store.Waiting, error) {
	without := slices.DeleteFunc(d.Without(), d.reaches)
	for {
		waiting, err := d.o.Store.Waiting(ctx, now, limit, without...)
		if err != nil {
			return nil, err
		}
		known := len(without)
		for i := range waiting {
			if name := waiting[i].HandlerName; !d.reaches(name) && !slices.Contains(without, name) {
				without = append(without, name)
			}
		}
		d.mu.Lock()
		d.without = without
		d.mu.Unlock()
		if len(without) == known {
			// A node that left meanwhile may have taken a handler along.
			return slices.DeleteFunc(waiting, func(w store.Waiting) bool { return !d.reaches(w.HandlerName) }), nil
		}
	}
}

// reaches reports whether this node has something to do for a handler.
func (d *Dispatcher) reaches(name string) bool { return d.o.Reach(name) < Elsewhere }

// Without returns the handlers whose executions this node leaves alone.
func (d *Dispatcher) Without() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.without)
}
