package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// drain measures executions a second from waiting to settled: each of 1 000 jobs has
// missed slots that are to be caught up, all ready and none claimed. ready is called
// between the preparation and the measurement. It closes the bed.
func drain(ctx context.Context, b *bed, sv *servers, runs int, ready func() error) (v speed, err error) {
	defer b.close()
	if err := backlog(ctx, b.store, runs); err != nil {
		return v, err
	}
	p, err := newPipeline(ctx, b, wall(), nil)
	if err != nil {
		return v, err
	}
	if err := ready(); err != nil {
		return v, err
	}
	drained := b.store.after(runs)
	stop, err := profileOurs("waiting")
	if err != nil {
		return v, err
	}
	m := measureSpeed(sv)
	err = p.run(ctx, func(ctx context.Context) error {
		_, err := await(ctx, drained, "draining")
		v = m.end(runs)
		return errors.Join(err, stop())
	})
	return v, err
}

// backlog makes waiting executions, the same number for each of 1 000 jobs.
func backlog(ctx context.Context, s *counted, runs int) error {
	const jobs = 1000
	each := runs / jobs
	now := wall().Truncate(time.Second)
	created := now.Add(-time.Duration(each) * time.Second)
	if err := create(ctx, s, jobs, func(i int) job.Job {
		return definition(fmt.Sprintf("job%d", i), "* * * * * *", created, func(j *job.Job) {
			j.Misfire, j.Overlap, j.AllowOverlap, j.Concurrency = job.MisfireFireAll, job.OverlapAllow, true, job.MaxConcurrency
		})
	}); err != nil {
		return err
	}
	policy := job.Policy{MisfireThreshold: -time.Second, CatchUpMax: each, RangeMin: each}
	waiting := 0
	for more := true; more; {
		planned, err := s.PlanDue(ctx, store.PlanDue{Now: now, Limit: 100, Policy: policy, NewID: func() job.ID { return ids.New(now) }})
		if err != nil {
			return err
		}
		waiting, more = waiting+planned.Waiting, planned.More
	}
	if waiting != runs {
		return fmt.Errorf("%d executions wait, want %d", waiting, runs)
	}
	return nil
}
