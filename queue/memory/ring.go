package memory

import (
	"time"

	"github.com/agentic-sdlc/scheduler/queue"
)

// entry is one message: in the line while it waits, in the ring once it was
// received and until it is acked.
type entry struct {
	queue.Delivery
	receipt    uint64
	received   time.Time
	next, prev *entry
}

// ring is a doubly linked list of entries, in the order in which they were added.
// The zero ring is empty.
type ring struct {
	root entry
}

func (r *ring) first() *entry { return r.root.next }

func (r *ring) pushBack(e *entry) {
	if r.root.next == nil {
		r.root.next, r.root.prev = &r.root, &r.root
	}
	e.prev, e.next = r.root.prev, &r.root
	e.prev.next, e.next.prev = e, e
}

func (r *ring) remove(e *entry) {
	e.prev.next, e.next.prev = e.next, e.prev
	e.prev, e.next = nil, nil
}
