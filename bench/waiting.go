package main

import (
	"context"
	"errors"
	"time"

	"github.com/agentic-sdlc/scheduler/internal/testbed"
)

// riverDrains are the tunings of River that are tried where throughput counts: what
// it fetches at most is its workers by each cooldown.
var riverDrains = []riverTuning{
	{1000, 2 * time.Millisecond, 10 * time.Millisecond},
	{2000, 2 * time.Millisecond, 10 * time.Millisecond},
	{2000, 20 * time.Millisecond, 100 * time.Millisecond},
	{5000, 2 * time.Millisecond, 10 * time.Millisecond},
}

// waiting measures how fast a backlog is worked off: rows that wait are announced in
// windows over the queue, claimed in batches, run and settled.
func waiting(ctx context.Context, dir string, s size) ([]Figure, error) {
	return withServers(dir, func(sv *servers) ([]Figure, error) {
		t, err := tune("River draining", riverDrains, func(t riverTuning) (float64, error) {
			v, err := riverDrain(ctx, sv, s.Tune, t)
			return v.rate, err
		})
		if err != nil {
			return nil, err
		}
		peers := func(on *testbed.RedisServer, n, workers int) (speed, error) {
			return asynqDrain(ctx, sv, on, n, workers)
		}
		workers, err := tune("asynq draining", []int{10, 100, 1000}, func(w int) (float64, error) {
			v, err := peers(sv.aof, s.Tune/4, w)
			return v.rate, err
		})
		if err != nil {
			return nil, err
		}
		var ours, river, durable, plain series
		if err := inTurn(s.Rounds,
			turn{&ours, func() (speed, error) { return drainShared(ctx, sv, s.Backlog) }},
			turn{&river, func() (speed, error) { return riverDrain(ctx, sv, s.Backlog, t) }},
			turn{&durable, func() (speed, error) { return peers(sv.aof, s.Tasks, workers) }},
			turn{&plain, func() (speed, error) { return peers(sv.redis, s.Tasks, workers) }},
		); err != nil {
			return nil, err
		}
		what := number(float64(s.Backlog)) + " waiting executions, claimed, run, settled"
		of := numbered(workers, "worker") + ", keeping results, AOF "
		figures := beside(what, ours, "River", "its drain, "+t.String(), river, atLeast(2.5, 4))
		if oursOnly {
			return figures, nil
		}
		figures = append(figures, beside(what, ours, "asynq", of+"each second", durable, atLeast(6, 10))...)
		return append(figures, beside(what, ours, "asynq off", of+"off", plain, nil)...), nil
	})
}

// drainShared drains a backlog on PostgreSQL and Redis.
func drainShared(ctx context.Context, sv *servers, runs int) (speed, error) {
	return inDatabase(ctx, sv, func(dsn string) (v speed, err error) {
		b, err := openShared(ctx, sv, dsn)
		if err != nil {
			return v, err
		}
		if statements {
			defer func() { err = errors.Join(err, showCommands(ctx, sv.aof)) }()
		}
		return drain(ctx, b, sv, runs, func() error { return calmDown(ctx, dsn) })
	})
}
