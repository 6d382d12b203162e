package control

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/schedule"
	"github.com/agentic-sdlc/scheduler/store"
)

// dstHorizon is how far ahead changes of the clock are told.
const dstHorizon = 366 * 24 * time.Hour

// Next explains the schedule of a job, with its first count slots at or after from,
// or after now when from is zero.
func (s *Service) Next(ctx context.Context, c Call, ref string, count int, from time.Time) (api.Explained, error) {
	j, err := s.Job(ctx, c, ref)
	if err != nil {
		return api.Explained{}, err
	}
	out := api.Explained{Job: j.Name, Schedule: j.Schedule, Timezone: j.Timezone, Items: []api.Slot{}, Note: note(&j)}
	sched, err := job.Compile(&j)
	if err != nil || sched == nil {
		return out, err
	}
	explain(&out, sched, c.Now)
	left, err := s.remaining(ctx, &j)
	if err != nil || j.Status.Terminal() || j.Status == job.JobActive && j.NextRun == nil {
		return out, err
	}
	after := c.Now
	if from.IsZero() && j.PauseUntil != nil && j.PauseUntil.After(after) {
		after = *j.PauseUntil
	} else if from.IsZero() && j.NextRun != nil {
		after = j.NextRun.Add(-time.Second)
	} else if !from.IsZero() {
		after = from.Add(-time.Nanosecond)
	}
	for slot := sched.Next(after); !slot.IsZero() && len(out.Items) < count && int64(len(out.Items)) < left; slot = sched.Next(slot) {
		out.Items = append(out.Items, slotIn(slot, j.Timezone))
	}
	return out, nil
}

// explain fills in what the schedule says of itself.
func explain(out *api.Explained, sched *schedule.Schedule, now time.Time) {
	out.Canonical, out.Words, out.Warnings = sched.Canonical(), sched.Describe(), sched.Warnings()
	out.PerDay, out.PerYear = sched.Frequency()
	for _, e := range sched.DSTEffects(now, now.Add(dstHorizon)) {
		out.DST = append(out.DST, api.DSTEffect{At: e.At, Kind: e.Kind, Text: e.String()})
	}
}

// note says why the slots of a job will not run.
func note(j *job.Job) string {
	switch {
	case j.Status == job.JobPaused && j.PauseUntil != nil:
		return "the job is paused until " + j.PauseUntil.Format(time.RFC3339) + ", and resumes by itself"
	case j.Status == job.JobPaused:
		return "the job is paused: these run only once it is resumed"
	case j.Status == job.JobError:
		return "the job's definition cannot be used: " + j.StatusReason
	case j.Status.Terminal():
		return "the job is " + string(j.Status) + ": it does not run any more"
	case j.Type == job.TypeEvent:
		return "the job runs when its event happens"
	case j.NextRun == nil:
		return "the job has no due time left"
	}
	return ""
}

// remaining is how many more slots max_executions leaves to a job.
func (s *Service) remaining(ctx context.Context, j *job.Job) (int64, error) {
	if j.MaxExecutions == nil {
		return 1 << 62, nil
	}
	book, err := s.store.Book(ctx, j.Platform, j.ID.String())
	return max(0, *j.MaxExecutions-book.Occurrences), err
}

// slotIn shows a slot in a zone.
func slotIn(at time.Time, zone string) api.Slot {
	local := at
	if loc, err := schedule.LoadZone(zone); err == nil {
		local = at.In(loc)
	}
	layout := "Mon 2006-01-02 15:04 -07:00"
	if at.Second() != 0 {
		layout = "Mon 2006-01-02 15:04:05 -07:00"
	}
	return api.Slot{At: at, Local: local.Format(layout)}
}

// ForecastQuery selects coming runs.
type ForecastQuery struct {
	Window time.Duration // from now
	Jobs   []string      // ids or names; empty = all
	Limit  int           // the earliest so many
}

