package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
)

// burstEvery is how far bursts are apart: long after one is over.
const burstEvery = 5 * time.Second

// burst measures many cron jobs that are due at one second, several times.
func burst(ctx context.Context, dir string, s size) ([]Figure, error) {
	b, err := openAlone(ctx, dir)
	if err != nil {
		return nil, err
	}
	late := newSampler(s.Burst)
	first := ahead(burstEvery, time.Duration(s.Burst)*time.Millisecond/2)
	expr := fmt.Sprintf("*/%d * * * * *", int(burstEvery.Seconds()))
	err = create(ctx, b.store, s.Burst, func(i int) job.Job {
		return definition(fmt.Sprintf("job%d", i), expr, wall(), func(j *job.Job) { j.StartDate = &first })
	})
	if err != nil {
		return nil, errors.Join(err, b.close())
	}
	e := startEngine(ctx, b, slots, timed(late))
	defer func() { _ = e.stop() }()
	if left := time.Until(first); left < time.Second {
		return nil, fmt.Errorf("%d jobs were stored %s before they were due: too late", s.Burst, left)
	}
	var p50, p99, last, settled, samples []float64
	for i := range s.Bursts {
		due := first.Add(time.Duration(i) * burstEvery)
		end, err := await(ctx, b.store.after(s.Burst), "a burst")
		if err != nil {
			return nil, err
		}
		ms := late.take()
		if len(ms) != s.Burst || slices.Min(ms) < 0 {
			return nil, fmt.Errorf("%d of %d jobs started, the first %s ms after it was due", len(ms), s.Burst, number(slices.Min(ms)))
		}
		p50, p99, last = append(p50, median(ms)), append(p99, percentile(ms, 99)), append(last, slices.Max(ms))
		settled, samples = append(settled, millis(end.Sub(due))), append(samples, ms...)
	}
	what := fmt.Sprintf("%s cron jobs due at one second: ", number(float64(s.Burst)))
	figures := []Figure{
		medianOf(what+"started, p50", "ms", p50, nil),
		medianOf(what+"started, p99", "ms", p99, nil),
		medianOf(what+"all started", "ms", last, atMost(300)),
		medianOf(what+"all settled", "ms", settled, atMost(1000)),
	}
	figures[0].Samples = samples
	return figures, e.stop()
}

// ahead returns the first multiple of every that is at least as far away as it takes
// to prepare, and 3 s for the planner to look ahead.
func ahead(every, prepare time.Duration) time.Time {
	return wall().Add(prepare + 3*time.Second + every).Truncate(every)
}
