package memory

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/agentic-sdlc/scheduler/queue"
)

// DefaultBuffer is how many events a subscriber may lag behind when BusOptions
// says nothing.
const DefaultBuffer = 1024

// BusOptions configure a Bus. The zero value is useful.
type BusOptions struct {
	// Buffer is how many events are kept for a subscriber that does not read; 0 =
	// DefaultBuffer. Beyond it the subscriber loses its oldest.
	Buffer int
}

// Bus is an in-process queue.Bus. Events are shared between subscribers: Data is
// read only.
type Bus struct {
	buffer  int
	dropped atomic.Int64

	mu   sync.Mutex
	subs map[*subscription]struct{}
}

var _ queue.Bus = (*Bus)(nil)

type subscription struct {
	glob   string
	events chan queue.Event
}

// NewBus returns a bus that nobody listens to.
func NewBus(o BusOptions) *Bus {
	if o.Buffer <= 0 {
		o.Buffer = DefaultBuffer
	}
	return &Bus{buffer: o.Buffer, subs: make(map[*subscription]struct{})}
}

// Publish hands events to all subscribers whose glob matches, in order, and never
// waits for one.
func (b *Bus) Publish(_ context.Context, events []queue.Event) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	for s := range b.subs {
		for i := range events {
			if match(s.glob, events[i].Name) {
				b.dropped.Add(s.send(events[i]))
			}
		}
	}
	return nil
}

// Heard reports whether anybody is subscribed.
func (b *Bus) Heard(context.Context) (bool, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.subs) > 0, nil
}

// Subscribe returns the events published from now on whose name matches the glob:
// * stands for any text, ? for one byte. The channel is closed when ctx ends; what
// it held can still be read.
func (b *Bus) Subscribe(ctx context.Context, glob string) (<-chan queue.Event, error) {
	s := &subscription{glob: glob, events: make(chan queue.Event, b.buffer)}
	b.mu.Lock()
	b.subs[s] = struct{}{}
	b.mu.Unlock()
	context.AfterFunc(ctx, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.subs, s)
		close(s.events)
	})
	return s.events, nil
}

// Dropped returns how many events slow subscribers have lost.
func (b *Bus) Dropped() int64 { return b.dropped.Load() }

// send puts an event into the buffer and returns how many older ones it pushed
// out. The bus is locked: nobody else sends.
func (s *subscription) send(e queue.Event) (dropped int64) {
	for {
		select {
		case s.events <- e:
			return dropped
		default:
		}
		select {
		case <-s.events:
			dropped++
		default: // the subscriber was quicker
		}
	}
}

// match reports whether the glob covers the whole name.
func match(glob, name string) bool {
	g, n := 0, 0
	star, resume := -1, 0
	for n < len(name) {
		switch {
		case g < len(glob) && glob[g] == '*':
			star, resume = g, n
			g++
		case g < len(glob) && (glob[g] == '?' || glob[g] == name[n]):
			g++
			n++
		case star >= 0: // let the last star take one byte more
			resume++
			g, n = star+1, resume
		default:
			return false
		}
	}
	for g < len(glob) && glob[g] == '*' {
		g++
	}
	return g == len(glob)
}
