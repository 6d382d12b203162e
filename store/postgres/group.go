package postgres

import (
	"context"
	"sync"
	"time"

	"github.com/agentic-sdlc/scheduler/store"
)

const (
	// maxGroup bounds the calls that share one transaction.
	maxGroup = 1000
	// groupWriters is how many transactions of triggers are under way at once.
	groupWriters = 2
)

// trigger is one call of Trigger.
type trigger struct {
	p     *store.Trigger
	trail *store.Trail // the caller's; nil = none
	until time.Time    // the caller's deadline; zero = none
	taker taker
	made  store.Triggered
	err   error         // of this call alone
	done  chan struct{} // closed when made or err is set

	// Of the try under way.
	seq     int64 // its job; 0 = there is none
	k       int64 // what it made; 0 = nothing
	session int64 // that its execution was born claimed by; 0 = none
}

// group collects calls while others are written: who is free takes all that wait.
type group[T any] struct {
	mu      sync.Mutex
	waiting []*T
	writers int
}

// add queues a call, and reports whether a writer must be started for it.
func (g *group[T]) add(tr *T) (start bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.waiting = append(g.waiting, tr)
	if start = g.writers < groupWriters; start {
		g.writers++
	}
	return start
}

// take returns what waits. A writer that gets nothing ends.
func (g *group[T]) take() []*T {
	g.mu.Lock()
	defer g.mu.Unlock()
	n := min(len(g.waiting), maxGroup)
	if n == 0 {
		g.writers--
		return nil
	}
	taken := g.waiting[:n:n]
	g.waiting = g.waiting[n:]
	return taken
}

// withdraw takes back a call that nobody has taken.
func (g *group[T]) withdraw(tr *T) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	for i, other := range g.waiting {
		if other == tr {
			g.waiting = append(g.waiting[:i:i], g.waiting[i+1:]...)
			return true
		}
	}
	return false
}

// Trigger makes an execution outside the schedule. Calls that come while others are
// written share the next transaction.
func (s *Store) Trigger(ctx context.Context, p store.Trigger) (store.Triggered, error) {
	if err := ctx.Err(); err != nil {
		return store.Triggered{}, classify(err)
	}
	until, _ := ctx.Deadline()
	tr := &trigger{p: &p, trail: store.TrailOf(ctx), until: until, taker: taker{ask: p.Take}, done: make(chan struct{})}
	if s.triggers.add(tr) {
		go s.writeTriggers()
	}
	select {
	case <-tr.done:
	case <-ctx.Done():
		if s.triggers.withdraw(tr) {
			return store.Triggered{}, classify(ctx.Err())
		}
		<-tr.done // it takes a moment at most, or until the deadlines of all that share it
	}
	return tr.made, tr.err
}

// writeTriggers writes what waits until nothing does.
func (s *Store) writeTriggers() {
	for batch := s.triggers.take(); batch != nil; batch = s.triggers.take() {
		s.writeGroup(batch)
		for _, tr := range batch {
			close(tr.done)
		}
	}
}

// within is the context of calls that share a transaction: it ends when none of their
// callers waits any more.
func within(batch []*trigger) (context.Context, context.CancelFunc) {
	var last time.Time
	for _, tr := range batch {
		if tr.until.IsZero() {
			return context.Background(), func() {}
		}
		if tr.until.After(last) {
			last = tr.until
		}
	}
	return context.WithDeadline(context.Background(), last)
}

// writeGroup writes calls in one transaction. When one of them cannot be written that
// way, each gets a transaction of its own, and the error that is its own.
func (s *Store) writeGroup(batch []*trigger) {
	err := s.writeTogether(batch)
	if err != nil && len(batch) > 1 && apart(err) {
		for i := range batch {
			s.writeGroup(batch[i : i+1])
		}
		return
	}
	for _, tr := range batch {
		if err != nil {
			tr.made, tr.err = store.Triggered{}, err
		}
	}
}
