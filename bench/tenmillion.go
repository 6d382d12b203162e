package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	"github.com/agentic-sdlc/scheduler/api"
)

// tenMillion measures what people, Prometheus and other machines ask of a schedd as it ships
// when the PostgreSQL that it shares keeps a history of ten million executions.
func tenMillion(ctx context.Context, dir string, s size) ([]Figure, error) {
	return withServers(dir, func(sv *servers) ([]Figure, error) {
		return inDatabase(ctx, sv, func(dsn string) (figures []Figure, err error) {
			start := time.Now()
			b, err := withHistory(ctx, sv, dsn, s.History, wall().Add(-time.Minute))
			if err != nil {
				return nil, err
			}
			filled := Figure{What: "filling the database with " + number(float64(s.History)) + " executions", Unit: "s", Value: time.Since(start).Seconds()}
			if err := b.close(); err != nil {
				return nil, err
			}
			home := filepath.Join(dir, "home")
			if err := os.Mkdir(home, 0o700); err != nil {
				return nil, err
			}
			d, err := startLive(ctx, home, fmt.Sprintf("store: {driver: postgres, postgres: {dsn: %q}}\nqueue: {driver: redis, redis: {url: %q}}\n", dsn, sv.aof.URL()))
			if err != nil {
				return nil, err
			}
			defer func() { err = errors.Join(err, d.stop()) }()
			figures, err = d.answers(ctx, number(float64(s.History))+" executions", s.Looks, asked(recorded))
			return append([]Figure{filled}, figures...), err
		})
	})
}

// asked is what is asked of a history of so many jobs; an answer that is slower than a second
// now and then is the machine's.
func asked(ran int) []question {
	const p99, prometheus, most = 100, 50, 1000
	some := func(route, query string) func() string {
		return func() string { return of(route, fmt.Sprintf("stored%d", 1000+rand.IntN(ran))) + query }
	}
	same := func(path string) func() string { return func() string { return path } }
	questions := []question{
		{"newest executions", same(api.RouteExecutions + "?limit=100"), p99, most},
		{"history of a job", some(api.RouteJobExecutions, "?limit=100"), p99, most},
		{"job stats", some(api.RouteJobStats, ""), p99, most},
		{"job stats of a week", func() string {
			return some(api.RouteJobStats, "?since=")() + time.Now().UTC().AddDate(0, 0, -7).Format(time.RFC3339)
		}, p99, most},
	}
	for _, period := range api.Periods() {
		questions = append(questions, question{"metrics of " + period, same(api.RouteMetrics + "?period=" + period), p99, most})
	}
	return append(questions,
		question{"health", same(api.RouteHealth), p99, most},
		question{"scrape of Prometheus", same(api.RouteExposition), prometheus, most})
}
