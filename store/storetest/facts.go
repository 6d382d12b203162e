package storetest

import (
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/alert"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
)

// facts are the facts of the bench's platform, by the name of the job.
func (b *bench) facts(dueBefore time.Time) map[string]alert.Facts {
	b.Helper()
	list, partial, err := b.store.AlertFacts(b.ctx, store.AlertFacts{DueBefore: dueBefore, Limit: 100})
	b.wantCode("AlertFacts", err, "")
	wantEqual(b, "partial", partial, false)
	by := map[string]alert.Facts{}
	for i := range list {
		if list[i].Job.Platform == b.platform {
			by[list[i].Job.Name] = list[i]
		}
	}
	wantEqual(b, "each job once", len(by), len(list))
	return by
}

func testFactsExpecting(_ *testing.T, b *bench) {
	for name, edit := range map[string]func(j *job.Job){
		"starts": func(j *job.Job) { j.StartWithinMS = 1 }, "ends": func(j *job.Job) { j.FinishWithinMS = 1 },
		"lasts": func(j *job.Job) { j.MinDurationMS = 1 }, "runs": func(j *job.Job) { j.MaxGapMS = 1 }, "plain": func(*job.Job) {},
	} {
		b.job(hourly, named(name), edit)
	}
	got := b.facts(time.Time{})
	for _, name := range []string{"starts", "ends", "lasts", "runs"} {
		if _, ok := got[name]; !ok {
			b.Errorf("there are no facts of the job %s", name)
		}
	}
	wantEqual(b, "jobs", len(got), 4)
	s := b.session()
	id := got["ends"].Job.ID
	for range 12 {
		b.run(s, id, job.EventSucceed)
	}
	recent := b.facts(time.Time{})["ends"].Recent
	if len(recent) != 10 || recent[0].RunNumber != 12 || recent[0].Status != job.Success || recent[9].RunNumber != 3 {
		b.Errorf("recent = %d runs from %+v, want the ten newest", len(recent), recent[0])
	}
	b.change(id, func(c *job.Changed, _ job.State) { c.Job.FinishWithinMS = 0 })
	_, ok := b.facts(time.Time{})["ends"]
	wantEqual(b, "found without expectations", ok, false)
	_, partial, err := b.store.AlertFacts(b.ctx, store.AlertFacts{Limit: 1})
	b.wantCode("AlertFacts", err, "")
	wantEqual(b, "partial with a limit of 1", partial, true)
}

func testFactsMissed(_ *testing.T, b *bench) {
	j := b.job(minutely, named("skips"), func(j *job.Job) { j.Misfire = job.MisfireSkip })
	b.job(hourly, named("fine"))
	b.pass(10*time.Minute + 30*time.Second)
	b.plan()
	b.fold()
	got := b.facts(time.Time{})
	wantEqual(b, "jobs", len(got), 1)
	b.wantSame("the miss", &alert.Miss{Count: 9, At: b.now}, got["skips"].Miss)
	r := b.alertRule("missed", func(r *alert.Rule) { r.Metric = alert.Missed })
	b.observe(round(r, foundJob(&j, 9)))
	wantEqual(b, "raised", b.facts(time.Time{})["skips"].Miss.Raised, true)
	seen := b.now
	b.pass(10 * time.Minute)
	b.plan()
	b.fold()
	recovered := func(at time.Time) {
		b.Helper()
		_, err := b.store.Observe(b.ctx, store.Observe{Now: b.now, NewID: b.newID, Rounds: []alert.Round{round(r)}, Recovered: []store.Recovered{{Job: j.ID, At: at}}})
		b.wantCode("Observe", err, "")
	}
	recovered(seen)
	if m := b.facts(time.Time{})["skips"].Miss; m == nil || m.Count < 10 || !m.At.Equal(b.now) {
		b.Errorf("miss = %+v, want more of them, found out now", m)
	}
	recovered(b.now)
	wantEqual(b, "jobs after it was made up for", len(b.facts(time.Time{})), 0)
	b.pass(10 * time.Minute)
	b.plan()
	b.fold()
	b.cancel(j.ID)
	for _, w := range b.waiting(99) {
		b.cancelExecution(w.ID)
	}
	b.wantCode("PurgeJob", b.store.PurgeJob(b.ctx, b.platform, j.ID.String(), b.now, "uid:0"), "")
	wantEqual(b, "jobs after one is gone", len(b.facts(time.Time{})), 0)
}

func testFactsLate(_ *testing.T, b *bench) {
	b.once(at(60), named("once"))
	b.pass(10 * time.Minute)
	b.plan()
	b.fold()
	got := b.facts(time.Time{})["once"]
	b.wantSame("the miss", &alert.Miss{Count: 0, At: b.now}, got.Miss)
	if len(got.Recent) != 1 || !got.Recent[0].CatchUp {
		b.Errorf("recent = %+v, want the run that came late", got.Recent)
	}
	f, err := b.store.JobFigures(b.ctx, b.platform, "once", at(0))
	b.wantCode("JobFigures", err, "")
	wantEqual(b, "skipped", f.Ever.Skipped, 0)
	wantEqual(b, "periods", len(f.Periods), 0)
}

func testFactsDue(_ *testing.T, b *bench) {
	b.job(minutely, named("stuck"))
	b.trigger(b.job("", named("waits")).ID)
	b.job(hourly, named("later"))
	b.pass(90 * time.Second)
	wantEqual(b, "due before the first instant", len(b.facts(at(0))), 0)
	got := b.facts(at(61))
	wantEqual(b, "jobs", len(got), 2)
	b.wantTime("the due time of what is not planned", ptr(got["stuck"].Next), at(60))
	if runs := got["waits"].Recent; len(runs) != 1 || runs[0].Status != job.Pending {
		b.Errorf("recent = %+v, want the run that waits", runs)
	}
}
