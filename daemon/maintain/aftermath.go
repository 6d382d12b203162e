package maintain

import (
	"context"
	"log/slog"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// aftermathBatch is how many pauses end, and how many final failures are looked at, in one
// go.
const aftermathBatch = 100

// system is who changes jobs by what they say themselves.
func (m *Maintainer) system(now time.Time, why string) job.Act {
	return job.Act{By: "schedd (" + why + ")", Now: now, Policy: m.o.Policy()}
}

func (m *Maintainer) changeJob(ctx context.Context, ref store.JobRef, act job.Act, change job.Change) (changed bool, err error) {
	_, err = m.o.Store.ChangeJob(ctx, store.ChangeJob{
		Platform: ref.Platform, Ref: ref.ID.String(), Now: act.Now, By: act.By, NewID: m.o.NewID,
		Change: func(cur job.Job, st job.State) (job.Changed, error) {
			c, err := change(cur, st)
			changed = err == nil && !c.Unchanged
			return c, err
		},
	})
	if job.CodeOf(err) == job.NotFound { // deleted meanwhile
		return false, nil
	}
	return changed && err == nil, err
}

// endPauses resumes jobs whose pause is over.
func (m *Maintainer) endPauses(ctx context.Context, now time.Time) (more bool, err error) {
	over, err := m.o.Store.PausesOver(ctx, now, aftermathBatch)
	if err != nil || len(over) == 0 {
		return false, err
	}
	for _, ref := range over {
		act := m.system(now, "pause ended")
		if _, err := m.changeJob(ctx, ref, act, job.EndPause(act)); err != nil {
			return false, err
		}
		m.o.Logger.InfoContext(ctx, "the pause of a job ended", slog.String("job_id", ref.ID.String()))
	}
	m.o.Wake()
	m.o.Ready()
	return len(over) == aftermathBatch, nil
}

// aftermath does what jobs say is to follow their final failures.
func (m *Maintainer) aftermath(ctx context.Context, now time.Time) (more bool, err error) {
	open, err := m.o.Store.Aftermaths(ctx, aftermathBatch)
	if err != nil {
		return false, err
	}
	for i := range open {
		if err := m.follow(ctx, &open[i], now); err != nil {
			return false, err
		}
	}
	return false, nil
}

// follow does a step of one. A hook is noted as begun before it is started, so that it
// runs once at most: what a vanished node had begun is lost.
func (m *Maintainer) follow(ctx context.Context, a *store.Aftermath, now time.Time) error {
	if a.State == store.AftermathBegun {
		if m.hooks.has(a.Execution) {
			return nil
		}
		return m.loseHook(ctx, a, now)
	}
	j, err := m.o.Store.Job(ctx, a.Job.Platform, a.Job.ID.String())
	if err == nil && j.PauseOnFailures > 0 {
		err = m.breakOff(ctx, a, &j, now)
	}
	if err != nil && job.CodeOf(err) != job.NotFound {
		return err
	}
	if j.OnFailure == nil {
		_, err := m.moveAftermath(ctx, a, store.AftermathDone, nil)
		return err
	}
	if !m.hooks.begin(a.Execution) {
		return nil // its turn comes
	}
	moved, err := m.moveAftermath(ctx, a, store.AftermathBegun, &job.HookRun{HandlerName: j.OnFailure.HandlerName, Status: string(job.Running), StartedAt: &now})
	if err != nil || !moved {
		m.hooks.end(a.Execution)
		return err
	}
	m.hooks.running.Go(func() { m.runHook(ctx, a, &j) })
	return nil
}

func (m *Maintainer) moveAftermath(ctx context.Context, a *store.Aftermath, to store.AftermathState, outcome *job.HookRun) (bool, error) {
	return m.o.Store.MoveAftermath(ctx, store.MoveAftermath{Execution: a.Execution, From: a.State, To: to, Session: m.o.Session(), Outcome: outcome})
}

// breakOff pauses a job that has failed too often in a row.
func (m *Maintainer) breakOff(ctx context.Context, a *store.Aftermath, j *job.Job, now time.Time) error {
	ended, err := m.o.Store.ListExecutions(ctx, store.ExecutionFilter{
		Platform: j.Platform, Job: j.ID.String(), Statuses: []job.Status{job.Success, job.Failed, job.TimedOut}, Limit: min(j.PauseOnFailures, store.MaxLimit),
	})
	if err != nil || len(ended.Items) < min(j.PauseOnFailures, store.MaxLimit) {
		return err
	}
	book, err := m.o.Store.Book(ctx, j.Platform, j.ID.String())
	if err != nil {
		return err
	}
	act := m.system(now, "pause_on_failures")
	paused, err := m.changeJob(ctx, a.Job, act, job.AutoPause(act, ended.Items, book.ResumedAt()))
	if paused {
		m.o.Logger.WarnContext(ctx, "a job was paused: it failed too often in a row", slog.String("job_id", j.ID.String()), slog.String("job", j.Name),
			slog.Int("failures", j.PauseOnFailures))
	}
	return err
}
