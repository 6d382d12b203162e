package main

import (
	"bytes"
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// question is something that is asked of a schedd with GET.
type question struct {
	what string
	path func() string // made anew each time
	p99  float64       // ms; 99 of 100 answers take no longer
	most float64       // ms; no answer takes longer
}

// answers asks each question so often, in turn, and says how long the answers took: the
// p99 and the slowest are held to what the question says. An answer that is an empty list
// is an error: it would have been measured for nothing.
func (d *live) answers(ctx context.Context, where string, times int, questions []question) (figures []Figure, err error) {
	took := make([][]float64, len(questions))
	for range times {
		for i, q := range questions {
			path, start := q.path(), time.Now()
			body, err := d.get(ctx, path)
			if err != nil {
				return nil, err
			}
			took[i] = append(took[i], millis(time.Since(start)))
			if body = bytes.TrimSpace(body); len(body) == 0 || string(body) == "[]" {
				return nil, fmt.Errorf("GET %s: the answer is empty", path)
			}
		}
	}
	for i, q := range questions {
		what := fmt.Sprintf("%s: %s", where, q.what)
		figures = append(figures,
			Figure{What: fmt.Sprintf("%s, p99 (p50 %s ms)", what, number(median(took[i]))), Unit: "ms", Value: percentile(took[i], 99), Goal: atMost(q.p99), Samples: took[i]},
			Figure{What: what + ", slowest", Unit: "ms", Value: percentile(took[i], 100), Goal: atMost(q.most)})
	}
	return figures, nil
}

// crowdOf is how many requests a second so many clients at once bring through, each with a
// connection that it keeps, in rounds of a length; and how long each request took.
func (d *live) crowdOf(ctx context.Context, what string, clients, rounds int, length time.Duration, bar float64, once func(n int64) error) ([]Figure, error) {
	var asked atomic.Int64 // numbers requests of all rounds
	var rates, took []float64
	for range rounds {
		samples := make([][]float64, clients)
		errs := make(chan error, clients)
		var wg sync.WaitGroup
		begin := time.Now()
		end := begin.Add(length)
		for c := range clients {
			wg.Go(func() {
				for at := time.Now(); at.Before(end); {
					if err := once(asked.Add(1)); err != nil {
						errs <- err
						return
					}
					now := time.Now()
					samples[c], at = append(samples[c], millis(now.Sub(at))), now
				}
			})
		}
		wg.Wait()
		span, n := time.Since(begin).Seconds(), 0
		select {
		case err := <-errs:
			return nil, fmt.Errorf("%s: %w", what, err)
		case <-ctx.Done():
			return nil, ctx.Err()
		default:
		}
		for _, s := range samples {
			n, took = n+len(s), append(took, s...)
		}
		rates = append(rates, float64(n)/span)
	}
	what = fmt.Sprintf("%s, %d clients", what, clients)
	return []Figure{
		medianOf(what, "/s", rates, atLeast(bar)),
		{What: what + ": each, p50", Unit: "ms", Value: median(took), Samples: took},
		{What: what + ": each, p99", Unit: "ms", Value: percentile(took, 99)},
	}, nil
}
