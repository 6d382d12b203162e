package control

import (
	"context"
	"fmt"
	"time"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/schedule"
	"github.com/agentic-sdlc/scheduler/store"
)

// Bounds of one backfill.
const (
	backfillDefault = 100
	backfillMost    = 1000
	backfillBeside  = 100 // at once
)

// Backfill makes a run for each due time in [in.From, in.To) that has none: those that
// were skipped or missed, and those before the job was there. They wait for each other,
// but in.Parallel of them.
// A due time gets one run however often this is asked.
func (s *Service) Backfill(ctx context.Context, c Call, ref string, in *api.Backfill) (api.Backfilled, error) {
	j, err := s.Job(ctx, c, ref)
	if err != nil {
		return api.Backfilled{}, err
	}
	if err := checkBackfill(in, c.Now); err != nil {
		return api.Backfilled{}, err
	}
	out := api.Backfilled{Job: j.Name, Items: []api.BackfillItem{}}
	sched, err := job.Compile(&j)
	switch {
	case err != nil:
		return out, err
	case sched == nil:
		return out, job.Errorf(job.Invalid, "job %s has no schedule, so it has no due times to fill", j.Name).WithHint("schedctl run %s", j.Name)
	}
	if sched.Count(in.From.Add(-time.Nanosecond), in.To.Add(-time.Nanosecond)) > 10*backfillMost {
		return out, tooMany(sched, in)
	}
	there, err := s.ran(ctx, &j, in)
	if err != nil {
		return out, err
	}
	missing := 0
	for slot := sched.Next(in.From.Add(-time.Nanosecond)); !slot.IsZero() && slot.Before(in.To); slot = sched.Next(slot) {
		item := api.BackfillItem{Slot: slot, Local: slotIn(slot, j.Timezone).Local, Action: api.BackfillCreate}
		if e, ok := there[slot.Unix()]; ok {
			item.Action, item.ExecutionID, item.Run, item.Status = api.BackfillExists, &e.ID, runOf(&e), e.Status
		} else if missing++; missing > in.Max {
			return out, tooMany(sched, in)
		}
		out.Items = append(out.Items, item)
	}
	if in.DryRun {
		return out, nil
	}
	return out, s.fill(ctx, c, &j, out.Items, in.Parallel)
}

func checkBackfill(in *api.Backfill, now time.Time) error {
	var p job.Problems
	if in.From.IsZero() {
		p.Add("from", "required", "is required")
	}
	if in.To.IsZero() {
		p.Add("to", "required", "is required")
	}
	if len(p) == 0 && !in.From.Before(in.To) {
		p.Add("to", "order", "must be after from")
	}
	if in.To.After(now) {
		p.Add("to", "future", "must not be in the future; due times to come run by themselves")
	}
	if in.Max == 0 {
		in.Max = backfillDefault
	}
	if in.Max < 1 || in.Max > backfillMost {
		p.Add("max", "range", "must be 1 to %d", backfillMost)
	}
	if in.Parallel < 0 || in.Parallel > backfillBeside {
		p.Add("parallel", "range", "must be 1 to %d, or 0 for what the job allows", backfillBeside)
	}
	return p.Err()
}

// tooMany refuses a backfill that is larger than its author may think.
func tooMany(sched *schedule.Schedule, in *api.Backfill) error {
	n := sched.Count(in.From.Add(-time.Nanosecond), in.To.Add(-time.Nanosecond))
	return job.Errorf(job.Invalid, "there are %d due times, and more than %d have no run", n, in.Max).WithHint("choose a shorter time, or a larger max (at most %d)", backfillMost)
}

// ran finds the runs of due times: those that were not skipped.
func (s *Service) ran(ctx context.Context, j *job.Job, in *api.Backfill) (map[int64]job.Execution, error) {
	found := map[int64]job.Execution{}
	f := store.ExecutionFilter{
		Platform: j.Platform, Job: j.ID.String(), Since: in.From, Until: in.To, Limit: store.MaxLimit,
		Triggers: []job.Trigger{job.TriggerSchedule, job.TriggerBackfill},
	}
	for {
		page, err := s.store.ListExecutions(ctx, f)
		if err != nil {
			return nil, err
		}
		for _, e := range page.Items {
			if e.Status != job.Skipped {
				found[e.ScheduledAt.Unix()] = e
			}
		}
		if page.Next == "" {
			return found, nil
		}
		f.Cursor = page.Next
	}
}

// fill makes the runs that are missing. Who asks at the same time gets the same run: the
// key is that of the slot.
func (s *Service) fill(ctx context.Context, c Call, j *job.Job, items []api.BackfillItem, parallel int) error {
	for i := range items {
		item := &items[i]
		if item.Action != api.BackfillCreate {
			continue
		}
		c.IdempotencyKey, c.BodyHash = fmt.Sprintf("backfill/%s/%d", j.ID, item.Slot.Unix()), ""
		e, replayed, err := s.trigger(ctx, c, j, store.Trigger{Kind: job.TriggerBackfill, Slot: item.Slot, Overlap: job.OverlapQueueAll, Parallel: parallel})
		if err != nil {
			return err
		}
		item.Action, item.ExecutionID, item.Run, item.Status = api.BackfillCreated, &e.ID, runOf(&e), e.Status
		if replayed {
			item.Action = api.BackfillExists
		}
	}
	return nil
}

// runOf names an execution: JOB/N.
func runOf(e *job.Execution) string { return fmt.Sprintf("%s/%d", e.JobName, e.RunNumber) }
