package executor

import (
	"sync"

	"github.com/agentic-sdlc/scheduler/job"
)

// slots counts how many executions may run at once on this node. Slow handlers
// (commands) have a bound of their own within it.
type slots struct {
	mu       sync.Mutex
	free     int
	freeSlow int
	closed   bool
	changed  chan struct{} // capacity 1: a slot became free

	// taken counts slots whose run is not over yet, so that a stop waits even for one
	// that is about to start.
	taken sync.WaitGroup
}

func newSlots(all, slow int) *slots {
	return &slots{free: all, freeSlow: min(slow, all), changed: make(chan struct{}, 1)}
}

// take reserves a slot, and says whether there was one.
func (s *slots) take(slow bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || s.free == 0 || slow && s.freeSlow == 0 {
		return false
	}
	s.free--
	if slow {
		s.freeSlow--
	}
	s.taken.Add(1)
	return true
}

// release frees the slots of n runs that are over, of which slow were slow.
func (s *slots) release(n, slow int) {
	s.mu.Lock()
	s.free += n
	s.freeSlow += slow
	s.mu.Unlock()
	select {
	case s.changed <- struct{}{}:
	default:
	}
}

// available returns how many executions could start; none after close.
func (s *slots) available() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return 0
	}
	return s.free
}

// close makes every further take fail.
func (s *slots) close() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
}

// Free returns how many executions could start now.
func (e *Executor) Free() int { return e.slots.available() }

// Take reserves a slot for a run of the job, if one is free and the job's handler is
// known here: what is not is for a node that has it.
func (e *Executor) Take(def *job.Job) bool {
	_, info, ok := e.o.Handlers.Lookup(def.Runner())
	return ok && e.slots.take(info.Slow)
}

// Release gives back what Take reserved and Start did not get.
func (e *Executor) Release(def *job.Job) {
	_, info, ok := e.o.Handlers.Lookup(def.Runner())
	slow := 0
	if ok && info.Slow {
		slow = 1
	}
	e.slots.taken.Done()
	e.slots.release(1, slow)
}
