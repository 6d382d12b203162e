package control

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/job"
)

// ClockChangeWindow is how far to look for changes of clocks unless said: no zone that
// has daylight saving time goes longer without one.
const ClockChangeWindow = 240 * 24 * time.Hour

// ClockChanges returns what changes of clocks within the window do to active jobs, the
// earliest first: whose due times the clock jumps over or shows twice. Changes that a
// schedule does not notice are left out, and so are jobs that have no run in the window.
func (s *Service) ClockChanges(ctx context.Context, c Call, q ForecastQuery) ([]api.ClockChange, error) {
	found := clockChanges{from: c.Now, to: c.Now.Add(q.Window), limit: q.Limit, items: []api.ClockChange{}}
	if len(q.Jobs) == 0 {
		err := s.eachComing(ctx, c, found.to, func(j *job.Job) (more bool, err error) {
			found.add(j)
			return true, nil
		})
		return found.earliest(), err
	}
	for _, ref := range q.Jobs {
		j, err := s.Job(ctx, c, ref)
		if err != nil {
			return nil, err
		}
		if j.Status == job.JobActive && j.NextRun != nil {
			found.add(&j)
		}
	}
	return found.earliest(), nil
}

// clockChanges collects the earliest changes of many jobs.
type clockChanges struct {
	from, to time.Time
	limit    int
	items    []api.ClockChange // at most twice the limit and what one job adds
}

// add collects what happens to one job.
func (f *clockChanges) add(j *job.Job) {
	sched, err := job.Compile(j)
	if err != nil || sched == nil {
		return // a job that cannot be read runs nothing; it must not hide the others
	}
	for _, e := range sched.DSTEffects(f.from, f.to) {
		effect := e.Once
		if j.DSTPolicy == "wall" {
			effect = e.Wall
		}
		f.items = append(f.items, api.ClockChange{
			At: e.At, Timezone: j.Timezone, JobID: j.ID, Job: j.Name,
			Kind: e.Kind, Local: e.Local, DSTPolicy: j.DSTPolicy, Effect: effect,
		})
	}
	if len(f.items) > 2*f.limit {
		f.items = f.earliest()
	}
}

// earliest sorts what was found and keeps as much as is asked for.
func (f *clockChanges) earliest() []api.ClockChange {
	slices.SortFunc(f.items, func(a, b api.ClockChange) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Timezone, b.Timezone), cmp.Compare(a.Job, b.Job))
	})
	return f.items[:min(len(f.items), f.limit)]
}
