package main

import (
	"context"
	"time"

	"golang.org/x/sync/errgroup"
)

// riverDrain measures how many waiting jobs River works off a second.
func riverDrain(ctx context.Context, sv *servers, n int, t riverTuning) (speed, error) {
	return withRiver(ctx, sv, n, t, func(r *riverBed, dsn string) (v speed, err error) {
		if err := r.insert(ctx, n, nil); err != nil {
			return v, err
		}
		if err := calmDown(ctx, dsn); err != nil {
			return v, err
		}
		m := measureSpeed(sv)
		if err := r.client.Start(ctx); err != nil {
			return v, err
		}
		err = r.completed(ctx)
		return m.end(n), err
	})
}

// riverInsertAndWork measures the jobs a second that two producers insert while they
// are worked.
func riverInsertAndWork(ctx context.Context, sv *servers, n int, t riverTuning) (speed, error) {
	return withRiver(ctx, sv, n, t, func(r *riverBed, dsn string) (v speed, err error) {
		if err := calmDown(ctx, dsn); err != nil {
			return v, err
		}
		if err := r.client.Start(ctx); err != nil {
			return v, err
		}
		m := measureSpeed(sv)
		const producers = 2
		g, inserting := errgroup.WithContext(ctx)
		for p := range producers {
			g.Go(func() error { return r.insert(inserting, (n+p)/producers, nil) })
		}
		if err := g.Wait(); err != nil {
			return v, err
		}
		err = r.completed(ctx)
		return m.end(n), err
	})
}

// punctual is how n jobs came off that were due at known instants.
type punctual struct {
	late     []float64 // due → start of each, milliseconds
	finished float64   // last due → last record durable, milliseconds
	ended    float64   // last due → all jobs completed, milliseconds; 0 where that is the same
	speed    speed     // from the first due instant to the last record
}

// riverScheduled measures jobs that are scheduled beforehand.
func riverScheduled(ctx context.Context, sv *servers, due timetable, t riverTuning) (punctual, error) {
	return withLead(due.lead(), func(lead time.Duration) (punctual, error) { return riverScheduledAfter(ctx, sv, due, t, lead) })
}

func riverScheduledAfter(ctx context.Context, sv *servers, due timetable, t riverTuning, lead time.Duration) (punctual, error) {
	n := due.jobs
	return withRiver(ctx, sv, n, t, func(r *riverBed, dsn string) (p punctual, err error) {
		first := wall().Add(lead).Truncate(time.Second)
		if err := r.insert(ctx, n, func(i int) time.Time { return due.at(first, i) }); err != nil {
			return p, err
		}
		if err := calmDown(ctx, dsn); err != nil {
			return p, err
		}
		if err := r.client.Start(ctx); err != nil {
			return p, err
		}
		if err := inTime(ctx, first, riverLookAhead); err != nil {
			return p, err
		}
		m := measureSpeed(sv)
		if err := r.completed(ctx); err != nil {
			return p, err
		}
		p.speed, p.finished = m.end(n), millis(time.Since(due.at(first, n-1)))
		p.late, err = whole(r.late, n)
		return p, err
	})
}

// riverLookAhead is how long before their time River moves scheduled jobs to where
// they are fetched from.
const riverLookAhead = 5 * time.Second
