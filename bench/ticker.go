package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/agentic-sdlc/scheduler/daemon/timer"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// ticker is a timer on a store of its own.
type ticker struct {
	store   store.Store
	clock   *clock
	timer   *timer.Timer
	claimed []store.Claimed
}

// The jobs that all others in a ticker's store are copies of. The near ones are due
// at even seconds, the far ones at odd ones.
var templates = []struct{ name, expr string }{{"idle", "0 0 1 1 *"}, {"near", "*/2 * * * * *"}, {"far", "1-59/2 * * * * *"}}

// newTicker makes a store with so many jobs.
func newTicker(ctx context.Context, dir string, jobs int) (*ticker, error) {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, err
	}
	s, err := openStore(ctx, database(dir))
	if err != nil {
		return nil, err
	}
	at := wall().Truncate(time.Minute).Add(-time.Second) // odd: the next second is even
	err = create(ctx, s, len(templates), func(i int) job.Job { return definition(templates[i].name, templates[i].expr, at, nil) })
	if err := errors.Join(err, s.Close()); err != nil {
		return nil, err
	}
	if err := fill(ctx, database(dir), func(b *bulk) error {
		step, copies := jobs/ticking, ticking-1 // beside the originals
		far := fmt.Sprintf("i.n %% %d = 0 AND i.n < %d", step, jobs)
		return errors.Join(
			b.copy(ctx, "idle", jobs, "NOT ("+far+")", true),
			b.copy(ctx, "far", jobs, far, false),
			b.copy(ctx, "near", jobs+copies, fmt.Sprintf("i.n > %d", jobs), false))
	}); err != nil {
		return nil, err
	}
	if s, err = openStore(ctx, database(dir)); err != nil {
		return nil, err
	}
	t := &ticker{store: s, clock: newClock(at)}
	t.timer = timer.New(timer.Options{
		Store: s, Policy: job.DefaultPolicy, NewID: ids.New, Logger: slog.New(slog.DiscardHandler), Now: t.clock.now,
		Session: func() int64 { return session }, Take: func(*job.Job) bool { return true }, Release: func(*job.Job) {},
		Start: func(claimed []store.Claimed) { t.claimed = append(t.claimed, claimed...) }, Announce: func() {},
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
	if len(t.claimed) != ticking {
		return fmt.Errorf("a tick started %d runs, want %d", len(t.claimed), ticking)
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
