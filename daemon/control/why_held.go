package control

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// held is what holds may have to do with something that is explained.
type held struct {
	platform string
	from, to time.Time // they count when they stood within; a zero from = none counts
	planned  bool      // it is planned already, so that only its start can be held up
	waits    bool      // it would be planned or started now, but for a hold
}

// heldRun is about an execution: from its due time to its start.
func heldRun(e *job.Execution, now time.Time) held {
	h := held{platform: e.Platform, from: e.ScheduledAt, to: now, planned: true}
	switch {
	case e.Status == job.Skipped:
		h.to = e.CreatedAt
	case e.StartedAt != nil:
		h.to = *e.StartedAt
	}
	h.waits = e.Status == job.Pending && e.ReadyAt != nil && !e.ReadyAt.After(now)
	return h
}

// heldJob is about where a job stands now.
func heldJob(j *job.Job) held {
	if j.Status != job.JobActive {
		return held{}
	}
	return held{platform: j.Platform, waits: true}
}

// heldSlot is about an instant: a slot that is recorded, or one that is not yet.
func heldSlot(book *store.Book, at time.Time, entry *job.LedgerEntry, e *job.Execution, now time.Time) held {
	switch {
	case e != nil:
		return heldRun(e, now)
	case entry != nil:
		return held{platform: book.Job.Platform, from: at, to: at.Add(time.Second), planned: true}
	case book.Job.Status == job.JobActive && !book.NextRun.IsZero() && !at.Before(book.NextRun):
		return held{platform: book.Job.Platform, waits: true}
	}
	return held{}
}

// maxHolds bounds how many holds an explanation has.
const maxHolds = 5

// whyHeld adds the holds that had, or have, a part in what is explained.
func (s *Service) whyHeld(ctx context.Context, why *api.Why, h held, now time.Time) error {
	from, to := h.from, h.to
	if h.waits {
		to = now.Add(time.Microsecond)
		if from.IsZero() {
			from = now
		}
	}
	if from.IsZero() || !from.Before(to) {
		return nil
	}
	if err := s.whyLimited(ctx, why, h, now); err != nil {
		return err
	}
	holds, err := s.store.PastHolds(ctx, from, to)
	if err != nil {
		return err
	}
	holds = slices.DeleteFunc(holds, func(x store.Hold) bool { return !x.Covers(h.platform) })
	if len(holds) > maxHolds {
		holds = holds[len(holds)-maxHolds:]
	}
	for i := range holds {
		hold := &holds[i]
		step := api.WhyStep{Check: string(hold.Kind), Result: job.StepInfo, Detail: sayHold(hold, now), At: &hold.Since}
		if h.waits && hold.Stands(now) {
			step.Result = job.StepWaits
			h.stopped(why, hold)
		}
		why.Steps = slices.Insert(why.Steps, min(1+i, len(why.Steps)), step)
	}
	return nil
}

// whyLimited says that the platform has as many executions running as it may have.
func (s *Service) whyLimited(ctx context.Context, why *api.Why, h held, now time.Time) error {
	most := s.termsOf(h.platform).MaxRunning
	if most == nil || !h.waits {
		return nil
	}
	totals, err := s.totals(ctx, h.platform, now)
	if err != nil || totals.Running < int64(*most) {
		return err
	}
	said := fmt.Sprintf("platform %q may run %d at once, and %d run", h.platform, *most, totals.Running)
	why.Steps = slices.Insert(why.Steps, min(1, len(why.Steps)), api.WhyStep{Check: "platform", Result: job.StepWaits, Detail: said})
	why.Change = "wait, or schedctl platform set " + h.platform + " --max-running N"
	if h.planned {
		why.Verdict = "waits: " + said
	} else {
		why.Verdict += "; its runs wait, for " + said
	}
	return nil
}

// stopped gives the verdict of what waits for the end of a hold. Maintenance says more
// than a hold of dispatch beside it.
func (h held) stopped(why *api.Why, hold *store.Hold) {
	if hold.Kind == store.HoldMaintenance {
		why.Verdict = "waits for the end of maintenance, since " + hold.Since.Format(time.RFC3339) + because(hold)
		why.Change = "schedctl maintenance off"
		if !h.planned {
			why.Change += "; then the misfire policy decides over the due times that passed"
		}
		return
	}
	if why.Change == "" || h.planned {
		why.Change = "schedctl queue resume"
		if hold.Platform != "" {
			why.Change += " --platform " + hold.Platform
		}
	}
	if h.planned {
		why.Verdict = fmt.Sprintf("waits: dispatch is paused since %s%s", hold.Since.Format(time.RFC3339), because(hold))
	} else {
		why.Verdict += fmt.Sprintf("; its runs wait, for dispatch is paused since %s%s", hold.Since.Format(time.RFC3339), because(hold))
	}
}

// because is the reason of a hold as the end of a sentence.
func because(hold *store.Hold) string {
	if hold.Reason == "" {
		return ""
	}
	return ": " + hold.Reason
}
