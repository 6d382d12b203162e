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

// fewJobs is how many jobs the store has whose exposition is compared.
const fewJobs = 10

// million measures what operators and Prometheus ask of a schedd that has many
// executions stored, at home on one machine; what Prometheus reads must not grow with
// what there is.
func million(ctx context.Context, dir string, s size) ([]Figure, error) {
	_, few, err := looksAtHome(ctx, filepath.Join(dir, "few"), fewJobs, fewJobs*100, 1)
	if err != nil {
		return nil, err
	}
	figures, many, err := looksAtHome(ctx, filepath.Join(dir, "many"), s.Known, s.Kept, s.Looks)
	if err != nil {
		return nil, err
	}
	size := Figure{What: "what Prometheus reads of it", Unit: "KiB", Value: float64(many) / 1024, Goal: atMost(128)}
	ratio := Figure{What: fmt.Sprintf("the same, to that of %d jobs after the same questions", fewJobs), Unit: "×", Value: float64(many) / float64(few), Goal: atMost(1.2)}
	return append(figures, size, ratio), nil
}

// looksAtHome fills a store with jobs and executions, measures so many looks at them, and
// returns the size of what Prometheus reads after these.
func looksAtHome(ctx context.Context, dir string, jobs, executions, times int) (figures []Figure, scraped int, err error) {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, 0, err
	}
	if err := stock(ctx, dir, jobs); err != nil {
		return nil, 0, err
	}
	ran := min(recorded, jobs-1) // the others wait for their first run
	if err := fill(ctx, database(dir), func(b *bulk) error { return b.history(ctx, ran, executions) }); err != nil {
		return nil, 0, err
	}
	d, err := startLive(ctx, dir, "")
	if err != nil {
		return nil, 0, err
	}
	defer func() { err = errors.Join(err, d.stop()) }()
	where := fmt.Sprintf("%s executions of %s jobs", number(float64(executions)), number(float64(jobs)))
	if figures, err = d.answers(ctx, where, times, looked(ran)); err != nil {
		return nil, 0, err
	}
	text, err := d.get(ctx, api.RouteExposition)
	return figures, len(text), err
}

// looked is what is asked of a schedd that has a history of so many jobs; its answers
// take at most 200 ms, and those that machines ask for again and again less.
func looked(ran int) []question {
	const people, machines, prometheus = 200, 100, 50
	some := func(route string) func() string {
		return func() string { return of(route, fmt.Sprintf("stored%07d", 1+rand.IntN(ran))) }
	}
	same := func(path string) func() string { return func() string { return path } }
	return []question{
		{"job list", same(api.RouteJobs + "?limit=100"), people, people},
		{"job list with its total", same(api.RouteJobs + "?limit=100&total=true"), people, people},
		{"job list by words of names", same(api.RouteJobs + "?limit=100&name_contains=red0000"), people, people},
		{"newest executions", same(api.RouteExecutions + "?limit=100"), people, people},
		{"newest failed executions", same(api.RouteExecutions + "?limit=100&status=failed"), people, people},
		{"executions since yesterday", func() string {
			return api.RouteExecutions + "?limit=100&since=" + time.Now().UTC().AddDate(0, 0, -1).Format(time.RFC3339)
		}, people, people},
		{"history of a job", func() string { return some(api.RouteJobExecutions)() + "?limit=100" }, people, people},
		{"failed runs of a job", func() string { return some(api.RouteJobExecutions)() + "?limit=100&status=failed" }, people, people},
		{"a job", some(api.RouteJob), people, people},
		{"next runs of a job", some(api.RouteJobNext), people, people},
		{"next runs of all jobs in a day", same(api.RouteForecast + "?window=24h"), people, people},
		{"why a job did not run", some(api.RouteJobWhy), people, people},
		{"job stats", some(api.RouteJobStats), machines, people},
		{"metrics of a day", same(api.RouteMetrics), machines, people},
		{"metrics of 30 days", same(api.RouteMetrics + "?period=30d"), machines, people},
		{"health", same(api.RouteHealth), machines, people},
		{"scrape of Prometheus", same(api.RouteExposition), prometheus, people},
	}
}
