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

// WhyExecution explains an execution.
func (s *Service) WhyExecution(ctx context.Context, c Call, ref string) (api.Why, error) {
	e, err := s.Execution(ctx, c, ref)
	if err != nil {
		return api.Why{}, err
	}
	j, err := s.store.Job(ctx, e.Platform, e.JobID.String())
	if err != nil {
		return api.Why{}, err
	}
	why := shown(job.WhyExecution(&j, &e, c.Now))
	return why, s.whyWaits(ctx, &why, &j, &e, c.Now)
}

// WhyJob explains where a job stands.
func (s *Service) WhyJob(ctx context.Context, c Call, ref string) (api.Why, error) {
	j, err := s.Job(ctx, c, ref)
	if err != nil {
		return api.Why{}, err
	}
	page, err := s.store.ListExecutions(ctx, store.ExecutionFilter{Platform: j.Platform, Job: j.ID.String(), Limit: 1})
	if err != nil {
		return api.Why{}, err
	}
	var last *job.Execution
	if len(page.Items) > 0 {
		last = &page.Items[0]
	}
	why := shown(job.WhyJob(&j, last, c.Now))
	return why, s.whyHeld(ctx, &why, heldJob(&j), c.Now)
}

// WhySlot explains what became, or will become, of a job at an instant.
func (s *Service) WhySlot(ctx context.Context, c Call, ref string, at time.Time) (api.Why, error) {
	j, err := s.Job(ctx, c, ref)
	if err != nil {
		return api.Why{}, err
	}
	book, err := s.store.Book(ctx, j.Platform, j.ID.String())
	if err != nil {
		return api.Why{}, err
	}
	var entry *job.LedgerEntry
	err = s.store.Entries(ctx, j.Platform, j.ID.String(), at.Add(-time.Microsecond), at, func(e store.Entry) error {
		if entry == nil {
			entry = &e
		}
		return nil
	})
	if err != nil {
		return api.Why{}, err
	}
	var e *job.Execution
	if entry != nil && entry.Range == nil {
		found, err := s.store.Execution(ctx, j.Platform, entry.ID.String())
		if err != nil && job.CodeOf(err) != job.NotFound {
			return api.Why{}, err
		}
		if err == nil {
			e = &found
		}
	}
	why := shown(job.WhySlot(&book, at, entry, e, c.Now))
	if e != nil {
		return why, s.whyWaits(ctx, &why, &book.Job, e, c.Now)
	}
	return why, s.whyHeld(ctx, &why, heldSlot(&book, at, entry, e, c.Now), c.Now)
}

// whyWaits adds what holds an execution up from outside.
func (s *Service) whyWaits(ctx context.Context, why *api.Why, j *job.Job, e *job.Execution, now time.Time) error {
	if err := s.whyHandler(ctx, why, j, e, now); err != nil {
		return err
	}
	return s.whyHeld(ctx, why, heldRun(e, now), now)
}

// whyHandler says so when an execution waits, and no worker has its handler.
func (s *Service) whyHandler(ctx context.Context, why *api.Why, j *job.Job, e *job.Execution, now time.Time) error {
	if e.Status != job.Pending || e.ReadyAt == nil || e.ReadyAt.After(now) {
		return nil
	}
	sessions, err := s.store.ListSessions(ctx, now)
	if err != nil {
		return err
	}
	workers := 0
	for i := range sessions {
		w := &sessions[i]
		if w.ClosedAt != nil || !w.LeaseUntil.After(now) || !has(w.Roles, "worker") {
			continue
		}
		if len(w.Handlers) == 0 || slices.Contains(w.Handlers, j.Runner()) {
			return nil
		}
		workers++
	}
	if workers == 0 {
		return nil
	}
	why.Verdict = fmt.Sprintf("waits: no live worker knows the handler %q", j.HandlerName)
	why.Change = "start a node that has the handler, or give the job another one"
	why.Steps = append(why.Steps, api.WhyStep{Check: "handler", Result: job.StepWaits, Detail: fmt.Sprintf("none of %d live worker(s) knows %q", workers, j.HandlerName)})
	return nil
}

// shown is a Reason as the API has it.
func shown(r job.Reason) api.Why {
	why := api.Why{Subject: r.Subject, Verdict: r.Verdict, Change: r.Change, Steps: make([]api.WhyStep, len(r.Steps))}
	for i, step := range r.Steps {
		why.Steps[i] = api.WhyStep{Check: step.Check, Result: step.Result, Detail: step.Detail}
		if !step.At.IsZero() {
			why.Steps[i].At = &r.Steps[i].At
		}
	}
	return why
}
