package executor

import (
	"context"
	"sync"
	"time"
)

// term is the context that a handler runs under: it ends at the deadline or when the
// run is stopped. The library's context and its timer are made when the handler first
// looks: one that does its work in a moment does not pay for them. The zero term has no
// deadline.
type term struct {
	mu       sync.Mutex
	deadline time.Time // zero = none
	over     bool
	cause    error // of what is over
	made     context.Context
	end      func(cause error) // of made
}

// endAfter sets the deadline, by the monotonic clock. It comes before all else.
func (t *term) endAfter(timeout time.Duration) { t.deadline = time.Now().Add(timeout) }

// Deadline returns when the term ends by itself.
func (t *term) Deadline() (time.Time, bool) { return t.deadline, !t.deadline.IsZero() }

// Done returns what is closed at the end of the term.
func (t *term) Done() <-chan struct{} { return t.context().Done() }

// Err says whether the term is over, and why.
func (t *term) Err() error { return t.context().Err() }

// Value has nothing but what the library's contexts ask each other.
func (t *term) Value(key any) any { return t.context().Value(key) }

func (t *term) context() context.Context {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.made != nil {
		return t.made
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	t.made, t.end = ctx, cancel
	if !t.deadline.IsZero() {
		timed, stop := context.WithDeadline(ctx, t.deadline)
		t.made, t.end = timed, func(cause error) { cancel(cause); stop() }
	}
	if t.over {
		t.end(t.cause)
	}
	return t.made
}

// stop ends the term; only the first end counts.
func (t *term) stop(cause error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.over {
		return
	}
	t.over, t.cause = true, cause
	if t.end != nil {
		t.end(cause)
	}
}
