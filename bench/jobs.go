package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"sync"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// definition is a job as users get it who say nothing but a name, a handler and a
// schedule. edit may change it; created is its anchor.
func definition(name, expr string, created time.Time, edit func(*job.Job)) job.Job {
	d := job.StandardDefaults()
	j := job.Job{
		ID: ids.New(created), Platform: job.DefaultPlatform, Seed: job.DefaultPlatform + "/" + name, Status: job.JobActive, Revision: 1,
		Anchor: created, CreatedAt: created, UpdatedAt: created, CreatedBy: "bench",
		Spec: job.Spec{
			Name: name, Type: job.TypeCron, Schedule: expr, Timezone: d.Timezone, DSTPolicy: d.DSTPolicy, Misfire: d.Misfire,
			HandlerName: handlerName, HandlerType: job.HandlerFunction, Payload: json.RawMessage(`{}`),
			MaxRetries: d.MaxRetries, RetryDelayMS: d.RetryDelayMS, RetryBackoff: d.RetryBackoff, RetryMaxDelayMS: d.RetryMaxDelayMS,
			TimeoutMS: d.TimeoutMS, Priority: d.Priority, Concurrency: 1, Overlap: job.OverlapSkip, OnLost: job.OnLostRetry, Tags: []string{},
		},
	}
	if expr == "" {
		j.Type = job.TypeEvent
	}
	if edit != nil {
		edit(&j)
	}
	return j
}

// handlerName is the handler that does nothing.
const handlerName = "noop"

var ids = &job.IDs{Rand: rand.Reader}

// create stores n jobs the way the API does, many at a time so that they share
// commits.
func create(ctx context.Context, s store.Jobs, n int, build func(i int) job.Job) error {
	const writers = 64
	var wg sync.WaitGroup
	errs := make([]error, writers)
	for w := range writers {
		wg.Go(func() {
			for i := w; i < n && errs[w] == nil; i += writers {
				errs[w] = createOne(ctx, s, build(i))
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

func createOne(ctx context.Context, s store.Jobs, j job.Job) error {
	c := store.CreateJob{Job: j, Now: j.CreatedAt}
	if j.Type != job.TypeEvent {
		open, err := job.Open(j, j.CreatedAt, "created")
		if err != nil {
			return err
		}
		c.Open = &open
	}
	_, _, err := s.CreateJob(ctx, c)
	return err
}
