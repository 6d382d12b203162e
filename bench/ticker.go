package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/agentic-sdlc/scheduler/daemon/timer"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// ticker is a timer on a store of its own.
type ticker struct {
	store   store.Store
	due     int // jobs at each tick
	clock   *clock
	timer   *timer.Timer
	claimed []store.Claimed
}

// The jobs that all others in a ticker's store are copies of. The near ones are due
// at even seconds, the far ones at odd ones.
var templates = []struct{ name, expr string }{{"idle", "0 0 1 1 *"}, {"near", "*/2 * * * * *"}, {"far", "1-59/2 * * * * *"}}

// shelf is where a ticker's store is kept: how to open it, and how to add copies of
// the templates while nobody has it open, so that there are so many jobs and so many
// of them due at each tick.
type shelf struct {
	open func(ctx context.Context) (store.Store, error)
	fill func(ctx context.Context, jobs, due int) error
}

// newTicker makes a store with so many jobs, so many of them due at each tick.
func newTicker(ctx context.Context, on shelf, jobs, due int) (*ticker, error) {
	s, err := on.open(ctx)
	if err != nil {
		return nil, err
	}
	at := wall().Truncate(time.Minute).Add(-time.Second) // odd: the next second is even
	err = create(ctx, s, len(templates), func(i int) job.Job { return definition(templates[i].name, templates[i].expr, at, nil) })
	if err := errors.Join(err, s.Close()); err != nil {
		return nil, err
	}
	if err := on.fill(ctx, jobs, due); err != nil {
		return nil, err
	}
	if s, err = on.open(ctx); err != nil {
		return nil, err
	}
	t := &ticker{store: s, due: due, clock: newClock(at)}
	t.timer = timer.New(timer.Options{
		Store: s, Policy: job.DefaultPolicy, NewID: ids.New, Logger: slog.New(slog.DiscardHandler), Now: t.clock.now,
		Session: func() int64 { return session }, Take: func(*job.Job) bool { return true }, Release: func(*job.Job) {},
		Start: func(_ int64, claimed []store.Claimed) { t.claimed = append(t.claimed, claimed...) }, Announce: func() {},
	})
	return t, s.OpenSession(ctx, store.Session{ID: session, Node: "bench", StartedAt: wall(), LeaseUntil: wall().Add(time.Hour)})
}

// two measures two ticks that plan, and one after each that finds nothing due.
func (t *ticker) two(ctx context.Context, times *tickTimes) error {
	return errors.Join(t.one(ctx, &times.near, &times.idle), t.one(ctx, &times.far, &times.idle))
}

// one measures a tick at the next second and a second look at it. What was started
// is settled outside of the measurement.
func (t *ticker) one(ctx context.Context, due, idle *[]float64) error {
	t.claimed = t.claimed[:0]
	now := t.clock.advance(time.Second)
	for _, times := range []*[]float64{due, idle} {
		start := time.Now()
		if _, err := t.timer.Tick(ctx, now); err != nil {
			return err
		}
		*times = append(*times, millis(time.Since(start)))
	}
	if len(t.claimed) != t.due {
		return fmt.Errorf("a tick started %d runs, want %d", len(t.claimed), t.due)
	}
	batch := make([]store.Settlement, len(t.claimed))
	for i := range t.claimed {
		c := &t.claimed[i]
		batch[i] = store.Settlement{
			ID: c.ID, Session: session, Token: c.Token, Attempt: c.Attempt, Batch: c.Batch, Owner: c.Owner, Ends: c.Ends,
			Event: job.EventSucceed, StartedAt: now, CompletedAt: now,
		}
	}
	settled, err := t.store.Settle(ctx, now, batch)
	if err == nil && len(settled.Fenced) > 0 {
		err = fmt.Errorf("%d settlements were refused", len(settled.Fenced))
	}
	return err
}
