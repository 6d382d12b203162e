package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// paced measures lateness at a steady rate, in two shapes. Triggered runs come at even
// intervals, and are held to the bars. Slots are whole seconds, so the runs of cron jobs
// come in a burst at each second: they wait for each other, which part burst judges.
func paced(ctx context.Context, dir string, s size) ([]Figure, error) {
	var figures []Figure
	for _, rate := range []int{100, 1000} {
		l, err := inFolder(dir, func(dir string) (late, error) { return evenlyAlone(ctx, dir, rate, s.Paced) })
		if err != nil {
			return figures, err
		}
		figures = append(figures, lateness(fmt.Sprintf("%d runs triggered a second, evenly: triggered → start", rate), l.runs, atMost(2), atMost(8))...)
		figures = append(figures, lateness("  a bare goroutine at the same pace", l.bare, nil, nil)...)
	}
	for _, rate := range []int{100, 1000} {
		l, err := inFolder(dir, func(dir string) (late, error) { return eachSecond(ctx, dir, rate, s.Paced) })
		if err != nil {
			return figures, err
		}
		figures = append(figures, lateness(fmt.Sprintf("%d cron jobs due at each second, a burst of its own: due → start", rate), l.runs, nil, nil)...)
	}
	return figures, nil
}

// late is how late runs were, in milliseconds and in order; bare is how late a
// goroutine was that did nothing else.
type late struct{ runs, bare []float64 }

// lateness makes the figures of one run; the range is that of its sixths.
// Goals may be nil.
func lateness(what string, ms []float64, half, most *Goal) []Figure {
	at := func(label string, p float64, g *Goal) Figure {
		fn := func(ms []float64) float64 { return percentile(ms, p) }
		return Figure{What: what + label, Unit: "ms", Value: fn(ms), Rounds: windows(ms, 6, fn), Goal: g}
	}
	p50, p99 := at(", p50", 50, half), at(", p99", 99, most)
	if most == nil {
		return []Figure{p50, p99}
	}
	p50.Samples = ms
	return []Figure{p50, p99, {What: what + ", earliest", Unit: "ms", Value: slices.Min(ms), Goal: atLeast(0)}}
}

// eachSecond runs so many secondly jobs for as long.
func eachSecond(ctx context.Context, dir string, rate int, d time.Duration) (l late, err error) {
	b, err := openAlone(ctx, dir)
	if err != nil {
		return l, err
	}
	n := rate * int(d.Seconds())
	starts := newSampler(n + 2*rate)
	first := ahead(time.Second, time.Duration(rate)*time.Millisecond/2)
	err = create(ctx, b.store, rate, func(i int) job.Job {
		return definition(fmt.Sprintf("job%d", i), "* * * * * *", wall(), func(j *job.Job) { j.StartDate = &first })
	})
	if err != nil {
		return l, errors.Join(err, b.close())
	}
	e := startEngine(ctx, b, slots, timed(starts))
	defer func() { _ = e.stop() }()
	if _, err := await(ctx, b.store.after(n), "a paced run"); err != nil {
		return l, err
	}
	if err := e.stop(); err != nil {
		return l, err
	}
	l.runs, err = whole(starts, n)
	return l, err
}

// evenly triggers so many runs a second for as long, whatever becomes of them: who
// is late holds up nobody else. Due is the instant that was planned for the trigger,
// so what the trigger itself costs counts, and so does a pacemaker that oversleeps;
// the latter is measured too.
// It closes the bed.
func evenly(ctx context.Context, b *bed, rate int, d time.Duration) (l late, err error) {
	const jobs = 100
	n := rate * int(d.Seconds())
	starts, bare := newSampler(n), newSampler(n)
	if err := create(ctx, b.store, jobs, func(i int) job.Job {
		return definition(fmt.Sprintf("job%d", i), "", wall(), func(j *job.Job) {
			j.Overlap, j.AllowOverlap, j.Concurrency = job.OverlapAllow, true, job.MaxConcurrency
		})
	}); err != nil {
		return l, errors.Join(err, b.close())
	}
	e := startEngine(ctx, b, slots, timed(starts))
	defer func() { _ = e.stop() }()
	all, failed := b.store.after(n), make(chan error, n)
	first := wall().Add(time.Second)
	for i := range n {
		due := first.Add(time.Duration(i) * time.Second / time.Duration(rate))
		if err := until(ctx, due); err != nil {
			return l, err
		}
		go func() {
			bare.add(time.Since(due))
			failed <- e.trigger(ctx, fmt.Sprintf("job%d", i%jobs), due)
		}()
	}
	for range n {
		if err := <-failed; err != nil {
			return l, err
		}
	}
	if _, err := await(ctx, all, "a paced run"); err != nil {
		return l, err
	}
	if err := e.stop(); err != nil {
		return l, err
	}
	l.bare = bare.take()
	l.runs, err = whole(starts, n)
	return l, err
}

func evenlyAlone(ctx context.Context, dir string, rate int, d time.Duration) (l late, err error) {
	b, err := openAlone(ctx, dir)
	if err != nil {
		return l, err
	}
	return evenly(ctx, b, rate, d)
}

// trigger runs a job by hand, the way the API does.
func (r *running) trigger(ctx context.Context, name string, due time.Time) error {
	_, err := r.Engine.Trigger(ctx, store.Trigger{
		Platform: job.DefaultPlatform, Ref: name, Kind: job.TriggerManual, By: "bench", Now: due, NewID: r.NewID,
	})
	return err
}

// whole takes the lateness of the first n runs, and checks that none is missing.
func whole(starts *sampler, n int) ([]float64, error) {
	ms := starts.take()
	if len(ms) < n {
		return nil, fmt.Errorf("%d of %d runs started", len(ms), n)
	}
	return ms[:n], nil
}
