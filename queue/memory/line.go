package memory

import (
	"container/list"
	"maps"
	"slices"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/queue"
)

// line is the messages that wait. A message's place is the instant at which its
// level would have been zero: ready time less one queue.Ageing per rank. A smaller place
// is a higher effective priority, now and for ever, so that a heap per platform
// stays in order while time passes.
type line struct {
	ids       map[job.ID]struct{}
	platforms map[string]*tenant
	turns     list.List // of *tenant with messages, longest unserved first
	arrivals  uint64
}

// tenant is the messages of one platform, a heap by place, then arrival.
type tenant struct {
	name string
	turn *list.Element
	heap []waiter
}

type waiter struct {
	place   int64 // microseconds
	arrival uint64
	ready   int64 // microseconds
	entry   *entry
}

func newLine() line {
	return line{ids: make(map[job.ID]struct{}), platforms: make(map[string]*tenant)}
}

func (l *line) len() int { return len(l.ids) }

func (l *line) has(id job.ID) bool {
	_, ok := l.ids[id]
	return ok
}

// add copies a message into the line. One that does not say since when it is
// ready is ready since now.
func (l *line) add(m *queue.Message, now time.Time) {
	ready := m.ReadyAt
	if ready.IsZero() {
		ready = now
	}
	t, ok := l.platforms[m.Platform]
	if !ok {
		t = &tenant{name: m.Platform}
		t.turn = l.turns.PushBack(t)
		l.platforms[m.Platform] = t
	}
	l.arrivals++
	l.ids[m.ExecutionID] = struct{}{}
	micro := ready.UnixMicro()
	t.push(waiter{
		place:   micro - queue.Rank(m.Priority)*queue.Ageing.Microseconds(),
		arrival: l.arrivals,
		ready:   micro,
		entry:   &entry{Delivery: queue.Delivery{Message: *m}},
	})
}

// clone returns a line with the same messages, to take from without taking.
func (l *line) clone() line {
	c := newLine()
	c.ids = maps.Clone(l.ids)
	for e := l.turns.Front(); e != nil; e = e.Next() {
		t := e.Value.(*tenant)
		copied := &tenant{name: t.name, heap: slices.Clone(t.heap)}
		copied.turn = c.turns.PushBack(copied)
		c.platforms[t.name] = copied
	}
	return c
}

// take removes up to limit messages: those of the best level, platforms in turn,
// then those of the next level.
func (l *line) take(limit int, now time.Time) []*entry {
	limit = min(limit, l.len())
	if limit <= 0 {
		return nil
	}
	micro := now.UnixMicro()
	got := make([]*entry, 0, limit)
	for len(got) < limit {
		best, ring := l.best(micro)
		for len(ring) > 0 && len(got) < limit {
			t := ring[0]
			ring = ring[1:]
			e := t.pop()
			got = append(got, e)
			delete(l.ids, e.ExecutionID)
			switch {
			case len(t.heap) == 0:
				l.turns.Remove(t.turn)
				delete(l.platforms, t.name)
				continue
			case t.level(micro) == best:
				ring = append(ring, t)
			}
			l.turns.MoveToBack(t.turn)
		}
	}
	return got
}

// best returns the highest level that waits, and who has it, in turn.
func (l *line) best(micro int64) (level int64, ring []*tenant) {
	for e := l.turns.Front(); e != nil; e = e.Next() {
		t := e.Value.(*tenant)
		switch at := t.level(micro); {
		case len(ring) == 0 || at > level:
			level, ring = at, append(ring[:0], t)
		case at == level:
			ring = append(ring, t)
		}
	}
	return level, ring
}

// oldest returns how long the message that is ready longest has waited.
func (l *line) oldest(now time.Time) time.Duration {
	micro := now.UnixMicro()
	since := micro
	for _, t := range l.platforms {
		for i := range t.heap {
			since = min(since, t.heap[i].ready)
		}
	}
	return time.Duration(micro-since) * time.Microsecond
}

// level returns the effective priority of the tenant's first message.
func (t *tenant) level(micro int64) int64 {
	waited, step := micro-t.heap[0].place, queue.Ageing.Microseconds()
	if waited < 0 {
		return (waited - step + 1) / step
	}
	return waited / step
}

func (t *tenant) before(i, j int) bool {
	a, b := &t.heap[i], &t.heap[j]
	if a.place != b.place {
		return a.place < b.place
	}
	return a.arrival < b.arrival
}

func (t *tenant) push(w waiter) {
	t.heap = append(t.heap, w)
	for i := len(t.heap) - 1; i > 0; {
		up := (i - 1) / 2
		if !t.before(i, up) {
			break
		}
		t.heap[i], t.heap[up] = t.heap[up], t.heap[i]
		i = up
	}
}

func (t *tenant) pop() *entry {
	e := t.heap[0].entry
	end := len(t.heap) - 1
	t.heap[0] = t.heap[end]
	t.heap[end] = waiter{}
	t.heap = t.heap[:end]
	for i := 0; ; {
		down := 2*i + 1
		if down >= end {
			break
		}
		if down+1 < end && t.before(down+1, down) {
			down++
		}
		if !t.before(down, i) {
			break
		}
		t.heap[i], t.heap[down] = t.heap[down], t.heap[i]
		i = down
	}
	return e
}
