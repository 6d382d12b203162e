//go:build linux

package crash

import (
	"context"
	"slices"
	"time"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/client"
	"github.com/agentic-sdlc/scheduler/internal/testbed"
	"github.com/agentic-sdlc/scheduler/job"
)

// quiesce ends all jobs, each in one of the ways there are, and waits until nothing
// runs and nothing that may run waits.
func (w *load) quiesce() {
	w.t.Helper()
	ctx := w.t.Context()
	for i := range w.promises {
		if p := &w.promises[i]; p.limit > 0 {
			w.completed(p.name)
			p.until = time.Now()
		}
	}
	for i := range w.promises {
		p := &w.promises[i]
		if p.limit > 0 {
			continue
		}
		var err error
		switch i % 10 {
		case 4:
			if !p.held {
				p.held, p.gaps = true, append(p.gaps, gap{}) // its beginning is read later
			}
			err = w.client.Pause(ctx, p.name, api.Pause{})
		case 9:
			p.dropped = true
			err = w.client.CancelJob(ctx, p.name, api.Cancel{})
		default:
			end := time.Now().UTC().Truncate(time.Second).Add(6 * time.Second) // a slot must come before it
			p.until = end.Add(-time.Microsecond)
			_, err = w.client.ChangeJob(ctx, p.name, api.JobInput{EndDate: &end}, client.Write{})
		}
		if err != nil {
			w.t.Fatalf("%s: %v", p.name, err)
		}
	}
	w.stopped(ctx)
}

// completed waits until a job has ended by itself. One with a limit needs as long as
// its slots take, however quick the kills were: up to 142 s with 200 of them.
func (w *load) completed(name string) {
	w.t.Helper()
	testbed.Eventually(w.t, name+" to complete", 3*time.Minute, func() bool { return w.all(job.JobCompleted, name) })
}

// all says whether the newest jobs of the names have the status.
func (w *load) all(status job.JobStatus, names ...string) bool {
	w.t.Helper()
	page, err := w.client.Jobs(w.t.Context(), client.JobQuery{Names: names, Limit: 100})
	if err != nil {
		w.t.Fatal(err)
	}
	return len(page.Items) == len(names) && !slices.ContainsFunc(page.Items, func(j job.Job) bool { return j.Status != status })
}

// stopped waits for the end of all that may run, and reads when jobs were stopped.
func (w *load) stopped(ctx context.Context) {
	w.t.Helper()
	var ending []string
	for i := range w.promises {
		if p := &w.promises[i]; !p.held && !p.dropped {
			ending = append(ending, p.name)
		}
	}
	testbed.Eventually(w.t, "all jobs to complete", 60*time.Second, func() bool { return w.all(job.JobCompleted, ending...) })
	testbed.Eventually(w.t, "all executions to end", 60*time.Second, func() bool {
		page, err := w.client.Executions(ctx, client.ExecutionQuery{Statuses: []job.Status{job.Running}})
		if err != nil {
			w.t.Fatal(err)
		}
		return len(page.Items) == 0
	})
	page, err := w.client.Jobs(ctx, client.JobQuery{Names: []string{"job-*"}, Limit: 100})
	if err != nil {
		w.t.Fatal(err)
	}
	for _, j := range page.Items {
		i := slices.IndexFunc(w.promises, func(p promise) bool { return p.name == j.Name })
		if at := cmpTime(j.PausedAt, j.CancelledAt); at != nil && i >= 0 {
			w.promises[i].until = *at
			if gaps := w.promises[i].gaps; len(gaps) > 0 {
				gaps[len(gaps)-1].from = *at
			}
		}
	}
}

func cmpTime(times ...*time.Time) *time.Time {
	for _, t := range times {
		if t != nil {
			return t
		}
	}
	return nil
}