// Forecast returns the coming runs of active jobs, earliest first: the slots their
// schedules name, less what max_executions cuts off. Overlap is not foreseen.
func (s *Service) Forecast(ctx context.Context, c Call, q ForecastQuery) ([]api.ForecastItem, error) {
	f := forecast{s: s, limit: q.Limit, horizon: c.Now.Add(q.Window), items: []api.ForecastItem{}}
	if len(q.Jobs) > 0 {
		for _, ref := range q.Jobs {
			j, err := s.Job(ctx, c, ref)
			if err != nil {
				return nil, err
			}
			if err := f.add(ctx, &j); err != nil {
				return nil, err
			}
		}
		f.trim()
		return f.items, nil
	}
	err := f.all(ctx, c)
	if err == nil {
		err = f.paused(ctx, c)
	}
	f.trim()
	return f.items, err
}

// paused adds jobs whose pause ends by itself.
func (f *forecast) paused(ctx context.Context, c Call) error {
	filter := store.JobFilter{Statuses: []job.JobStatus{job.JobPaused}, Limit: store.MaxLimit}
	for {
		page, err := f.s.ListJobs(ctx, c, filter)
		if err != nil {
			return err
		}
		for i := range page.Items {
			if err := f.add(ctx, &page.Items[i]); err != nil {
				return err
			}
		}
		if filter.Cursor = page.Next; filter.Cursor == "" {
			return nil
		}
	}
}

// all adds every active job, the next one due first.
func (f *forecast) all(ctx context.Context, c Call) error {
	return f.s.eachComing(ctx, c, f.horizon, func(j *job.Job) (more bool, err error) {
		if j.NextRun != nil && !j.NextRun.Before(f.horizon) {
			return false, nil
		}
		return true, f.add(ctx, j)
	})
}

// eachComing calls do for the active jobs that run before horizon, the next one due
// first, until do wants no more.
func (s *Service) eachComing(ctx context.Context, c Call, horizon time.Time, do func(j *job.Job) (more bool, err error)) error {
	filter := store.JobFilter{Statuses: []job.JobStatus{job.JobActive}, NextRunBefore: horizon, SortBy: store.SortNextRun, Limit: store.MaxLimit}
	for {
		page, err := s.ListJobs(ctx, c, filter)
		if err != nil {
			return err
		}
		for i := range page.Items {
			if more, err := do(&page.Items[i]); err != nil || !more {
				return err
			}
		}
		if filter.Cursor = page.Next; filter.Cursor == "" {
			return nil
		}
	}
}

// forecast collects the earliest runs of many jobs.
type forecast struct {
	s       *Service
	limit   int
	horizon time.Time          // runs at or after it do not count
	items   []api.ForecastItem // a little more than limit
}

// add collects the runs of one job.
func (f *forecast) add(ctx context.Context, j *job.Job) error {
	resumes := j.Status == job.JobPaused && j.PauseUntil != nil
	if !resumes && (j.Status != job.JobActive || j.NextRun == nil) {
		return nil
	}
	sched, err := job.Compile(j)
	if err != nil || sched == nil {
		return nil //nolint:nilerr // a job that cannot be read runs nothing; it must not hide the others
	}
	var first time.Time
	if resumes {
		first = sched.Next(*j.PauseUntil)
	} else {
		first = *j.NextRun
	}
	left, err := f.s.remaining(ctx, j)
	if err != nil {
		return err
	}
	left = min(left, int64(f.limit))
	for slot := first; !slot.IsZero() && slot.Before(f.horizon) && left > 0; slot = sched.Next(slot) {
		f.items = append(f.items, api.ForecastItem{At: slot, JobID: j.ID, Job: j.Name, Timezone: j.Timezone, LastRun: j.LastRun, EstimateMS: j.AvgDurationMS})
		left--
	}
	if len(f.items) > f.limit+f.limit/8 { // seldom enough, for it sorts
		f.trim()
	}
	return nil
}

// trim keeps the earliest runs.
func (f *forecast) trim() {
	slices.SortFunc(f.items, func(a, b api.ForecastItem) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Job, b.Job)) })
	if len(f.items) > f.limit {
		f.horizon = f.items[f.limit-1].At.Add(time.Second)
		f.items = f.items[:f.limit]
	}
}
