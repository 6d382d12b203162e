package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

const (
	// firing is how many jobs fire as fast as they settle, halves in turn: while
	// one settles, the other is planned.
	firing = 1000
	halves = 2
)

// fire measures executions a second from due to settled: every tick moves the clock
// to the next second, at which half of the jobs are due. ready is called between the
// preparation and the measurement. It closes the bed.
func fire(ctx context.Context, b *bed, sv *servers, runs int, ready func() error) (v speed, err error) {
	defer b.close()
	at := wall().Truncate(time.Minute)
	if err := create(ctx, b.store, firing, func(i int) job.Job {
		return definition(fmt.Sprintf("job%d", i), fmt.Sprintf("%d-59/%d * * * * *", i%halves, halves), at, nil)
	}); err != nil {
		return v, err
	}
	var all batches
	b.store.onEnd = all.ended
	p, err := newPipeline(ctx, b, at, all.started)
	if err != nil {
		return v, err
	}
	err = p.run(ctx, func(ctx context.Context) error {
		if err := p.fire(ctx, &all, 4*firing); err != nil { // warms up
			return err
		}
		if err := ready(); err != nil {
			return err
		}
		stop, err := profileOurs("firing")
		if err != nil {
			return err
		}
		m := measureSpeed(sv)
		err = p.fire(ctx, &all, runs)
		v = m.end(runs)
		return errors.Join(err, stop())
	})
	return v, err
}

// fire makes n slots due and returns when all their executions are settled.
func (p *pipeline) fire(ctx context.Context, b *batches, n int) error {
	var before [halves]<-chan time.Time
	for i := range n / (firing / halves) {
		half := i % halves
		if before[half] != nil { // its jobs must be over: what overlaps is skipped
			if _, err := await(ctx, before[half], "settling"); err != nil {
				return err
			}
		}
		before[half] = b.expect(firing / halves)
		if _, err := p.timer.Tick(ctx, p.clock.advance(time.Second)); err != nil {
			return err
		}
	}
	for _, c := range before {
		if c == nil {
			continue
		}
		if _, err := await(ctx, c, "settling"); err != nil {
			return err
		}
	}
	return nil
}

// batches follows the executions of each tick to their end. What ends carries the
// number of the claim it belongs to; a tick has as many claims as it has
// transactions.
type batches struct {
	mu    sync.Mutex
	tick  *ticked           // the one under way
	ticks map[int64]*ticked // by claim
}

// ticked is a tick whose executions are not all over.
type ticked struct {
	left int
	done chan time.Time
}

// expect says how many executions the next tick starts, and returns what tells of
// their end.
func (b *batches) expect(n int) <-chan time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ticks == nil {
		b.ticks = map[int64]*ticked{}
	}
	b.tick = &ticked{left: n, done: make(chan time.Time, 1)}
	return b.tick.done
}

func (b *batches) started(claimed []store.Claimed) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ticks[claimed[0].Batch] = b.tick
}

func (b *batches) ended(settled []store.Settlement) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i := range settled {
		t := b.ticks[settled[i].Batch]
		if t.left--; t.left == 0 {
			t.done <- time.Now()
			delete(b.ticks, settled[i].Batch)
		}
	}
}
