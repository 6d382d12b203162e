package daemon_test

import (
	"context"
	"fmt"
	"os"
	"testing/synctest"
	"time"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// operate does one thing that an operator does, or that happens to machines. What a
// state forbids is refused as a conflict, which is fine.
func (w *world) operate() {
	w.Helper()
	id := w.jobs[w.dice.IntN(len(w.jobs))]
	var what string
	var err error
	switch d := w.dice.IntN(100); {
	case d < 18:
		what = "pause"
		_, err = w.change(id, job.Pause(w.act(), "coffee", w.dice.IntN(4) == 0))
	case d < 46: // oftener than pause, so that not all is paused in the end
		what = "resume"
		catchUp := []job.CatchUp{job.CatchUpNone, job.CatchUpOnce, job.CatchUpAll}[w.dice.IntN(3)]
		_, err = w.change(id, job.Resume(w.act(), catchUp))
	case d < 54:
		what, err = "edit", w.edit(id)
	case d < 56:
		what = "cancel"
		_, err = w.change(id, job.Cancel(w.act(), "not needed", w.dice.IntN(2) == 0))
	case d < 66:
		what, err = "run", w.trigger(id)
	case d < 74:
		what, err = "retry", w.retry(id)
	case d < 82:
		what, err = "cancel execution", w.cancelExecution(id)
	case d < 88:
		what = "restart"
		w.restart(0)
	case d < 91:
		what = "outage"
		w.restart(time.Duration(w.dice.IntN(5400)) * time.Second)
	default:
		what = "crash"
		w.crash()
	}
	if err != nil && job.CodeOf(err) != job.Conflict {
		w.Errorf("%s: %v", what, err)
	}
	if err != nil {
		what += " (refused)"
	}
	w.count[what]++
}

// edit changes a definition: its times, or what should not move them.
func (w *world) edit(id job.ID) error {
	expr := []string{"*/20 * * * * *", "* * * * *", "*/7 * * * *", "30 0-4 * * *", "@every 2m"}[w.dice.IntN(5)]
	zone := []string{"UTC", "America/New_York"}[w.dice.IntN(2)]
	moves := w.dice.IntN(2) == 0
	_, err := w.change(id, job.Patch(w.act(), func(s *job.Spec) error {
		switch {
		case !moves:
			s.Description = fmt.Sprint("edited at ", now())
			s.MaxRetries = w.dice.IntN(3)
			s.Misfire = job.Misfires()[w.dice.IntN(3)]
		case s.Type == job.TypeOneTime:
			at := now().Add(time.Duration(w.dice.IntN(7200)) * time.Second)
			s.ExecuteAt = &at
		default:
			s.Schedule, s.Timezone = expr, zone
		}
		return nil
	}))
	if job.CodeOf(err) == job.Invalid { // e.g. no slot before the end date
		err = nil
	}
	return err
}

func (w *world) trigger(id job.ID) error {
	_, err := w.engine.Trigger(context.Background(), store.Trigger{
		Platform: job.DefaultPlatform, Ref: id.String(), Kind: job.TriggerManual, By: "ops", Force: w.dice.IntN(3) == 0, Now: now(), NewID: w.engine.NewID,
	})
	return err
}

// some returns one of the newest executions of a job.
func (w *world) some(id job.ID, statuses ...job.Status) (job.Execution, bool) {
	w.Helper()
	page, err := w.store.ListExecutions(context.Background(), store.ExecutionFilter{Platform: job.DefaultPlatform, Job: id.String(), Statuses: statuses, Limit: 20})
	if err != nil {
		w.Error(err)
	}
	if len(page.Items) == 0 {
		return job.Execution{}, false
	}
	return page.Items[w.dice.IntN(len(page.Items))], true
}

func (w *world) retry(id job.ID) error {
	e, ok := w.some(id, job.Failed, job.TimedOut, job.Cancelled)
	if !ok {
		return nil
	}
	_, err := w.engine.Trigger(context.Background(), store.Trigger{
		Platform: job.DefaultPlatform, Ref: id.String(), Kind: job.TriggerRetry, RetryOf: &e, By: "ops", Now: now(), NewID: w.engine.NewID,
	})
	return err
}

func (w *world) cancelExecution(id job.ID) error {
	e, ok := w.some(id, job.Pending, job.Running)
	if !ok {
		return nil
	}
	_, err := w.store.CancelExecution(context.Background(), store.CancelExecution{Platform: job.DefaultPlatform, Ref: e.ID.String(), Now: now(), By: "ops"})
	if w.dice.IntN(2) == 0 {
		w.engine.Cancel([]job.ID{e.ID}) // else the heartbeat brings the news
	}
	return err
}

// restart stops the daemon in good order, leaves it down for a while, and starts it.
func (w *world) restart(down time.Duration) {
	w.Helper()
	from := now()
	w.stop()
	time.Sleep(down)
	w.open()
	w.outages = append(w.outages, outage{from, now()})
}

// crash is kill -9 at an instant: what the file and its log hold then is all that is
// left. What the old life did afterwards never happened.
func (w *world) crash() {
	w.Helper()
	synctest.Wait() // nobody writes
	from, runs := now(), w.witness.clone()
	old := w.path()
	w.file++
	for _, suffix := range []string{"", "-wal"} {
		data, err := os.ReadFile(old + suffix)
		if err == nil {
			err = os.WriteFile(w.path()+suffix, data, 0o600)
		}
		if err != nil {
			w.Fatal(err)
		}
	}
	w.file--
	w.stop()
	if err := os.Remove(old); err != nil {
		w.Error(err)
	}
	w.file++
	w.witness.mu.Lock()
	w.witness.runs = runs
	w.witness.mu.Unlock()
	w.open()
	w.outages = append(w.outages, outage{from, now()})
}
