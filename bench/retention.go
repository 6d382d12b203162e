package main

import (
	"context"
	"errors"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// retention measures how fast old executions are removed, in the transactions that
// the daemon uses, and how late runs start meanwhile.
func retention(ctx context.Context, dir string, s size) ([]Figure, error) {
	return withServers(dir, func(sv *servers) ([]Figure, error) {
		return inDatabase(ctx, sv, func(dsn string) (figures []Figure, err error) {
			b, err := withHistory(ctx, sv, dsn, s.Removed, wall().AddDate(0, 0, -60))
			if err != nil {
				return nil, err
			}
			late := newSampler(1 << 20)
			name := "secondly"
			if err := create(ctx, b.store, 100, func(i int) job.Job {
				return definition(name+number(float64(i)), "* * * * * *", wall(), nil)
			}); err != nil {
				return nil, errors.Join(err, b.close())
			}
			e := startKeeping(ctx, b, slots, timed(late), store.Retention{})
			defer func() { err = errors.Join(err, e.stop()) }()
			if err := until(ctx, time.Now().Add(3*time.Second)); err != nil {
				return nil, err
			}
			late.take()
			rates, err := removeAll(ctx, b.store, s.Removed/6)
			if err != nil {
				return nil, err
			}
			ms := late.take()
			return append([]Figure{medianOf("old executions removed while 100 cron jobs run each second", "/s", rates, atLeast(5000))},
				Figure{What: "  due → start meanwhile, p50", Unit: "ms", Value: median(ms), Samples: ms},
				Figure{What: "  due → start meanwhile, the latest", Unit: "ms", Value: percentile(ms, 100), Goal: atMost(1000)}), nil
		})
	})
}

// removeAll removes what is too old and returns the rates of stretches of so many.
func removeAll(ctx context.Context, s store.Store, stretch int) (rates []float64, err error) {
	const batch = 500
	r := store.Retention{Success: 7 * day, Failed: 30 * day, KeepLast: 10}
	start, done := time.Now(), 0
	for {
		removed, more, err := s.Retain(ctx, store.AnyPlatform, r, wall(), batch)
		if err != nil {
			return nil, err
		}
		if done += int(removed.Executions); done >= stretch {
			rates = append(rates, float64(done)/time.Since(start).Seconds())
			start, done = time.Now(), 0
		}
		if !more {
			return rates, nil
		}
	}
}
