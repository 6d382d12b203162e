package executor

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/queue"
	"github.com/agentic-sdlc/scheduler/store"
)

const (
	// block is how long Receive waits; it bounds the delay of a stop.
	block = time.Second
	// maxClaim bounds one claiming transaction.
	maxClaim = 1000
	// flushTime bounds what a stop waits for the last settlements.
	flushTime = 10 * time.Second
)

// Run claims and runs what is announced until ctx ends, then drains: it waits
// Options.Drain for what runs, cancels the rest, and returns when all ends are
// written.
func (e *Executor) Run(ctx context.Context) error {
	work, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	e.settler.Go(func() { e.settleLoop(work) })
	logs := make(chan struct{})
	go func() { defer close(logs); e.logLoop(work) }()
	ticking := make(chan struct{})
	go func() { defer close(ticking); e.tickLoop(work) }()

	e.receive(ctx)
	e.drain(ctx)
	time.AfterFunc(flushTime, stop) // a store that is away must not hold the stop for ever
	close(e.ended)
	e.settler.Wait()
	stop()
	<-ticking
	<-logs
	return nil
}

// receive claims and starts until ctx ends.
func (e *Executor) receive(ctx context.Context) {
	var reclaim time.Time
	for ctx.Err() == nil {
		if now := e.o.Now(); !now.Before(reclaim) {
			reclaim = now.Add(e.o.ClaimIdle)
			e.reclaim(ctx)
		}
		free := e.slots.available()
		if free == 0 {
			select {
			case <-ctx.Done():
			case <-e.slots.changed:
			}
			continue
		}
		deliveries, err := e.o.Queue.Receive(ctx, e.o.Node, min(free, maxClaim), block)
		if err != nil && ctx.Err() == nil {
			e.o.Logger.ErrorContext(ctx, "receive failed", slog.Any("err", err))
			e.wait(ctx, block)
			continue
		}
		if len(deliveries) > 0 {
			e.claim(ctx, deliveries)
		}
	}
	e.slots.close()
}

// reclaim takes over what consumers received and neither claimed nor acked, since they
// ended: the queue would keep it for ever.
func (e *Executor) reclaim(ctx context.Context) {
	for ctx.Err() == nil {
		left, err := e.o.Queue.Reclaim(ctx, e.o.Node, e.o.ClaimIdle, maxClaim)
		if err != nil && ctx.Err() == nil {
			e.o.Logger.WarnContext(ctx, "reclaim failed", slog.Any("err", err))
		}
		if len(left) == 0 || err != nil {
			return
		}
		e.claim(ctx, left)
	}
}

// claim takes what was announced, as far as slots are free, and starts it. What is
// not taken is announced again some time.
func (e *Executor) claim(ctx context.Context, deliveries []queue.Delivery) {
	ids := make([]job.ID, len(deliveries))
	receipts := make([]string, len(deliveries))
	for i := range deliveries {
		ids[i], receipts[i] = deliveries[i].ExecutionID, deliveries[i].Receipt
	}
	if err := e.Claim(ctx, ids); err != nil {
		e.o.Logger.ErrorContext(ctx, "claim failed", slog.Int("executions", len(ids)), slog.Any("err", err))
		e.wait(ctx, 100*time.Millisecond)
	}
	// The claims are durable and their runs started: a queue that answers slowly delays
	// nothing.
	if err := e.o.Queue.Ack(ctx, receipts); err != nil {
		e.o.Logger.WarnContext(ctx, "ack failed", slog.Any("err", err))
	}
	e.o.Look()
}

// Claim takes executions that wait, as far as slots are free, and starts them.
func (e *Executor) Claim(ctx context.Context, ids []job.ID) error {
	for some := range slices.Chunk(ids, maxClaim) {
		if err := e.Claiming(func() error { return e.claimAndStart(ctx, some) }); err != nil {
			return err
		}
	}
	return nil
}

func (e *Executor) claimAndStart(ctx context.Context, ids []job.ID) error {
	var taken []*job.Job
	session := e.o.Session()
	claims, err := e.o.Store.Claim(ctx, store.Claim{Session: session, IDs: ids, Now: e.o.Now(), Take: func(def *job.Job) bool {
		if !e.Take(def) {
			e.refused.Store(true)
			return false
		}
		taken = append(taken, def)
		return true
	}})
	if err != nil {
		for _, def := range taken {
			e.Release(def)
		}
		return err
	}
	for _, def := range claims.Untaken {
		e.Release(def)
	}
	e.Start(session, claims.Claimed)
	return nil
}

// drain waits for what runs, then stops it.
func (e *Executor) drain(ctx context.Context) {
	done := make(chan struct{})
	go func() { e.slots.taken.Wait(); close(done) }()
	if running := e.Running(); running > 0 {
		e.o.Logger.InfoContext(ctx, "waiting for executions", slog.Int("running", running), slog.Duration("at_most", e.o.Drain))
	}
	if waitFor(done, e.o.Drain) {
		return
	}
	e.stopAll(errDraining)
	if waitFor(done, e.o.Grace) {
		return
	}
	e.Tick(e.o.Now().Add(e.o.Grace)) // give up on those that go on
	<-done
}

func (e *Executor) tickLoop(ctx context.Context) {
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			e.Tick(e.o.Now())
			e.findStrays(ctx)
		}
	}
}

// wait sleeps; false when ctx ended first.
func (e *Executor) wait(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

func waitFor(done <-chan struct{}, d time.Duration) bool {
	select {
	case <-done:
		return true
	case <-time.After(d):
		return false
	}
}
