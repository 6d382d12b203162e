package logging

import (
	"context"
	"io"
	"sync"
	"sync/atomic"
)

// queue passes lines to a writer that may be slow or stuck. Its Write never waits.
type queue struct {
	out     io.Writer
	lines   chan []byte
	dropped atomic.Uint64
	notice  func(n uint64) // called between two lines after n were dropped

	mu      sync.Mutex // held to close lines, shared by those who send
	closed  bool
	written chan struct{} // closed when the last line is out
}

func newQueue(out io.Writer, size int, notice func(uint64)) *queue {
	q := &queue{out: out, lines: make(chan []byte, size), notice: notice, written: make(chan struct{})}
	go q.write()
	return q
}

// Write queues a copy of line, or drops and counts it. It does not fail.
func (q *queue) Write(line []byte) (int, error) {
	own := append([]byte(nil), line...)
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.closed {
		select {
		case q.lines <- own:
			return len(line), nil
		default:
		}
	}
	q.dropped.Add(1)
	return len(line), nil
}

// write is the one goroutine that may get stuck. A line that cannot be written is
// lost like a dropped one: there is nobody to tell.
func (q *queue) write() {
	defer close(q.written)
	told := uint64(0)
	for line := range q.lines {
		if _, err := q.out.Write(line); err != nil {
			q.dropped.Add(1)
			told++
			continue
		}
		if n := q.dropped.Load(); n > told {
			q.notice(n - told)
			told = n
		}
	}
}

// close waits until everything is written or ctx ends.
func (q *queue) close(ctx context.Context) bool {
	q.mu.Lock()
	if !q.closed {
		q.closed = true
		close(q.lines)
	}
	q.mu.Unlock()
	select {
	case <-q.written:
		return true
	case <-ctx.Done():
		return false
	}
}
